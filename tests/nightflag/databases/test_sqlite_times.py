"""Event times in SQLite: compared as numbers of days, exact to the millisecond in every year."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, literal_column, select

from nightflag.databases.sqlite_times import event_time, inside

MILLISECOND = timedelta(milliseconds=1)
ENGINE = create_engine("sqlite://")
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


def is_inside(text: str, start: datetime | None, end: datetime, *, undated: bool = False) -> bool:
    column = literal_column("'" + text + "'")
    with ENGINE.connect() as connection:
        there = select(inside(column, start, end, undated=undated))
        return bool(connection.execute(there).scalar_one())


@settings(deadline=None)
@given(moment=MOMENTS)
def test_a_moment_is_inside_from_its_own_millisecond_on(moment: datetime) -> None:
    text = moment.isoformat(" ", "milliseconds")
    assert is_inside(text, moment, moment + MILLISECOND)
    assert is_inside(text, None, moment + MILLISECOND)
    assert not is_inside(text, moment - MILLISECOND, moment)
    assert not is_inside(text, None, moment)
    assert not is_inside(text, moment + MILLISECOND, moment + 2 * MILLISECOND)


@settings(deadline=None)
@given(moment=MOMENTS, microseconds=st.integers(1, 999))
def test_edges_between_milliseconds_are_kept_as_they_are(
    moment: datetime, microseconds: int
) -> None:
    edge, text = moment + timedelta(microseconds=microseconds), moment.isoformat()
    assert is_inside(text, moment, edge)
    assert not is_inside(text, edge, edge + MILLISECOND)


@pytest.mark.parametrize("text", ["now", "12:00", "2024", "2460431.5", "2024-05-01 soon", ""])
def test_what_is_no_moment_is_inside_only_where_the_undated_are(text: str) -> None:
    ever = datetime(1, 1, 1), datetime(9999, 12, 31)
    assert not is_inside(text, *ever)
    assert is_inside(text, *ever, undated=True)
    with ENGINE.connect() as connection:
        moment = select(event_time(literal_column("'" + text + "'")))
        assert connection.execute(moment).scalar_one() is None
