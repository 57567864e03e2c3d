"""Table expectations: the whole window judged once, as SQL, where the records lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, event, text

from nightflag.databases import Database, connect
from nightflag.errors import ExpectationError, TableRefused
from nightflag.validation.rows import missing_column
from nightflag.validation.rule import Expectation, columns, readable, severity

if TYPE_CHECKING:
    from nightflag.validation.gx import Judgement

WINDOW = "nightflag_records_of_tonight"
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class TableFinding:
    """Whether one table expectation held, and what was observed, as text."""

    rule: str
    severity: str
    success: bool
    observed: str


def check_table(
    url: str, query: str, expectations: Sequence[Expectation], *, schema: str | None = None
) -> tuple[TableFinding, ...]:
    """A finding for each table expectation, in order, over the records that ``query`` selects.

    ``query`` is one complete ``SELECT`` as the database itself would take it. Only ``SELECT`` is
    sent, in read-only transactions; the connections are closed at the end. Raises
    :class:`DatabaseUnreachable`, :class:`DatabaseRefused` for a query that fails, and
    :class:`ExpectationError` for a wrong expectation or a missing column.
    """
    if not expectations:
        return ()
    from nightflag.validation import gx

    configurations = [gx.configuration(one, number) for number, one in enumerate(expectations)]
    database = connect(url, schema=schema)
    try:
        _put_in_place(database, query)
        available = _columns(database)
        for expectation in expectations:
            _check_columns(expectation, available, needed=gx.reads_columns(expectation))
        engine = database.engine.execution_options(read_only=True, postgresql_readonly=True)
        records = f"SELECT * FROM {WINDOW} AS tonight"
        judgements = gx.judged_query(engine, records, configurations)
        if any(judgement.trouble for judgement in judgements):
            _columns(database)  # a database that has gone away says so here
    finally:
        database.close()
    return tuple(map(_finding, expectations, judgements))


def refuse(findings: Sequence[TableFinding]) -> None:
    """Nothing, or :class:`TableRefused` that lists every critical expectation that failed."""
    failed = [one for one in findings if not one.success and one.severity == "critical"]
    critical = [f"{one.rule}: observed {one.observed}" for one in failed]
    if critical:
        raise TableRefused(
            "\n".join(["Tonight's records are not as the monitor expects:", *critical]),
            expected="every critical table expectation to hold",
            mend="correct the data and run the night again, or give the expectation another"
            " bound or `severity: warning`",
        )


def _put_in_place(database: Database, query: str) -> None:
    """Let ``WINDOW`` stand for the query in every statement sent to ``database``.

    Great Expectations parses a query as SQLAlchemy text, up to twice: colons would become
    parameters, and percent signs and braces multiply. So it only sees a name, and the query itself
    goes in where nothing interprets it any more.
    """
    subquery = f"(\n{query.strip().rstrip(';')}\n)"
    if database.engine.dialect.paramstyle in ("format", "pyformat"):
        subquery = subquery.replace("%", "%%")

    def substituted(
        _connection: Connection, _cursor: object, statement: str, parameters: object, *_: object
    ) -> tuple[str, object]:
        return statement.replace(WINDOW, subquery), parameters

    event.listen(database.engine, "before_cursor_execute", substituted, retval=True)


def _columns(database: Database) -> list[str]:
    with database.reading() as connection:
        nothing = text(f"SELECT * FROM {WINDOW} AS tonight WHERE 1 = 0")
        return list(connection.execute(nothing).keys())


def _check_columns(expectation: Expectation, available: Sequence[str], *, needed: bool) -> None:
    missing = [name for name in columns(expectation) if name not in available]
    if missing and needed:
        raise missing_column(missing[0], expectation, available)


def _finding(expectation: Expectation, judgement: "Judgement") -> TableFinding:
    rule = readable(expectation)
    if judgement.trouble is not None:
        raise ExpectationError(
            f"{rule} could not be judged: {judgement.trouble}",
            expected="an expectation that Great Expectations can turn into this database's SQL",
            mend="correct its settings, or say it with another one, such as"
            " unexpected_rows_expectation",
        )
    observed = _observed(judgement).replace("\0", "\\0")  # PostgreSQL's text holds no NUL
    return TableFinding(rule, severity(expectation), judgement.success, observed)


def _observed(judgement: "Judgement") -> str:
    result = judgement.result
    if result.get("observed_value") is not None:
        return str(result["observed_value"])
    if "unexpected_count" not in result:
        return "as expected" if judgement.success else "not as expected"
    examples = result.get("partial_unexpected_list", [])[:EXAMPLES]
    return f"{result['unexpected_count']} unexpected, such as {', '.join(map(str, examples))}"
