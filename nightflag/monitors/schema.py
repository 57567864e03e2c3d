"""The JSON Schema of a monitor's file, for editors that complete and check YAML as it is typed."""

from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from nightflag.monitors.durations import write
from nightflag.monitors.model import Monitor

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _InWords(GenerateJsonSchema):
    """Defaults as one writes them: ``7 days``, not ``P7D``; and no titles that repeat the key."""

    def encode_default(self, dft: Any) -> Any:
        return write(dft) if isinstance(dft, timedelta) else super().encode_default(dft)

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) that every monitor's file fits, as far as one can say it.

    What needs a look at two keys at once, a time zone's name or a duration's size, only reading
    the file finds.
    """
    schema = Monitor.model_json_schema(schema_generator=_InWords)
    return {"$schema": DIALECT, **schema, "title": "A monitor of nightflag"}
