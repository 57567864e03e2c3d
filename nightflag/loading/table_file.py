"""A file of records: its columns with their types, and its batches as often as they are wanted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as parquet

from nightflag.errors import SettingsError
from nightflag.loading.types import Survivors, typed

Told = Callable[[str, int, int | None], None]
"""What is being done, how many records of it are done, and of how many (None: not known yet)."""
Batches = Iterator[pa.RecordBatch]

BATCH = 50_000
PARQUET = (".parquet", ".pq")
DELIMITERS = ",;\t|"
PLAIN = {
    pa.types.is_integer: pa.int64(),
    pa.types.is_floating: pa.float64(),
    pa.types.is_decimal: pa.float64(),
    pa.types.is_boolean: pa.bool_(),
    pa.types.is_date: pa.date32(),
    pa.types.is_binary: pa.binary(),
    pa.types.is_large_binary: pa.binary(),
    pa.types.is_string: pa.string(),
    pa.types.is_large_string: pa.string(),
    pa.types.is_string_view: pa.string(),
    pa.types.is_null: pa.string(),
}


@dataclass(frozen=True)
class TableFile:
    """``records`` of them, in batches of exactly the types of ``columns``."""

    path: Path
    columns: pa.Schema
    records: int
    batches: Callable[[], Batches]


def opened(path: Path, *, header: bool = True, encoding: str = "utf-8", told: Told) -> TableFile:
    """The CSV or Parquet file, once looked at; the types of a CSV fit every value in it.

    Only a batch is in memory at a time. A CSV may be compressed (.gz, .bz2, .zst); its delimiter is
    the one of comma, semicolon, tab and bar that the first line has most of. Raises
    :class:`SettingsError` for a file that cannot be read as a table.
    """
    if not path.is_file():
        raise SettingsError(
            f"There is no file {path}.",
            expected="a CSV file with a line of headings, or a Parquet file",
            mend="correct the path",
        )
    with _readable(path):
        if path.suffix.lower() in PARQUET:
            return _parquet(path)
        return _csv(path, _options(path, header=header, encoding=encoding), told)


def _parquet(path: Path) -> TableFile:
    columns = pa.schema([_plain(field) for field in parquet.read_schema(path)])
    _refuse_names(path, columns.names)

    def batches() -> Batches:
        with _readable(path), parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH):
                yield _cast(batch, columns)

    return TableFile(path, columns, parquet.read_metadata(path).num_rows, batches)


def _plain(field: pa.Field) -> pa.Field:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if pa.types.is_timestamp(kind):
        return pa.field(field.name, pa.timestamp("us", "UTC" if kind.tz else None))
    for belongs, plain in PLAIN.items():
        if belongs(kind):
            return pa.field(field.name, plain)
    raise SettingsError(
        f"Column {field.name!r} holds values of type {field.type}.",
        expected="numbers, booleans, text, dates, timestamps or bytes",
        mend="leave the column out of the file, or write its values as text",
    )


def _cast(batch: pa.RecordBatch, columns: pa.Schema) -> pa.RecordBatch:
    arrays = [
        array.cast(field.type, safe=not pa.types.is_timestamp(field.type))
        for array, field in zip(batch.columns, columns, strict=True)
    ]
    return pa.record_batch(arrays, schema=columns)


@dataclass(frozen=True)
class _Options:
    names: list[str]
    reading: csv.ReadOptions
    parsing: csv.ParseOptions


def _options(path: Path, *, header: bool, encoding: str) -> _Options:
    with pa.input_stream(str(path), compression="detect") as stream:
        start = stream.read(1 << 20).decode(encoding, errors="replace").lstrip("\ufeff")
    first = start.partition("\n")[0].rstrip("\r")
    delimiter = max(DELIMITERS, key=first.count)
    parsing = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    plain = csv.ReadOptions(encoding=encoding, autogenerate_column_names=not header)
    with _stream(path, plain, parsing, csv.ConvertOptions()) as reader:
        names = reader.schema.names
    if not header:
        names = [f"column_{number}" for number in range(1, len(names) + 1)]
        plain = csv.ReadOptions(encoding=encoding, column_names=names)
    _refuse_names(path, names)
    return _Options(names, plain, parsing)


def _csv(path: Path, options: _Options, told: Told) -> TableFile:
    survivors, records = [Survivors() for _ in options.names], 0
    for batch in _texts(path, options):
        for column, survivor in zip(batch.columns, survivors, strict=True):
            survivor.see(column)
        records += batch.num_rows
        told("looking at", records, None)
    types = [survivor.strictest for survivor in survivors]
    columns = pa.schema(list(zip(options.names, types, strict=True)))

    def batches() -> Batches:
        with _readable(path):
            for batch in _texts(path, options):
                arrays = map(typed, batch.columns, types)
                yield pa.record_batch(list(arrays), schema=columns)

    return TableFile(path, columns, records, batches)


def _texts(path: Path, options: _Options) -> Batches:
    """The batches of a CSV file with every column as text, nothing of it taken for NULL."""
    texts = csv.ConvertOptions(column_types=dict.fromkeys(options.names, pa.string()))
    with _stream(path, options.reading, options.parsing, texts) as reader:
        yield from reader


@contextmanager
def _stream(
    path: Path, reading: csv.ReadOptions, parsing: csv.ParseOptions, types: csv.ConvertOptions
) -> Iterator[csv.CSVStreamingReader]:
    with (
        pa.input_stream(str(path), compression="detect") as stream,
        csv.open_csv(stream, reading, parsing, types) as reader,
    ):
        yield reader


def _refuse_names(path: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "" in names:
        what = f"more than one column named {twice[0]!r}" if twice else "a column without a name"
        raise SettingsError(
            f"{path} has {what}.",
            expected="a first line of headings, each another name",
            mend="correct the headings; a file without any is read with --no-header",
        )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeError, LookupError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise SettingsError(
            f"{path} cannot be read as a table: {lines[0]}",
            expected="a CSV file in UTF-8 with as many values in each line as in the first, "
            "or a Parquet file",
            mend="correct the file; for another encoding give it, such as --encoding latin-1",
        ) from None
