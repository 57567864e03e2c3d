"""The series of the entities with the strongest flags, as the night scored them."""

import shutil
from dataclasses import replace

import pytest

from nightflag.monitors.sequence import Sequence
from nightflag.reporting import flags, page, series
from nightflag.reporting.contents import gather
from tests.nightflag.reporting.payments import SHOP, at_work, fill, publish, records

QUERY = {"table": None, "query": "select * from payments where shop <> ':x'"}


def as_sequence(workplace, *entity):
    monitor = workplace.monitor.model_copy(update={"sequence": Sequence(entity=entity)})
    return replace(workplace, monitor=monitor)


def found(workplace, run, *entity):
    with workplace.results.reading() as connection:
        strongest = flags.strongest(connection, workplace.tables, run)
    return series.strongest(as_sequence(workplace, *entity), run, strongest)


@pytest.mark.parametrize("source", [{}, QUERY])
def test_the_entities_of_the_strongest_flags_are_shown_with_these(database_url, tmp_path, source):
    with at_work(database_url, tmp_path, **source) as workplace:
        fill(workplace, records(300, frauds=3))
        run = publish(workplace)
        hostile, bakery = found(workplace, run, "shop")
        [every] = found(workplace, run)
    assert [one.entity for one in (hostile, bakery, every)] == [(SHOP,), ("bakery",), ()]
    assert {one.column for one in (hostile, bakery, every)} == {"amount"}
    assert [value for _, value in hostile.values] == [502.0]
    assert len(bakery.values) == 299
    assert len(every.flagged) == run.records_flagged
    assert set(bakery.flagged) | set(hostile.flagged) == set(every.flagged) < set(every.values)
    assert list(every.values) == sorted(every.values)


def test_an_entity_without_a_name_is_one_as_well(sqlite_url, tmp_path):
    with at_work(sqlite_url, tmp_path) as workplace:
        fill(workplace, records(50, frauds=2).assign(shop=None))
        [nameless] = found(workplace, publish(workplace), "shop")
    assert nameless.entity == ("null",)
    assert len(nameless.values) == 50


def test_records_in_another_database_have_no_series(sqlite_url, tmp_path):
    with at_work(sqlite_url, tmp_path) as workplace:
        fill(workplace, records(50, frauds=2))
        run = publish(workplace)
        assert found(workplace, run)
    shutil.copy(tmp_path / "bank.db", tmp_path / "copy.db")
    elsewhere = f"sqlite:///{tmp_path / 'copy.db'}"
    with at_work(sqlite_url, tmp_path, results_url=elsewhere) as workplace:
        assert found(workplace, run) == ()


def test_the_page_names_each_series_and_stays_text(sqlite_url, tmp_path):
    with at_work(sqlite_url, tmp_path) as workplace:
        fill(workplace, records(300, frauds=3))
        contents = gather(as_sequence(workplace, "shop"), publish(workplace))
        text = page.of_night(contents)
    assert text.count('aria-label="Plot of a series"') == 2
    assert "onerror=&#39;alert(2)&#39;&gt;</bdi>: <bdi>amount</bdi>" in "".join(text.splitlines())
    assert "<img" not in text
