"""Sending the digests that are due, each claimed first and marked as sent afterwards."""

import logging
import os
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from apprise import Apprise, LogCapture

from nightflag.errors import DigestError, SettingsError
from nightflag.failpoints import reached
from nightflag.monitors.references import resolve
from nightflag.queries import run
from nightflag.settings import ReadSecret
from nightflag.workplace import Workplace

ABANDONED = timedelta(minutes=10)
EXAMPLE = "mailtos://user:password@mail.example/?to=night-shift@mail.example"
HOST = re.compile(r"^[a-z0-9+]+://(?:[^/@]*@)?([^/:?]*)", re.IGNORECASE)


def send(workplace: Workplace, *, read_secret: ReadSecret) -> int:
    """How many digests of the monitor were sent: all that are due and that nobody else is sending.

    Every channel is tried before :class:`DigestError` tells of those that failed; theirs are sent
    by whoever calls next.
    """
    sent, failures = 0, []
    for row in _due(workplace):
        if not _claimed(workplace, row):
            continue
        reached("digest claimed")
        try:
            _deliver(row, read_secret)
        except (DigestError, SettingsError) as error:
            _mark(workplace, row, "digest_failed", error=error.what)
            failures.append(error)
            continue
        reached("digest delivered")
        _mark(workplace, row, "digest_sent", sent_at=workplace.now())
        sent += 1
    if failures:
        raise failures[0]
    return sent


def _due(workplace: Workplace) -> Sequence[Any]:
    now = workplace.now()
    with workplace.results.reading() as connection:
        name = workplace.monitor.name
        times = {"now": now, "abandoned_at": now - ABANDONED}
        return run(connection, "due_digests", monitor=name, **times).all()


def _claimed(workplace: Workplace, row: Any) -> bool:
    now = workplace.now()
    times = {"now": now, "abandoned_at": now - ABANDONED}
    return _mark(workplace, row, "claim_digest", **times) == 1


def _mark(workplace: Workplace, row: Any, query: str, **values: object) -> int:
    key = {"monitor": row.monitor, "as_of": row.as_of, "channel": row.channel}
    with workplace.results.writing() as connection:
        return run(connection, query, **key, **values).rowcount


def _deliver(row: Any, read_secret: ReadSecret) -> None:
    url = resolve(row.channel, environment=os.environ, read_secret=read_secret, example=EXAMPLE)
    channel = Apprise()
    if not channel.add(url):
        raise DigestError(
            f"{row.channel} holds no Apprise URL.",
            expected=f"a URL such as {EXAMPLE}",
            mend="correct the variable or the Secret block; Apprise's pages list every channel",
        )
    with LogCapture(level=logging.WARNING, fmt="%(message)s") as said:  # type: ignore[no-untyped-call]
        delivered = channel.notify(body=row.body, title=row.title, body_format="text")
        why = " ".join(said.getvalue().split()) if said else ""
    if not delivered:
        raise DigestError(
            f"{row.channel} did not take the digest of {row.as_of:%Y-%m-%d %H:%M} UTC: "
            f"{_without_secrets(why, url) or 'it does not say why'}",
            expected="a channel that answers and lets the sender in",
            mend="correct the URL, or wait: the next night sends it, or "
            f"`nightflag digest {row.monitor}`",
        )


def _without_secrets(text: str, url: str) -> str:
    """The text without any part of the URL but its host."""
    host = HOST.match(url)
    known = {host[1]} if host else set()
    parts = {part for part in re.split(r"[/:@?&=]+", url) if len(part) > 3} - known
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, "***")
    return text
