"""Digests: what people were sent of each night, and where to."""

from pathlib import Path

from alembic import op

from sql import statements

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the table."""
    for statement in statements(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")):
        op.execute(statement)
