"""Housekeeping: which nights and models were cleaned away, and up to where no night reads again."""

from pathlib import Path

from alembic import op

from sql import statements

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns."""
    for statement in statements(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")):
        op.execute(statement)
