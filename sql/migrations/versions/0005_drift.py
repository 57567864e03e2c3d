"""Drift: how far each night's columns and scores are from those of the training."""

from pathlib import Path

from alembic import op

from sql import statements

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table."""
    for statement in statements(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")):
        op.execute(statement)
