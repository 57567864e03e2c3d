"""One message a night, to a real mail server and a real webhook, and never the same twice."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import socket
from threading import Thread
from types import SimpleNamespace

import pytest
from aiosmtpd.controller import Controller

from nightflag import digests, failpoints
from nightflag.errors import DigestError, SettingsError
from nightflag.monitors.alerts import Alerts
from nightflag.workplace import Workplace
from tests.nightflag.reporting.payments import NIGHT, at_work, fill, publish, records, rows

MORNING = NIGHT + timedelta(hours=3)
LINK = "https://reports.example/payments.html"
STATES = "select channel, status, error from nightflag_digests order by channel"


class Hook(BaseHTTPRequestHandler):
    """A webhook that remembers what it is told, and answers with the status of its server."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.told.append((body["title"], body["message"]))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Hook)
    server.told, server.status = [], 200
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"json://night:under-the-doormat@127.0.0.1:{server.server_port}/drop"
    monkeypatch.setenv("HOOK_URL", url)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """The mails that a real SMTP server took: subject and text."""
    mails: list[tuple[str, str]] = []

    async def take(_server: object, _session: object, envelope: SimpleNamespace) -> str:
        mail = message_from_bytes(envelope.content, policy=default)
        text = mail.get_body(("plain",)) or mail
        mails.append((mail["subject"], text.get_content()))
        return "250 OK"

    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(SimpleNamespace(handle_DATA=take), hostname="127.0.0.1", port=port)
    controller.start()
    url = f"mailto://127.0.0.1:{port}/?from=night@shop.example&to=shift@shop.example"
    monkeypatch.setenv("POST_URL", url)
    yield mails
    controller.stop()


@pytest.fixture
def place(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """Two published nights; on the second an unknown shop appears beside the usual frauds."""
    folder = tmp_path_factory.mktemp("digests")
    with at_work(database_url, folder) as workplace:
        fill(workplace, records(200, frauds=3).assign(shop="bakery"))
        second = records(200, frauds=3).assign(shop="bakery")
        second["payment"] = "q" + second["payment"]
        second["paid_at"] += timedelta(days=1)
        second.loc[50, "shop"] = "casino"
        first = publish(workplace)
        fill(workplace, second)
        last = publish(workplace, NIGHT + timedelta(days=1), warnings=("row count: few",))
        yield SimpleNamespace(at=workplace, runs=(first, last))


def watched(place: SimpleNamespace, moment: datetime, **alerts: object) -> Workplace:
    """The workplace with these alerts, at that moment."""
    monitor = place.at.monitor.model_copy(update={"alerts": Alerts.model_validate(alerts)})
    return replace(place.at, monitor=monitor, moment=moment)


def send(workplace: Workplace) -> int:
    return digests.send(workplace, read_secret=no_secret)


def no_secret(name: str) -> str:
    raise LookupError(name)


def test_a_digest_tells_what_is_new_and_what_comes_again_once_whoever_asks(
    place: SimpleNamespace, post: list[tuple[str, str]], hook: HTTPServer
) -> None:
    _, night = place.runs
    workplace = watched(place, MORNING + timedelta(days=1), to=["env:POST_URL", "env:HOOK_URL"])
    digests.keep(workplace, night, LINK)
    assert send(workplace) == 2
    digests.keep(workplace, night, LINK)
    assert send(workplace) == 0
    [(subject, text)], [(title, message)] = post, hook.told
    assert subject == title
    assert title.startswith("payments, 2026-01-09 00:00 UTC: ")
    assert title.endswith("1 of a new kind")
    told = message.splitlines()
    assert told[0].startswith("200 records scored by model 1, ")
    assert told[told.index("New:") + 1] == "- shop: 1"
    assert told[told.index("Again:") + 1].endswith("also in 1 of the 1 nights before")
    assert "- row count: few" in told
    assert f"Report: {LINK}" in text
    [strongest] = [line for line in told if line.startswith("- qp-00001 (p-value")]
    assert "amount" in strongest
    assert rows(workplace, STATES) == [
        ("env:HOOK_URL", "sent", None),
        ("env:POST_URL", "sent", None),
    ]


def test_in_quiet_hours_it_waits_and_comes_with_what_it_said_then(
    place: SimpleNamespace, hook: HTTPServer
) -> None:
    quiet = {"to": ["env:HOOK_URL"], "quiet": "22:00 to 06:30", "time_zone": "Europe/Berlin"}
    workplace = watched(place, MORNING, **quiet)
    due = digests.keep(workplace, place.runs[0], LINK)
    assert due == NIGHT + timedelta(hours=5, minutes=30)
    assert send(workplace) == 0
    assert send(replace(workplace, moment=due)) == 1
    assert len(hook.told) == 1


def test_a_quiet_night_and_one_long_ago_send_nothing(place: SimpleNamespace) -> None:
    few = watched(place, MORNING, to=["env:HOOK_URL"], at_least=100)
    assert digests.keep(few, place.runs[0], LINK) is None
    late = watched(place, NIGHT + timedelta(days=3), to=["env:HOOK_URL"])
    assert digests.keep(late, place.runs[0], LINK) is None
    assert rows(place.at, STATES) == []


def test_a_channel_that_fails_is_told_without_its_secret_and_tried_again(
    place: SimpleNamespace, hook: HTTPServer, post: list[tuple[str, str]]
) -> None:
    workplace = watched(place, MORNING, to=["env:HOOK_URL", "env:NOBODY_URL", "env:POST_URL"])
    digests.keep(workplace, place.runs[0], LINK)
    hook.status = 503
    with pytest.raises(DigestError, match="env:HOOK_URL did not take the digest") as failure:
        send(workplace)
    assert len(post) == 1
    assert "nightflag digest payments" in str(failure.value)
    kept = str(rows(workplace, STATES))
    assert "under-the-doormat" not in str(failure.value) + kept
    assert "NOBODY_URL is not set" in kept
    hook.status = 200
    with pytest.raises(SettingsError, match="NOBODY_URL"):
        send(workplace)
    assert (len(hook.told), len(post)) == (2, 1)


@pytest.mark.parametrize(("place_", "told"), [("digest claimed", 1), ("digest delivered", 2)])
def test_killed_in_between_it_is_sent_again_but_not_before_ten_minutes(
    place: SimpleNamespace,
    hook: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    place_: str,
    told: int,
) -> None:
    """Between the channel's answer and the row's update: twice, as its page says."""
    workplace = watched(place, MORNING, to=["env:HOOK_URL"])
    digests.keep(workplace, place.runs[0], LINK)

    def kill(reached: str) -> None:
        if reached == place_:
            raise KeyboardInterrupt

    monkeypatch.setattr(failpoints, "listeners", [kill])
    with pytest.raises(KeyboardInterrupt):
        send(workplace)
    monkeypatch.setattr(failpoints, "listeners", [])
    assert send(replace(workplace, moment=MORNING + timedelta(minutes=9))) == 0
    assert send(replace(workplace, moment=MORNING + timedelta(minutes=10))) == 1
    assert len(hook.told) == told


@pytest.mark.parametrize(
    ("hour", "minute", "due"),
    [(21, 59, None), (22, 0, (2, 6, 30)), (6, 29, (1, 6, 30)), (6, 30, None), (12, 0, None)],
)
def test_quiet_hours_end_on_the_same_or_the_next_morning(
    hour: int, minute: int, due: tuple[int, int, int] | None
) -> None:
    alerts = Alerts.model_validate({"to": ["env:HOOK_URL"], "quiet": "22:00 to 06:30"})
    now = datetime(2026, 1, 1, hour, minute, tzinfo=UTC)
    expected = now if due is None else datetime(2026, 1, due[0], *due[1:], tzinfo=UTC)
    assert alerts.due(now) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": ["slack://token/in/the/file"]},
        {"to": []},
        {"to": ["env:HOOK_URL"], "quiet": "22:00 to 22:00"},
        {"to": ["env:HOOK_URL"], "quiet": "at night"},
    ],
    ids=["secret in the file", "nobody", "no time at all", "no times"],
)
def test_what_alerts_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Alerts"):
        Alerts.model_validate(wrong)
