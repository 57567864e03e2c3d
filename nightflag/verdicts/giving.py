"""Giving verdicts: written together or not at all, each on a record that was scored."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, except_, select

from nightflag.databases import Database
from nightflag.errors import VerdictRefused
from nightflag.queries import run
from nightflag.results.keys import key_columns, scored_keys
from nightflag.results.reading import existing_tables, schema_of
from nightflag.results.setup import upgrade
from nightflag.results.verdicts import given

ANOMALY, NORMAL = "anomaly", "normal"
WORDS = (ANOMALY, NORMAL)
SHOWN = 3


@dataclass(frozen=True)
class Verdict:
    """What a person says of the record with this text key; ``given_by``: who, if they say so."""

    key: str
    verdict: str
    note: str | None = None
    given_by: str | None = None


def give(results: Database, monitor: str, verdicts: Sequence[Verdict], *, now: datetime) -> None:
    """Write the verdicts in one transaction; of two on the same record the last one stands.

    Raises :class:`VerdictRefused`, and writes nothing, for a key that was never scored.
    """
    if f"{monitor}_scores" not in existing_tables(results):
        raise VerdictRefused(
            f"{monitor} has published nothing yet, so there is nothing to judge.",
            expected="a record that was scored",
            mend=f"run its first night: nightflag run {monitor}",
        )
    upgrade(results)
    with results.writing() as connection:
        for one in verdicts:
            run(connection, "give_verdict", monitor=monitor, given_at=now, **asdict(one))
        _refuse_unknown(connection, results, monitor, now)


def _refuse_unknown(
    connection: Connection, results: Database, monitor: str, given_at: datetime
) -> None:
    """Raise where a verdict of this moment is on a key that has no score."""
    said, known = given(schema_of(results)), scored_keys(connection, monitor, schema_of(results))
    just_now = select(said.c.key).where(said.c.monitor == monitor, said.c.given_at == given_at)
    unknown = connection.execute(except_(just_now, known)).scalars().all()
    if not unknown:
        return
    example = connection.execute(known.limit(1)).scalar_one_or_none()
    named = " | ".join(key_columns(connection, monitor, schema_of(results)))
    raise VerdictRefused(
        f"{monitor} never scored {_listed(sorted(unknown))}.",
        expected=f"a key ({named}) as nightflag_flags writes it"
        + ("" if example is None else f", such as {example!r}"),
        mend=f"look the keys up: nightflag flags {monitor}, or select key from nightflag_flags",
    )


def _listed(keys: Sequence[str]) -> str:
    shown = ", ".join(repr(key) for key in keys[:SHOWN])
    return shown if len(keys) <= SHOWN else f"{shown} and {len(keys) - SHOWN} more"
