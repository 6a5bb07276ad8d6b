"""Tables in Markdown, and blocks of a file that a command writes anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from covid_core.errors import CovidCoreError
from covid_core.storage.atomic import write_whole


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, without a line break at its end."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def replace_block(path: Path, name: str, text: str) -> None:
    """Put `text` between `<!-- name -->` and `<!-- /name -->`. Raises CovidCoreError."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = path.read_text(encoding="utf-8").partition(start)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise CovidCoreError(
            f"it has no block {start} … {end} to write in", "Put both lines there", file=str(path)
        )
    write_whole(path, f"{before}{start}\n{text}\n{end}{after}".encode())


def replace_blocks(path: Path, blocks: Mapping[str, str]) -> None:
    """Put each text between its marks, of the blocks that the file has.

    `blocks`: texts by name. Raises CovidCoreError where the file has none of them.
    """
    text = path.read_text(encoding="utf-8")
    for name in [name for name in blocks if f"<!-- {name} -->" in text] or blocks:
        replace_block(path, name, blocks[name])
