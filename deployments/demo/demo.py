"""The main job on real data: two monitors, several nights in a row, and what came of them.

Run by ``make demo``. Everything it makes lies in ``.demo/``, which is emptied first.
"""

import os
import shlex
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from nightflag.cli.quiet import hush

HERE = Path(__file__).parent
HOME = HERE.parents[1] / ".demo"
DATABASE = HOME / "demo.db"
NIGHTS = {
    "shuttle": [datetime(2026, 1, day, tzinfo=UTC) for day in (7, 8, 9, 10, 11)],
    "machine_temperature": [
        datetime(2014, 2, 4, tzinfo=UTC) + timedelta(days=day) for day in range(8)
    ],
}
ENVIRONMENT = {
    "NIGHTFLAG_DATABASE_URL": f"sqlite:///{DATABASE}",
    "NIGHTFLAG_HOME": str(HOME),
    "NIGHTFLAG_MONITORS": str(HERE / "monitors"),
    "PREFECT_HOME": str(HOME / "prefect"),
}


def main() -> None:
    """Load the data, run every night, print the table and where to look next."""
    started = perf_counter()
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    os.environ.update(ENVIRONMENT)
    os.environ.pop("PREFECT_API_URL", None)  # no server but the temporary one
    write_environment(HOME / "env")
    hush()
    sys.path.insert(0, str(HERE))
    import nights_in_a_row  # only now: Prefect reads the environment when it is imported

    nights_in_a_row.show(DATABASE, NIGHTS, started)


def write_environment(path: Path) -> None:
    """A file for the shell, with which the commands of the documentation work on the demo."""
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in ENVIRONMENT.items()]
    path.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
