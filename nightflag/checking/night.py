"""What the night of one logical date would do, counted where the records lie."""

import math
from collections.abc import Iterator
from datetime import datetime

from nightflag import models, retraining, runs, windows
from nightflag.checking import counting
from nightflag.checking.finding import Finding
from nightflag.logical_dates import known, refuse_impossible
from nightflag.records.pulling import margin_of, selection
from nightflag.records.recency import newest, night_after
from nightflag.results.reading import RUNS, existing_tables
from nightflag.runs import Run
from nightflag.tail import FEWEST_SCORES
from nightflag.validation import check_table, split
from nightflag.windows import Window
from nightflag.workplace import Workplace

LONG_SEARCH, SPARSE = 100_000_000, 10
"""Bytes from which on a table is not to be searched for less than a tenth of it."""


def check(workplace: Workplace, as_of: datetime) -> Iterator[Finding]:
    """The window, its records, the table expectations, the model and the alarm."""
    has_run = RUNS in existing_tables(workplace.results)
    night = runs.of_date(workplace.results, workplace.monitor.name, as_of) if has_run else None
    if night is not None and night.is_published:
        yield _published(night)
        return
    nights = known(workplace.results, workplace.monitor.name) if has_run else []
    refuse_impossible(workplace.monitor.name, as_of, nights, workplace.now())
    window = _window(workplace, as_of, has_run=has_run)
    yield from _records(workplace, window)
    yield from _plan(workplace, window)
    yield from _table_expectations(workplace, window)
    entry = models.champion(workplace.results, workplace.monitor.name) if has_run else None
    reason = retraining.reason(workplace, entry, as_of)
    if entry is not None and reason is None:
        yield from _scored_by(workplace, entry)
    else:
        yield from _trained_first(workplace, window, str(reason))


def _published(night: Run) -> Finding:
    text = f"{_date(night.as_of)} is published already (run {night.run_id}): nothing would change"
    return Finding("ok", "night", text)


def _window(workplace: Workplace, as_of: datetime, *, has_run: bool) -> Window:
    source, name = workplace.monitor.source, workplace.monitor.name
    watermark = runs.watermark(workplace.results, name) if has_run else None
    return windows.of_night(
        as_of, watermark, look_back=source.look_back, first_window=source.first_window
    )


def _records(workplace: Workplace, window: Window) -> Iterator[Finding]:
    count = counting.dated(workplace, window)
    text = f"{count:,} records from {_start(window)} to {_date(window.end)}"
    yield Finding("ok" if count else "warning", "window", text, "" if count else _why(workplace))
    if undated := counting.undated(workplace):
        text = f"{undated:,} records have no readable event time"
        yield Finding("warning", "window", text, "they go into quarantine")
    if without := counting.without_key(workplace, window):
        text = f"{without:,} records have NULL in their key"
        yield Finding("warning", "key", text, "they go into quarantine")
    if repeated := counting.repeated_keys(workplace, window):
        text = f"{repeated:,} keys stand more than once in the window: the night would be refused"
        yield Finding("problem", "key", text, "add a column to `source: key`, or mend the records")


def _plan(workplace: Workplace, window: Window) -> Iterator[Finding]:
    """How the database would read them, where it tells, and whether it would search for long."""
    layout = workplace.layout
    margin = margin_of(layout, window)
    query = selection(workplace.source, layout, window, undated=True, margin=margin)
    plan = workplace.source.plan(query)
    if plan is None:
        return
    way = f"by index {', '.join(plan.indexes)}" if plan.indexes else "by no index"
    text = f"one query reads about {plan.records:,} records, {_megabytes(plan.size)}, {way}"
    if sum(plan.searched.values()) < max(LONG_SEARCH, SPARSE * plan.size):
        yield Finding("ok", "plan", text)
        return
    searched = (f"{_megabytes(size)} of {name}" for name, size in plan.searched.items())
    mend = f"an index on {layout.source.time} would let every night find them at once"
    yield Finding("warning", "plan", f"{text}: it searches all {', '.join(searched)}", mend)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _why(workplace: Workplace) -> str:
    last = newest(workplace.source, workplace.monitor.source)
    if last is None:
        return "is `source: time` right? No record has a readable event time"
    return f"the newest record is of {_date(last)}: for its night add --as-of {night_after(last)}"


def _table_expectations(workplace: Workplace, window: Window) -> Iterator[Finding]:
    expectations = split(workplace.monitor.expectations)[1]
    source = workplace.source
    query = source.statement(selection(source, workplace.layout, window, undated=True))
    url = source.url.render_as_string(hide_password=False)
    findings = check_table(url, query, expectations)
    for finding in findings:
        if not finding.success:
            stops = finding.severity == "critical"
            text = f"{finding.rule}: observed {finding.observed}"
            yield Finding("problem" if stops else "warning", "expectations", text)
    if findings and all(finding.success for finding in findings):
        yield Finding("ok", "expectations", "tonight's table fulfils them")


def _scored_by(workplace: Workplace, entry: models.Entry) -> Iterator[Finding]:
    model = models.load(entry, folder=workplace.models)
    made = entry.training
    text = f"model {entry.version} would score: {made.training_records:,} records, as of "
    yield Finding("ok", "model", text + _date(made.as_of))
    yield from _alarm(
        workplace, made.calibration_records, has_tail=model.calibration.tail is not None
    )


def _trained_first(workplace: Workplace, window: Window, reason: str) -> Iterator[Finding]:
    settings, before = workplace.monitor.training, window.start or window.end
    history = Window(before - settings.window if settings.window else None, before)
    count = counting.dated(workplace, history)
    used = min(count, settings.at_most)
    in_turn = settings.cross_calibration
    held_out = used if in_turn else math.ceil(used * settings.calibration)
    text = f"a model would be trained first ({reason}), on {used:,} of {count:,} records before "
    text += f"{_date(before)}, {held_out:,} of them held out to calibrate"
    text += ", in turn" if in_turn else ""
    if count < settings.at_least:
        mend = f"at least {settings.at_least} are needed: wait for more, take a later --as-of, or "
        mend += "let the first night score less and train on more: `source: {first_window: ...}`"
        yield Finding("problem", "model", text, mend)
        return
    yield Finding("ok", "model", text)
    yield from _alarm(workplace, held_out, has_tail=held_out >= FEWEST_SCORES)


def _alarm(workplace: Workplace, calibration: int, *, has_tail: bool) -> Iterator[Finding]:
    rate, smallest = workplace.monitor.alarm.rate, 1 / (calibration + 1)
    text = f"the smallest p-value by rank is {smallest:.2g}, the alarm rate {rate:g}"
    if smallest <= rate:
        yield Finding("ok", "alarm", text)
    elif has_tail:
        text += ": it would be extrapolated, which is an estimate"
        mend = f"for a guarantee hold out {math.ceil(1 / rate) - 1:,} records to calibrate"
        yield Finding("warning", "alarm", text, mend)
    else:
        mend = "nothing could ever be flagged: raise `alarm: {rate: ...}`, or train on more records"
        yield Finding("warning", "alarm", text, mend)


def _start(window: Window) -> str:
    return _date(window.start) if window.start else "the first one"


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
