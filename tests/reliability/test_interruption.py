"""A night that is killed or fails at any step leaves all or nothing, and its rerun mends it."""

import pytest

from tests.reliability.watch import FIRST_NIGHT, SECOND_NIGHT, Watch, a_day_later, watch_of_payments

TRAINING = ("checked", "sampled", "trained", "model written", "model registered")

SCORING = (
    ("locked", 1),
    ("opened", 1),
    ("checked", 1),
    ("loaded", 1),
    ("pulled a batch", 2),
    ("validated a batch", 1),
    ("scored a batch", 2),
    ("staged", 1),
    ("before publishing", 1),
    ("before commit", 1),
    ("published", 1),
)

FIRST_SCORING = (("scored a batch", 2), ("staged", 1), ("before commit", 1), ("published", 1))

NOTHING = {
    "payments_scores": [],
    "payments_reasons": [],
    "payments_quarantine": [],
    "runs": [],
    "watermarks": [],
}


def refuse_doubled(watch: Watch) -> None:
    """Each record stands once, and each run accounts for every record it read."""
    for table, key in (("scores", "payment_id"), ("reasons", "payment_id, rank")):
        many = f"select {key} from payments_{table} group by {key} having count(*) > 1"
        assert watch.rows(many) == []
    unaccounted = "records_read <> records_scored + records_quarantined"
    runs = "select * from nightflag_runs where status = 'published' and"
    assert watch.rows(f"{runs} {unaccounted}") == []
    both = "select payment_id from payments_scores join payments_quarantine using (payment_id)"
    assert watch.rows(both) == []


@pytest.fixture(scope="module")
def untrained(tmp_path_factory, server_url):
    return watch_of_payments(tmp_path_factory.mktemp("untrained") / "watch", server_url)


@pytest.fixture(scope="module")
def killed_while_training(untrained):
    """What is published after each of five kills of the same first night."""
    published = {}
    for place in TRAINING:
        assert untrained.night(FIRST_NIGHT, place=place).status == "killed"
        published[place] = untrained.published()
    return published


@pytest.fixture(scope="module")
def trained(untrained, killed_while_training):
    """A first night that has its model and was killed before it scored anything."""
    return untrained


@pytest.fixture(scope="module")
def first_night(trained, tmp_path_factory):
    """The watch after its first night, which scored without being disturbed."""
    watch = trained.copy(tmp_path_factory.mktemp("first") / "watch")
    assert watch.night(FIRST_NIGHT).status == "published"
    return watch


@pytest.fixture(scope="module")
def before_second_night(first_night, tmp_path_factory):
    watch = first_night.copy(tmp_path_factory.mktemp("before") / "watch")
    a_day_later(watch)
    return watch


@pytest.fixture(scope="module")
def second_night(before_second_night, tmp_path_factory):
    """The watch after a second night that nothing disturbed."""
    watch = before_second_night.copy(tmp_path_factory.mktemp("second") / "watch")
    assert watch.night(SECOND_NIGHT).status == "published"
    return watch


@pytest.mark.parametrize("place", TRAINING)
def test_a_night_killed_while_it_trains_publishes_nothing(killed_while_training, place):
    assert killed_while_training[place] == NOTHING


def test_a_night_killed_five_times_while_training_ends_like_an_undisturbed_one(
    first_night, postgresql_url, tmp_path
):
    on_postgresql = first_night.url.startswith("postgresql")
    watch = watch_of_payments(tmp_path / "watch", postgresql_url if on_postgresql else None)
    assert watch.night(FIRST_NIGHT).status == "published"
    assert watch.published() == first_night.published()
    folders = [path.name for path in (first_night.folder / "models" / "payments").iterdir()]
    assert folders == ["1"]


@pytest.mark.parametrize(("place", "nth"), FIRST_SCORING)
def test_a_first_night_killed_while_it_scores(trained, first_night, tmp_path, place, nth):
    watch = trained.copy(tmp_path / "watch")
    assert watch.night(FIRST_NIGHT, place=place, nth=nth).status == "killed"
    done = place == "published"
    assert watch.published() == (first_night.published() if done else NOTHING)
    assert watch.night(FIRST_NIGHT).status == "published"
    assert watch.published() == first_night.published()
    refuse_doubled(watch)


@pytest.mark.parametrize(("place", "nth"), SCORING)
def test_a_later_night_killed(before_second_night, second_night, tmp_path, place, nth):
    watch = before_second_night.copy(tmp_path / "watch")
    assert watch.night(SECOND_NIGHT, place=place, nth=nth).status == "killed"
    expected = second_night if place == "published" else before_second_night
    assert watch.published() == expected.published()
    refuse_doubled(watch)
    assert watch.night(SECOND_NIGHT).status == "published"
    assert watch.published() == second_night.published()
    refuse_doubled(watch)


FAILING = (
    ("checked", 1),
    ("loaded", 1),
    ("pulled a batch", 2),
    ("validated a batch", 2),
    ("scored a batch", 1),
    ("staged", 1),
    ("before publishing", 1),
    ("before commit", 1),
)


@pytest.mark.parametrize(("place", "nth"), FAILING)
def test_a_night_that_fails_says_why_and_can_be_run_again(
    before_second_night, second_night, tmp_path, place, nth
):
    watch = before_second_night.copy(tmp_path / "watch")
    outcome = watch.night(SECOND_NIGHT, place=place, nth=nth, deed="fail")
    assert outcome.error == "OSError"
    assert watch.published() == before_second_night.published()
    [run] = watch.rows("select status, error from nightflag_runs where run_id = 2")
    assert run == {"status": "failed", "error": f"The disk is full: {place}."}
    assert watch.night(SECOND_NIGHT).status == "published"
    assert watch.published() == second_night.published()
    [run] = watch.rows("select attempt, error from nightflag_runs where run_id = 2")
    assert run == {"attempt": 2, "error": None}


def test_training_that_fails_leaves_no_model(untrained, tmp_path, server_url):
    watch = watch_of_payments(tmp_path / "watch", server_url)
    assert watch.night(FIRST_NIGHT, place="sampled", deed="fail").error == "OSError"
    assert watch.table("nightflag_models") == []
    [run] = watch.rows("select status, error from nightflag_runs")
    assert run == {"status": "failed", "error": "The disk is full: sampled."}
