"""A process is told from all others, also from those that had or will have its number."""

import os
import subprocess
import sys

from nightflag.processes import has_ended, identity, place

LASTING = [sys.executable, "-c", "input()"]


def test_every_process_has_an_identity_of_its_own() -> None:
    with subprocess.Popen(LASTING, stdin=subprocess.PIPE) as other:
        mine, theirs = identity(os.getpid()), identity(other.pid)
        assert mine == identity(os.getpid())
        assert mine != theirs
        assert mine.startswith(place())
        assert theirs.startswith(place())


def test_one_that_was_killed_has_ended_before_its_parent_hears_of_it() -> None:
    with subprocess.Popen(LASTING, stdin=subprocess.PIPE) as other:
        known_as = identity(other.pid)
        assert not has_ended(other.pid, known_as)
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert has_ended(other.pid, known_as)
        other.wait()
        assert has_ended(other.pid, known_as)


def test_a_number_that_was_given_again_is_another_process() -> None:
    earlier = f"{place()}process {os.getpid()} since 1; "
    assert has_ended(os.getpid(), earlier)


def test_of_a_process_in_another_place_nothing_is_said() -> None:
    elsewhere = identity(os.getpid()).replace("pid:[", "pid:[9")
    assert not has_ended(os.getpid(), elsewhere)
    assert not has_ended(2**22 + 1, elsewhere)
    assert not has_ended(os.getpid(), "")
