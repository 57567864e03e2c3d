"""The schema, its migrations and the named queries, as plain SQL files.

A query stands in ``sql/queries/<file>.sql`` under a line ``-- name: <name>``; the same text runs on
PostgreSQL and on SQLite.
"""

import re
from functools import cache
from importlib.resources import files

NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def queries() -> dict[str, str]:
    """Every named query, by its name; a name that stands twice is an error."""
    found: dict[str, str] = {}
    for path in sorted((files("sql") / "queries").iterdir(), key=str):
        if path.name.endswith(".sql"):
            _, *parts = NAME.split(path.read_text(encoding="utf-8"))
            for name, body in zip(parts[::2], parts[1::2], strict=True):
                if name in found:
                    raise ValueError(f"query {name!r} is defined twice, again in {path.name}")
                found[name] = body.strip()
    return found


def statements(script: str) -> list[str]:
    """The statements of a script in which a semicolon ends a line only at a statement's end."""
    return [part.strip() for part in re.split(r";\s*$", script, flags=re.MULTILINE) if part.strip()]
