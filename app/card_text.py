"""The model card's Markdown, made fit for a page: its sections, its pictures, nothing from afar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
_SHOWN = {".svg", ".png"}


def section(text: str, title: str) -> str:
    """What stands below a heading of the second order, up to the next; "" where there is none."""
    _, found, rest = f"\n{text}".partition(f"\n## {title}\n")
    return rest.split("\n## ")[0].strip() if found else ""


def pieces(text: str, folder: Path) -> Iterator[str | tuple[Path, str]]:
    """The card in order: stretches of Markdown, and pictures with what they show.

    Pictures lie in `folder`. Comments are left out, other pictures are their words, and links say
    where they lead: the page asks no other host for anything, and has no files to link to.
    """
    plain = _LINK.sub(_link_in_words, _COMMENT.sub("", text))
    start = 0
    for match in _PICTURE.finditer(plain):
        yield plain[start : match.start()]
        words, target = match.groups()
        path = folder / Path(target).name
        shown = Path(target).name == target and path.suffix in _SHOWN and path.is_file()
        yield (path, words) if shown else f"*{words}*"
        start = match.end()
    yield plain[start:]


def _link_in_words(match: re.Match[str]) -> str:
    words, target = match.groups()
    return words if words == target else f"{words} (`{target}`)"
