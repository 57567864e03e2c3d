"""A workplace: a monitor with its databases opened and its folders known, ready for a night."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from nightflag.databases import Database, connect
from nightflag.failpoints import reached
from nightflag.monitors import Monitor
from nightflag.records import Layout, describe
from nightflag.results.ownership import refuse_foreign
from nightflag.results.reading import order_of_columns
from nightflag.results.setup import create_tables, create_views, refuse_unsupported, upgrade
from nightflag.results.tables import MonitorTables, tables
from nightflag.results.treatment import Treatment, untreatable
from nightflag.settings import ReadSecret, Settings, database_url
from nightflag.storage import Place


@dataclass(frozen=True, eq=False)
class Workplace:
    """What the steps of a night have in common.

    ``models``, ``reports`` and, if wanted, ``metrics`` are folders, that of the models maybe on an
    object store; the layout is the source's as it was on first look.

    With a ``moment`` it stands there in the past, and its clock with it: training does not know of
    verdicts and exclusions that came later. ``known`` is the layout of then, where it is known.
    """

    monitor: Monitor
    source: Database
    results: Database
    models: Place
    reports: Path
    moment: datetime | None = None
    metrics: Path | None = None
    known: Layout | None = None

    @cached_property
    def layout(self) -> Layout:
        """The columns of the source, in the order in which its models know them."""
        if self.known is not None:
            return self.known
        found = describe(self.source, self.monitor.source)
        return found.in_order(order_of_columns(self.results, self.monitor.name))

    @cached_property
    def tables(self) -> MonitorTables:
        """The monitor's own tables, which :meth:`prepare` creates."""
        same_dialect = self.source.dialect == self.results.dialect
        return tables(self.monitor.name, self.layout, self.results, same_dialect=same_dialect)

    @property
    def untreatable(self) -> str:
        """Why the source has no treatment views; '' where it has them."""
        return untreatable(self.monitor, self.source, self.results, self.layout)

    @property
    def treatment(self) -> Treatment | None:
        """The views that answer the source's anomalies, where there can be any."""
        return None if self.untreatable else Treatment(self.results, self.tables, self.layout)

    def prepare(self) -> None:
        """Create or upgrade every table and view nightflag owns; the source is only looked at.

        Raises :class:`SettingsError` before anything is created where something is in the way.
        """
        refuse_unsupported(self.results)
        _ = self.tables
        reached("connected")
        refuse_foreign(self.results, self.tables)
        upgrade(self.results)
        create_tables(self.results, self.tables)
        create_views(self.results, self.tables, self.treatment)
        reached("prepared")

    def now(self) -> datetime:
        """The present moment, in UTC; everything that needs a clock is handed this one."""
        return self.moment or datetime.now(UTC)


@contextmanager
def opened(
    monitor: Monitor,
    *,
    source_url: str,
    results_url: str,
    models: Place,
    reports: Path,
    metrics: Path | None = None,
) -> Iterator[Workplace]:
    """The workplace of ``monitor``, its connections given back at the end."""
    source = connect(source_url)
    results = connect(results_url, schema=monitor.results.schema_name)
    try:
        yield Workplace(monitor, source, results, models, reports, metrics=metrics)
    finally:
        source.close()
        results.close()


@contextmanager
def of_monitor(
    monitor: Monitor, settings: Settings, *, read_secret: ReadSecret
) -> Iterator[Workplace]:
    """The workplace of ``monitor``, with the databases and folders the environment names."""
    with opened(
        monitor,
        source_url=database_url(monitor.source.database, read_secret=read_secret),
        results_url=database_url(monitor.results_database, read_secret=read_secret),
        models=settings.models_folder,
        reports=settings.reports_folder,
        metrics=settings.metrics_folder,
    ) as workplace:
        yield workplace
