"""Any value in any place of a monitor, and any name: a monitor or one error of ours."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from nightflag.errors import MonitorError
from nightflag.monitors import Monitor, read

FULL: dict[str, Any] = {
    "monitor": "pumps",
    "description": "Readings of the pumps.",
    "source": {
        "database": "env:PLANT",
        "table": "readings",
        "schema": "plant",
        "key": ["reading_id"],
        "time": "read_at",
        "label": "broken",
        "time_zone": "Europe/Berlin",
        "look_back": "3 days",
    },
    "results": {"database": "env:FLAGS", "schema": "nightflag", "treatment_views": True},
    "features": {"exclude": ["note"], "kinds": {"mode": "categorical"}},
    "sequence": {"entity": "pump", "length": 8, "gap": "1 hour", "learning": 3},
    "expectations": [{"expect_column_values_to_not_be_null": {"column": "flow"}}],
    "training_rows": "clean",
    "detector": {"name": "auto", "seed": 3, "settings": {"cosines": 64}},
    "training": {"every": "7 days", "window": "60 days", "at_least": 100, "calibration": 0.2},
    "alarm": {
        "rate": 0.01,
        "at_most": "5 per night",
        "segments": {"column": "site", "rates": {"north": 0.05}},
        "directions": {"flow": "low"},
    },
    "alerts": {"to": ["env:DOORBELL"], "at_least": 1},
    "schedule": {"cron": "30 2 * * *", "time_zone": "Europe/Berlin"},
    "execution": {"batch_size": 1000, "lock_wait": "1 minute"},
    "keep": {"scores": "90 days"},
}
Place = tuple[str | int, ...]


def places(value: object, before: Place = ()) -> Iterator[Place]:
    """Every place in the document, but for the document itself."""
    steps: Any = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        steps = enumerate(value)
    for step, inner in steps:
        yield (*before, step)
        yield from places(inner, (*before, step))


def changed(place: Place, value: object) -> dict[str, Any]:
    """The full monitor with another value there."""
    document: Any = deepcopy(FULL)
    inner = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return dict(document)


TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *("", " ", "a'b", 'a"b', "a%b", "a:b", "{a}", "select", "x" * 63, "ä" * 32, "x" * 129),
            *("x; drop table sentinel; --", "env:", "secret:", "env:A B", "-1 days", "1e400 days"),
            *("Europe/Nowhere", "../../etc/passwd", "61 25 * * *", "* * * * * *", "∞ per night"),
        ]
    ),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**63, -(2**63) - 1, 10**400, 0, -1]),
    st.floats(),
    TEXTS,
    st.dates(),
    st.datetimes(),
    st.binary(max_size=8),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def outcome(path: Path, document: object) -> Monitor | None:
    """The monitor, or None for one error whose every line names the file."""
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    found = tried(path)
    if isinstance(found, Monitor):
        return found
    assert all(line.startswith(f"{path}:") for line in found.what.splitlines())
    assert found.mend
    return None


def tried(path: Path) -> Monitor | MonitorError:
    try:
        return read(path)
    except MonitorError as error:
        return error


def test_the_full_monitor_is_one(tmp_path: Path) -> None:
    monitor = outcome(tmp_path / "pumps.yaml", FULL)
    assert monitor is not None
    assert monitor.name == "pumps"


@settings(max_examples=150, deadline=None)
@given(place=st.sampled_from([*places(FULL)]), value=VALUES)
def test_any_value_in_any_place_gives_a_monitor_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, place: Place, value: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    monitor = outcome(path, changed(place, value))
    assert monitor is None or len(monitor.config_hash()) == 16


@settings(max_examples=150, deadline=None)
@given(name=TEXTS)
def test_a_name_that_is_accepted_is_one_that_every_database_takes(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "named.yaml"
    monitor = outcome(path, changed(("monitor",), name))
    assert (monitor is None) or (name.isascii() and name.isidentifier() and len(name) <= 40)


@pytest.mark.parametrize(
    "name",
    [
        *("pumps\n", "pumps ", "Pumps", "pümps", "p" * 41, "", "1pump", "pumps-2", "pumps.north"),
        *("nightflag", "nightflag_x", "sqlite_x", "pumps_staged", 'p"; drop table sentinel; --'),
    ],
)
def test_a_name_that_could_collide_or_needs_quoting_is_refused(tmp_path: Path, name: str) -> None:
    assert outcome(tmp_path / "named.yaml", changed(("monitor",), name)) is None
