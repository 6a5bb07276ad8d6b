"""What a trial of reliability found, kept beside the document that reports it.

docs/reliability/NAME.json      written by a trial's command, one file each
docs/reliability.md             its tables are made of them:  python -m benchmarks.record
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from covid_core.engines import machine
from covid_core.model.tensors import git_commit
from covid_core.present import markdown

DOCS = Path(__file__).parent.parent / "docs"
RECORDS = DOCS / "reliability"
DOCUMENT = DOCS / "reliability.md"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, in words: what, how much, what was wanted, whether that is met.

    `met`: None where nothing was wanted.
    """

    what: str
    measured: str
    goal: str = ""
    met: bool | None = None


def record(
    name: str, command: str, figures: Sequence[Figure], *, raw: Any = None, folder: Path = RECORDS
) -> Path:
    """Keep what a command found as `name`.json, with when, where and of which commit that was.

    `raw`: what the figures were made of, as JSON can hold it.
    """
    path = folder / f"{name}.json"
    folder.mkdir(parents=True, exist_ok=True)
    found = {
        "command": command,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": git_commit(),
        "machine": machine.described(),
        "figures": [asdict(figure) for figure in figures],
        "raw": raw,
    }
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def format_record(path: Path) -> str:
    """A record as it stands in the document: its command, and a table of its figures."""
    found = json.loads(path.read_text(encoding="utf-8"))
    marks = {True: "yes", False: "**no**", None: ""}
    rows = [[f["what"], f["measured"], f["goal"], marks[f["met"]]] for f in found["figures"]]
    made = f"`{found['command']}`, {found['made'][:10]}, {commit_in_words(found['commit'])}"
    return "\n\n".join(
        [f"{made}; {found['machine']}.", markdown.table(["", "Measured", "Goal", "Met"], rows)]
    )


def commit_in_words(commit: str) -> str:
    """What a figure was measured on, and where that was no clean commit, that it was not."""
    if commit == "unknown":
        return "**commit not recorded**"
    clean, dirty, _ = commit.partition("-dirty")
    return f"commit `{clean}`" + (" **and uncommitted changes**" if dirty else "")


def main() -> None:
    for path in sorted(RECORDS.glob("*.json")):
        markdown.replace_block(DOCUMENT, path.stem, format_record(path))


if __name__ == "__main__":
    main()
