"""What Prefect and the libraries say on the terminal, kept off it at its source."""

import os

SILENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}


def hush(*, verbose: bool = False) -> None:
    """Set the environment for the import of Prefect; what the person has set stays as it is."""
    for name, value in SILENT.items():
        if not (verbose and "LOGGING" in name):
            os.environ.setdefault(name, value)
