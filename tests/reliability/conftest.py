import pytest

from tests.reliability.watch import FIRST_NIGHT, Watch, a_day_later, watch_of_payments

STEPS_OF_TRAINING = ("checked", "sampled", "trained", "model written", "model registered")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server_url(request: pytest.FixtureRequest) -> str | None:
    """The server in which watches get their databases; None where each is a SQLite file."""
    return request.getfixturevalue("postgresql_server") if request.param == "postgresql" else None


@pytest.fixture(scope="session")
def killed_while_training(
    tmp_path_factory: pytest.TempPathFactory, server_url: str | None
) -> tuple[Watch, dict[str, dict[str, list[str]]]]:
    """A watch killed in its first night until it had its model, and what each kill left published.

    On SQLite it was killed at every step of training, on PostgreSQL, to save time, only at the last.
    """
    watch = watch_of_payments(tmp_path_factory.mktemp("trained") / "watch", server_url)
    left = {}
    for place in STEPS_OF_TRAINING[-1:] if server_url else STEPS_OF_TRAINING:
        assert watch.night(FIRST_NIGHT, place=place).status == "killed"
        left[place] = watch.published()
    return watch, left


@pytest.fixture(scope="session")
def trained(killed_while_training: tuple[Watch, object]) -> Watch:
    """A watch whose first night has its model and was killed before it scored anything."""
    return killed_while_training[0]


@pytest.fixture(scope="session")
def first_night(trained: Watch, tmp_path_factory: pytest.TempPathFactory) -> Watch:
    """A watch after its first night, which scored without being disturbed."""
    watch = trained.copy(tmp_path_factory.mktemp("first") / "watch")
    assert watch.night(FIRST_NIGHT).status == "published"
    return watch


@pytest.fixture(scope="session")
def before_second_night(first_night: Watch, tmp_path_factory: pytest.TempPathFactory) -> Watch:
    """The same, a day's new, late, corrected, deleted and bad records later."""
    watch = first_night.copy(tmp_path_factory.mktemp("before") / "watch")
    a_day_later(watch)
    return watch
