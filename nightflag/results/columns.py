"""The columns of a monitor's own tables, beside the key columns of its source."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, LargeBinary, Text

from nightflag.queries import UtcTimestamp

Columns = tuple[Column[Any], ...]

EVERYTHING_ELSE = "(everything else)"
"""The feature of the reason that stands for all columns not listed."""

OWN = frozenset(
    {
        *("event_time", "score", "p_value", "is_anomaly", "fingerprint"),
        *("extrapolated", "alarm_p_value", "withheld", "alarm_segment", "muted"),
        *("model_version", "run_id", "scored_at"),
        *("change", "why", "changed_at"),
        *("reasons", "rank", "feature", "contribution", "value", "expected"),
        *("records_back", "words"),
        *("rule", "column_name", "quarantined_at"),
        *("picture", "partition", "monitor"),
    }
)


def of_scores() -> Columns:
    """What is staged of a score."""
    return (
        Column("event_time", UtcTimestamp, nullable=False),
        Column("score", Double, nullable=False),
        Column("p_value", Double, nullable=False),
        Column("extrapolated", Boolean),
        Column("alarm_p_value", Double),
        Column("withheld", Text),
        Column("alarm_segment", Text),
        Column("fingerprint", BigInteger, nullable=False),
    )


def of_decisions() -> Columns:
    """What publishing adds to a score: whether it is a flag, or why it is none."""
    return Column("is_anomaly", Boolean, nullable=False), Column("muted", Text)


def of_scoring() -> Columns:
    """By which model and run a score was made, and when."""
    return (
        Column("model_version", Integer, nullable=False),
        Column("run_id", BigInteger, nullable=False),
        Column("scored_at", UtcTimestamp, nullable=False),
    )


def of_reasons(*, primary: bool) -> Columns:
    """The reasons of a score, one in a row; ``primary`` where they are published."""
    return (
        Column("rank", Integer, primary_key=primary),
        Column("feature", Text, nullable=False),
        Column("contribution", Double, nullable=False),
        Column("value", Text),
        Column("expected", Text),
        Column("records_back", Integer),
        Column("words", Text),
    )


def of_history() -> Columns:
    """A flag that was raised or withdrawn after its night was published."""
    return (
        Column("event_time", UtcTimestamp, nullable=False),
        Column("change", Text, nullable=False),
        Column("why", Text, nullable=False),
        Column("score", Double, nullable=False),
        Column("p_value", Double, nullable=False),
        Column("model_version", Integer, nullable=False),
        Column("run_id", BigInteger, nullable=False),
        Column("changed_at", UtcTimestamp, nullable=False),
    )


def of_pictures() -> Columns:
    """The heat map of an image."""
    return (Column("picture", LargeBinary, nullable=False),)


def of_shadow() -> Columns:
    """What a model that waits makes of a record that another one scored."""
    return (
        Column("score", Double, nullable=False),
        Column("p_value", Double, nullable=False),
        Column("model_version", Integer, nullable=False),
        Column("run_id", BigInteger, nullable=False),
    )


def of_rules() -> Columns:
    """A rule that a record in quarantine failed."""
    return (
        Column("event_time", UtcTimestamp),
        Column("rule", Text, nullable=False),
        Column("column_name", Text),
        Column("value", Text),
        Column("fingerprint", BigInteger, nullable=False, index=False),
    )


def of_quarantine() -> Columns:
    """By which run a record was put into quarantine, and when."""
    return (
        Column("run_id", BigInteger, nullable=False),
        Column("quarantined_at", UtcTimestamp, nullable=False),
    )
