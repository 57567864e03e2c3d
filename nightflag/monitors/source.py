"""Where records come from and where flags go."""

import re
from datetime import timedelta

from pydantic import Field, ValidationInfo, field_validator

from nightflag.monitors import references
from nightflag.monitors.durations import Duration
from nightflag.monitors.section import Columns, Identifier, Reference, Section, Zone


class Source(Section):
    """The watched table or query, and how its records are told apart and dated."""

    database: Reference = Field(
        description=f"Where the database's URL is to be found: {references.EXPECTED}."
    )
    table: Identifier | None = Field(
        default=None, description="The table or view to watch; either this or query."
    )
    query: str | None = Field(
        default=None,
        validate_default=True,
        max_length=100_000,
        description="A SELECT whose rows are watched, without a final semicolon; or else table.",
    )
    schema_name: Identifier | None = Field(
        default=None,
        alias="schema",
        description="The schema of the table; by default where the connection looks first.",
    )
    key: Columns = Field(
        min_length=1, max_length=16, description="The column or columns that identify a record."
    )
    time: Identifier = Field(description="The column that holds a record's event time.")
    time_zone: Zone = Field(
        default="UTC", description="The time zone of event times stored without one."
    )
    label: Identifier | None = Field(
        default=None,
        description="A column that says which records are anomalies: to evaluate, never a feature.",
    )
    look_back: Duration = Field(
        default=timedelta(days=1),
        description="How far behind the window late or corrected records are looked for; 0: not.",
    )
    first_window: Duration = Field(
        default=timedelta(days=1),
        gt=timedelta(0),
        description="How much the first night scores; all records before it train.",
    )

    @field_validator("query")
    @classmethod
    def _one_select(cls, query: str | None, info: ValidationInfo) -> str | None:
        if "table" in info.data and (query is None) == (info.data["table"] is None):
            raise ValueError("expected exactly one of table and query")
        if query is None:
            return None
        if not re.match(r"\s*(select|with)\b", query, re.IGNORECASE):
            raise ValueError("expected a query that starts with SELECT or WITH")
        if query.rstrip().endswith(";"):
            raise ValueError("expected a query without a final semicolon")
        return query.strip()

    @field_validator("schema_name")
    @classmethod
    def _only_with_table(cls, schema: str | None, info: ValidationInfo) -> str | None:
        if schema is not None and info.data.get("query") is not None:
            raise ValueError("expected no schema beside a query; name it inside the query")
        return schema

    @field_validator("label")
    @classmethod
    def _a_column_of_its_own(cls, label: str | None, info: ValidationInfo) -> str | None:
        if label is not None and label in (*info.data.get("key", ()), info.data.get("time")):
            raise ValueError("expected a column that is neither the key nor the time")
        return label


class Results(Section):
    """Where the flags are published."""

    database: Reference | None = Field(
        default=None,
        description="Where the URL of the results' database is to be found; by default the source.",
    )
    schema_name: Identifier = Field(
        default="nightflag", alias="schema", description="The schema of the results in PostgreSQL."
    )
    treatment_views: bool = Field(
        default=False,
        description="Whether views of the source without its anomalies, and with their offending "
        "values replaced, are made beside the flags; they stand in the way of altering the source.",
    )
