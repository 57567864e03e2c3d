"""Judging flags, and evaluating by what was said, on the command line."""

import json
from pathlib import Path

import pytest

from tests.nightflag.reporting.payments import at_work, fill, publish, records

MONITOR = """\
monitor: payments
source: {database: env:BANK, table: payments, key: payment, time: paid_at}
features: {exclude: [paid_at]}
alarm: {rate: 0.05}
"""


@pytest.fixture
def published(home: Path, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A night of 400 payments, 20 of them frauds with ever greater amounts."""
    monkeypatch.setenv("BANK", database_url)
    (home / "monitors" / "payments.yaml").write_text(MONITOR)
    with at_work(database_url, tmp_path) as workplace:
        fill(workplace, records(400, frauds=20))
        publish(workplace)
        yield workplace


def test_the_flags_most_like_it_are_shown_before_a_verdict_is_kept(published, nightflag) -> None:
    assert nightflag("verdict", "payments", "p-00001", "anomaly").code == 0
    said = nightflag("verdict", "payments", "p-00000", "normal", "--note", "a refund")
    assert said.code == 0
    assert "Kept for payments: 0 judged anomaly, 1 judged normal." in said.err
    shown = [line for line in said.out.splitlines() if "p-0" in line]
    assert len(shown) == 5
    assert all(" 1 " in line and " amount 5" in line for line in shown)
    assert not any("p-00000" in line for line in shown)


def test_without_a_verdict_the_similar_flags_are_shown_and_nothing_is_kept(
    published, nightflag
) -> None:
    said = nightflag("verdict", "payments", "p-00000")
    assert said.code == 0
    assert "p-0000" in said.out
    assert "Kept" not in said.err
    assert (
        "has no published night with a label or a verdict" in nightflag("evaluate", "payments").err
    )


def test_a_file_of_verdicts_is_kept_and_evaluated(published, nightflag, tmp_path: Path) -> None:
    file = tmp_path / "judged.csv"
    file.write_text("payment,amount,verdict\np-00000,500,anomaly\np-00300,50,normal\np-1,4,\n")
    said = nightflag("verdict", "payments", "--from", str(file))
    assert "1 judged anomaly, 1 judged normal" in said.err
    found = json.loads(nightflag("evaluate", "payments", "--json").out)
    precision = [row for row in found if row["metric"] == "precision"]
    assert [row["of"] for row in precision] == ["2026-01-08 00:00", "these nights"]
    assert all(
        (row["truth"], row["value"], row["records"]) == ("verdicts", 1, 2) for row in precision
    )
    assert "precision_at_budget" in nightflag("evaluate", "payments").out
    assert nightflag("evaluate", "payments", "--since", "2026-02-01", "--json").out.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["p-0", "normal"], "never scored 'p-0'"),
        ([], "It is not clear what is judged"),
        (["p-00000", "--from", "judged.csv"], "It is not clear what is judged"),
        (["--from", "none.csv"], "none.csv cannot be read"),
    ],
)
def test_what_cannot_be_judged_is_refused(published, nightflag, words, what) -> None:
    said = nightflag("verdict", "payments", *words)
    assert (said.code, said.out) == (2, "")
    assert what in said.err


def test_another_word_is_refused(published, nightflag) -> None:
    assert nightflag("verdict", "payments", "p-00000", "fraud").code == 2
