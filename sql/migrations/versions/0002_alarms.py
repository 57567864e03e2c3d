"""Alarms: what was promised and realised each night, and when a monitor is to be silent."""

from pathlib import Path

from alembic import op

from sql import statements

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns and the table."""
    for statement in statements(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")):
        op.execute(statement)
