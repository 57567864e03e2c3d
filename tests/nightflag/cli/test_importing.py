"""A night's imports: garbage is looked for again after them, but not among what they made."""

import gc

import pytest

from nightflag.cli.importing import undisturbed


@pytest.fixture(autouse=True)
def _thawed():
    yield
    gc.unfreeze()


def test_what_was_made_inside_is_not_looked_through_afterwards():
    with undisturbed():
        kept: list[object] = [{}]
        assert not gc.isenabled()
    assert gc.isenabled()
    assert not any(one is kept for one in gc.get_objects())


def test_a_failed_import_leaves_the_search_for_garbage_on():
    with pytest.raises(ImportError), undisturbed():
        raise ImportError("no such module")
    assert gc.isenabled()
