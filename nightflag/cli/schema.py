"""``nightflag schema``."""

import json

from nightflag.monitors import json_schema


def schema() -> None:
    """Print the JSON Schema of a monitor's file, for an editor."""
    print(json.dumps(json_schema(), indent=1, ensure_ascii=False))
