"""A proposed monitor as a file that explains itself."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import yaml

from nightflag.errors import MonitorError, SettingsError
from nightflag.monitors import durations
from nightflag.proposal.guessing import Guesses
from nightflag.records.recency import night_after

LONGEST_COMMENT = 150
ONE_DAY = timedelta(days=1)


def write(guesses: Guesses, folder: Path, *, replace: bool) -> Path:
    """The file ``<folder>/<name>.yaml``, once it holds the monitor and its explanations.

    Raises :class:`MonitorError` where there is such a file and ``replace`` does not allow it to go.
    """
    path = folder / f"{guesses.monitor.name}.yaml"
    text = "\n".join(lines(guesses)) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("w" if replace else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise MonitorError(
            f"{path} is there already; it was left as it is.",
            expected="the name of a new monitor",
            mend="give another --name, or replace the file with --force",
        ) from None
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written: {error.strerror}.",
            expected="a folder this user may write to",
            mend="correct its permissions, or set NIGHTFLAG_MONITORS to another folder",
        ) from None
    return path


def trial(guesses: Guesses, today: date | None = None) -> str:
    """The command that tries the monitor, in a night that has records."""
    last, name = guesses.newest, guesses.monitor.name
    old = last is not None and last.date() < (today or datetime.now(UTC).date()) - ONE_DAY
    return f"nightflag check {name}" + (f" --as-of {night_after(last)}" if last and old else "")


def lines(guesses: Guesses) -> Iterator[str]:
    """The lines of the file; every value as YAML, every reason as a comment."""
    name, source = guesses.monitor.name, guesses.monitor.source
    table = f"{source.schema_name}.{source.table}" if source.schema_name else str(source.table)
    yield _comment(f"Guessed from {table} and {guesses.sampled:,} of its records.")
    yield _comment(f"Correct what is wrong, then try it: {trial(guesses)}")
    yield from (f"monitor: {_yaml(name)}", "")
    yield from _source(guesses)
    yield from _features(guesses)
    yield from _sequence(guesses)
    yield from _expectations(guesses)
    yield _comment("A record is flagged when its p-value is at most this: of normal records about")
    yield _comment(f"{guesses.alarm_rate:.0%} will be. Lower it for fewer false alarms.")
    yield from (f"alarm: {{rate: {guesses.alarm_rate}}}", "")
    yield _comment("Views of the table without its anomalies, and with them corrected.")
    yield from ("# results: {treatment_views: true}", "")
    yield _comment("When the night runs, once `nightflag deploy` has told the Prefect server.")
    yield '# schedule: {cron: "30 2 * * *", time_zone: UTC}'


def _source(guesses: Guesses) -> Iterator[str]:
    source, reasons = guesses.monitor.source, guesses.reasons
    yield "source:"
    yield f"  database: {_yaml(source.database)}"
    if source.schema_name:
        yield f"  schema: {_yaml(source.schema_name)}"
    yield f"  table: {_yaml(source.table)}"
    yield f"  {_comment(reasons['key'])}"
    yield f"  key: {_yaml(list(source.key))}"
    yield f"  {_comment(reasons['time'])}"
    yield f"  time: {_yaml(source.time)}"
    yield f"  {_comment('Times stored without a time zone are taken to be in this one.')}"
    yield "  time_zone: UTC"
    if source.label:
        yield f"  {_comment(reasons['label'])}"
        yield f"  label: {_yaml(source.label)}"
    yield f"  {_comment(reasons['first_window'])}"
    yield from (f"  first_window: {durations.write(guesses.first_window)}", "")


def _features(guesses: Guesses) -> Iterator[str]:
    inferred = guesses.inferred
    yield _comment("What the detector sees, as the sample suggests; looked at again at each")
    yield _comment("training. Where it is wrong, take the number signs off `features`.")
    yield from (_comment(f"  {column}: {kind}") for column, kind in inferred.kinds.items())
    yield from (
        _comment(f"  {column}: left out, {reason}") for column, reason in inferred.left_out.items()
    )
    if "features" in guesses.seen.sections:
        yield _comment(guesses.seen.reason)
        yield f"features: {_yaml(guesses.seen.sections['features'])}"
    else:
        others = (name for name in inferred.kinds if name != guesses.monitor.source.time)
        column = next(others, "column")
        yield "# features:"
        yield _comment(f"  exclude: {_yaml([column])}")
        yield _comment(f"  kinds: {_yaml({column: 'categorical'})}")
    yield ""


def _sequence(guesses: Guesses) -> Iterator[str]:
    if "sequence" not in guesses.seen.sections:
        return
    yield _comment(guesses.seen.reason)
    yield _comment("Windows see numbers only. Leave this out to see each record alone, or add")
    yield _comment("`length: 1` to see all columns, numbers as departures from their entity's own.")
    yield from (f"sequence: {_yaml(guesses.seen.sections['sequence'])}", "")


def _expectations(guesses: Guesses) -> Iterator[str]:
    yield _comment("A record that fails one goes into quarantine and is not scored; those of")
    yield _comment("severity warning only say so. Ranges are the sample's, widened by their width.")
    yield "expectations:"
    yield from (f"  - {_yaml(one)[1:-1]}" for one in guesses.expectations)
    yield ""


def _yaml(value: object) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, width=100_000, allow_unicode=True
    )
    return text.removesuffix("...\n").rstrip("\n")


def _comment(text: str) -> str:
    """One comment line, whatever characters the table put into the text."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"# {plain[:LONGEST_COMMENT]}"
