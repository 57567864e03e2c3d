"""Who may read the views: roles of PostgreSQL that can read nothing else."""

from collections.abc import Iterable

from sqlalchemy import Connection, text

GIVEN = """
select format(
    'grant %s on %I.%I to %s%s',
    entry.privilege_type, schema.nspname, view.relname,
    case entry.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(entry.grantee)) end,
    case when entry.is_grantable then ' with grant option' else '' end
)
from pg_class view
join pg_namespace schema on schema.oid = view.relnamespace
cross join aclexplode(view.relacl) entry
where schema.nspname = :schema and view.relname = any(:views) and view.relkind = 'v'
  and entry.grantee <> view.relowner
"""


def given(connection: Connection, schema: str | None, views: Iterable[str]) -> list[str]:
    """The statements that grant again what is granted on these views; none in SQLite."""
    if connection.dialect.name != "postgresql":
        return []
    found = connection.execute(text(GIVEN), {"schema": schema, "views": [*views]})
    return list(found.scalars())
