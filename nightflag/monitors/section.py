"""What all parts of a monitor have in common: how they treat keys, and their kinds of text."""

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from nightflag.monitors import references
from nightflag.monitors.suggestions import did_you_mean


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        suggestion = did_you_mean(name, sorted(_zones())) or "UTC is always right"
        raise ValueError(f"expected a time zone such as Europe/Berlin; {suggestion}")
    return name


def _listed(names: object) -> object:
    return [names] if isinstance(names, str) else names


def _unique(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("expected each column once")
    return names


NAME = {"type": "string", "minLength": 1, "maxLength": 128}
Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f]+$")]
Columns = Annotated[
    tuple[Identifier, ...],
    Field(strict=False),
    BeforeValidator(_listed),
    AfterValidator(_unique),
    WithJsonSchema({"anyOf": [NAME, {"type": "array", "items": NAME, "uniqueItems": True}]}),
]
Reference = Annotated[str, BeforeValidator(references.check)]
Zone = Annotated[str, AfterValidator(_zone)]


class Section(BaseModel):
    """A frozen part of a monitor that knows all its keys; a key without a value is not given."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        serialize_by_alias=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_out_keys_without_value(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        known = cls.yaml_keys()
        return {key: value for key, value in data.items() if value is not None or key not in known}

    @classmethod
    def yaml_keys(cls) -> tuple[str, ...]:
        """Return the keys as they are written in YAML."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())
