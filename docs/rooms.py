"""Write the README's map of the rooms, one line each, from the rooms' own docstrings.

python -m docs.rooms
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from covid_core.present.markdown import replace_block

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
ROOMS_BLOCK = "rooms"


def main() -> None:
    """Write the map into the README."""
    replace_block(README, ROOMS_BLOCK, rooms_map())


def rooms_map() -> str:
    """The map as Markdown: each room as a link, and the first paragraph of its docstring."""
    folders = [ROOT / "covid_core" / name for name in room_names()] + [ROOT / "app"]
    return "\n".join(
        f"- [`{folder.name}`]({folder.relative_to(ROOT).as_posix()}): {first_paragraph(folder)}"
        for folder in folders
    )


def room_names() -> list[str]:
    """The rooms that are folders, from the ground up, as `covid_core/__init__.py` lists them."""
    core = ROOT / "covid_core"
    listed = re.findall(r"^    (\w+)  +\S", docstring(core), re.MULTILINE)
    return [name for name in listed if (core / name).is_dir()]


def first_paragraph(folder: Path) -> str:
    """What a folder is for, on one line."""
    return " ".join(docstring(folder).partition("\n\n")[0].split())


def docstring(folder: Path) -> str:
    """The docstring of a package, which is not imported."""
    text = (folder / "__init__.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(text), clean=False) or ""


if __name__ == "__main__":
    main()
