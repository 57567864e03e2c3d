"""A night in which most records are unusual is refused, or says so; never published in silence."""

from typing import Any

import pytest

from nightflag.errors import PublicationRefused

NOON = "2024-05-01 12:00:00"


@pytest.fixture
def flooded(shop: Any) -> Any:
    """Thirty of the shop's thirty-two sales that can be scored are anomalies."""
    rows = ", ".join(f"({n}, '{NOON}', {900 + n}, 'x')" for n in range(10, 39))
    shop.sql(f"insert into sales values {rows}")
    return shop


def test_a_flood_is_published_with_a_warning(flooded: Any) -> None:
    flooded.night()
    [(status, warnings)] = flooded.read("select status, warnings from nightflag_runs")
    assert status == "published"
    assert warnings.startswith("94% of the records are unusual enough for an alarm, the rate is 0")


def test_a_flood_above_the_bound_is_refused_and_nothing_is_published(flooded: Any) -> None:
    flooded.alarm(refuse_above=0.5)
    with pytest.raises(PublicationRefused, match=r"30 of 32 records \(94%\)") as caught:
        flooded.night()
    assert "at most 50%" in caught.value.expected
    assert flooded.contents() == {"scores": [], "reasons": [], "quarantine": []}


def test_the_refused_night_can_simply_be_run_again(flooded: Any) -> None:
    flooded.alarm(refuse_above=0.5)
    with pytest.raises(PublicationRefused):
        flooded.night()
    flooded.sql("delete from sales where id > 9")
    flooded.night()
    assert flooded.read("select id from shop_flags") == [(3,)]


def test_an_ordinary_night_is_told_nothing(shop: Any) -> None:
    shop.alarm(refuse_above=0.5)
    shop.night()
    assert shop.read("select warnings from nightflag_runs") == [(None,)]
