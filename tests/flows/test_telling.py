"""What a night leaves in the UI, what it says to others, and who is told when it is odd."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import SyncPrefectClient

from flows.artifacts import plain
from flows.deploying import deploy
from flows.nightly import nightly
from flows.rules import RULES
from nightflag.errors import SettingsError
from nightflag.settings import Settings
from tests.flows.conftest import Place, eventually, shown

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
YESTERDAY = TODAY - timedelta(days=1)


class Desk(BaseHTTPRequestHandler):
    """Somebody who is told things over HTTP, and remembers them in ``told`` of the server."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def desk() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Desk)
    server.told = []
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def events(server: SyncPrefectClient, name: str) -> list[dict[str, Any]]:
    wanted = {"filter": {"event": {"name": [name]}}}
    return server.request("POST", "/events/filter", json=wanted).json()["events"]


def of_taps(server: SyncPrefectClient, name: str) -> list[dict[str, Any]]:
    resource = "nightflag.monitor.taps"
    found = events(server, name)
    return [one for one in found if one["resource"]["prefect.resource.id"] == resource]


@pytest.fixture
def spans() -> InMemorySpanExporter:
    """The OpenTelemetry spans of what is done in this process from now on."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    trace.set_tracer_provider(provider)
    return kept


def test_a_night_is_shown_and_an_odd_one_is_told(
    at_home: Place,
    server: SyncPrefectClient,
    desk: HTTPServer,
    spans: InMemorySpanExporter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NIGHTFLAG_METRICS_FOLDER", str(at_home.folder))
    _, artifacts = shown(server, nightly, "taps", YESTERDAY)
    assert "| scored | 48 |" in artifacts["taps-night"].data
    assert artifacts["taps-scores"].data.startswith("data:image/svg+xml;base64,")
    flags = len(json.loads(artifacts["taps-flags"].data))
    assert artifacts["taps-flags"].description.startswith(f"The {flags} strongest of")
    page = f"taps/{YESTERDAY:%Y-%m-%dT%H%MZ}.html"
    assert page in artifacts["taps-report"].data
    assert (at_home.folder / "reports" / page).exists()

    scored = 'nightflag_records_scored{monitor="taps"} 48.0\n'
    assert scored in (at_home.folder / "nightflag_taps.prom").read_text()

    steps = {span.name.rpartition("-")[0]: span for span in spans.get_finished_spans()}
    assert {"open night", "train model", "publish", "evaluate", "write report"} <= set(steps)
    assert len({span.context.trace_id for span in steps.values()}) == 1

    (published,) = eventually(lambda: of_taps(server, "nightflag.flags.published"))
    assert published["payload"]["as_of"] == YESTERDAY.isoformat()
    assert published["payload"]["records_scored"] == 48
    assert any("prefect.flow-run" in one["prefect.resource.id"] for one in published["related"])

    url = f"http://127.0.0.1:{desk.server_port}/"
    block = CustomWebhookNotificationBlock(
        name="desk", url=url, method="POST", json_data={"text": "{{subject}}: {{body}}"}
    )
    block.save("desk", overwrite=True)
    taps = at_home.describe("taps", alarm={"rate": 0.5, "refuse_above": 0.01})
    deploy([taps], work_pool="nightflag", version="1", notify="custom-webhook/desk")
    state = nightly("taps", TODAY, return_state=True)
    assert state.is_failed()
    (refused,) = eventually(lambda: of_taps(server, "nightflag.guard.refused"))
    assert refused["payload"]["guard"] == "PublicationRefused"
    (told, *_) = eventually(lambda: desk.told, seconds=60)
    assert "nightflag: a night is odd" in told["text"]
    assert "unusual enough for an alarm" in told["text"]


def test_deploying_again_leaves_every_rule_as_it_is_and_a_block_must_be_there(
    place: Place, server: SyncPrefectClient
) -> None:
    deploy([], work_pool="nightflag", version="1")
    [odd] = server.read_automations_by_name(RULES[-1]("nightflag").name)
    server.pause_automation(odd.id)
    again = deploy([], work_pool="nightflag", version="1")
    rules = [change for change in again if change.name.startswith("automation ")]
    assert [change.outcome for change in rules] == ["unchanged"] * len(RULES)
    assert [one.enabled for one in server.read_automations_by_name(odd.name)] == [False]
    server.resume_automation(odd.id)
    with pytest.raises(SettingsError, match="no Prefect block 'slack-webhook/nobody'"):
        deploy([], work_pool="nightflag", version="1", notify="slack-webhook/nobody")


def test_what_stands_in_the_data_cannot_change_the_page() -> None:
    nasty = "<img src=x> [click](http://x) | `code`\n# heading"
    shown_as = plain(nasty)
    assert not set(shown_as) & set("<>[]()|`\n")
    assert "&#60;img src=x&#62;" in shown_as


def test_links_lead_to_where_people_read_the_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Settings().reports_folder / "taps" / "2026-01-01T0000Z.html"
    assert Settings().link_to(page) == page.as_uri()
    monkeypatch.setenv("NIGHTFLAG_REPORTS_URL", "https://reports.example/")
    assert Settings().link_to(page) == "https://reports.example/taps/2026-01-01T0000Z.html"
