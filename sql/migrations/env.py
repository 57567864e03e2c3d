"""Alembic's entry point: migrate over the connection it is handed, in that transaction."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="nightflag_schema",
    # Without it, that of another installation further along the search path would be found.
    version_table_schema=context.config.attributes.get("schema"),
    transactional_ddl=False,  # the caller's transaction holds all migrations, on SQLite too
)
context.run_migrations()
