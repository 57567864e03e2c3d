"""What the environment says of folders and databases: read once, at the edge."""

import os
from collections.abc import Callable
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from nightflag.monitors.references import resolve
from nightflag.storage import Place, place_of

ReadSecret = Callable[[str], str]


class Settings(BaseSettings):
    """The environment's say, each field under its name with ``NIGHTFLAG_`` before it."""

    model_config = SettingsConfigDict(env_prefix="NIGHTFLAG_", frozen=True, extra="ignore")

    home: Path = Field(default=Path(), description="The folder of monitors, models and reports.")
    monitors: Path | None = Field(
        default=None, description="The folder of monitor files; by default HOME/monitors."
    )
    models: str | None = Field(
        default=None,
        description="Where models are kept, a folder or an fsspec URL; by default HOME/models.",
    )
    reports_url: str | None = Field(
        default=None, description="Where people read the folder of reports, for links to them."
    )
    metrics_folder: Path | None = Field(
        default=None, description="The folder of Prometheus's textfile collector; none by default."
    )

    @property
    def monitors_folder(self) -> Path:
        """Where the monitor files lie."""
        return (self.monitors or self.home / "monitors").absolute()

    @property
    def models_folder(self) -> Place:
        """Where models are kept, a folder for each monitor and version.

        Raises :class:`SettingsError` for a URL whose protocol nothing here understands.
        """
        return place_of(self.models or str(self.home / "models"))

    @property
    def reports_folder(self) -> Path:
        """Where the nights' reports are written, a folder for each monitor."""
        return (self.home / "reports").absolute()

    def link_to(self, report: Path) -> str:
        """Where a page in the folder of reports is read: below ``reports_url``, or as a file."""
        if self.reports_url is None:
            return report.absolute().as_uri()
        return (
            f"{self.reports_url.rstrip('/')}/{report.relative_to(self.reports_folder).as_posix()}"
        )


def database_url(reference: str, *, read_secret: ReadSecret) -> str:
    """The URL that a monitor's ``env:NAME``, ``secret:name`` or plain URL stands for.

    Raises :class:`SettingsError` where the variable or the secret does not hold one.
    """
    return resolve(reference, environment=os.environ, read_secret=read_secret)
