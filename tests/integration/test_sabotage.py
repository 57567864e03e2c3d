"""Whatever goes wrong with the data or the model, no night publishes flags in silence."""

from datetime import timedelta

import pytest

from tests.reliability.payments import DAYS, FIRST_NIGHT, SECOND_NIGHT, pay, payments

TONIGHT = f"where paid_at >= '{FIRST_NIGHT:%Y-%m-%d}'"
SABOTAGE = {
    "a unit a thousand times smaller": f"update payments set amount = 1000 * amount {TONIGHT}",
    "a column of NULL": f"update payments set fee = null {TONIGHT}",
    "swapped columns": f"update payments set amount = fee, fee = amount {TONIGHT}",
    "a column stuck at a value": f"update payments set fee = 99 {TONIGHT}",
    "a category that came anew": f"update payments set channel = 'crypto' {TONIGHT}",
    "an emptied table": "delete from payments",
}
NO_NUMBERS = {  # which SQLite does not hold
    "a column of NaN": f"update payments set fee = 'NaN' {TONIGHT}",
    "a column of infinities": f"update payments set fee = '-Infinity' {TONIGHT}",
}


def told(watch):
    [run] = watch.rows("select status, warnings from nightflag_runs where run_id = 2")
    return run["status"], run["warnings"] or ""


@pytest.mark.parametrize("what", SABOTAGE | NO_NUMBERS)
def test_spoilt_records_are_told(stages, tmp_path, what):
    watch = stages.changed("sqlite" if what in SABOTAGE else "postgresql").copy(tmp_path / "watch")
    watch.describe(expectations=[])
    watch.execute((SABOTAGE | NO_NUMBERS)[what])
    watch.night(SECOND_NIGHT)
    status, warnings = told(watch)
    assert status == "failed" or warnings


@pytest.mark.parametrize("rate", [0.01, 0.02])
def test_records_a_tenth_of_which_are_anomalous_make_no_champion(stages, tmp_path, rate):
    watch = stages.first_night("sqlite").copy(tmp_path / "watch")
    pay(watch, [payment for day in range(DAYS, DAYS + 5) for payment in payments(day)])
    watch.execute(f"update payments set amount = 30 * amount {TONIGHT} and payment_id % 10 = 0")
    watch.describe(alarm={"rate": rate})
    watch.night(FIRST_NIGHT + timedelta(days=4))
    watch.change(training={"at_least": 100, "every": "1 day"})
    watch.night(FIRST_NIGHT + timedelta(days=5))
    [run] = watch.rows("select model_version, warnings from nightflag_runs where run_id = 3")
    assert run["model_version"] == 1
    assert "model 2, trained tonight, was refused: its calibration may be spoilt" in run["warnings"]


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


def test_a_model_file_swapped_amid_the_night_is_not_used(stages, tmp_path):
    """What was loaded, and checked, scores the night; the next one refuses what lies there now."""
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    [file] = (watch.folder / "models" / "payments" / "1").glob("*.onnx")
    swap = ["cp", str(watch.folder / "monitors" / "payments.yaml"), str(file)]
    assert watch.night(SECOND_NIGHT, place="loaded", deed=swap).status == "published"
    published = stages.second_night("sqlite").published()
    assert watch.published() == published
    outcome = watch.night(SECOND_NIGHT + timedelta(days=1))
    assert outcome.error == "ModelFileError"
    assert watch.published() == published
