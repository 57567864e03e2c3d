"""A night over machines' readings, ready to be scored: with news, late, changed, bad, deleted ones.

It is scored as one partition first; whatever else scores it has to stage the same rows.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
import yaml

from nightflag import features, models, nights, scoring, sequences, training
from nightflag.calibration import Calibration
from nightflag.models import Entry, Model
from nightflag.models.model import scored
from nightflag.models.registry import Training
from nightflag.monitors import Execution
from nightflag.results.staging import Counts, clear
from nightflag.runs import Run
from nightflag.scoring import Partition
from nightflag.validation import total
from nightflag.windows import Window
from nightflag.workplace import Workplace
from tests.integration.machines import machines
from tests.nightflag.reporting.payments import sum_of_squares

START = datetime(2026, 3, 1)
DAYS = 6
FIRST_NIGHT = (START + timedelta(days=DAYS)).replace(tzinfo=UTC)
SECOND_NIGHT = FIRST_NIGHT + timedelta(days=1)
PLAIN: dict[str, Any] = {
    "alarm": {"rate": 0.05},
    "execution": {"batch_size": 50},
    "expectations": [
        {"expect_column_values_to_not_be_null": {"column": "machine", "severity": "warning"}},
        {"expect_column_values_to_be_between": {"column": "value", "max_value": 40}},
    ],
}
CHANGES = (
    "update readings set value = 99 where reading_id in (802, 900)",
    "update readings set value = 13 where reading_id = 801",
    "update readings set read_at = null where reading_id = 903",
    "delete from readings where reading_id in (810, 811)",
)


@dataclass(frozen=True)
class SecondNight:
    """The opened night and its model, the folder of the monitor, and what one partition staged."""

    folder: Path
    workplace: Workplace
    night: Run
    entry: Entry
    model: Model
    rows: dict[str, list[str]]
    findings: tuple[Any, ...]

    def executed(self, **execution: Any) -> Workplace:
        """The workplace, once its monitor's file says that the night is to be worked on so."""
        settled = Execution.model_validate({"batch_size": 50, **execution})
        monitor = self.workplace.monitor.model_copy(update={"execution": settled})
        (self.folder / "monitors").mkdir(exist_ok=True)
        content = monitor.model_dump(mode="json", exclude_none=True)
        for rule in content["expectations"]:
            rule |= rule.pop("settings")
        (self.folder / "monitors" / "machines.yaml").write_text(yaml.safe_dump(content))
        clear(self.workplace.results, self.workplace.tables)
        return replace(self.workplace, monitor=monitor)

    def staged(self, tickets: Sequence[int] = ()) -> dict[str, list[str]]:
        """The rows staged under these tickets, or all, as text without the ticket."""
        return staged(self.workplace, tickets)


@contextmanager
def second_night(url: str, folder: Path, **sections: Any) -> Iterator[SecondNight]:
    """The second night of a monitor with these sections, in an empty database."""
    with machines(url, folder, **{**PLAIN, **sections}) as watched:
        workplace = watched.workplace
        watched.add([*readings(0, DAYS)])
        workplace.prepare()
        register(workplace)
        with nights.only_run(workplace) as lock:
            first = nights.open_night(workplace, FIRST_NIGHT)
            entry, model = nights.load_champion(workplace)
            partitions = [scoring.score(workplace, first, model)]
            nights.publish(workplace, first, entry, partitions, warnings=(), lock=lock)
        watched.add([*readings(DAYS, 1)])
        for change in CHANGES:
            watched.change(change)
        night = nights.open_night(workplace, SECOND_NIGHT)
        one = scoring.score(workplace, night, model)
        rows = staged(workplace)
        yield SecondNight(folder, workplace, night, entry, model, rows, told([one]))


def register(workplace: Workplace) -> None:
    """A champion that needs no training: the sum of the squared features is its score."""
    past = Window(None, FIRST_NIGHT - timedelta(days=1))
    sequence = workplace.monitor.sequence
    if sequence is None:
        older = newest = training.sample(workplace, past)
        kinds = {"value": "numeric", "machine": "categorical"}
        pipeline: Any = features.fit(older, kinds=kinds)
    else:
        older, newest = sequences.parted(workplace, sequence, past)
        pipeline = features.fit_sequence(older, kinds={"value": "numeric"}, clean=False)
    detector = sum_of_squares(pipeline.names)
    calibration = Calibration(scored(detector, pipeline, newest))
    made = Training(
        as_of=FIRST_NIGHT,
        reason="written down",
        detector="autoencoder",
        training_start=None,
        training_end=past.end,
        training_records=len(older),
        calibration_records=len(newest),
        config_hash="0123456789abcdef",
        trained_at=FIRST_NIGHT,
    )
    model = Model(pipeline, detector, calibration)
    models.register(workplace.results, "machines", model, made, folder=workplace.models)


def readings(first_day: int, days: int) -> Iterator[dict[str, Any]]:
    """A reading a half hour of two machines, and now and then one of a third, which is new."""
    random = np.random.default_rng(first_day)
    for step in range(days * 48):
        read_at = START + timedelta(days=first_day, minutes=30 * step)
        for place, machine in enumerate(("press", "saw", "robot")):
            if machine != "robot" or (first_day + step / 48 > 4 and step % 5 == 0):
                number = (first_day * 48 + step) * 3 + place
                value = float(random.normal(10 * (place + 1), 1))
                named = {"reading_id": number, "machine": machine}
                yield {**named, "read_at": read_at, "value": value}


def staged(workplace: Workplace, tickets: Sequence[int] = ()) -> dict[str, list[str]]:
    """Every staged row of each table as text, but for the ticket it bears."""
    with workplace.results.reading() as connection:
        return {
            table.name: sorted(
                str({**row, "partition": None})
                for row in connection.execute(sa.select(table)).mappings()
                if not tickets or row["partition"] in tickets
            )
            for table in workplace.tables.staging
        }


def told(partitions: Sequence[Partition]) -> tuple[Any, ...]:
    """What the partitions come to together: counts, records seen, and rules."""
    rules = total(one.rules for one in partitions if one.rules)
    counts = sum((one.counts for one in partitions), start=Counts())
    return counts, sum(one.seen for one in partitions), rules
