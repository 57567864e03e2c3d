import pytest

from tests.reliability.stages import Stages, stages_in


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory, postgresql_server: str) -> Stages:
    """Watches to copy, at well-known stages of their life."""
    return stages_in(tmp_path_factory.getbasetemp() / "stages", postgresql_server)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database, each in turn."""
    kind: str = request.param
    return kind
