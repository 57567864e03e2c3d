"""Which stretch of event time a night looks at."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nightflag.errors import SettingsError


@dataclass(frozen=True)
class Window:
    """Event times from ``start`` (None: since ever) up to, not including, ``end``."""

    start: datetime | None
    end: datetime


@dataclass(frozen=True)
class Watermark:
    """What has been published so far: every record from ``scored_from`` to ``scored_until``.

    Of records before ``cleaned_until`` the scores were deleted: read again, they would look new.
    """

    scored_from: datetime
    scored_until: datetime
    cleaned_until: datetime | None = None


def of_night(
    as_of: datetime, watermark: Watermark | None, *, look_back: timedelta, first_window: timedelta
) -> Window:
    """The window of the night ``as_of``: what is new, and the look-back for what came late.

    Records before ``scored_from`` belong to the training history and are never scored. A night
    earlier than the watermark looks at its own stretch again; what is already published and
    unchanged there is left alone. No window reaches into what was cleaned away. Raises
    :class:`SettingsError` for a night that was, and where the calendar ends before.
    """
    refuse_cleaned(as_of, watermark)
    try:
        return _of_night(as_of, watermark, look_back, first_window)
    except OverflowError:
        raise SettingsError(
            f"The night {as_of:%Y-%m-%d %H:%M} would look back beyond the first year.",
            expected="a logical date in the years that the records are from",
            mend="correct --as-of",
        ) from None


def _of_night(
    as_of: datetime, watermark: Watermark | None, look_back: timedelta, first_window: timedelta
) -> Window:
    if watermark is None:
        return Window(as_of - first_window, as_of)
    start = min(watermark.scored_until, as_of - first_window) - look_back
    if as_of > watermark.scored_until:
        start = watermark.scored_until - look_back
    start = max(start, min(watermark.scored_from, as_of - first_window))
    return Window(max(start, watermark.cleaned_until or start), as_of)


def refuse_cleaned(as_of: datetime, watermark: Watermark | None) -> None:
    """Raise :class:`SettingsError` for a night whose stretch of time was cleaned away."""
    until = watermark.cleaned_until if watermark else None
    if until is not None and as_of <= until:
        raise SettingsError(
            f"The night of {as_of:%Y-%m-%d %H:%M} UTC was cleaned away, as was all up to "
            f"{until:%Y-%m-%d %H:%M}: scored again, its records would be flagged twice.",
            expected=f"a night after {until:%Y-%m-%d %H:%M} UTC",
            mend="name a later one, or look at the early ones with `nightflag replay`",
        )


def refuse_backwards(what: str, start: datetime, end: datetime) -> None:
    """Raise :class:`SettingsError` unless a stretch that a person named ends after it begins."""
    if end <= start:
        raise SettingsError(
            f"The {what} begins at {start:%Y-%m-%d %H:%M} and ends at {end:%Y-%m-%d %H:%M}.",
            expected="an end after the beginning",
            mend="correct --from and --to",
        )


def evenly(start: datetime, end: datetime, every: timedelta) -> list[datetime]:
    """The moments from ``start`` up to and including ``end``, so far apart.

    Raises :class:`SettingsError` where the end is before the start.
    """
    if end < start:
        raise SettingsError(
            f"The last night, {end:%Y-%m-%d %H:%M}, is before the first, {start:%Y-%m-%d %H:%M}.",
            expected="a last night that is not before the first",
            mend="correct the first or the last one",
        )
    return [start + number * every for number in range((end - start) // every + 1)]


def as_utc(moment: datetime) -> datetime:
    """``moment`` in UTC; a naive one is taken to be UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
