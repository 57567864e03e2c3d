"""Every other database SQLAlchemy can talk to: a server-side cursor in, insertmanyvalues out."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from sqlalchemy import Select

from nightflag.databases.arrow import rows_at_once
from nightflag.databases.database import Database
from nightflag.databases.values import batch, sampled_type
from nightflag.failpoints import reached

SAMPLE = 1_000


class CoreDatabase(Database):
    """A database without a fast path of its own; right, but several times slower."""

    def columns(self, select: Select[Any]) -> pa.Schema:
        """See :meth:`Database.columns`; types are inferred from the first rows."""
        with self.reading() as connection:
            result = connection.execute(select.limit(SAMPLE))
            names = list(result.keys())
            rows = result.all()
        values = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        return pa.schema(
            pa.field(name, sampled_type(column)) for name, column in zip(names, values, strict=True)
        )

    def read(
        self, select: Select[Any], *, columns: pa.Schema, batch_size: int
    ) -> Iterator[pa.RecordBatch]:
        """See :meth:`Database.read`."""
        size = rows_at_once(columns, batch_size)
        with self.reading() as connection:
            streaming = connection.execution_options(stream_results=True, yield_per=size)
            found = streaming.execute(select)
            reached("snapshot taken")
            for rows in found.partitions():
                yield batch(rows, columns)
