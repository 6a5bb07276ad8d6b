"""What is known against the locked versions, by pip-audit.

    python -m supply.advisories

Exit status: 1 where a locked version is known to be vulnerable. 0 where none is, and where nothing
can be looked up from here, which is said: what pip-audit could not look up, and be it every
package, it counts as free of known vulnerabilities.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from supply.requirements import DEV_LOCK

# The lock says all: nothing is resolved or installed. `--output` is written once it is through.
_AUDIT = (
    "-m",
    "pip_audit",
    "--requirement",
    str(DEV_LOCK),
    "--require-hashes",
    "--disable-pip",
    "--progress-spinner=off",
    "--format=json",
)
_LIMIT_S = 300


def main() -> int:
    """Print what is known, and return the exit status."""
    packages = audited_packages()
    known, unknown = findings(packages), [one["name"] for one in packages if "skip_reason" in one]
    if len(unknown) == len(packages):
        print("No advisories can be reached from here: nothing is known, for better or worse.")
        return 0
    print(*known, f"{len(packages)} packages, {len(known)} advisories.", sep="\n")
    if unknown:
        print("Not to be looked up:", *unknown)
    return 1 if known else 0


def audited_packages() -> list[dict[str, Any]]:
    """What pip-audit reports of each package; nothing where it can't ask."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "report.json")
        try:
            subprocess.run(
                [sys.executable, *_AUDIT, "--output", str(output)],
                stderr=subprocess.DEVNULL,
                timeout=_LIMIT_S,
                check=False,
            )
            packages: list[dict[str, Any]] = json.loads(output.read_text("utf-8"))["dependencies"]
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return []
    return packages


def findings(packages: list[dict[str, Any]]) -> list[str]:
    """A line each: package, version, advisory, and the versions that mend it."""
    return [
        f"{package['name']} {package['version']}: {known['id']}, "
        f"mended in {', '.join(known['fix_versions']) or 'no version yet'}"
        for package in packages
        for known in package.get("vulns", ())
    ]


if __name__ == "__main__":
    sys.exit(main())
