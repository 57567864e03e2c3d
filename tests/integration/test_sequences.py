"""A night over sequences, from a long table to flags, with late, corrected and deleted rows."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from nightflag.errors import SourceError
from nightflag.evaluation import labels
from tests.integration.machines import SOURCE, machines

START = datetime(2026, 3, 1)
AN_HOUR = 12
DAYS, LENGTH = 4, 8
NAMES = ("press", "saw", "lathe")
FIRST_NIGHT = (START + timedelta(days=DAYS)).replace(tzinfo=UTC)
SECTIONS = {
    "sequence": {"entity": "machine", "length": LENGTH, "gap": "1 hour", "learning": 20},
    "detector": {"name": "autoencoder", "settings": {"steps": 50}},
    "execution": {"batch_size": 50},
    "alarm": {"rate": 0.01},
}


def readings(first_day=0, days=DAYS, names=NAMES, first=0):
    """A reading every five minutes of each machine, a wave of two hours; number by time."""
    random = np.random.default_rng(first_day)
    steps = days * 24 * AN_HOUR
    return [
        {
            "reading_id": first + step * len(names) + place,
            "machine": name,
            "read_at": START + timedelta(days=first_day, minutes=5 * step),
            "value": (place + 1) * (np.sin(2 * np.pi * step / 24) + random.normal(0, 0.1)),
        }
        for step in range(steps)
        for place, name in enumerate(names)
    ]


A_DAY = len(readings(days=1))


@contextmanager
def watching(url, folder, **sections):
    with machines(url, folder, **{**SECTIONS, **sections}) as watched:
        watched.add(readings())
        yield watched


def scored(watched, run_id):
    found = watched.rows(f"select reading_id from machines_scores where run_id = {run_id}")
    return {row["reading_id"] for row in found}


def scores(watched):
    found = watched.rows("select reading_id, score, p_value, fingerprint from machines_scores")
    return {row.pop("reading_id"): tuple(row.values()) for row in found}


def id_of(machine, day, step):
    return day * A_DAY + step * len(NAMES) + NAMES.index(machine)


def test_only_records_of_the_window_are_read_and_scored(database_url, tmp_path):
    with watching(database_url, tmp_path) as watched:
        night = watched.night(FIRST_NIGHT)
        assert (night.records_read, night.records_scored) == (A_DAY, A_DAY)
        assert scored(watched, 1) == set(range((DAYS - 1) * A_DAY, DAYS * A_DAY))


def test_an_unchanged_night_rewrites_nothing(database_url, tmp_path):
    with watching(database_url, tmp_path) as watched:
        watched.night(FIRST_NIGHT)
        before = scores(watched)
        night = watched.night(FIRST_NIGHT + timedelta(minutes=1))
        assert (night.records_read, night.records_retracted) == (0, 0)
        assert scores(watched) == before


def test_a_late_row_makes_due_what_sees_it_and_nothing_else(database_url, tmp_path):
    with watching(database_url, tmp_path) as watched:
        watched.night(FIRST_NIGHT)
        late = START + timedelta(days=DAYS - 1, minutes=5 * 100 + 2)
        watched.add([{"reading_id": 10**6, "machine": "saw", "read_at": late, "value": 1.5}])
        night = watched.night(FIRST_NIGHT + timedelta(minutes=1))
        seeing = {id_of("saw", DAYS - 1, 101 + step) for step in range(LENGTH - 1)}
        assert scored(watched, 2) == {10**6} | seeing
        assert night.records_retracted == 0


def test_a_row_corrected_before_the_window_makes_due_what_sees_it(database_url, tmp_path):
    with watching(database_url, tmp_path, source=SOURCE | {"look_back": "6 hours"}) as watched:
        watched.night(FIRST_NIGHT)
        edge = DAYS * 24 * AN_HOUR - 6 * AN_HOUR - 1
        watched.change(
            f"update readings set value = value + 9 where reading_id = {id_of('saw', 0, edge)}"
        )
        watched.night(FIRST_NIGHT + timedelta(minutes=1))
        seeing = {id_of("saw", 0, edge + step) for step in range(1, LENGTH)}
        assert scored(watched, 2) == seeing


def test_a_deleted_row_is_retracted_and_what_saw_it_is_scored_anew(database_url, tmp_path):
    with watching(database_url, tmp_path) as watched:
        watched.night(FIRST_NIGHT)
        gone = id_of("press", DAYS - 1, 50)
        watched.change(f"delete from readings where reading_id = {gone}")
        night = watched.night(FIRST_NIGHT + timedelta(minutes=1))
        assert night.records_retracted == 1
        seeing = {id_of("press", DAYS - 1, 51 + step) for step in range(LENGTH - 1)}
        assert scored(watched, 2) == seeing
        assert gone not in scores(watched)


def test_scores_do_not_depend_on_the_size_of_the_batches(database_url, sqlite_url, tmp_path):
    with watching(database_url, tmp_path) as watched:
        watched.night(FIRST_NIGHT)
        whole = scores(watched)
    for size in (7, 100_000):
        other = sqlite_url.replace("bank", f"bank_{size}")
        (tmp_path / f"bank_{size}.db").touch()
        execution = {"batch_size": size}
        with watching(other, tmp_path / str(size), execution=execution) as watched:
            watched.night(FIRST_NIGHT)
            parts = scores(watched)
        assert {key: row[:2] for key, row in parts.items()} == {
            key: row[:2] for key, row in whole.items()
        }


def test_a_spike_is_flagged_with_its_column_its_value_and_when(database_url, tmp_path):
    with watching(database_url, tmp_path) as watched:
        spike = id_of("lathe", DAYS - 1, 200)
        watched.change(f"update readings set value = 40 where reading_id = {spike}")
        watched.night(FIRST_NIGHT)
        query = "select * from machines_reasons where reading_id = {} and rank = 1"
        [own] = watched.rows(query.format(spike))
        assert (own["feature"], own["value"], own["records_back"]) == ("value", "40", 0)
        [later] = watched.rows(query.format(spike + 3 * len(NAMES)))
        assert (later["feature"], later["value"], later["records_back"]) == ("value", "40", 3)
        [flag] = watched.rows(
            f"select reasons from machines_flags where reading_id = {spike + 3 * len(NAMES)}"
        )
        [words] = flag["reasons"].split("; ")
        assert words.startswith("value 40 ")
        assert " where " in words
        assert words.endswith(" was expected, 3 records before")


def test_a_new_entity_is_scored_but_raises_no_alarm_while_it_is_learned(database_url, tmp_path):
    with watching(database_url, tmp_path) as watched:
        wild = readings(DAYS - 1, 1, ("robot",), first=10**6)
        watched.add([{**row, "value": 1_000.0} for row in wild])
        watched.night(FIRST_NIGHT)
        found = watched.rows(
            "select reading_id - 1000000 as place, p_value, is_anomaly from machines_scores "
            "where reading_id >= 1000000 order by reading_id"
        )
        assert len(found) == A_DAY / len(NAMES)
        assert max(row["p_value"] for row in found) <= 0.01
        flagged = [row["place"] for row in found if row["is_anomaly"]]
        assert flagged == list(range(SECTIONS["sequence"]["learning"], len(found)))


def test_a_record_in_quarantine_is_not_seen_by_others(database_url, tmp_path):
    between = {"expect_column_values_to_be_between": {"column": "value", "max_value": 100}}
    with watching(database_url, tmp_path, expectations=[between]) as watched:
        broken = id_of("saw", DAYS - 1, 150)
        watched.change(f"update readings set value = 999 where reading_id = {broken}")
        night = watched.night(FIRST_NIGHT)
        assert night.records_quarantined == 1
        after = [broken + step * len(NAMES) for step in range(1, LENGTH)]
        assert min(scores(watched)[one][1] for one in after) > 0.01


@pytest.mark.parametrize("gap", ["1 hour", "3 hours"])
def test_a_window_does_not_reach_over_a_gap(database_url, tmp_path, gap):
    sequence = SECTIONS["sequence"] | {"gap": gap}
    with watching(database_url, tmp_path, sequence=sequence) as watched:
        spike = id_of("saw", DAYS - 1, 100)
        watched.change(f"update readings set value = 40 where reading_id = {spike}")
        silent = [spike + step * len(NAMES) for step in range(1, 30)]
        watched.change(f"delete from readings where reading_id in {tuple(silent)}")
        watched.night(FIRST_NIGHT)
        _, p_value, _ = scores(watched)[silent[-1] + len(NAMES)]
        assert (p_value > 0.01) == (gap == "1 hour")


def test_what_the_monitor_leaves_open_is_decided_in_training(sqlite_url, tmp_path):
    with watching(sqlite_url, tmp_path, sequence={"entity": "machine"}) as watched:
        watched.night(FIRST_NIGHT)
        [model] = watched.rows("select about from nightflag_models")
        view = json.loads(model["about"])["view"]
        assert view["entity"] == ["machine"]
        assert view["length"] == 128
        assert view["gap"] == 10 * 5 * 60
        assert json.loads(model["about"])["shape"] == [1, 128]


def test_one_series_needs_no_entity(sqlite_url, tmp_path):
    sequence = {"length": LENGTH, "departure": "1 hour"}
    with watching(sqlite_url, tmp_path, sequence=sequence) as watched:
        watched.change("delete from readings where machine <> 'saw'")
        night = watched.night(FIRST_NIGHT)
        assert night.records_scored == A_DAY / len(NAMES)


def test_labels_are_matched_with_what_was_scored(sqlite_url, tmp_path):
    with watching(sqlite_url, tmp_path) as watched:
        watched.change("update readings set flaw = reading_id % 2")
        night = watched.night(FIRST_NIGHT)
        found = labels(watched.workplace, night)
        assert (found.records, found.anomalies) == (A_DAY, A_DAY // 2)
        assert found.flags == night.records_flagged


def test_a_missing_entity_column_is_named(sqlite_url, tmp_path):
    sequence = {"entity": "machin"}
    with (
        watching(sqlite_url, tmp_path, sequence=sequence) as watched,
        pytest.raises(SourceError, match="no column 'machin' for the entity"),
    ):
        watched.night(FIRST_NIGHT)
