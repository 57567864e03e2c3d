"""What a partition staged that was given up never becomes part of a night."""

from typing import Any

import pytest

from nightflag.errors import PublicationRefused
from nightflag.failpoints import listeners
from nightflag.results.staging import Counts, new_ticket, stage


def stage_again(shop: Any, night: Any, ticket: int) -> Counts:
    """Stage the records of the night once more, as a partition does that is run twice."""
    results, tables = shop.workplace.results, shop.workplace.tables
    found = (shop.judged(batch) for batch in shop._batches(night))
    return stage(results, tables, found, ticket=ticket)


def test_what_was_staged_under_another_ticket_is_thrown_away(shop: Any) -> None:
    night, counts = shop.staged()
    assert stage_again(shop, night, new_ticket()) == counts
    assert len(shop.read("select * from shop_staged_scores")) == 2 * counts.scored
    shop.publish(night, counts)
    assert len(shop.read("select * from shop_scores")) == counts.scored
    assert len(shop.read("select * from shop_quarantine")) == counts.quarantined


def test_a_night_is_the_sum_of_its_partitions(shop: Any) -> None:
    night, counts = shop.staged()
    shop.clear()
    results, tables = shop.workplace.results, shop.workplace.tables
    tickets = []
    for batch in shop._batches(night):
        tickets.append(new_ticket())
        stage(results, tables, [shop.judged(batch)], ticket=tickets[-1])
    assert len(tickets) > 1
    shop.publish(night, counts, tickets=tickets)
    assert len(shop.read("select * from shop_scores")) == counts.scored


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_night_is_refused_where_a_partition_stages_while_it_is_published(shop: Any) -> None:
    """On SQLite nobody can: publishing holds the only place for one who writes."""
    night, counts = shop.staged()

    def slip_in(place: str) -> None:
        if place == "before commit":
            stage_again(shop, night, new_ticket())

    listeners.append(slip_in)
    try:
        with pytest.raises(PublicationRefused, match="had been given up"):
            shop.publish(night, counts)
    finally:
        listeners.remove(slip_in)
    assert shop.read("select * from shop_scores") == []
    shop.night()
    assert len(shop.read("select * from shop_scores")) == counts.scored
