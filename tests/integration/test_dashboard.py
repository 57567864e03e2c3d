"""The Grafana dashboard reads what nightflag publishes, with the rights of an analyst."""

import json
import re
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import make_url

from nightflag.results.grants import grant, grants
from tests.nightflag.reporting.payments import NIGHT, at_work, fill, publish, records

FILE = Path(__file__).parents[2] / "deployments" / "grafana" / "nightflag.json"
BOARD = json.loads(FILE.read_text(encoding="utf-8"))
PANELS = {panel["title"]: panel for panel in BOARD["panels"]}
[MONITORS] = [one["query"] for one in BOARD["templating"]["list"] if one["name"] == "monitor"]
DATABASE = {"type": "grafana-postgresql-datasource", "uid": "${datasource}"}
ROLE = "dashboard"


def as_grafana_sends(query):
    """The query with its macros and variables filled in, as Grafana documents them."""
    ends = [f"'{NIGHT + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}'" for days in (-2, 1)]
    filled = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN {' AND '.join(ends)}", query)
    filled = filled.replace("${schema}", "nightflag")
    filled = filled.replace("${monitor:sqlstring}", "'payments','none'")
    assert "$" not in filled
    return filled


@pytest.fixture(scope="module")
def answers(postgresql_server, tmp_path_factory):
    """The rows of every query over a night of payments, read by a role with granted views."""
    url = make_url(postgresql_server).set(database=ROLE).render_as_string(hide_password=False)
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f"create database {ROLE}")
        server.execute(f"create role {ROLE}")
    with at_work(url, tmp_path_factory.mktemp("dashboard")) as workplace:
        fill(workplace, records(300, frauds=3))
        publish(workplace, warnings=("freshness",))
        grant(workplace.results, grants(workplace.results, ROLE, None))
    queries = {title: panel["targets"][0]["rawSql"] for title, panel in PANELS.items()}
    queries["monitors"] = MONITORS
    with psycopg.connect(url, row_factory=dict_row) as analyst:
        analyst.execute(f"set role {ROLE}")
        return {
            title: analyst.execute(as_grafana_sends(query)).fetchall()
            for title, query in queries.items()
        }


def test_every_panel_has_an_answer(answers):
    assert {title for title, rows in answers.items() if not rows} == set()
    assert answers["monitors"] == [{"monitor": "payments"}]


def test_series_have_time_name_and_number(answers):
    series = [title for title, one in PANELS.items() if one["type"] == "timeseries"]
    assert len(series) == 4
    for title in series:
        assert PANELS[title]["targets"][0]["format"] == "time_series"
        [row] = answers[title]
        assert list(row) == ["time", "metric", "value"]
        assert (row["time"], row["metric"]) == (NIGHT, "payments")


def test_the_numbers_are_those_of_the_night(answers):
    [night] = answers["Nights"]
    assert (night["read"], night["quarantined"], night["warnings"]) == (300, 0, "freshness")
    assert len(answers["Strongest flags"]) == night["flagged"] > 2
    assert answers["Flags a night"][0]["value"] == night["flagged"]
    assert answers["Flags of the newest night"][0]["value"] == night["flagged"]
    ratio = answers["Flags beside what is promised"][0]["value"]
    assert ratio == pytest.approx(night["flagged"] / 300 / 0.05)
    assert 0 < answers["Since the newest publication"][0]["value"] < 300
    [judged] = answers["What people said of the flags"]
    assert judged == {"metric": "payments: not judged", "value": night["flagged"]}


def test_panels_stand_side_by_side_and_take_the_chosen_database():
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(PANELS) == len(BOARD["panels"])
    assert all(panel["datasource"] == DATABASE for panel in BOARD["panels"])
    assert all(panel["description"] for panel in BOARD["panels"])
    places = [panel["gridPos"] for panel in BOARD["panels"]]
    assert not [pair for pair in combinations(places, 2) if overlap(*pair)]
    assert all(place["x"] + place["w"] <= 24 for place in places)


def overlap(one, other):
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or below)
