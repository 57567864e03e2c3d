"""What holds at every moment of a watch, whatever became of its nights."""

from tests.reliability.watch import Watch

WITHOUT_RUN = (
    "left join nightflag_runs r using (run_id) where coalesce(r.status, '') <> 'published'"
)
BROKEN_BY = {
    "a record has one score": """
        select payment_id from payments_scores group by payment_id having count(*) > 1
    """,
    "a reason stands once": """
        select payment_id, rank from payments_reasons
        group by payment_id, rank having count(*) > 1
    """,
    "a record fails a rule once": """
        select fingerprint, rule from payments_quarantine
        group by fingerprint, rule having count(*) > 1
    """,
    "a record is scored or quarantined": """
        select payment_id from payments_scores join payments_quarantine using (payment_id)
    """,
    "a reason has its score": """
        select payment_id from payments_reasons left join payments_scores using (payment_id)
        where score is null
    """,
    "what is read is scored or quarantined": """
        select run_id from nightflag_runs
        where status = 'published' and records_read <> records_scored + records_quarantined
    """,
    "a score is of a published night": f"select payment_id from payments_scores {WITHOUT_RUN}",
    "what is quarantined is of a published night": f"""
        select payment_id from payments_quarantine {WITHOUT_RUN}
    """,
    "a change of a flag is of a published night": f"""
        select payment_id from payments_history {WITHOUT_RUN}
    """,
    "a measured drift is of a published night": f"""
        select feature from nightflag_drift {WITHOUT_RUN}
    """,
    "what became of an expectation is of a published night": f"""
        select rule from nightflag_expectations {WITHOUT_RUN}
    """,
    "a score is as old as the publication of its night": """
        select payment_id from payments_scores join nightflag_runs using (run_id)
        where scored_at <> finished_at
    """,
    "the watermark ends where the newest published night does": """
        select scored_until from nightflag_watermarks
        where scored_until <> (
            select max(window_end) from nightflag_runs where status = 'published'
        )
    """,
    "a published night has its watermark": """
        select run_id from nightflag_runs
        where status = 'published' and not exists (select 1 from nightflag_watermarks)
    """,
}
"""The law, and the rows that would break it."""


def broken(watch: Watch) -> list[str]:
    """The laws that do not hold now, each with the rows that break it."""
    found = {law: watch.rows(query) for law, query in BROKEN_BY.items()}
    return [f"{law}, but not: {rows}" for law, rows in found.items() if rows]


def refuse_doubled(watch: Watch) -> None:
    """Each record stands once, and each run accounts for every record it read."""
    assert broken(watch) == []


def staged(watch: Watch) -> int:
    """How many rows are staged."""
    names = [name for name in watch.tables() if "_staged_" in name]
    return sum(len(watch.rows(f"select 1 from {name}")) for name in names)
