"""The first tables: runs, models, watermarks and locks."""

from pathlib import Path

from alembic import op

from sql import statements

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    for statement in statements(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")):
        op.execute(statement)
