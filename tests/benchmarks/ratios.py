"""Whether the ratios of a new run are those that are stored: ``make bench-check``.

Seconds differ between machines and days; ratios of figures of one run differ much less.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

STORED = Path(__file__).with_name("ratios.json")
TOLERANCE = 0.2


def main() -> int:
    """Compare the file's ratios with the stored ones, or store them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="what `make bench` wrote")
    parser.add_argument("--store", action="store_true", help="keep these ratios instead")
    arguments = parser.parse_args()
    new = ratios(json.loads(arguments.file.read_text(encoding="utf-8")))
    if arguments.store:
        STORED.write_text(json.dumps(new, indent=1) + "\n", encoding="utf-8")
        return 0
    if not STORED.exists():
        print(f"Nothing is stored to compare with: {Path(__file__).name} bench.json --store")
        return 2
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    worse = [name for name in new if name in stored and is_worse(new[name], stored[name])]
    for name, found in new.items():
        before = stored.get(name, {}).get("value", float("nan"))
        verdict = "WORSE" if name in worse else ""
        print(f"{name:<40}{found['value']:>8.2f}  stored {before:>8.2f}  {verdict}".rstrip())
    return 1 if worse else 0


def ratios(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The ratios among the figures, each with the sense of its goal."""
    return {
        one["name"]: {"value": one["value"], "goal": one["goal"]}
        for one in found
        if one["unit"] == "times" and one["goal"]
    }


def is_worse(new: dict[str, Any], stored: dict[str, Any]) -> bool:
    """Whether the ratio has moved away from its goal by more than the tolerance."""
    if new["goal"].startswith("at least"):
        return bool(new["value"] < stored["value"] / (1 + TOLERANCE))
    return bool(new["value"] > stored["value"] * (1 + TOLERANCE))


if __name__ == "__main__":
    sys.exit(main())
