"""Values at the ends of what a database can hold: every record is scored, once."""

import math
from datetime import timedelta
from functools import cache

import pytest

from tests.integration.clarity import source
from tests.reliability.payments import A_DAY, DAYS, FIRST_NIGHT, empty_watch, payments

BEYOND_FLOATS = 2**53
NUMBERS = (math.inf, -math.inf, math.nan, 1e308, -1e308, 5e-324, -0.0, None)
COUNTS = (2**63 - 1, -(2**63), BEYOND_FLOATS + 1, 0, None)
TEXTS = (
    *("", " ", "\t\n", "'", '"', "\\", "%s", ":a", "{a}", "null", "nan", "x" * 10_000, "\x7f"),
    *(
        "\u202ecash",
        "e\u0301",
        "\U0001f4b8",
        "\ufeff",
        "\uffff",
        "'; drop table payments; --",
        None,
    ),
)
MOMENTS = ("0001-01-01 00:00:00", "9999-12-31 23:59:59", "1582-10-15 00:00:00", None)
PRECISE = ("12345678901234567890.0123456789", "-0.0000000001", "0", None)
ROWS = [row for day in range(DAYS) for row in payments(day)]


@pytest.fixture(params=["postgresql", pytest.param("sqlite", marks=pytest.mark.slow)])
def database(request):
    """The kind of database, each in turn."""
    return request.param


@pytest.fixture(scope="module")
def nights(stages, tmp_path_factory):
    """A night over a table with such values, trained on them too, and one that has nothing new."""
    return cache(lambda kind: two_nights(stages, kind, tmp_path_factory.mktemp("values") / "watch"))


def two_nights(stages, database, folder):
    watch = empty_watch(folder, stages.server_url if database == "postgresql" else None)
    watch.execute("drop table payments")
    watch.execute(
        "create table payments (payment_id bigint, paid_at timestamp, amount double precision, "
        f"count bigint, channel text, born timestamp, precise {PRECISELY[database]})"
    )
    watch.execute(
        "insert into payments values (:payment_id, :paid_at, :amount, :count, :channel, "
        f"cast(:born as {MOMENT[database]}), cast(:precise as {PRECISELY[database]}))",
        [odd(row) for row in ROWS],
    )
    watch.describe(**source(), expectations=[], features={"kinds": {"channel": "categorical"}})
    assert watch.night(FIRST_NIGHT).status == "published"
    assert watch.night(FIRST_NIGHT + timedelta(days=1)).status == "published"
    return watch


PRECISELY = {"sqlite": "numeric", "postgresql": "numeric(40, 10)"}
MOMENT = {"sqlite": "text", "postgresql": "timestamp"}


def odd(row):
    """One odd value in every fifth payment, each kind in its turn; all keys beyond 2^53."""
    number = row["payment_id"]
    usual = {
        "payment_id": BEYOND_FLOATS + number,
        "paid_at": row["paid_at"],
        "amount": row["amount"],
        "count": number % 7,
        "channel": row["channel"],
        "born": "1980-01-01 00:00:00",
        "precise": str(row["fee"]),
    }
    turn, kind = divmod(number, 5)
    odds = zip(
        ("amount", "count", "channel", "born", "precise"),
        (NUMBERS, COUNTS, TEXTS, MOMENTS, PRECISE),
        strict=True,
    )
    name, values = [*odds][kind]
    return {**usual, name: values[turn % len(values)]} if turn % 2 else usual


def test_every_record_is_scored_under_its_own_key(nights, database):
    """As numbers with a fraction, two neighbours of these keys would be one."""
    found = nights(database).rows("select payment_id from payments_scores order by payment_id")
    first = BEYOND_FLOATS + (DAYS - 1) * A_DAY
    assert [row["payment_id"] for row in found] == list(range(first, first + A_DAY))


def test_every_score_is_a_number_and_every_p_value_a_share(nights, database):
    found = nights(database).rows("select score, p_value from payments_scores")
    assert not any(math.isnan(row["score"]) for row in found)
    assert all(0 < row["p_value"] <= 1 for row in found)


def test_none_of_them_comes_again(nights, database):
    """Read once more, each has the fingerprint it had, NaN and the smallest numbers too."""
    [run] = nights(database).rows("select * from nightflag_runs where run_id = 2")
    assert (run["records_read"], run["records_retracted"]) == (0, 0)
