"""A whole night from the command line, with a real Prefect server, and what can be read of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

ROOT = Path(__file__).parents[3]
NIGHT = ["--as-of", "2026-01-25"]
COMMAND = "import sys; from nightflag.cli import main; sys.exit(main())"


def start(
    *words: str, prefect: Path, server: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """``nightflag`` in a process of its own, as a shell would start it."""
    environment = {key: value for key, value in os.environ.items() if "PREFECT" not in key}
    environment |= {"PREFECT_HOME": str(prefect), **more}
    environment |= {"PREFECT_API_URL": server} if server else {}
    command = [sys.executable, "-c", COMMAND, *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_a_night_prints_what_became_of_it_and_nothing_else(
    nightflag, watch, bank: str, home: Path, tmp_path: Path, prefect_server: str
) -> None:
    watch()
    ended = start("run", "payments", *NIGHT, prefect=tmp_path / "prefect", server=prefect_server)
    assert ended.returncode == 0
    heading, _, numbers, *rest = [line for line in ended.stdout.splitlines() if line.strip()]
    assert heading.split()[:4] == ["monitor", "read", "scored", "quarantined"]
    assert numbers.split()[:4] == ["payments", "48", "48", "0"]
    assert rest == []
    *progress, report, query = ended.stderr.splitlines()
    assert all(line.startswith("payments: ") for line in progress)
    assert report.startswith("payments: report: ")
    assert Path(report.split(": ")[2]).exists()

    (row,) = json.loads(nightflag("runs", "--json").out)
    assert (row["as_of"], row["status"]) == ("2026-01-25T00:00:00+00:00", "published")
    engine = create_engine(bank)
    with engine.connect() as connection:
        by_hand = connection.execute(text(query.partition("its flags: ")[2])).all()
    engine.dispose()
    flags = json.loads(nightflag("flags", "payments", "--json").out)
    assert [flag["payment_id"] for flag in flags] == [flag.payment_id for flag in by_hand]
    assert len(flags) == row["records_flagged"]
    assert 560 in [flag["payment_id"] for flag in flags]
    assert f"1 of {len(flags)} flags" in nightflag("flags", "payments", *NIGHT, "--limit", "1").err
    assert json.loads(nightflag("flags", "payments", "--as-of", "2026-01-24", "--json").out) == []
    (model,) = json.loads(nightflag("models", "payments", "--json").out)
    assert (model["version"], model["status"]) == (1, "champion")

    checked = nightflag("check", "payments", *NIGHT)
    assert "is published already (run 1)" in checked.out
    checked = nightflag("check", "payments", "--as-of", "2026-01-26")
    assert "model 1 would score" in checked.out
    assert "every table is there" in checked.out
    assert "payments" in nightflag("runs").out
    assert "champion" in nightflag("models", "payments").out


def test_a_new_model_scores_the_night_once_and_a_failing_monitor_stops_no_other(
    nightflag, watch, bank: str, home: Path, prefect_server: str
) -> None:
    watch()
    watch("lost", more="results: {database: 'sqlite:///nowhere/at/all.db'}\n")
    trained = nightflag("retrain", "payments", "--as-of", "2026-01-23")
    assert "Model 1 of payments is in use" in trained.err
    first = nightflag("run", "payments", *NIGHT, "--json", "--retraining", "never")
    assert (first.code, first.err) == (0, "")
    (row,) = json.loads(first.out)
    assert (row["records_read"], row["published_before"]) == (48, False)
    second = nightflag("run", "lost", "payments", *NIGHT)
    assert second.code == 75
    assert "╭─ lost: Database unreachable" in second.err
    assert "2026-01-25 00:00 UTC was published already" in second.err
    assert nightflag("run", "payments", *NIGHT, "--quiet").out == ""
    unknown = nightflag("run", "nobody", "lost", *NIGHT)
    assert unknown.code == 2


def test_a_server_that_does_not_answer_is_named(watch, bank: str, tmp_path: Path) -> None:
    watch()
    server = "http://127.0.0.1:1/api"
    ended = start("run", "payments", *NIGHT, prefect=tmp_path, server=server)
    assert (ended.returncode, ended.stdout) == (75, "")
    assert f"The Prefect server at {server} does not answer" in ended.stderr


@pytest.mark.parametrize(
    ("setting", "value", "code", "said"),
    [
        (
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS",
            "0",
            75,
            "The temporary Prefect server did not start: Timed out",
        ),
        ("PREFECT_SERVER_EPHEMERAL_ENABLED", "false", 2, "No Prefect server is named"),
    ],
)
def test_a_temporary_server_that_is_too_slow_or_not_allowed_is_no_bug(
    watch, bank: str, tmp_path: Path, setting: str, value: str, code: int, said: str
) -> None:
    watch()
    ended = start("run", "payments", *NIGHT, prefect=tmp_path, **{setting: value})
    assert (ended.returncode, ended.stdout) == (code, "")
    assert said in ended.stderr
    assert "bug" not in ended.stderr


@pytest.mark.slow
def test_without_a_server_a_temporary_one_is_started_and_says_nothing(
    watch, bank: str, tmp_path: Path
) -> None:
    watch()
    ended = start("run", "payments", *NIGHT, prefect=tmp_path / "prefect")
    assert ended.returncode == 0
    first, *progress, report, query = ended.stderr.splitlines()
    assert first.startswith("Starting a temporary Prefect server")
    assert all(line.startswith("payments: ") for line in progress)
    assert [line.split(": ")[1] for line in (report, query)] == ["report", "its flags"]
