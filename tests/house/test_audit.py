"""What is locked is held against known vulnerabilities, or it is said that it was not."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

AUDIT = Path(__file__).parents[2] / "requirements" / "audit.py"
FLAW = {
    "id": "OSV-1",
    "modified": "2026-01-01T00:00:00Z",
    "summary": "A letter too many.",
    "affected": [
        {
            "package": {"name": "pyyaml", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}],
        }
    ],
}


class Advisories(BaseHTTPRequestHandler):
    """Answers as osv.dev does; ``flawed`` of the server names the package that has a flaw."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = {"vulns": [FLAW]} if asked["package"]["name"] == self.server.flawed else {}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(known).encode())

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def advisories() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    server.flawed = "none"
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def audit(port: int) -> "subprocess.CompletedProcess[str]":
    address = f"http://127.0.0.1:{port}/v1/query"
    environment = {**os.environ, "ADVISORIES": address, "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, AUDIT]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_known_vulnerability_fails_and_names_the_version_that_mends_it(
    advisories: ThreadingHTTPServer,
) -> None:
    advisories.flawed = "pyyaml"
    said = audit(advisories.server_port)
    assert said.returncode == 1
    assert "pyyaml 6" in said.stdout
    assert said.stdout.count("OSV-1, mended in 99") == 1


def test_without_an_answer_it_is_said_that_nothing_was_audited() -> None:
    said = audit(9)
    assert said.returncode == 0
    assert "SKIPPED, NOTHING WAS AUDITED" in said.stdout
