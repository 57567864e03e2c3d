"""What a digest says: what is new, what comes again, the strongest flags, where to read on."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from nightflag.queries import run
from nightflag.reporting.flags import Flag, strongest
from nightflag.results.tables import MonitorTables
from nightflag.runs import Run

NIGHTS, SHOWN_FLAGS, SHOWN_REASONS, LONGEST = 7, 5, 2, 300


@dataclass(frozen=True)
class Digest:
    """A message in plain text."""

    title: str
    body: str


@dataclass(frozen=True)
class Kinds:
    """The night's flags by the column of their first reason: how many, and how often before.

    ``before`` counts those of the ``nights`` before it that had flags with the same first reason.
    """

    flags: Mapping[str, int]
    before: Mapping[str, int]
    nights: int

    @property
    def new(self) -> list[str]:
        """The kinds that none of the nights before had."""
        return [kind for kind in self.flags if not self.before.get(kind)]


def of_night(connection: Connection, tables: MonitorTables, night: Run, link: str) -> Digest:
    """The digest of a published night; ``link`` leads to its report, '' where there is none."""
    found = kinds(connection, tables, night)
    flagged = night.records_flagged or 0
    novel = f", {len(found.new)} of a new kind" if found.nights and found.new else ""
    title = f"{night.monitor}, {night.as_of:%Y-%m-%d %H:%M} UTC: {flagged:,} flagged{novel}"
    flags = strongest(connection, tables, night)[:SHOWN_FLAGS]
    return Digest(title, "\n".join(_lines(night, found, flags, link)))


def kinds(connection: Connection, tables: MonitorTables, night: Run) -> Kinds:
    """The kinds of the night's flags, and which of the seven nights before had them, too."""
    rows = run(
        connection, "nights_before", monitor=night.monitor, as_of=night.as_of, nights=NIGHTS
    ).all()
    earlier = [row.run_id for row in rows]
    scores, reasons = tables.scores, tables.reasons
    same = and_(*(reasons.c[name] == scores.c[name] for name in tables.key), reasons.c.rank == 1)
    counted = connection.execute(
        select(scores.c.run_id, reasons.c.feature, func.count())
        .select_from(scores.join(reasons, same))
        .where(scores.c.is_anomaly, scores.c.run_id.in_([night.run_id, *earlier]))
        .group_by(scores.c.run_id, reasons.c.feature)
        .order_by(func.count().desc(), reasons.c.feature)
    ).all()
    tonight = {kind: count for run_id, kind, count in counted if run_id == night.run_id}
    before = Counter(kind for run_id, kind, _ in counted if run_id != night.run_id)
    return Kinds(tonight, before, len(earlier))


def _lines(night: Run, found: Kinds, flags: Sequence[Flag], link: str) -> Iterator[str]:
    yield (
        f"{night.records_scored or 0:,} records scored by model {night.model_version}, "
        f"{night.records_flagged or 0:,} flagged, {night.records_quarantined or 0:,} quarantined."
    )
    yield from _section("New", [f"{kind}: {found.flags[kind]:,}" for kind in found.new])
    yield from _section(
        "Again",
        [
            f"{kind}: {count:,}, also in {found.before[kind]} of the {found.nights} nights before"
            for kind, count in found.flags.items()
            if kind not in found.new
        ],
    )
    yield from _section("The strongest", [_flag(flag) for flag in flags])
    yield from _section("Warnings", (night.warnings or "").splitlines())
    if link:
        yield from ("", f"Report: {link}")


def _section(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"{heading}:", *(f"- {' '.join(line.split())[:LONGEST]}" for line in lines))


def _flag(flag: Flag) -> str:
    reasons = [one.text for one in flag.reasons[:SHOWN_REASONS]]
    return f"{' | '.join(flag.key)} (p-value {flag.p_value:.2g}): {'; '.join(reasons)}"
