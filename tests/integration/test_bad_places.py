"""Models and databases that are not as they should be: one clear error, and nothing published."""

import shutil

import pytest
import sqlalchemy as sa

from tests.integration.clarity import refuse_unclear
from tests.reliability.payments import SECOND_NIGHT
from tests.reliability.watch import nights


@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_a_model_that_is_not_the_registered_one_is_refused(stages, tmp_path, damage):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    before, model = watch.published(), watch.folder / "models" / "payments" / "1"
    kept = shutil.copytree(model, tmp_path / "kept")
    if damage == "missing":
        shutil.rmtree(model)
    else:
        graph = bytearray((model / "graph.onnx").read_bytes())
        graph[len(graph) // 2] ^= 1
        (model / "graph.onnx").write_bytes(graph)
    refuse_unclear(watch.night(SECOND_NIGHT), "ModelFileError", str(model))
    assert watch.published() == before
    shutil.rmtree(model, ignore_errors=True)
    shutil.copytree(kept, model)
    assert watch.night(SECOND_NIGHT).status == "published"


UNREACHABLE = {
    "nobody listens": ("postgresql://ann:secret@127.0.0.1:9/bank", "does not answer"),
    "no such folder": ("sqlite:////no/such/folder/bank.db", "/no/such/folder/bank.db"),
}


@pytest.mark.parametrize("place", ["source", "results"])
@pytest.mark.parametrize("trouble", UNREACHABLE)
def test_a_database_that_does_not_answer(stages, tmp_path, trouble, place):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    asked = watch.asked(SECOND_NIGHT)
    if place == "results":
        watch.describe(results={"database": "env:RESULTS"})
    name = "RESULTS" if place == "results" else "RECORDS"
    asked["environment"][name], words = UNREACHABLE[trouble]
    [outcome] = nights([asked])
    refuse_unclear(outcome, "DatabaseUnreachable", words)
    assert "secret" not in outcome.what


UNUSABLE = {
    "an unknown dialect": ("paradox://host/bank", "no driver for paradox"),
    "a driver that is not installed": ("oracle+nosuch://host/bank", "no driver for oracle+nosuch"),
    "no URL": ("bank", "RECORDS does not hold a URL"),
}


@pytest.mark.parametrize("trouble", UNUSABLE)
def test_an_address_that_cannot_be_used(stages, tmp_path, trouble):
    url, words = UNUSABLE[trouble]
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    asked = watch.asked(SECOND_NIGHT)
    asked["environment"]["RECORDS"] = url
    refuse_unclear(nights([asked])[0], "SettingsError", words)


def read_only(watch):
    """The URL of the watch's database for one who may only read."""
    if not watch.url.startswith("postgresql"):
        return f"sqlite:///file:{watch.folder / 'records.db'}?mode=ro&uri=true"
    role = f"reader_of_{sa.make_url(watch.url).database}"
    watch.execute(f"create role {role} login")
    watch.execute(f"grant select on payments to {role}")
    watch.execute(f"alter role {role} set default_transaction_read_only = on")
    return sa.make_url(watch.url).set(username=role).render_as_string(hide_password=False)


def test_a_database_that_may_only_be_read_takes_no_results(stages, tmp_path, database):
    watch = stages.changed(database).copy(tmp_path / "watch")
    before = watch.published()
    asked = watch.asked(SECOND_NIGHT)
    asked["environment"]["RECORDS"] = read_only(watch)
    refuse_unclear(nights([asked])[0], "DatabaseRefused", "refused a statement")
    assert watch.published() == before
    assert watch.night(SECOND_NIGHT).status == "published"
    assert watch.published() == stages.second_night(database).published()
