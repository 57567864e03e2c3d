"""Every error a person can meet, each with what happened, what was expected and how to mend it."""

from typing import ClassVar


class NightflagError(Exception):
    """Something went wrong that a person can mend.

    ``what`` says what happened and with which value, ``expected`` what would have been right, and
    ``mend`` what to do about it. ``exit_code`` is what the command line returns to cron: 1 for a
    night that failed, 2 for something to correct first, 75 (``EX_TEMPFAIL``) for "try again later".
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, expected: str = "", mend: str = "") -> None:
        super().__init__(what, expected, mend)
        self.what = what
        self.expected = expected
        self.mend = mend

    def __str__(self) -> str:
        lines = [self.what]
        if self.expected:
            lines.append(f"Expected: {self.expected}")
        if self.mend:
            lines.append(f"To mend: {self.mend}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild the error in another process, with its parts intact."""
        return _rebuild, (type(self), self.what, self.expected, self.mend)


def _rebuild(kind: type[NightflagError], what: str, expected: str, mend: str) -> NightflagError:
    return kind(what, expected=expected, mend=mend)


class MonitorError(NightflagError):
    """A monitor file does not say something nightflag can run."""

    exit_code = 2


class SettingsError(NightflagError):
    """The environment lacks something, or says something nightflag cannot use."""

    exit_code = 2


class DatabaseUnreachable(NightflagError):
    """A database does not answer, or refuses the login."""

    exit_code = 75


class DatabaseBusy(DatabaseUnreachable):
    """A database answers, but others hold what a night needs for longer than it waits."""


class DatabaseRefused(NightflagError):
    """A database answers but does not allow or understand what was asked of it."""


class StatementEnded(DatabaseRefused):
    """A database ended a statement before it was done: it took too long, or somebody stopped it."""


class SourceError(NightflagError):
    """The watched table is not as its monitor describes it."""

    exit_code = 2


class ExpectationError(NightflagError):
    """An expectation does not exist, or its settings are wrong."""

    exit_code = 2


class TableRefused(NightflagError):
    """A critical table expectation failed, so the night stopped before it scored anything."""


class FeatureError(NightflagError):
    """Records cannot be turned into features, or not into the ones a model was fitted on."""


class TrainingRefused(NightflagError):
    """A model cannot be trained, or what came out of training cannot be trusted."""


class ModelFileError(NightflagError):
    """A model on disk is not the one its manifest vouches for."""


class StorageUnreachable(NightflagError):
    """The place of the models does not answer, or refuses the login."""

    exit_code = 75


class ServerUnreachable(NightflagError):
    """The Prefect server that a run is to report to does not answer."""

    exit_code = 75


class WorkersLost(NightflagError):
    """Those that work on a night's partitions do not answer, or ended before they were done."""

    exit_code = 75


class PublicationRefused(NightflagError):
    """What was staged does not add up, so nothing was published."""


class VerdictRefused(NightflagError):
    """A verdict is on no record that was scored, or says neither anomaly nor normal."""

    exit_code = 2


class ReportError(NightflagError):
    """The page of a night cannot be written; its flags are published all the same."""


class DigestError(NightflagError):
    """The digest of a night cannot be sent; its flags are published all the same."""


class MonitorBusy(NightflagError):
    """Another run of the same monitor holds its lock."""

    exit_code = 75
