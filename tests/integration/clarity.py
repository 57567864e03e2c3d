"""What a clear error is, and how the monitor of the payments is made a little different."""

from tests.reliability.watch import MONITOR


def source(**changes):
    return {"source": {**MONITOR["source"], **changes}}


def refuse_unclear(outcome, error, words):
    """One error of ours: what arrived, what was expected, how to mend it."""
    assert outcome.error == error, outcome
    assert words in outcome.what
    assert outcome.expected
    assert outcome.mend
    assert "Traceback" not in outcome.what
