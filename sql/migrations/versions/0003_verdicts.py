"""What people say of flags, and how good flags are by that or by labels."""

from pathlib import Path

from alembic import op

from sql import statements

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""
    for statement in statements(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")):
        op.execute(statement)
