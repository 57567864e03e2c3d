"""A model that waits scores the nights beside the one in use, flags nothing, and stops nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, load_model_from_string
from pydantic import ValidationError

from nightflag import failpoints, housekeeping, models
from nightflag.models import Entry, Model
from nightflag.models.registry import directory
from nightflag.monitors import Execution, Keep, Training
from nightflag.succession import promote
from nightflag.workplace import Workplace
from tests.integration.machines import SOURCE, machines
from tests.nightflag.reporting.payments import NIGHT, at_work, fill, publish, records, rows

DAY = timedelta(days=1)
FIVE_MINUTES = timedelta(minutes=5)
IN_SEQUENCE = {
    "sequence": {"entity": "machine", "length": 5, "gap": "1 hour", "learning": 0},
    "detector": {"name": "random_features", "settings": {"cosines": 64}},
    "training": {"at_least": 50, "every": "0", "promotion": "by hand", "shadow": True},
    "source": {**SOURCE, "first_window": "1 hour"},
}
COUNTS = "select count(*) from payments_{}"
FLAGS = "select payment, score, p_value from payments_flags order by payment"


def asking(workplace: Workplace, **sections: Any) -> Workplace:
    return replace(workplace, monitor=workplace.monitor.model_copy(update=sections))


@contextmanager
def watched(url: str, folder: Path, *, shadow: bool = True) -> Iterator[Workplace]:
    """300 payments of a day, three of them frauds, and models that wait for a person."""
    training = Training.model_validate({"promotion": "by hand", "shadow": shadow})
    with at_work(url, folder) as workplace:
        workplace = asking(workplace, training=training)
        fill(workplace, records(300, frauds=3))
        yield workplace


def waits(workplace: Workplace, model: Model | None = None, **made: Any) -> Entry:
    """A model, by default like the one in use, that was trained after it."""
    entry = models.champion(workplace.results, "payments")
    assert entry is not None
    model = model or models.load(entry, folder=workplace.models)
    status = made.pop("status", "challenger")
    later = {"trained_at": entry.training.trained_at + timedelta(hours=1), **made}
    training = replace(entry.training, **later)
    place = {"folder": workplace.models, "status": status, "decision": "waits to be promoted"}
    return models.register(workplace.results, "payments", model, training, **place)


@pytest.fixture
def payments(database_url: str, tmp_path: Path) -> Iterator[Workplace]:
    """A monitor with a night behind it, and one before it that no model waits for yet."""
    with watched(database_url, tmp_path) as workplace:
        publish(workplace)
        fill(workplace, later(records(300, frauds=3)))
        yield workplace


def later(frame: Any) -> Any:
    """The same payments a day later, under other names."""
    return frame.assign(payment="q" + frame["payment"], paid_at=frame["paid_at"] + DAY)


def next_night(workplace: Workplace, as_of: datetime = NIGHT + DAY) -> Any:
    return publish(workplace, as_of)


def shadowed(workplace: Workplace) -> list[Any]:
    return rows(workplace, "select * from payments_shadow")


def test_it_scores_what_the_night_scores_and_flags_nothing(payments: Workplace) -> None:
    assert shadowed(payments) == []
    waits(payments)
    run = next_night(payments)
    assert (run.records_scored, run.model_version, run.warnings) == (300, 1, None)
    same = (
        "select count(*) from payments_scores s join payments_shadow w using (payment) "
        "where s.score = w.score and s.p_value = w.p_value and s.run_id = w.run_id "
        "and s.model_version = 1 and w.model_version = 2"
    )
    assert rows(payments, same) == [(300,)]
    assert len(shadowed(payments)) == 300
    assert rows(payments, "select distinct model_version from payments_flags") == [(1,)]


def test_flags_are_the_same_with_and_without_it(sqlite_url: str, tmp_path: Path) -> None:
    found = []
    for shadow in (True, False):
        url = sqlite_url.replace("bank.db", f"{shadow}.db")
        with watched(url, tmp_path / str(shadow), shadow=shadow) as workplace:
            publish(workplace)
            fill(workplace, later(records(300, frauds=3)))
            waits(workplace)
            next_night(workplace)
            found.append((rows(workplace, FLAGS), len(shadowed(workplace))))
    assert found[0][0] == found[1][0]
    assert [count for _, count in found] == [300, 0]


@pytest.mark.parametrize(
    "made",
    [
        {"status": "refused"},
        {"training_end": NIGHT},
        {"trained_at": NIGHT - DAY},
    ],
    ids=["worse", "has seen the night", "older than the one in use"],
)
def test_it_is_a_newer_model_that_waits_and_has_seen_nothing_of_the_night(
    sqlite_url: str, tmp_path: Path, made: dict[str, Any]
) -> None:
    with watched(sqlite_url, tmp_path) as workplace:
        publish(workplace)
        fill(workplace, later(records(300, frauds=3)))
        waits(workplace, **made)
        assert next_night(workplace).warnings is None
        assert shadowed(workplace) == []


def test_its_scores_follow_what_becomes_of_their_records(payments: Workplace) -> None:
    waits(payments)
    next_night(payments)
    with payments.source.writing() as connection:
        connection.exec_driver_sql("delete from payments where payment = 'qp-00007'")
        connection.exec_driver_sql("update payments set amount = 77 where payment = 'qp-00008'")
    next_night(payments, NIGHT + 2 * DAY)
    told = "select payment, run_id from payments_shadow where payment in ('qp-00007', 'qp-00008')"
    assert rows(payments, told) == [("qp-00008", 3)]
    assert len(shadowed(payments)) == 299


def test_a_night_that_is_killed_leaves_none_and_its_rerun_all(payments: Workplace) -> None:
    waits(payments)

    def stop(place: str) -> None:
        if place == "before commit":
            raise KeyboardInterrupt

    failpoints.listeners.append(stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            next_night(payments)
    finally:
        failpoints.listeners.remove(stop)
    assert shadowed(payments) == []
    next_night(payments)
    assert len(shadowed(payments)) == 300


def test_files_that_are_not_those_of_the_model_are_a_warning_of_the_night(
    payments: Workplace,
) -> None:
    entry = waits(payments)
    file = directory(payments.models, "payments", entry.version) / "features.json"
    file.write_bytes(file.read_bytes() + b" ")
    run = next_night(payments)
    assert (run.status, run.records_scored) == ("published", 300)
    assert "model 2 scored nothing in the shadow" in str(run.warnings)
    assert shadowed(payments) == []


def test_half_a_night_in_the_shadow_is_none(payments: Workplace) -> None:
    payments = asking(payments, execution=Execution(batch_size=200))
    entry = models.champion(payments.results, "payments")
    assert entry is not None
    model = models.load(entry, folder=payments.models)
    waits(payments, replace(model, detector=replace(model.detector, graph=only_of(200, model))))
    run = next_night(payments)
    assert (run.status, run.records_scored) == ("published", 300)
    assert "model 2 scored nothing in the shadow" in str(run.warnings)
    assert shadowed(payments) == []
    assert rows(payments, "select count(*) from payments_staged_shadow") == [(0,)]


def only_of(count: int, model: Model) -> bytes:
    """The graph of the model, which from now on fails for any other number of records."""
    known = load_model_from_string(model.detector.graph)
    graph = known.graph
    inner = next(node for node in graph.node if "score" in node.output)
    inner.output[0] = "inner"
    graph.initializer.append(helper.make_tensor("shape", TensorProto.INT64, [1], [count]))
    graph.node.append(helper.make_node("Reshape", ["inner", "shape"], ["score"]))
    return bytes(known.SerializeToString())


def test_they_go_with_the_night_that_is_cleaned_away(payments: Workplace) -> None:
    waits(payments)
    next_night(payments)
    next_night(payments, NIGHT + 4 * DAY)
    payments = asking(payments, keep=Keep(scores=DAY))
    housekeeping.clean(payments)
    assert rows(payments, COUNTS.format("scores")) == [(0,)]
    assert shadowed(payments) == []


def test_once_promoted_it_is_in_use_and_nothing_is_in_the_shadow(payments: Workplace) -> None:
    entry = waits(payments)
    next_night(payments)
    promote(payments, entry.version, why="it flags the same")
    fill(payments, later(later(records(300, frauds=3))))
    run = next_night(payments, NIGHT + 2 * DAY)
    assert (run.model_version, run.records_scored) == (2, 300)
    assert rows(payments, "select count(*) from payments_shadow where run_id = 3") == [(0,)]


def test_records_with_their_past_are_scored_by_a_model_that_sees_as_much_of_it(
    sqlite_url: str, tmp_path: Path
) -> None:
    random, start = np.random.default_rng(1), NIGHT - DAY
    steps = [
        {
            "reading_id": step,
            "machine": "press",
            "read_at": start.replace(tzinfo=None) + step * FIVE_MINUTES,
            "value": np.sin(step) + random.normal(0, 0.1),
        }
        for step in range(120)
    ]
    with machines(sqlite_url, tmp_path, **IN_SEQUENCE) as watched:
        watched.add(steps[:100])
        watched.night(start + 90 * FIVE_MINUTES)
        run = watched.night(start + 100 * FIVE_MINUTES)
        assert (run.records_scored, run.model_version) == (10, 1)
        same = (
            "select count(*) as alike from machines_scores s join machines_shadow w "
            "on s.reading_id = w.reading_id and s.score = w.score and w.model_version = 2"
        )
        assert watched.rows(same) == [{"alike": 10}], "2 was trained on the same records as 1"
        watched.add(steps[100:])
        sequence = watched.workplace.monitor.sequence.model_copy(update={"length": 7})
        watched.workplace = asking(watched.workplace, sequence=sequence)
        run = watched.night(start + 110 * FIVE_MINUTES)
        assert "model 3 scored nothing in the shadow: it sees more or less" in str(run.warnings)
        assert (run.records_scored, len(watched.rows("select * from machines_shadow"))) == (10, 10)


def test_it_is_asked_for_where_models_wait() -> None:
    with pytest.raises(ValidationError, match="expected promotion: by hand beside it"):
        Training.model_validate({"shadow": True})
