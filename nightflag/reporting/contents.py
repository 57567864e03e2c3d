"""What the page of a night tells, read from the results database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from nightflag import models, runs
from nightflag.calibration import Calibration
from nightflag.drift import keeping as drift
from nightflag.errors import ModelFileError, ReportError
from nightflag.models import Entry
from nightflag.monitors import Monitor
from nightflag.reporting import flags, parts, quality, quarantine, scores, series, shadow, statement
from nightflag.reporting.flags import Flag
from nightflag.reporting.limits import limits
from nightflag.reporting.parts import Segment
from nightflag.reporting.quality import Judged, Quality
from nightflag.reporting.quarantine import FailedRule
from nightflag.reporting.scores import Distribution, Points
from nightflag.reporting.series import Series
from nightflag.reporting.shadow import Comparison
from nightflag.results.reading import Row
from nightflag.runs import Run
from nightflag.validation import Outcome, outcome
from nightflag.workplace import Workplace

NEWEST_MODELS = NEWEST_NIGHTS = 1_000
SHOWN_NIGHTS = 60


@dataclass(frozen=True)
class Contents:
    """Everything a page shows; without the model's files no ``threshold`` and ``distribution``.

    ``p_values`` counts the night's p-values in bins of equal width from 0 to 1. ``nights`` are the
    published ones up to this, in order, and ``first_reasons`` count flags by their first reason.
    """

    monitor: Monitor
    night: Run
    alarm_rate: float
    model: Entry
    threshold: float | None
    quality: tuple[Quality, ...]
    judged: Judged
    points: Points
    distribution: Distribution | None
    p_values: tuple[int, ...]
    nights: tuple[Run, ...]
    segments: tuple[Segment, ...]
    first_reasons: tuple[tuple[str, int], ...]
    flags: tuple[Flag, ...]
    series: tuple[Series, ...]
    expectations: tuple[Outcome, ...]
    quarantine: tuple[FailedRule, ...]
    drift: tuple[Row, ...]
    shadow: Comparison | None
    statement: str
    notes: tuple[str, ...]

    @property
    def scored(self) -> int:
        """How many records the night scored."""
        return self.night.records_scored or 0

    @property
    def limits(self) -> tuple[str, ...]:
        """What the model's flags do not say."""
        drifted = sum(row["drifted"] for row in self.drift)
        is_measured = bool(self.quality or self.judged.flags)
        return limits(self.model, self.monitor, drifted=drifted, is_measured=is_measured)

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
    if night.cleaned_at is not None:
        raise _cleaned(night, night.cleaned_at)
    model = _model(workplace, night)
    rate = night.alarm_rate or workplace.monitor.alarm.rate
    calibration = _calibration(workplace, model)
    latest = runs.latest(workplace.results, night.monitor, limit=NEWEST_NIGHTS)
    nights = published_up_to(latest, night.as_of)
    tables, alarm = workplace.tables, workplace.monitor.alarm
    with workplace.results.reading() as connection:
        known = quality.of_night(connection, night)
        found = flags.strongest(connection, tables, night)
        return Contents(
            monitor=workplace.monitor,
            night=night,
            alarm_rate=rate,
            model=model,
            threshold=calibration.threshold(rate) if calibration else None,
            quality=known,
            judged=quality.judged(connection, tables),
            points=scores.sample(connection, tables, night),
            distribution=scores.distribution(connection, tables, night, calibration)
            if calibration
            else None,
            p_values=scores.histogram(connection, tables, night),
            nights=nights,
            segments=parts.by_segment(connection, tables, night, alarm),
            first_reasons=parts.by_first_reason(connection, tables, night),
            flags=found,
            series=series.strongest(workplace, night, found),
            expectations=outcome.of_night(connection, night.monitor, night.run_id),
            quarantine=quarantine.failed_rules(connection, tables, night),
            drift=tuple(drift.of_night(connection, night.monitor, night.run_id)),
            shadow=shadow.comparison(connection, workplace, night, nights),
            statement=statement.of_flags(workplace, night),
            notes=_notes(workplace, night, known),
        )


def published_up_to(nights: Sequence[Run], as_of: datetime) -> tuple[Run, ...]:
    """Of the nights, newest first, the 60 newest that were published by then, oldest first."""
    before = [one for one in nights if one.is_published and one.as_of <= as_of]
    return tuple(reversed(before[:SHOWN_NIGHTS]))


def _cleaned(night: Run, cleaned_at: datetime) -> ReportError:
    return ReportError(
        f"The scores of {night.monitor} for {night.as_of:%Y-%m-%d %H:%M} UTC were cleaned away at "
        f"{cleaned_at:%Y-%m-%d %H:%M} UTC, so no page can be made of them.",
        expected="a night whose scores are kept",
        mend="name a later night, or keep scores for longer: `keep` in the monitor",
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


def _calibration(workplace: Workplace, model: Entry) -> Calibration | None:
    try:
        return models.load(model, folder=workplace.models).calibration
    except ModelFileError:
        return None


def _notes(workplace: Workplace, night: Run, known: tuple[Quality, ...]) -> tuple[str, ...]:
    """What the reader has to know about the page itself."""
    labelled = workplace.monitor.source.label is not None and night.records_scored
    if not labelled or any(one.labels for one in known):
        return ()
    return (
        "The flags were not compared with the labels: there are none for these records, or the log "
        f"says why. To try again: nightflag evaluate {night.monitor}",
    )
