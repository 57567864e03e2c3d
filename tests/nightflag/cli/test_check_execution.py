"""A check says who would work on a night, or why not several can."""

import json

import pytest

from tests.nightflag.cli.conftest import open_bank

NIGHT = ["--as-of", "2026-01-20", "--json"]


def told(nightflag) -> list[tuple[str, str]]:
    found = json.loads(nightflag("check", *NIGHT).out)
    return [(one["level"], one["text"]) for one in found if one["about"] == "execution"]


@pytest.fixture
def on_postgresql(home, postgresql_url, monkeypatch) -> None:
    open_bank(postgresql_url)
    monkeypatch.setenv("BANK_URL", postgresql_url)


def test_it_says_into_how_many_partitions_a_night_is_cut(nightflag, watch, on_postgresql) -> None:
    watch(more="execution: {engine: processes, workers: 3}\n")
    text = "12 partitions, read from one snapshot, go to 3 processes of this machine"
    assert told(nightflag) == [("ok", text)]


def test_it_finds_that_a_scheduler_does_not_answer(nightflag, watch, on_postgresql) -> None:
    watch(more='execution: {engine: dask, address: "tcp://127.0.0.1:9", partitions: 5}\n')
    [(level, text), (_, fine)] = told(nightflag)
    assert level == "problem"
    assert text.startswith("The Dask scheduler at tcp://127.0.0.1:9 does not answer")
    assert fine.startswith("5 partitions")


def test_it_finds_that_several_processes_cannot_share_sqlite(nightflag, watch, bank: str) -> None:
    watch(more="execution: {engine: processes}\n")
    [(level, text)] = told(nightflag)
    assert level == "problem"
    assert text.startswith("Several processes cannot share the source in sqlite")


def test_it_has_nothing_to_say_of_one_process(nightflag, watch, bank: str) -> None:
    watch()
    assert told(nightflag) == []
