"""A night over images in a binary column, from the bytes to the heat maps, on both databases."""

import re
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.integration.clarity import refuse_unclear, source
from tests.integration.scans import (
    BROKEN,
    DEFECT,
    LEFT,
    MISSING,
    SCANS,
    SPOILED,
    TOP,
    pixels,
    png,
    replace,
    scans,
    watch_of_scans,
)
from tests.reliability.payments import A_DAY, DAYS, FIRST_NIGHT, SECOND_NIGHT, empty_watch

TABLES = ("payments_scores", "payments_reasons", "payments_quarantine", "payments_heat_maps")


@pytest.fixture(scope="module")
def watched(stages, tmp_path_factory):
    """By database, a watch after its first night; copy it before you change it."""

    @cache
    def after_the_first_night(database):
        server = stages.server_url if database == "postgresql" else None
        return watch_of_scans(tmp_path_factory.mktemp("scans") / "watch", server)

    return after_the_first_night


def published(watch):
    return {name: watch.table(name) for name in TABLES}


def flagged(watch):
    return {row["scan_id"] for row in watch.rows("select scan_id from payments_flags")}


def test_every_scan_is_scored_or_in_quarantine_with_the_reason(watched, database):
    watch = watched(database)
    [run] = watch.rows("select * from nightflag_runs")
    counts = [run[f"records_{name}"] for name in ("read", "scored", "quarantined")]
    assert counts == [A_DAY, A_DAY - 2, 2]
    rows = watch.rows("select scan_id, rule, column_name, value from payments_quarantine")
    assert {tuple(row.values()) for row in rows} == {
        (MISSING, "image_is_readable", "scan", None),
        (BROKEN, "image_is_readable", "scan", "PNG of 16 x 16: image file is truncated"),
    }


def test_training_leaves_out_what_cannot_be_read_and_sees_nothing_but_the_image(watched, database):
    [model] = watched(database).rows("select * from nightflag_models")
    assert model["training_records"] + model["calibration_records"] == (DAYS - 1) * A_DAY - 1
    assert '"ward": "every value is north"' in model["about"]
    assert '"taken_at": "not seen beside the image \'scan\'"' in model["about"]


def overlap_with_the_defect(words):
    """Intersection over union of the rectangle in words and the planted one."""
    found = re.match(r"rows (\d+)-(\d+), columns (\d+)-(\d+): brightness", words)
    top, bottom, left, right = map(int, found.groups())
    down, across = np.mgrid[:16, :16]
    told = (down >= top) & (down <= bottom) & (across >= left) & (across <= right)
    planted = np.zeros((16, 16), dtype=bool)
    planted[TOP : TOP + DEFECT, LEFT : LEFT + DEFECT] = True
    return (told & planted).sum() / (told | planted).sum()


def test_the_spoiled_scan_is_flagged_first_and_its_reason_says_where(watched, database):
    [first, *_] = watched(database).rows("select * from payments_flags order by score desc")
    assert first["scan_id"] == SPOILED
    rows = watched(database).rows(
        f"select * from payments_reasons where scan_id = {SPOILED} order by rank"
    )
    assert {row["feature"] for row in rows[:-1]} == {"scan"}
    assert rows[-1]["feature"] == "(everything else)"
    assert overlap_with_the_defect(rows[0]["value"]) > 0.6
    assert rows[0]["expected"].startswith("brightness ")
    told = [row["contribution"] for row in rows]
    assert sum(told) == pytest.approx(first["score"], rel=1e-9)
    assert sum(told[:-1]) > 0.5 * first["score"]
    words = f"scan {rows[0]['value']} where {rows[0]['expected']} was expected"
    assert first["reasons"].startswith(words)


def test_every_flag_has_a_picture_that_is_warm_where_the_defect_is(watched, database):
    watch = watched(database)
    rows = watch.rows("select * from payments_heat_maps")
    assert {row["scan_id"] for row in rows} == flagged(watch)
    [picture] = [row["picture"] for row in rows if row["scan_id"] == SPOILED]
    shown = np.asarray(Image.open(BytesIO(bytes(picture))).convert("RGB"), dtype=int)
    plain, warm = shown[:, :256], shown[:, -256:]
    redness = (warm - plain)[..., 0] - (warm - plain)[..., 2]
    inside = np.zeros((256, 256), dtype=bool)
    inside[TOP * 16 : (TOP + DEFECT) * 16, LEFT * 16 : (LEFT + DEFECT) * 16] = True
    assert inside.flat[redness.argmax()]
    assert redness[inside].mean() > 5 * redness[~inside].mean()


def test_the_report_shows_the_pictures(watched, database):
    watch = watched(database)
    [page] = (watch.folder / "reports" / "payments").glob("2*.html")
    text = page.read_text()
    assert text.count('src="data:image/png;base64,') == len(flagged(watch))
    assert "image_is_readable" in text


def test_a_night_of_the_same_day_published_anew_gives_the_same_rows(watched, database, tmp_path):
    watch = watched(database).copy(tmp_path / "again")
    before = published(watch)
    schema = "nightflag." if database == "postgresql" else ""
    for name in (*TABLES, "nightflag_runs", "nightflag_watermarks"):
        watch.execute(f"delete from {schema}{name}")
    assert watch.night(FIRST_NIGHT, retraining="never").status == "published"
    assert published(watch) == before


def test_a_mended_scan_leaves_quarantine_and_a_deleted_one_takes_its_picture_along(
    watched, database, tmp_path
):
    watch = watched(database).copy(tmp_path / "second")
    watch.execute(SCANS.insert(), scans(DAYS * A_DAY, A_DAY))
    replace(watch, {BROKEN: png(pixels(BROKEN))})
    watch.execute(SCANS.delete().where(SCANS.c.scan_id == SPOILED))
    assert watch.night(SECOND_NIGHT).status == "published"
    [left] = watch.rows("select scan_id from payments_quarantine")
    assert left["scan_id"] == MISSING
    assert watch.rows(f"select * from payments_scores where scan_id = {BROKEN}")
    assert watch.table("payments_heat_maps", f"scan_id = {SPOILED}") == []
    maps = watch.rows("select scan_id from payments_heat_maps")
    assert {row["scan_id"] for row in maps} == flagged(watch)


def test_a_monitor_from_before_there_were_heat_maps_gets_their_tables(watched, database, tmp_path):
    watch = watched(database).copy(tmp_path / "old")
    schema = "nightflag." if database == "postgresql" else ""
    for name in ("payments_heat_maps", "payments_staged_heat_maps"):
        watch.execute(f"drop table {schema}{name}")
    before = watch.table("payments_scores")
    watch.execute(SCANS.insert(), scans(DAYS * A_DAY, A_DAY))
    assert watch.night(SECOND_NIGHT).status == "published"
    assert set(before) <= set(watch.table("payments_scores"))
    assert "payments_heat_maps" in watch.tables()


def test_only_monitors_of_binary_columns_have_heat_maps(stages, database):
    assert not [name for name in stages.trained(database).tables() if "heat_maps" in name]


def test_a_detector_of_records_is_refused_for_images_with_advice(watched, tmp_path):
    watch = watched("sqlite").copy(tmp_path / "other")
    watch.describe(
        **source(table="scans", key="scan_id", time="taken_at"),
        expectations=[],
        detector={"name": "autoencoder"},
    )
    watch.execute(SCANS.insert(), scans(DAYS * A_DAY, A_DAY))
    outcome = watch.night(SECOND_NIGHT)
    refuse_unclear(outcome, "MonitorError", "the monitor's features are images")
    assert "auto, log_energy" in outcome.expected


def test_bare_bytes_are_read_where_the_monitor_says_their_shape(tmp_path):
    watch = watched_raw(tmp_path / "raw")
    [run] = watch.rows("select records_scored, records_quarantined from nightflag_runs")
    assert run == {"records_scored": A_DAY - 1, "records_quarantined": 1}
    [row] = watch.rows("select value from payments_quarantine")
    assert row["value"] == "100 bytes that are neither PNG nor JPEG nor 256 bytes of 16 x 16"


def watched_raw(folder):
    """The scans as bare bytes, one of them too short, after their first night."""
    watch = empty_watch(folder, None)
    watch.describe(
        **source(table="scans", key="scan_id", time="taken_at"),
        expectations=[],
        detector={"name": "log_energy", "settings": {"filters": 8}},
        features={"kinds": {"scan": "image"}, "image": {"raw_shape": [16, 16]}},
    )
    watch.execute("create table scans (scan_id integer, taken_at text, ward text, scan blob)")
    rows = [{**row, "scan": pixels(row["scan_id"]).tobytes()} for row in scans(0, DAYS * A_DAY)]
    rows[MISSING]["scan"] = rows[MISSING]["scan"][:100]
    watch.execute(SCANS.insert(), rows)
    assert watch.night(FIRST_NIGHT).status == "published"
    return watch
