"""The page of a night: all that was found, and nothing that could harm the reader."""

import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

from nightflag import reporting
from nightflag.drift import Finding
from nightflag.drift.keeping import keep
from nightflag.reporting.contents import gather
from nightflag.reporting.flags import MOST_FLAGS, Flag, Reason
from nightflag.reporting.page import brief, measure, of_night, percent, with_code
from nightflag.validation import Outcome
from tests.nightflag.reporting.payments import HOSTILE, SHOP, at_work, fill, publish, records, rows
from tests.nightflag.reporting.reading import Page


def test_one_sentence_accounts_for_every_record(page, night):
    _, run = night
    flagged = run.records_flagged
    assert run.records_read == run.records_scored + run.records_quarantined
    assert (
        "2,000 records read, 1,996 scored, 4 quarantined, "
        f"{flagged} flagged ({percent(flagged / 1_996)}, budget 5\N{NO-BREAK SPACE}%) by model 1."
    ).replace("\N{NO-BREAK SPACE}", " ") in page.text


def test_hostile_keys_and_values_are_text_and_never_elements(page):
    assert "img" not in page.tags
    assert page.tags.count("script") == 1
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    for text in (HOSTILE, HOSTILE + "!", SHOP, f"row count: {HOSTILE}", f"asked for by {HOSTILE}"):
        assert text in page.text


def test_the_page_needs_nothing_but_itself(page):
    [index, *places] = page.values("href")
    assert index == "index.html"
    assert {place.removeprefix("#") for place in places} <= set(page.values("id"))
    assert not page.values("src", "srcset", "action", "data")
    links = page.values("xlink:href")
    assert links
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)


def test_only_the_pages_own_script_may_run(page):
    [script], [policy] = page.scripts, [text for text in page.values("content") if "src" in text]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")


def test_no_name_stands_twice(page):
    names = page.values("id")
    assert len(names) == len(set(names)) > 0


def test_a_screen_reader_finds_its_way(page):
    assert next(tag for tag in page.tags if tag in ("h1", "h2", "h3")) == "h1"
    assert (page.tags.count("h1"), page.tags.count("main")) == (1, 1)
    assert page.tags.count("table") == page.tags.count("caption")
    assert page.tags.count("th") == len(page.values("scope"))
    assert set(page.values("for")) == {"flags-search"} < set(page.values("id"))
    assert page.tags.count("svg") == len(
        [name for name in page.values("role") if name == "img"]
    ) - (page.values("class").count("bar"))


def test_the_flags_come_with_their_reasons_the_strongest_first(page, night):
    workplace, run = night
    strongest = rows(
        workplace, "select payment from payments_flags order by p_value, score desc, payment"
    )
    found = [key for (key,) in strongest]
    assert found[0] == HOSTILE
    at = [page.text.index(f" {key} 2026-01-07") for key in found]
    assert at == sorted(at)
    assert "All flags, by p-value" in page.text
    flags, reasons, measures, quarantine = run.records_flagged, 2, 7, 1
    assert page.tags.count("tr") == flags + reasons + measures + quarantine + 4
    assert re.search(r"amount 649 where [\d.]+ was expected", page.text)


def test_the_quarantine_counts_records_by_rule_and_gives_three_examples(page):
    quarantine = page.text[page.text.index("Rules that failed") :]
    assert "event_time_is_readable paid_at 4" in quarantine
    assert len(re.findall(r"(?:p-\d{5}|alert\(1\)</script>!): missing", quarantine)) == 3


def test_labels_give_precision_and_recall(page, night):
    _, run = night
    precision = percent(150 / run.records_flagged).replace("\N{NO-BREAK SPACE}", " ")
    assert f"Precision {precision} by labels, " in page.text
    assert "Recall 100 % by labels, 97.5 % to 100 %" in page.text


def test_every_measure_stands_with_its_interval_and_what_it_rests_on(page):
    table = page.text[page.text.index("measure by labels by verdicts") :]
    assert "recall 100 %, 97.5 % to 100 %; 150 anomalies of 1,996 records" in table
    assert " records 100 %, 43.9 % to 100 %; 3 anomalies of 3 records" in table
    assert re.search(r"auroc 100 %, 9\d(\.\d)? % to 100 %; [\w ,]+ records not known", table)


def test_the_measured_precision_of_judged_flags_is_a_key_figure(page):
    judged = "3 of the 3 judged flags of all nights are anomalies, 43.9 % to 100 %"
    assert f"Measured precision 100 % {judged}" in page.text


def test_the_model_card_says_what_the_p_values_rest_on(page):
    assert "1,200 records, taken as unlabelled" in page.text
    assert "399 newer records, held out" in page.text
    assert "Smallest p-value by rank 0.0025" in page.text
    assert "the beginning to 2026-01-07 00:00:00 UTC" in page.text


def test_the_model_card_tells_how_it_was_judged_and_its_limits(night):
    contents = gather(*night)
    about = {
        "references": {
            "detector": {"with_detector": 1.0, "with_consensus": 0.9},
            "isolation_forest": {"with_detector": 0.9712, "with_consensus": 0.8},
            "gaussian": {"with_detector": None, "with_consensus": None},
        },
        "synthetic": {"shuffled": 0.5},
    }
    model = replace(contents.model, about={**contents.model.about, **about})
    card = of_night(replace(contents, model=model))
    assert "isolation forest 0.97, gaussian \N{EN DASH} <span" in card
    assert "shuffled 0.50 <span" in card
    assert "<dt>In use because</dt><dd>the first model</dd>" in card
    assert "<li>A flag says that a record is unusual, not that it is wrong.</li>" in card


def test_every_expectation_stands_with_its_result(night):
    contents = gather(*night)
    expected = (
        Outcome("expect_a", "expect_a", {}, "critical", held=True, checked=9, failed=0),
        Outcome("expect_b", "expect_b", {}, "critical", held=False, checked=9, failed=2),
        Outcome("expect_c", "expect_c", {}, "warning", held=False, checked=9, failed=3),
        Outcome(f"expect_it(column={HOSTILE})", "expect_it", {}, "warning", False, observed="7"),
    )
    text = of_night(replace(contents, expectations=expected))
    assert "<td>critical</td>\n<td>held</td>" in text
    assert "<td>critical</td>\n<td><strong>2 in quarantine</strong></td>" in text
    assert "<td>warning</td>\n<td><strong>failed by 3 of 9</strong></td>" in text
    assert "<td>warning</td>\n<td><strong>observed <bdi>7</bdi></strong></td>" in text
    assert text.count(HOSTILE) == 0


def test_warnings_come_first(page):
    assert page.text.index("freshness") < page.text.index("Records read")


def test_a_thousand_flags_with_the_longest_texts_take_three_megabytes(night):
    reason = Reason("f" * 9_999, None, None, 0.5, "w" * 9_999)
    flag = Flag(("k" * 9_999,), night[1].as_of, 1.0, 0.01, (reason,) * 6)
    text = of_night(replace(gather(*night), flags=(flag,) * MOST_FLAGS))
    assert 2e6 < len(text.encode()) < 3e6


def test_the_same_night_gives_the_same_page(night):
    assert reporting.write(*night).path.read_bytes() == reporting.write(*night).path.read_bytes()


def test_a_night_without_records_or_labels_has_a_page_as_well(tmp_path, sqlite_url):
    with at_work(sqlite_url, tmp_path, label=None) as workplace:
        fill(workplace, records(10, frauds=1).assign(paid_at=datetime(2025, 1, 1)))
        page = Page(reporting.write(workplace, publish(workplace)).path)
    assert "0 records read, 0 scored, 0 quarantined, 0 flagged" in page.text
    assert "No record was flagged." in page.text
    assert "Precision" not in page.text


def test_what_has_drifted_stands_above_what_has_not(tmp_path, sqlite_url):
    steady = Finding("shop", 120, 0.01, 0.2, 1.0, 0.0, 0.0, 0.0, 0.0, why=None)
    moved = Finding(HOSTILE, 120, 0.41, 0.2, 1e-9, 0.5, 0.0, 0.02, 0.0, why="PSI 0.41")
    with at_work(sqlite_url, tmp_path, label=None) as workplace:
        fill(workplace, records(10, frauds=1))
        run = publish(workplace)
        with workplace.results.writing() as connection:
            keep(
                connection,
                "payments",
                run.run_id,
                [steady, moved],
                model_version=1,
                now=datetime(2026, 1, 7, tzinfo=UTC),
            )
        page = Page(reporting.write(workplace, run).path)
    drift = page.text[page.text.index("column drifted index bar p-value missing unseen") :]
    assert f"{HOSTILE} PSI 0.41 0.41 0.2 1e-09 50 % 2 % shop no 0.01 0.2 1 0 % 0 %" in drift
    assert "How 120 of the night's records differ" in page.text


def test_numbers_are_read_at_a_glance():
    assert [measure(value) for value in (0.00012345, 76.25, 109_024.0, 2e12, -3_000.0)] == [
        "0.0001234",
        "76.25",
        "109,024",
        "2e+12",
        "-3,000",
    ]
    shares = [
        percent(share).replace("\N{NO-BREAK SPACE}", " ") for share in (0, 0.0005, 0.05, 0.0512, 1)
    ]
    assert shares == ["0 %", "0.05 %", "5 %", "5.1 %", "100 %"]
    assert percent(None) == "\N{EN DASH}"
    assert len(brief("x" * 10_000)) == 201


def test_what_stands_between_backticks_is_code_and_stays_text() -> None:
    assert with_code("set `rate: <b>`, or `x") == "set <code>rate: &lt;b&gt;</code>, or `x"
