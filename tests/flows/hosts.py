"""Hosts of a network of their own: network namespaces behind a bridge, as root on Linux.

A host reaches what listens at the bridge's address and the other hosts, and nothing that listens on
the machine's loopback.
"""

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

BRIDGE = "nfbridge"
GATEWAY = "10.83.147.1"
Far = tuple[str, int] | str


def can_be_made() -> bool:
    """Whether this user may make a network, and its tools are there."""
    if not (shutil.which("ip") and shutil.which("nsenter")):
        return False
    made = _ip("link", "add", BRIDGE, "type", "bridge", check=False)
    if made.returncode:
        return False
    _ip("link", "del", BRIDGE)
    return True


@contextmanager
def hosts(count: int) -> Iterator[list[list[str]]]:
    """For each host the words that run a command on it; the bridge is at ``GATEWAY``."""
    with ExitStack() as stack:
        _ip("link", "add", BRIDGE, "type", "bridge")
        stack.callback(_ip, "link", "del", BRIDGE)
        _ip("address", "add", f"{GATEWAY}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        yield [_host(stack, number) for number in range(count)]


def _host(stack: ExitStack, number: int) -> list[str]:
    name, near = f"nfhost{number}", f"nfveth{number}"
    _ip("netns", "add", name)
    stack.callback(_ip, "netns", "del", name)
    inside = ("-n", name)
    _ip("link", "add", near, "type", "veth", "peer", "name", "eth0", "netns", name)
    _ip("link", "set", near, "master", BRIDGE, "up")
    address = GATEWAY.removesuffix("1") + str(number + 2)
    _ip(*inside, "address", "add", f"{address}/24", "dev", "eth0")
    _ip(*inside, "link", "set", "eth0", "up")
    _ip(*inside, "link", "set", "lo", "up")
    return ["ip", "netns", "exec", name]


def _ip(*words: str, check: bool = True) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["ip", *words], check=check, capture_output=True)


@contextmanager
def forwarded(far: Far) -> Iterator[int]:
    """The port at ``GATEWAY`` behind which ``far`` is: a host and port, or a socket's path."""
    with socket.create_server((GATEWAY, 0)) as listening:
        threading.Thread(target=_serve, args=(listening, far), daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def _serve(listening: socket.socket, far: Far) -> None:
    with suppress(OSError):
        while True:
            near, _ = listening.accept()
            end = socket.socket(socket.AF_UNIX if isinstance(far, str) else socket.AF_INET)
            end.connect(far)
            for ends in ((near, end), (end, near)):
                threading.Thread(target=_pass_on, args=ends, daemon=True).start()


def _pass_on(said: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while heard := said.recv(65_536):
            to.sendall(heard)
    with suppress(OSError):
        to.shutdown(socket.SHUT_WR)


def reaches(host: Sequence[str], address: str, port: int) -> bool:
    """Whether something that listens there is reached from the host."""
    connect = f"exec 3<>/dev/tcp/{address}/{port}"
    return subprocess.run([*host, "bash", "-c", connect], capture_output=True).returncode == 0
