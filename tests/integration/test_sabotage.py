"""Whatever goes wrong with the data or the model, no night publishes flags in silence."""

import pytest

from tests.reliability.payments import FIRST_NIGHT, SECOND_NIGHT

TONIGHT = f"where paid_at >= '{FIRST_NIGHT:%Y-%m-%d}'"
SABOTAGE = {
    "a unit a thousand times smaller": f"update payments set amount = 1000 * amount {TONIGHT}",
    "a column of NULL": f"update payments set fee = null {TONIGHT}",
    "swapped columns": f"update payments set amount = fee, fee = amount {TONIGHT}",
    "a column stuck at a value": f"update payments set fee = 99 {TONIGHT}",
    "a category that came anew": f"update payments set channel = 'crypto' {TONIGHT}",
    "an emptied table": "delete from payments",
}


def told(watch):
    [run] = watch.rows("select status, warnings from nightflag_runs where run_id = 2")
    return run["status"], run["warnings"] or ""


@pytest.mark.parametrize("deed", SABOTAGE)
def test_spoilt_records_are_told(stages, tmp_path, deed):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    watch.describe(expectations=[])
    watch.execute(SABOTAGE[deed])
    watch.night(SECOND_NIGHT)
    status, warnings = told(watch)
    assert status == "failed" or warnings


def test_a_network_that_learns_nothing_is_not_used(stages, tmp_path):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    watch.describe(detector={"name": "autoencoder", "settings": {"learning_rate": 1e-12}})
    watch.night(SECOND_NIGHT)
    status, warnings = told(watch)
    assert "retraining failed, model 1 goes on: The training loss went" in warnings
    assert status == "published"
    assert watch.rows("select version from nightflag_models") == [{"version": 1}]


def test_a_learning_rate_of_zero_is_refused_before_the_night(stages, tmp_path):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    before = watch.published()
    watch.describe(detector={"name": "autoencoder", "settings": {"learning_rate": 0}})
    outcome = watch.night(SECOND_NIGHT)
    assert outcome.error == "MonitorError"
    assert "learning_rate" in outcome.what + outcome.expected
    assert watch.published() == before


def test_a_flipped_bit_in_a_model_file_stops_the_night(stages, tmp_path):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    before = watch.published()
    [file] = (watch.folder / "models" / "payments" / "1").glob("*.onnx")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    outcome = watch.night(SECOND_NIGHT)
    assert outcome.error == "ModelFileError"
    assert "nightflag retrain" in outcome.mend
    assert watch.published() == before
