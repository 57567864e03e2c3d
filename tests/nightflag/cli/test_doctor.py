"""The doctor names what is amiss in the installation, never what a variable holds."""

import json
from pathlib import Path

import pytest

from nightflag.checking import doctor
from nightflag.settings import Settings


def by_subject(out: str) -> dict[str, dict[str, str]]:
    return {one["about"]: one for one in json.loads(out)}


def test_a_healthy_installation(nightflag, watch, bank: str) -> None:
    watch()
    said = nightflag("doctor", "--json")
    found = by_subject(said.out)
    assert said.code == 0
    assert found["BANK_URL"]["text"] == "set"
    assert found["payments"]["level"] == "ok"
    assert found["Python"]["level"] == "ok"


def test_every_ailment_is_named_with_advice(
    nightflag, watch, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANK_URL", "postgresql://ann:se3ret@127.0.0.1:1/bank")
    monkeypatch.delenv("FLAGS_URL", raising=False)
    watch()
    watch("unset", database="env:FLAGS_URL")
    (home / "monitors" / "broken.yaml").write_text("monitor: [")
    said = nightflag("doctor", "--json")
    found = by_subject(said.out)
    ailing = {name for name, one in found.items() if one["level"] == "problem"}
    assert said.code == 2
    assert ailing == {"FLAGS_URL", "payments", "unset", "broken.yaml"}
    assert all(found[name]["mend"] for name in ailing)
    assert "se3ret" not in said.out


def test_a_server_that_does_not_answer_is_a_problem(home: Path) -> None:
    found = doctor(Settings(), server_url="http://127.0.0.1:1/api", read_secret=str)
    (server,) = [one for one in found if one.about == "Prefect server"]
    assert server.level == "problem"
    assert "http://127.0.0.1:1/api does not answer: [Errno" in server.text


def test_for_people_there_is_a_table(nightflag, home: Path) -> None:
    said = nightflag("doctor")
    assert "there is none in" in said.out
    assert "nightflag init" in said.out
