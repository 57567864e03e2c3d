"""A program that reads one statement from a SQLite file through ADBC and writes Arrow to stdout.

A process of its own, because ADBC's copy of SQLite must not share one with Python's
(docs/decisions/0001, 0021). It imports nothing of nightflag, to be there in a fifth of a second.
"""

import sys

import adbc_driver_sqlite.dbapi as adbc
import pyarrow as pa


def main(uri: str, batch_size: str) -> None:
    """Read the statement on stdin, so many rows a batch."""
    statement = sys.stdin.buffer.read().decode()
    with adbc.connect(uri) as connection, connection.cursor() as cursor:
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": batch_size})
        cursor.execute(statement)
        found = cursor.fetch_record_batch()
        with pa.ipc.new_stream(sys.stdout.buffer, found.schema) as stream:
            for batch in found:
                batch.validate(full=True)  # SQLite stores any bytes as text
                stream.write_batch(batch)


if __name__ == "__main__":
    main(*sys.argv[1:])
