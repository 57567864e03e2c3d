"""Changing one's mind about alarms, from the command line and without training anything."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from nightflag.cli.results import at_work_on
from nightflag.settings import Settings

Night = Callable[[str], None]


@pytest.fixture
def published(watch: Callable[..., None], any_bank: str, night: Night) -> str:
    """Two nights of payments: the fraud is among the records of the first."""
    watch()
    night("2026-01-25")
    night("2026-01-26")
    return any_bank


def flags(nightflag: Any, as_of: str) -> list[dict[str, Any]]:
    return json.loads(nightflag("flags", "payments", "--as-of", as_of, "--json").out)


def test_nothing_has_been_published_yet(nightflag, watch, any_bank: str) -> None:
    watch()
    said = nightflag("what-if", "payments")
    assert (said.code, said.out) == (0, "")
    assert "payments has published nothing yet." in said.err
    said = nightflag("recalibrate", "payments")
    assert said.code == 1
    assert "payments has no model yet" in said.err


def test_what_if_counts_what_reflag_then_raises(nightflag, published: str) -> None:
    outlook = json.loads(nightflag("what-if", "payments", "--rate", "0.2", "--json").out)
    said = nightflag("reflag", "payments", "--rate", "0.2", "--why", "a closer look")
    assert said.code == 0
    found = [len(flags(nightflag, as_of)) for as_of in ("2026-01-25", "2026-01-26")]
    assert outlook[0]["flags"] == found
    assert 2 < sum(found) < 40
    assert "flags raised and 0 withdrawn in 2 nights; payments_history says which." in said.err
    assert "to keep this, write there alarm: {rate: 0.2}" in said.err
    assert "flags have no reasons" not in said.err
    assert all(flag["reasons"] for flag in flags(nightflag, "2026-01-25"))


def test_flags_whose_records_have_changed_since_stay_without_reasons(
    nightflag, published: str
) -> None:
    with at_work_on("payments") as workplace, workplace.source.writing() as connection:
        connection.execute(text("update payments set message = 'changed'"))
    said = nightflag("reflag", "payments", "--rate", "0.2")
    assert "flags have no reasons: their records have changed since" in said.err


def test_reflag_since_a_night_leaves_the_earlier_ones(nightflag, published: str) -> None:
    first = flags(nightflag, "2026-01-25")
    assert nightflag("reflag", "payments", "--rate", "0.3", "--since", "2026-01-26").code == 0
    assert flags(nightflag, "2026-01-25") == first
    assert len(flags(nightflag, "2026-01-26")) > 2


def test_without_limits_reflag_does_as_the_file_says(nightflag, watch, published: str) -> None:
    before = flags(nightflag, "2026-01-25")
    nightflag("reflag", "payments", "--at-most", "1")
    assert len(flags(nightflag, "2026-01-25")) == 1
    said = nightflag("reflag", "payments")
    assert "write there" not in said.err
    assert flags(nightflag, "2026-01-25") == before
    watch(alarm="{rate: 0.05, at_most: 1 per night}")
    nightflag("reflag", "payments")
    assert len(flags(nightflag, "2026-01-25")) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--rate", "2"), "alarm.rate cannot be 2.0"),
        (("--at-most", "0"), "alarm.at_most cannot be 0"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(
    nightflag, watch, bank: str, words: tuple[str, ...], message: str
) -> None:
    watch()
    said = nightflag("reflag", "payments", *words)
    assert said.code == 2
    assert message in said.err


def test_what_if_is_a_table_by_rate_or_by_night_and_a_plot(
    nightflag, published: str, tmp_path: Path
) -> None:
    plot = tmp_path / "rates.svg"
    said = nightflag("what-if", "payments", "--plot", str(plot))
    assert "the monitor's own" in said.out
    assert "flags a night" in plot.read_text()
    by_night = nightflag("what-if", "payments", "--by-night").out
    assert "2026-01-25 00:00" in by_night
    assert "0.0005" in by_night
    refused = nightflag("what-if", "payments", "--plot", str(tmp_path / "rates.xls"))
    assert refused.code == 2
    assert "cannot be written as 'rates.xls'" in refused.err


def test_what_if_tells_precision_and_recall_of_what_was_judged(
    nightflag, published: str, tmp_path: Path
) -> None:
    nightflag("verdict", "payments", "560", "anomaly")
    other = next(
        str(flag["payment_id"])
        for flag in flags(nightflag, "2026-01-25")
        if flag["payment_id"] != 560
    )
    nightflag("verdict", "payments", other, "normal")
    plot = tmp_path / "rates.svg"
    said = nightflag(
        "what-if", "payments", "--rate", "0.0001", "--rate", "0.2", "--plot", str(plot)
    )
    loose = said.out.splitlines()[-2].split()
    assert loose[4:] == ["2", "0.5", "1"]
    assert "precision" in plot.read_text()
    judged = json.loads(nightflag("what-if", "payments", "--rate", "0.2", "--json").out)[0][
        "judged"
    ]
    assert judged == {"anomalies": 1, "flagged": 2, "caught": 1}


def test_a_muted_stretch_raises_nothing_and_says_why(nightflag, published: str) -> None:
    stretch = ("--from", "2026-01-24", "--to", "2026-01-25")
    said = nightflag("mute", "payments", *stretch, "--why", "new till")
    assert said.code == 0
    assert "nightflag reflag payments" in said.err
    assert any(flag["payment_id"] == 560 for flag in flags(nightflag, "2026-01-25"))
    nightflag("reflag", "payments")
    assert not any(flag["payment_id"] == 560 for flag in flags(nightflag, "2026-01-25"))
    [night] = json.loads(nightflag("runs", "payments", "--json", "--limit", "9").out)[1:]
    assert night["records_muted"] > 0
    backwards = nightflag(
        "mute", "payments", "--from", "2026-02-01", "--to", "2026-01-01", "--why", "x"
    )
    assert backwards.code == 2


def test_recalibrating_keeps_the_network_and_takes_its_latest_scores(
    nightflag, watch, night: Night, bank: str
) -> None:
    watch(training="{at_least: 100, every: 60 days}")
    night("2026-01-14")
    too_few = nightflag("recalibrate", "payments")
    assert too_few.code == 1
    assert "Model 1 of payments has scored 48 records." in too_few.err
    night("2026-01-24")
    assert "in the newest 5 days" in nightflag("recalibrate", "payments", "--window", "5 days").err
    said = nightflag("recalibrate", "payments")
    assert "Model 2 of payments is in use: recalibrated from model 1, on 288 scores." in said.err
    first, second = (model_files(version) for version in (1, 2))
    differing = {name for name in first if first[name] != second[name]}
    assert differing == {"calibration.npy", "manifest.json", "reference.json"}
    night("2026-01-25")
    assert {flag["model_version"] for flag in flags(nightflag, "2026-01-25")} == {2}


def model_files(version: int) -> dict[str, bytes]:
    folder = Settings().models_folder / "payments" / str(version)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_alarm_on_a_column_that_is_not_there_is_found_by_check(
    nightflag, watch, bank: str
) -> None:
    watch(alarm="{rate: 0.05, directions: {amuont: high}}")
    said = nightflag("check", "payments")
    assert said.code == 2
    assert "The alarm names 'amuont'" in said.out
