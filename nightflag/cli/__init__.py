"""The command line: ``nightflag COMMAND``. One file a command; none is imported before it is used.

Exit codes: 0 all is well, 1 the night failed, 2 something is to be corrected first, 75 try again
later. Output goes to stdout, everything about it to stderr.
"""

import os
import sys
from collections.abc import Sequence
from importlib import metadata, util

from cyclopts import App, CycloptsError

from nightflag.cli.failures import report_bug, show
from nightflag.errors import NightflagError

COMMANDS = {
    "load": "Make a table of a CSV or Parquet file, to try things out.",
    "init": "Look at a table and write its monitor, with every guess explained.",
    "schema": "Print the JSON Schema of a monitor, for an editor that checks YAML.",
    "check": "Try everything a night would need, and say what it would do. Writes nothing.",
    "run": "Run the night of one monitor or several, now.",
    "backfill": "Publish the nights of a stretch of time that were missed.",
    "retrain": "Train a new model for a monitor, now.",
    "promote": "Put another model of a monitor to use.",
    "rollback": "Go back to the model that was in use before.",
    "exclude": "Keep an incident out of the training records.",
    "replay": "Run the nights of a monitor over history again, and touch nothing published.",
    "reproduce": "Train a model again, and say whether it comes out the same.",
    "reflag": "Decide published flags anew, with other alarm limits. Trains nothing.",
    "what-if": "Show how many flags other alarm rates would have raised.",
    "mute": "Let a monitor raise no alarms for a stretch of time.",
    "recalibrate": "Hold the model in use to its latest scores. Trains nothing.",
    "flags": "Show the flags of one night.",
    "report": "Say where the page of a night lies, and open it.",
    "runs": "Show the latest nights.",
    "models": "Show the models of a monitor.",
    "drift": "Show which columns of the latest nights are no longer like the training's.",
    "verdict": "Say whether a flag is an anomaly or normal, with the flags like it.",
    "evaluate": "Compare flags with labels and verdicts, and keep the figures.",
    "digest": "Send the digests of the nights that were not sent.",
    "grant": "Let a role of PostgreSQL read the views, and nothing else.",
    "clean": "Delete what is older than a monitor keeps, or say what would go.",
    "doctor": "Examine the installation: versions, folders, variables, server, monitors.",
    "completion": "Print the script with which a shell completes commands and options.",
    "deploy": "Tell the Prefect server to run the monitors on their schedules.",
}
WRONG_USAGE = 2
STOPPED = 130


def version() -> str:
    """The installed version."""
    try:
        return metadata.version("nightflag")
    except metadata.PackageNotFoundError:
        return "not installed"


app = App(
    name="nightflag",
    help="Nightly anomaly flags in SQL that can be trusted and replayed.",
    help_epilogue="Exit codes: 0 fine, 1 the night failed, 2 correct something first, 75 try "
    "again later.",
    version=version,
    suppress_keyboard_interrupt=False,  # it is `main` that answers to Ctrl-C
)
for name, summary in COMMANDS.items():
    module = name.replace("-", "_")
    if util.find_spec(f"nightflag.cli.{module}"):
        app.command(f"nightflag.cli.{module}:{module}", name=name, help=summary)


def _code_of(words: Sequence[str] | None) -> int:
    code: int = app(words, result_action="return_value", exit_on_error=False) or 0
    sys.stdout.flush()
    return code


def main(words: Sequence[str] | None = None) -> int:
    """The exit code of the command that ``words`` (by default those of the process) spell."""
    sys.excepthook = report_bug
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        return _code_of(words)
    except CycloptsError:
        return WRONG_USAGE
    except NightflagError as error:
        show(error)
        return error.exit_code
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return STOPPED
