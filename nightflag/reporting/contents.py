"""What the page of a night tells, read from the results database."""

from dataclasses import dataclass
from math import sqrt

from nightflag import models
from nightflag.drift import keeping as drift
from nightflag.errors import ModelFileError, ReportError
from nightflag.models import Entry
from nightflag.monitors import Monitor
from nightflag.reporting import flags, quality, quarantine, scores, statement
from nightflag.reporting.flags import Flag
from nightflag.reporting.quality import Judged, Quality
from nightflag.reporting.quarantine import FailedRule
from nightflag.reporting.scores import Points
from nightflag.results.reading import Row
from nightflag.runs import Run
from nightflag.workplace import Workplace

NEWEST_MODELS = 1_000


@dataclass(frozen=True)
class Contents:
    """Everything a page shows; ``threshold`` is None where the model's files are gone.

    ``p_values`` counts the night's p-values in bins of equal width from 0 to 1.
    """

    monitor: Monitor
    night: Run
    alarm_rate: float
    model: Entry
    threshold: float | None
    quality: tuple[Quality, ...]
    judged: Judged
    points: Points
    p_values: tuple[int, ...]
    flags: tuple[Flag, ...]
    quarantine: tuple[FailedRule, ...]
    drift: tuple[Row, ...]
    statement: str
    notes: tuple[str, ...]

    @property
    def scored(self) -> int:
        """How many records the night scored."""
        return self.night.records_scored or 0

    @property
    def smallest_rate(self) -> float:
        """The smallest p-value that the ranks of the calibration can give."""
        return 1 / (self.model.training.calibration_records + 1)

    @property
    def expected_flags(self) -> tuple[int, int]:
        """How many flags records like the calibration records give, 19 nights in 20.

        The count is beta-binomial, because the calibration is a sample itself (Bates
        et al. 2023); two standard deviations around its mean.
        """
        n, rate = self.scored, self.alarm_rate
        calibration = self.model.training.calibration_records
        spread = 2 * sqrt(n * rate * (1 - rate) * (calibration + 1 + n) / (calibration + 2))
        return max(0, round(n * rate - spread)), min(n, round(n * rate + spread))


def gather(workplace: Workplace, night: Run) -> Contents:
    """What there is to tell of a published night; :class:`ReportError` for any other."""
    model = _model(workplace, night)
    with workplace.results.reading() as connection:
        known = quality.of_night(connection, night)
        rate = night.alarm_rate or workplace.monitor.alarm.rate
        return Contents(
            monitor=workplace.monitor,
            night=night,
            alarm_rate=rate,
            model=model,
            threshold=_threshold(workplace, model, rate),
            quality=known,
            judged=quality.judged(connection, workplace.tables),
            points=scores.sample(connection, workplace.tables, night),
            p_values=scores.histogram(connection, workplace.tables, night),
            flags=flags.strongest(connection, workplace.tables, night),
            quarantine=quarantine.failed_rules(connection, workplace.tables, night),
            drift=tuple(drift.of_night(connection, night.monitor, night.run_id)),
            statement=statement.of_flags(workplace, night),
            notes=_notes(workplace, night, known),
        )


def _model(workplace: Workplace, night: Run) -> Entry:
    entries = models.latest(workplace.results, night.monitor, limit=NEWEST_MODELS)
    found = next((entry for entry in entries if entry.version == night.model_version), None)
    if found is None or not night.is_published:
        raise ReportError(
            f"The run of {night.monitor} for {night.as_of:%Y-%m-%d %H:%M} UTC is {night.status}.",
            expected="a published run, whose model is in nightflag_models",
            mend="run the night again; `nightflag runs` says what stopped it",
        )
    return found


def _threshold(workplace: Workplace, model: Entry, rate: float) -> float | None:
    try:
        loaded = models.load(model, folder=workplace.models)
    except ModelFileError:
        return None
    return loaded.calibration.threshold(rate)


def _notes(workplace: Workplace, night: Run, known: tuple[Quality, ...]) -> tuple[str, ...]:
    """What the reader has to know about the page itself."""
    labelled = workplace.monitor.source.label is not None and night.records_scored
    if not labelled or any(one.labels for one in known):
        return ()
    return (
        "The flags were not compared with the labels: there are none for these records, or the log "
        f"says why. To try again: nightflag evaluate {night.monitor}",
    )
