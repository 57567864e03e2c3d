"""A monitor: one watched table or query, and all that is to happen with it every night."""

import hashlib
import json
import re
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, WithJsonSchema, field_validator, model_validator

from nightflag.monitors.alarm import Alarm
from nightflag.monitors.alerts import Alerts
from nightflag.monitors.execution import Execution
from nightflag.monitors.image import Image
from nightflag.monitors.keep import Keep
from nightflag.monitors.section import Columns, Identifier, Section, Zone
from nightflag.monitors.sequence import Sequence
from nightflag.monitors.source import Results, Source
from nightflag.monitors.training import Detector, Training

Kind = Literal["numeric", "categorical", "boolean", "timestamp", "image"]


class Features(Section):
    """What of a record the detector sees."""

    exclude: Columns = Field(default=(), description="Columns that are never features.")
    kinds: dict[Identifier, Kind] = Field(
        default_factory=dict, description="Kinds of columns where the inferred one is wrong."
    )
    image: Image = Field(default=Image(), description="How images are read, where there are any.")

    @field_validator("kinds")
    @classmethod
    def _only_of_features(cls, kinds: dict[str, Kind], info: ValidationInfo) -> dict[str, Kind]:
        both = sorted(set(kinds) & set(info.data.get("exclude", ())))
        if both:
            raise ValueError(f"expected no kind for an excluded column: {', '.join(both)}")
        return kinds


RULE = r"^(expect|unexpected)_[a-z0-9_]+$"
ONE_RULE = {
    "type": "object",
    "minProperties": 1,
    "anyOf": [
        {"required": ["type"], "properties": {"type": {"type": "string", "pattern": RULE}}},
        {
            "maxProperties": 1,
            "patternProperties": {RULE: {"type": ["object", "null"]}},
            "additionalProperties": False,
        },
    ],
}


class Expectation(Section):
    """One Great Expectations rule; GX itself checks the settings."""

    type: str = Field(
        pattern=RULE,
        max_length=200,
        description="The rule's name in snake case, such as expect_column_values_to_not_be_null.",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="The rule's arguments, such as column and min_value."
    )
    line: int | None = Field(default=None, ge=1, description="Where the rule stands in its file.")

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, data: object) -> object:
        if isinstance(data, Expectation) or (isinstance(data, dict) and "settings" in data):
            return data
        if isinstance(data, dict) and "type" in data:
            settings = {key: value for key, value in data.items() if key != "type"}
            return {"type": data["type"], "settings": settings}
        if isinstance(data, dict) and len(data) == 1:
            type_, settings = next(iter(data.items()))
            return {"type": type_, "settings": {} if settings is None else settings}
        raise ValueError(
            "expected {expect_...: {column: ...}} or {type: expect_..., column: ...} as one entry"
        )


class Schedule(Section):
    """When the night runs."""

    cron: str = Field(
        max_length=200, description="Minute, hour, day of month, month and day of week."
    )
    time_zone: Zone = Field(default="UTC", description="The time zone of the cron line.")
    missed: Literal["in order", "folded"] = Field(
        default="in order",
        description="Whether nights missed in an outage run one by one, or the newest takes all.",
    )

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, cron: str) -> str:
        if not re.fullmatch(r"[0-9A-Za-z*,/#-]+( +[0-9A-Za-z*,/#-]+){4}", cron.strip()):
            raise ValueError('expected a cron line of 5 fields, such as "30 2 * * *"')
        return cron.strip()


class Monitor(Section):
    """One watched table or query: source, expectations, features, detector, alarm and schedule."""

    monitor: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        description="The monitor's name; it names tables such as shuttle_scores.",
    )
    description: str = Field(
        default="", max_length=2_000, description="What is watched, for people."
    )
    source: Source = Field(description="The watched table or query.")
    results: Results = Field(default=Results(), description="The database and schema of the flags.")
    features: Features = Field(default=Features(), description="What the detector sees.")
    sequence: Sequence | None = Field(
        default=None,
        description="How much of its entity's past a record is seen with; by default none.",
    )
    expectations: tuple[Annotated[Expectation, WithJsonSchema(ONE_RULE)], ...] = Field(
        default=(), strict=False, max_length=1_000, description="Great Expectations rules."
    )
    training_rows: Literal["unlabelled", "clean"] = Field(
        default="unlabelled",
        description="Whether anomalies may be among the training records, or none are.",
    )
    detector: Detector = Field(default=Detector(), description="What is trained to score records.")
    training: Training = Field(default=Training(), description="When and on what it is retrained.")
    alarm: Alarm = Field(default=Alarm(), description="How many alarms are accepted.")
    alerts: Alerts | None = Field(
        default=None, description="Who is sent a digest of each night; by default nobody."
    )
    schedule: Schedule | None = Field(
        default=None, description="When the night runs; by default only when it is started."
    )
    execution: Execution = Field(default=Execution(), description="How the night works.")
    keep: Keep = Field(
        default=Keep(), description="How long what nights leave is kept; by default for ever."
    )

    @field_validator("monitor")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name.split("_", 1)[0] in {"nightflag", "sqlite"}:
            raise ValueError("expected a name other than nightflag... and sqlite..., both reserved")
        if name.endswith("_staged"):
            other = name.removesuffix("_staged")
            raise ValueError(
                f"expected a name that does not end in _staged: {name}_scores is where a monitor "
                f"{other} stages its scores"
            )
        return name

    @field_validator("features")
    @classmethod
    def _label_is_no_feature(cls, features: Features, info: ValidationInfo) -> Features:
        source = info.data.get("source")
        if source is not None and source.label in features.kinds:
            raise ValueError(f"expected no kind for {source.label}: the label is never a feature")
        return features

    @field_validator("sequence")
    @classmethod
    def _entity_is_known_and_no_feature(
        cls, sequence: Sequence | None, info: ValidationInfo
    ) -> Sequence | None:
        source, features = info.data.get("source"), info.data.get("features")
        if sequence is None or source is None or features is None:
            return sequence
        taken = {source.time, source.label, *features.kinds} & {*sequence.entity}
        if taken:
            raise ValueError(
                f"expected an entity that is no time, label or feature: {', '.join(sorted(taken))}"
            )
        return sequence

    @field_validator("keep")
    @classmethod
    def _scores_reach_as_far_as_the_look_back(cls, keep: Keep, info: ValidationInfo) -> Keep:
        source = info.data.get("source")
        if source is not None and keep.scores is not None and keep.scores < source.look_back:
            raise ValueError("expected scores to be kept no shorter than source: look_back")
        return keep

    @property
    def name(self) -> str:
        """Return the monitor's name."""
        return self.monitor

    @property
    def results_database(self) -> str:
        """Return the reference to the database of the results."""
        return self.results.database or self.source.database

    def config_hash(self) -> str:
        """Return 16 hexadecimal digits that change when anything but a line number changes."""
        content = self.model_dump(mode="json", exclude={"expectations": {"__all__": {"line"}}})
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]
