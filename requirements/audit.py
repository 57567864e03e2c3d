"""Known vulnerabilities of what nightflag installs, by the advisories of osv.dev.

Fails where there is one. Where the advisories cannot be read, it says so and lets the build go on.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

LOCKED = Path(__file__).with_name("run.txt")
ADVISORIES = "https://api.osv.dev/v1/query"
SECONDS_TO_ANSWER = "30"


def main() -> int:
    """The exit code: 1 where a locked version has a known vulnerability."""
    address = os.environ.get("ADVISORIES", ADVISORIES)
    service = ["--vulnerability-service", "osv", "--osv-url", address]
    quiet = ["--format", "json", "--progress-spinner", "off", "--timeout", SECONDS_TO_ANSWER]
    locked = ["--no-deps", "--disable-pip", "--requirement", str(LOCKED)]
    command = [sys.executable, "-m", "pip_audit", *service, *quiet, *locked]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(asked.stdout)["dependencies"]
    except ValueError:
        print(f"SKIPPED, NOTHING WAS AUDITED: {address} cannot be read:", _last_line(asked.stderr))
        return 0
    for package in packages:
        for found in package.get("vulns", ()):
            fixed = ", ".join(found["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {found['id']}, mended in {fixed}")
    print(f"{len(packages)} packages audited against {address}")
    return asked.returncode


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]


if __name__ == "__main__":
    sys.exit(main())
