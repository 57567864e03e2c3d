from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from nightflag.databases import connect
from nightflag.errors import TrainingRefused
from nightflag.models import Entry
from nightflag.models.registry import Training
from nightflag.monitors import Monitor
from nightflag.retraining import due, recipe_hash
from nightflag.training import sample
from nightflag.windows import Window
from nightflag.workplace import Workplace

MAY = datetime(2024, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
EVER = Window(None, MAY + DAY * 365)


def a_monitor(**parts: Any) -> Monitor:
    source = {"database": "env:X", "table": "sales", "key": "id", "time": "at"}
    return Monitor.model_validate({"monitor": "shop", "source": source, **parts})


def a_champion(monitor: Monitor) -> Entry:
    training = Training(MAY, "", "autoencoder", None, MAY, 9, 9, recipe_hash(monitor), MAY)
    return Entry(monitor.name, 1, "champion", training, "", {})


def test_training_is_due_without_a_champion() -> None:
    assert due(None, a_monitor(), MAY, present={}) == "no champion yet"


@pytest.mark.parametrize(
    ("every", "days", "is_due"),
    [
        ("7 days", 6.9, False),
        ("7 days", 7, True),
        ("7 days", 30, True),
        (0, 0, True),
        ("7 days", -3, False),
    ],
)
def test_training_is_due_by_age_at_the_logical_date(every: Any, days: float, is_due: bool) -> None:
    monitor = a_monitor(training={"every": every})
    assert (due(a_champion(monitor), monitor, MAY + DAY * days, present={}) is not None) == is_due


@pytest.mark.parametrize(
    ("changed", "is_due"),
    [
        ({"detector": {"seed": 1}}, True),
        ({"features": {"exclude": ["note"]}}, True),
        ({"training_rows": "clean"}, True),
        ({"alarm": {"rate": 0.2}}, False),
        ({"training": {"every": "30 days"}}, False),
        ({"description": "sales"}, False),
        ({"schedule": {"cron": "30 2 * * *"}}, False),
    ],
)
def test_training_is_due_when_it_would_give_another_model(
    changed: dict[str, Any], is_due: bool
) -> None:
    why = due(a_champion(a_monitor()), a_monitor(**changed), MAY + DAY, present={})
    assert why == ("the monitor's source, features or detector changed" if is_due else None)


COLUMNS = {"amount": "double", "shop": "string"}


@pytest.mark.parametrize(
    ("present", "why"),
    [
        (COLUMNS, None),
        (COLUMNS | {"fee": "double"}, "the source's columns changed: fee is new"),
        ({"amount": "double"}, "the source's columns changed: shop is gone"),
        (
            COLUMNS | {"amount": "string"},
            "the source's columns changed: amount was double and is string",
        ),
    ],
)
def test_training_is_due_when_the_columns_of_the_source_changed(
    present: dict[str, str], why: str | None
) -> None:
    champion = replace(a_champion(a_monitor()), about={"columns": COLUMNS})
    assert due(champion, a_monitor(), MAY + DAY, present=present) == why


@pytest.mark.parametrize(
    ("verdicts", "why"), [(4, None), (5, "5 verdicts since the last training")]
)
def test_training_is_due_after_enough_verdicts(verdicts: int, why: str | None) -> None:
    monitor = a_monitor(training={"verdicts": 5})
    champion = a_champion(monitor)
    assert due(champion, monitor, MAY + DAY, present={}, verdicts=verdicts) == why


@pytest.mark.parametrize(
    ("drift", "why"), [(True, "drifted 3 nights in a row: amount (PSI 0.41)"), (False, None)]
)
def test_training_is_due_where_drift_lasts_unless_the_monitor_says_no(
    drift: bool, why: str | None
) -> None:
    monitor = a_monitor(training={"drift": drift})
    champion = a_champion(monitor)
    assert due(champion, monitor, MAY + DAY, present={}, drifted="amount (PSI 0.41)") == why


Open = Callable[..., Workplace]


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Open]:
    """Opens a workplace over so many sales, a minute apart, written in the order given."""
    with ExitStack() as stack:

        def opened(numbers: range, *, at_most: int = 300, batch_size: int = 500) -> Workplace:
            url = f"sqlite:///{tmp_path / f'{len(list(tmp_path.iterdir()))}.db'}"
            source = connect(url)
            stack.callback(source.close)
            rows = [
                {"id": number, "at": str(MAY.replace(tzinfo=None) + timedelta(minutes=number))}
                for number in numbers
            ]
            with source.writing() as connection:
                connection.execute(text("create table sales (id integer, at text, v integer)"))
                connection.execute(text("insert into sales values (:id, :at, :id % 10)"), rows)
            monitor = a_monitor(
                training={"at_most": at_most, "at_least": 20}, execution={"batch_size": batch_size}
            )
            made = Workplace(monitor, source, source, tmp_path, tmp_path)
            made.prepare()
            return made

        yield opened


def test_a_sample_has_no_more_records_than_asked_for_by_event_time(workplace: Open) -> None:
    found = sample(workplace(range(3_000)), EVER)
    assert len(found) == 300
    assert found["id"].is_monotonic_increasing
    assert found["id"].is_unique
    assert list(found.columns) == ["id", "at", "v"]


def test_a_sample_of_few_records_is_all_of_them(workplace: Open) -> None:
    assert sample(workplace(range(100)), EVER)["id"].tolist() == list(range(100))


def test_a_sample_is_the_same_however_the_records_arrive(workplace: Open) -> None:
    first = sample(workplace(range(3_000)), EVER)
    backwards = sample(workplace(range(3_000)[::-1], batch_size=7), EVER)
    assert first.equals(backwards)


def test_a_sample_is_drawn_evenly_from_the_whole_window(workplace: Open) -> None:
    found = sample(workplace(range(3_000)), EVER)
    counts = np.histogram(found["id"], bins=10, range=(0, 3_000))[0]
    assert ((counts - 30) ** 2 / 30).sum() < 27.9, "chi-squared with 9 degrees of freedom, 0.1%"


def test_a_sample_holds_the_window_only(workplace: Open) -> None:
    window = Window(MAY + timedelta(minutes=100), MAY + timedelta(minutes=150))
    assert sample(workplace(range(3_000)), window)["id"].tolist() == list(range(100, 150))


def test_too_few_records_are_refused_with_how_many_there_are(workplace: Open) -> None:
    window = Window(None, MAY + timedelta(minutes=19))
    with pytest.raises(TrainingRefused, match="19 good records are there to train on") as raised:
        sample(workplace(range(3_000)), window)
    assert "at least 20" in str(raised.value)
    with pytest.raises(TrainingRefused, match="0 good records"):
        sample(workplace(range(50)), Window(None, MAY))
