import copy

import pytest

from nightflag import errors
from nightflag.errors import NightflagError

EVERY = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, NightflagError)
]


def test_an_error_says_what_happened_what_was_expected_and_how_to_mend_it() -> None:
    full = NightflagError("7 sheep came.", expected="8", mend="look for it")
    assert str(full) == "7 sheep came.\nExpected: 8\nTo mend: look for it"
    assert str(NightflagError("7 sheep came.")) == "7 sheep came."


@pytest.mark.parametrize("kind", EVERY)
def test_an_error_reaches_another_process_in_one_piece(kind: type[NightflagError]) -> None:
    sent = kind("what", expected="this", mend="that")
    arrived = copy.copy(sent)
    assert type(arrived) is kind
    assert (arrived.what, arrived.expected, arrived.mend) == ("what", "this", "that")


def test_exit_codes_tell_cron_what_to_do() -> None:
    assert {kind.exit_code for kind in EVERY} == {1, 2, 75}
    later = {kind.__name__ for kind in EVERY if kind.exit_code == 75}
    unreachable = {"DatabaseUnreachable", "StorageUnreachable", "ServerUnreachable", "WorkersLost"}
    assert later == unreachable | {"DatabaseBusy", "MonitorBusy"}


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_says_in_one_line_what_it_stands_for(kind: type[NightflagError]) -> None:
    assert kind.__doc__
    assert kind.__doc__.splitlines()[0].endswith(".")
