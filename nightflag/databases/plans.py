"""Plans: how PostgreSQL would read what a query asks for, by its own estimate."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

Node = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """How many records come, of how many bytes, by which indexes, out of how many bytes searched.

    ``searched`` are the tables that are read from end to end, with their bytes.
    """

    records: int
    size: int
    indexes: tuple[str, ...]
    searched: dict[str, int]


def explained(connection: Connection, statement: str) -> Plan:
    """The plan of PostgreSQL for the statement, which is not carried out."""
    told = connection.execution_options(no_parameters=True).exec_driver_sql(
        f"explain (format json, verbose) {statement}"
    )
    root = told.scalar_one()[0]["Plan"]
    nodes = list(_nodes(root))
    whole = [node for node in nodes if node["Node Type"] == "Seq Scan"]
    return Plan(
        records=root["Plan Rows"],
        size=root["Plan Rows"] * root["Plan Width"],
        indexes=tuple(dict.fromkeys(n["Index Name"] for n in nodes if "Index Name" in n)),
        searched={node["Relation Name"]: _size(connection, node) for node in whole},
    )


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def _size(connection: Connection, scan: Node) -> int:
    name = func.quote_ident(scan["Schema"]) + "." + func.quote_ident(scan["Relation Name"])
    size = select(func.pg_table_size(func.to_regclass(name)))
    return int(connection.execute(size).scalar_one() or 0)
