from collections.abc import Iterator
from pathlib import Path

import pytest

from nightflag import evaluation, reporting
from nightflag.runs import Run
from nightflag.workplace import Workplace
from tests.nightflag.reporting.payments import HOSTILE, SHOP, at_work, fill, publish, records
from tests.nightflag.reporting.reading import Page

Night = tuple[Workplace, Run]


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """A published night of 2,000 payments, 150 of them frauds, four of them without a time."""
    folder = tmp_path_factory.mktemp("night")
    frame = records()
    frame.loc[1_996:, "paid_at"] = None
    frame.loc[1_999, ["payment", "shop"]] = HOSTILE + "!", SHOP
    with at_work(f"sqlite:///{folder / 'bank.db'}", folder) as workplace:
        fill(workplace, frame)
        run = publish(workplace, warnings=(f"row count: {HOSTILE}", "freshness"))
        with workplace.results.writing() as connection:
            connection.exec_driver_sql(
                "insert into nightflag_verdicts (monitor, key, verdict) "
                "select 'payments', payment, 'anomaly' from payments "
                "where payment in ('p-00000', 'p-00001', 'p-00002')"
            )
        evaluation.evaluate(workplace, run)
        yield workplace, run


@pytest.fixture(scope="session")
def written(night: Night) -> Path:
    """Where the page of that night lies, the list of nights beside it."""
    return reporting.write(*night).path


@pytest.fixture(scope="session")
def page(written: Path) -> Page:
    return Page(written)
