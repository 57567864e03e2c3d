"""Places to keep models: a folder, memory, and a bucket of a real S3 server."""

import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from moto.server import ThreadedMotoServer

from nightflag.storage import Place, place_of


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The URL of an S3 server of this session, which the environment names from now on."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        names = {
            "ACCESS_KEY_ID": "nobody",
            "SECRET_ACCESS_KEY": "s3cret",
            "DEFAULT_REGION": "us-east-1",
        }
        for name, value in {**names, "ENDPOINT_URL": f"http://{host}:{port}"}.items():
            patch.setenv(f"AWS_{name}", value)
        yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str) -> str:
    """The URL of a new bucket."""
    name = f"b-{uuid.uuid4().hex}"
    fsspec.filesystem("s3", use_listings_cache=False).mkdir(name)
    return f"s3://{name}"


@pytest.fixture(params=["folder", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty place for models, of each kind."""
    if request.param == "folder":
        return place_of(f"file://{tmp_path}/models")
    root = request.getfixturevalue("bucket") if request.param == "s3" else "memory:/"
    return place_of(f"{root}/{uuid.uuid4().hex}/models")


@pytest.fixture
def nobody_there(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a bucket on a server that is not there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3 = fsspec.get_filesystem_class("s3")
    s3.clear_instance_cache()
    yield "s3://bucket/models"
    s3.clear_instance_cache()
