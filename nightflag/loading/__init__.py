"""Files as tables: what `nightflag load` makes of a CSV or Parquet file, to try things out.

``opened`` looks at the file and finds each column's type; ``load`` makes the table of it.
"""

from nightflag.loading.columns import Clock
from nightflag.loading.filling import Target, load
from nightflag.loading.table_file import TableFile, Told, opened

__all__ = ["Clock", "TableFile", "Target", "Told", "load", "opened"]
