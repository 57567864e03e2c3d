"""Writes ``monitor.md``, every key of a monitor's file, from the schema that reads it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nightflag.monitors import json_schema

PAGE = Path(__file__).with_name("monitor.md")
HEAD = """\
# The monitor's file

One YAML file in `monitors/` describes one watched table. This page is written by `make docs` from
the code that reads the file; `nightflag schema` prints the same as JSON Schema, with which an
editor completes and checks the file as you type:

```console
$ nightflag schema > monitors/monitor.schema.json
```

and, as the first line of the monitor, `# yaml-language-server: $schema=monitor.schema.json`.

A key that is left out, or has no value, takes its default. Durations are words: `2 days`,
`36 hours`, `0`. A single column may stand without brackets. A mistake is answered with the file,
the line and what was expected there.
"""
ROWS = "| key | takes | by default | means |\n|---|---|---|---|"

Schema = dict[str, Any]


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(json_schema()), encoding="utf-8")


def page(schema: Schema) -> str:
    """The page in Markdown."""
    blocks = [HEAD, table("The file as a whole", schema)]
    for key, section, name in sections(schema, schema["$defs"]):
        words = section["description"]
        blocks.append(table(f"`{key}`", schema["$defs"][name], words))
    return "\n".join(blocks)


def sections(parent: Schema, defined: Schema, under: str = "") -> Iterator[tuple[str, Schema, str]]:
    """Each section inside ``parent``, inner ones after theirs: key, schema, definition's name."""
    for key, section in parent["properties"].items():
        if name := definition(section):
            yield f"{under}{key}", section, name
            yield from sections(defined[name], defined, f"{under}{key}.")


def table(heading: str, section: Schema, words: str = "") -> str:
    """A section with its keys."""
    required = section.get("required", ())
    rows = [
        f"| `{key}` | {takes(one)} | {default(key in required, one)} | {one['description']} |"
        for key, one in section["properties"].items()
    ]
    return "\n".join([f"## {heading}\n", *([f"{words}\n"] if words else []), ROWS, *rows, ""])


def takes(schema: Schema) -> str:
    """What may stand at the key, in a few words."""
    if definition(schema):
        return "a section"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        kinds = [takes(one) for one in schema["anyOf"] if one != {"type": "null"}]
        return " or ".join(dict.fromkeys(kinds))
    if "examples" in schema:
        return "a duration"
    words = {"array": "a list", "object": "a mapping", "string": "text", "boolean": "true, false"}
    kind = schema.get("type")
    names = [words.get(one, "a number") for one in ([kind] if isinstance(kind, str) else kind)]
    return f"{' or '.join(names)}{bounds(schema)}"


def bounds(schema: Schema) -> str:
    """How small and how large a number may be."""
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None:
        return ""
    least = f"above {low:,}" if "exclusiveMinimum" in schema else f"from {low:,}"
    most = "below" if "exclusiveMaximum" in schema else "to"
    return f", {least}" if high is None else f", {least}, {most} {high:,}"


def default(required: bool, schema: Schema) -> str:
    """What an absent key stands for."""
    value = schema.get("default")
    if required:
        return "**required**"
    if definition(schema) or value in (None, "", [], {}):
        return ""
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def definition(schema: Schema) -> str | None:
    """The name of the section's definition, where the key holds a section."""
    for one in (schema, *schema.get("anyOf", ())):
        if "$ref" in one:
            return str(one["$ref"]).rpartition("/")[2]
    return None


if __name__ == "__main__":
    main()
