"""Expectations: what became of each in a night."""

from pathlib import Path

from alembic import op

from sql import statements

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the table."""
    for statement in statements(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")):
        op.execute(statement)
