"""PostgreSQL's types, and those of Arrow in which their values travel."""

from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, case, cast, false, func, null, true, types

from nightflag.databases.named_type import NamedType

ARROW_TYPES = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), pa.int64()),
    **dict.fromkeys(("float4", "float8", "numeric"), pa.float64()),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
    "bytea": pa.binary(),
}
"""Everything else (text, uuid, json, inet, enums, arrays, ...) travels as text."""

TEXT_TYPES = frozenset({"text", "varchar", "bpchar", "name"})

EXACT_TYPES = TEXT_TYPES | set(ARROW_TYPES) | {"uuid", "inet", "cidr", "macaddr", "time", "timetz"}

NUMBER = "^-?[0-9]+([.][0-9]+)?(e[+-][0-9]{1,3})?$"

LARGEST = {
    "int2": 2**15 - 1,
    "int4": 2**31 - 1,
    "int8": 2**63 - 1,
    "float4": 3.4e38,
    "float8": None,
    "numeric": None,
}
"""The number types, each with the largest number it is sure to hold."""


def described(field: pa.Field) -> pa.Field:
    """The field as the job reads it; its metadata tells the SQL type."""
    sql_type = (field.metadata or {}).get(b"POSTGRESQL:type", b"text").decode()
    arrow_type = ARROW_TYPES.get(sql_type, pa.string())
    return pa.field(field.name, arrow_type, metadata={"sql_type": sql_type})


def from_text(text: ColumnElement[Any], sql_type: str) -> ColumnElement[Any]:
    """The value that ``text`` stands for in the SQL type, or NULL; never an error."""
    if sql_type in TEXT_TYPES:
        return cast(text, NamedType(sql_type))
    if sql_type == "bool":
        return case((text == "True", true()), (text == "False", false()))
    if sql_type not in LARGEST:
        return null()
    digits = case((text == "True", "1"), (text == "False", "0"), else_=text)
    is_number = digits.regexp_match(NUMBER)
    return case((is_number, _rounded(cast(digits, types.Numeric), sql_type)))


def _rounded(exact: ColumnElement[Any], sql_type: str) -> ColumnElement[Any]:
    """``exact`` as the number type has it: rounded to what it can hold."""
    largest = LARGEST[sql_type]
    if largest is not None:
        digits = 30 if sql_type == "float4" else 0
        exact = func.least(func.greatest(func.round(exact, digits), -largest), largest)
    return cast(exact, NamedType(sql_type))
