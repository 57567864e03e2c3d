"""A PostgreSQL behind a line that is cut once: a COMMIT has arrived, its answer has not."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import make_url

COMMIT = b"COMMIT"
LAST_STATEMENT = b"nightflag_watermarks"
"""What the transaction that publishes a night writes to, and no other."""


@dataclass
class Line:
    """The line: the URL of its near end, and how many answers it has swallowed."""

    url: str = ""
    swallowed: list[bytes] = field(default_factory=list)


@contextmanager
def lossy(url: str) -> Iterator[Line]:
    """The same database through a line that swallows the answer to the COMMIT of a publication."""
    line = Line()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        near = make_url(url).set(host="127.0.0.1", port=port, query={})
        line.url = near.render_as_string(hide_password=False)
        threading.Thread(target=_serve, args=(listening, url, line), daemon=True).start()
        yield line
        listening.shutdown(socket.SHUT_RDWR)


def _serve(listening: socket.socket, url: str, line: Line) -> None:
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{make_url(url).query['host']}/.s.PGSQL.5432")
            cut = threading.Event()
            for work in (_ask, _answer):
                args = (client, server, line, cut)
                threading.Thread(target=work, args=args, daemon=True).start()


def _ask(client: socket.socket, server: socket.socket, line: Line, cut: threading.Event) -> None:
    publishing = False
    with suppress(OSError):
        while asked := client.recv(65_536):
            publishing |= LAST_STATEMENT in asked and b"insert" in asked
            if publishing and COMMIT in asked and not line.swallowed:
                cut.set()
            server.sendall(asked)
    _hang_up(server)


def _answer(client: socket.socket, server: socket.socket, line: Line, cut: threading.Event) -> None:
    with suppress(OSError):
        while answer := server.recv(65_536):
            if cut.is_set():
                line.swallowed.append(answer)
                break
            client.sendall(answer)
    _hang_up(client)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
