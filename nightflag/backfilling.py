"""Backfilling: which nights of a stretch of time are still to be published."""

from collections.abc import Sequence
from datetime import datetime

from nightflag import runs
from nightflag.errors import SettingsError
from nightflag.logical_dates import known, refuse_training_records
from nightflag.runs import Run
from nightflag.windows import refuse_cleaned
from nightflag.workplace import Workplace


def outstanding(workplace: Workplace, dates: Sequence[datetime]) -> list[datetime]:
    """Those of the logical dates, in their order, that have no published night.

    Raises :class:`SettingsError` for a date in the future, whose records are not all there, for one
    before the monitor's first night, whose records the first model was trained on, and for one that
    was cleaned away.
    """
    workplace.prepare()
    results, monitor = workplace.results, workplace.monitor.name
    published = runs.published(results, monitor)
    found = [as_of for as_of in dates if as_of not in published]
    if found:
        _refuse_future(found[-1], workplace.now())
        refuse_cleaned(found[0], runs.watermark(results, monitor))
        refuse_training_records(monitor, found[0], known(results, monitor))
    return found


def sentence(night: Run) -> str:
    """What became of a published night, in a line."""
    return (
        f"{night.as_of:%Y-%m-%d %H:%M}: {night.records_scored or 0:,} records scored by model "
        f"{night.model_version}, {night.records_flagged or 0:,} flagged"
    )


def _refuse_future(last: datetime, now: datetime) -> None:
    if last > now:
        raise SettingsError(
            f"The night of {last:%Y-%m-%d %H:%M} UTC is still to come.",
            expected=f"nights up to now, {now:%Y-%m-%d %H:%M} UTC",
            mend="name an earlier last night",
        )
