"""Networks of real trainings beside their references, on records with labels."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from nightflag import models, succession, training
from nightflag.monitors import Monitor
from nightflag.workplace import opened

NIGHT = datetime(2026, 3, 10, tzinfo=UTC)
COUNT, ANOMALIES = 400, 20
MONITOR = {
    "monitor": "readings",
    "source": {
        "database": "env:READINGS",
        "table": "readings",
        "key": "id",
        "time": "at",
        "label": "bad",
    },
    "features": {"exclude": ["at"]},
    "training_rows": "clean",
}
SEEING = {"name": "random_features", "settings": {"cosines": 256}}
# So broad a kernel cannot see that the middle of the ring is empty.
BLIND = {"name": "random_features", "settings": {"cosines": 64, "breadth": 0.1, "ridge": 0.5}}


def ring():
    """Readings around a ring; some inside of it, among the newest, are the anomalies."""
    random, bad = np.random.default_rng(1), np.arange(COUNT) >= COUNT - ANOMALIES
    angle, radius = random.uniform(0, 2 * np.pi, COUNT), random.normal(1.4, 0.05, COUNT)
    radius[bad] = random.uniform(0, 0.7, ANOMALIES)
    at = NIGHT.replace(tzinfo=None) - pd.to_timedelta(np.arange(COUNT, 0, -1), "min")
    shape = {"x": radius * np.cos(angle), "y": radius * np.sin(angle)}
    return pd.DataFrame({"id": range(COUNT), "at": at.astype(str), **shape, "bad": bad.astype(int)})


@pytest.fixture
def workplace(tmp_path):
    url = f"sqlite:///{tmp_path / 'readings.db'}"
    places = {"source_url": url, "results_url": url, "models": tmp_path, "reports": tmp_path}
    with opened(Monitor.model_validate(MONITOR), **places) as workplace:
        table = "create table readings (id integer, at text, x real, y real, bad integer)"
        with workplace.source.writing() as connection:
            connection.execute(text(table))
            insert = text("insert into readings values (:id, :at, :x, :y, :bad)")
            connection.execute(insert, ring().to_dict("records"))
        workplace.prepare()
        yield workplace


def trained(workplace, number, detector):
    """The detector as it is trained for the night of that number, and what the night says of it."""
    monitor = Monitor.model_validate({**MONITOR, "detector": detector})
    at_work, as_of = replace(workplace, monitor=monitor), NIGHT + number * timedelta(days=1)
    entry = training.train(at_work, as_of=as_of, before=NIGHT, reason="")
    return entry, "\n".join(succession.told(at_work, as_of))


def test_a_network_behind_a_reference_says_so_and_takes_no_good_champions_place(workplace):
    first, said = trained(workplace, 1, BLIND)
    assert first.is_champion
    assert first.decision.startswith("the first model, although behind the reference nearest_ne")
    assert said.startswith("model 1, trained tonight, is behind the reference nearest_neighbours")
    assert "behind the reference" in first.about["judgement"]

    second, said = trained(workplace, 2, SEEING)
    assert second.is_champion
    assert "not behind the reference" in second.about["judgement"]
    assert said == ""

    third, said = trained(workplace, 3, BLIND)
    assert third.status == "refused"
    assert models.champion(workplace.results, "readings").version == second.version
    assert "on 20 labelled anomalies" in said
    assert "use `detector: auto`" in said
