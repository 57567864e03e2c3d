"""Promotions: models that wait or were refused, who was champion when, and incidents left out."""

from pathlib import Path

from alembic import op

from sql import statements

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Rebuild the table of models, which SQLite cannot alter, and add the others."""
    for statement in statements(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")):
        op.execute(statement)
