"""How long what nights leave behind is kept."""

from datetime import timedelta

from pydantic import Field, model_validator

from nightflag.monitors.durations import Duration
from nightflag.monitors.section import Section


class Keep(Section):
    """How long what nights leave is kept; all of it, unless something is said here."""

    scores: Duration | None = Field(
        default=None,
        gt=timedelta(0),
        description="How far back from the newest night scores, reasons and quarantine are kept; "
        "by default for ever.",
    )
    models: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="How many of the newest models keep their files, beside those that are still "
        "needed; by default all.",
    )
    reports: Duration | None = Field(
        default=None,
        gt=timedelta(0),
        description="How far back from the newest night pages are kept; by default for ever.",
    )
    runs: Duration | None = Field(
        default=None,
        gt=timedelta(0),
        description="How far back from the newest night its row, drift, quality and digests are "
        "kept, no shorter than scores; by default for ever.",
    )

    @model_validator(mode="after")
    def _runs_outlive_their_scores(self) -> "Keep":
        if self.runs is not None and (self.scores is None or self.runs < self.scores):
            raise ValueError("expected runs to be kept no shorter than scores, which are to be set")
        return self

    @property
    def is_limited(self) -> bool:
        """Whether anything is ever to go."""
        return self != Keep()
