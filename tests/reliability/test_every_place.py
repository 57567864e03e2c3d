"""A night is killed, fails or hangs at each place there is, on both databases.

By default one night is killed everywhere in turn before it may end; `make test-slow` kills one at
each place by itself, and lets it hang there until its lock is taken away.
"""

import re

import pytest

from nightflag.failpoints import PLACES
from tests.reliability.invariants import refuse_doubled, staged
from tests.reliability.payments import SECOND_NIGHT
from tests.reliability.watch import nights

OF_OTHERS = ("recalibrated", "night cleaned", "model struck off")
OF_A_NIGHT = tuple(place for place in PLACES if place not in OF_OTHERS)
TRAINING = ("sampled", "trained", "model written", "promoted", "model registered")
REGISTERING = ("model written", "promoted")
IN_EVERY_NIGHT = frozenset(OF_A_NIGHT) - {*TRAINING, "digest claimed", "digest delivered"}
AT_ONCE = {"batch_size": 24, "lock_wait": "0 seconds"}
PATIENCE = 3.0
CONFIG_HASH = re.compile("'config_hash': '[0-9a-f]{16}'")
FEW = {("sqlite", "staged"), ("postgresql", "scored a batch"), ("postgresql", "model written")}
EVERYWHERE = [(database, place) for database in ("sqlite", "postgresql") for place in OF_A_NIGHT]


def slow(cases, but=()):
    """The cases, all but a few of them slow."""
    return [pytest.param(*one, marks=() if one in but else pytest.mark.slow) for one in cases]


def ready(stages, database, place, folder):
    """A watch to be disturbed there, and how it ends undisturbed: it trains only where it must."""
    must = place not in IN_EVERY_NIGHT
    begin, end = (stages.due, stages.retrained) if must else (stages.changed, stages.second_night)
    return begin(database).copy(folder), end(database).published()


def disturbed_at(place, *, trains=False):
    """The place, as the night scores and not as it trains, and of several batches the second."""
    in_between = place in IN_EVERY_NIGHT and OF_A_NIGHT.index(place) > OF_A_NIGHT.index("checked")
    nth = 2 if place.endswith("a batch") and place != "set aside a batch" else 1
    after = "model registered" if trains and in_between else ""
    return {"place": place, "nth": nth, "after": after}


def keeps_everybody_out(database, place):
    """Whether a transaction is open there that others wait for; SQLite lets one write at a time."""
    return place == "before commit" or (database == "sqlite" and place in REGISTERING)


def apart_from_runs(published):
    """What is published; runs differ where one warns that it could not train."""
    return {**published, "runs": []}


def apart_from_settings(published):
    """What is published; of its run all but the hash of its monitor's settings."""
    return {**published, "runs": [CONFIG_HASH.sub("", run) for run in published["runs"]]}


def refuse_another_end(watch, undisturbed):
    """Run once more, the night ends like one that nothing disturbed, with nothing staged."""
    assert watch.night(SECOND_NIGHT).status == "published"
    assert watch.published() == undisturbed
    assert staged(watch) == 0


def test_a_night_that_retrains_reaches_every_place(stages, database):
    stages.retrained(database)
    assert set(stages.places[database]) == set(OF_A_NIGHT)


def test_a_night_killed_everywhere_in_turn_ends_like_an_undisturbed_one(stages, database, tmp_path):
    watch = stages.due(database).copy(tmp_path / "watch")
    before, undisturbed = watch.published(), stages.retrained(database).published()
    for place in OF_A_NIGHT:
        assert watch.night(SECOND_NIGHT, place=place).status == "killed"
        ahead = OF_A_NIGHT.index(place) < OF_A_NIGHT.index("published")
        assert watch.published() == (before if ahead else undisturbed), place
        refuse_doubled(watch)
    refuse_another_end(watch, undisturbed)


@pytest.mark.parametrize(("database", "place"), slow(EVERYWHERE))
def test_a_night_killed_once(stages, tmp_path, database, place):
    watch = stages.due(database).copy(tmp_path / "watch")
    before, undisturbed = watch.published(), stages.retrained(database).published()
    assert watch.night(SECOND_NIGHT, **disturbed_at(place, trains=True)).status == "killed"
    assert watch.published() in (before, undisturbed)
    refuse_doubled(watch)
    refuse_another_end(watch, undisturbed)


@pytest.mark.parametrize(("database", "place"), EVERYWHERE)
def test_a_night_that_fails(stages, tmp_path, database, place):
    """What fails in a retraining is a warning: the model in use goes on."""
    watch, undisturbed = ready(stages, database, place, tmp_path / "watch")
    before = watch.published()
    outcome = watch.night(SECOND_NIGHT, **disturbed_at(place), deed="fail")
    if place in TRAINING:
        end = stages.second_night if place != "model registered" else stages.retrained
        assert outcome.status == "published"
        assert apart_from_runs(watch.published()) == apart_from_runs(end(database).published())
        return
    assert (outcome.error, watch.published()) in (("OSError", before), ("OSError", undisturbed))
    refuse_another_end(watch, undisturbed)


@pytest.mark.parametrize(("database", "place"), EVERYWHERE)
def test_a_night_that_hangs_keeps_others_out(stages, tmp_path, database, place):
    """But for the time before it has its lock, and after it is published."""
    watch, undisturbed = ready(stages, database, place, tmp_path / "watch")
    watch.change(execution=AT_ONCE)
    hanging = watch.asked(SECOND_NIGHT, **disturbed_at(place), deed="hang")
    hung, other = nights([hanging, watch.asked(SECOND_NIGHT, patience=PATIENCE)])
    inside = OF_A_NIGHT[OF_A_NIGHT.index("locked") : OF_A_NIGHT.index("evaluated")]
    kept_out = "DatabaseBusy" if keeps_everybody_out(database, place) else "MonitorBusy"
    assert other.error == (kept_out if place in inside else "")
    assert hung.status == "published"
    assert apart_from_settings(watch.published()) == apart_from_settings(undisturbed)


@pytest.mark.parametrize(("database", "place"), slow(EVERYWHERE, but=FEW))
def test_a_night_that_hangs_for_long_is_replaced_and_publishes_nothing_more(
    stages, tmp_path, database, place
):
    """One that hangs within a transaction others wait for cannot be replaced before that ends.

    Where it only holds the models, who replaces it cannot train, and takes the model in use.
    """
    watch = stages.due(database).copy(tmp_path / "watch")
    hanging = watch.asked(SECOND_NIGHT, **disturbed_at(place, trains=True), deed="hang")
    hung, other = nights([hanging, watch.asked(SECOND_NIGHT, lease=0, patience=PATIENCE)])
    stuck = keeps_everybody_out(database, place)
    assert other.error == ("DatabaseBusy" if stuck else "")
    assert hung.error in ("", "PublicationRefused")
    refuse_doubled(watch)
    if place in REGISTERING and not stuck:
        untrained = stages.second_night(database).published()
        assert apart_from_runs(watch.published()) == apart_from_runs(untrained)
    else:
        assert watch.published() == stages.retrained(database).published()
