"""What holds at every moment of a watch, whatever became of its nights."""

from tests.reliability.watch import Watch


def refuse_doubled(watch: Watch) -> None:
    """Each record stands once, and each run accounts for every record it read."""
    for table, key in (("scores", "payment_id"), ("reasons", "payment_id, rank")):
        many = f"select {key} from payments_{table} group by {key} having count(*) > 1"
        assert watch.rows(many) == []
    unaccounted = "records_read <> records_scored + records_quarantined"
    runs = "select * from nightflag_runs where status = 'published' and"
    assert watch.rows(f"{runs} {unaccounted}") == []
    both = "select payment_id from payments_scores join payments_quarantine using (payment_id)"
    assert watch.rows(both) == []
