"""Whether each of a folder's odd files is read as it should be.

    python -m benchmarks.cases DIR

DIR holds `films/`, files of every kind; `expected/NAME.png`, the right picture of `films/NAME`,
8-bit grey, black is air; and `README.md`, whose table says in words what is right for the cases by
the two digits that a file's name begins with. A film is right where the mean absolute difference is
at most 0.004 of the full range, 0.01 for a lossy file, and its notes say what had to be done. Where
`gate_cases` has a rule, the whole answer is judged instead. Where they are there, `folders/` and
`tables/` are judged by `benchmarks.case_tables`.

Ends with 1 where any is wrong.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from benchmarks.arguments import parser_of
from benchmarks.case_tables import judge_folders_and_tables
from benchmarks.gate_cases import ANSWERS
from covid_core.errors import RefusedFile
from covid_core.present import markdown
from covid_core.read.grey_levels import eight_bits
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import read_file

MOST_DIFFERENT, MOST_DIFFERENT_LOSSY = 0.004, 0.01
Of = TypeVar("Of")
Rule = TypeVar("Rule")
_LOSSY = ("JPEG Extended", "JPEG Baseline", "JPEG")
_ROW = re.compile(r"^\|\s*(\d\d)\s*\|(?P<given>[^|]*)\|(?P<right>[^|]*)\|")


def _says(*words: str) -> Callable[[str], bool]:
    """A rule: the notes name one of the words."""
    return lambda notes: any(word in notes for word in words)


# What the notes of a film must say, by the start of its name.
NOTES: dict[str, Callable[[str], bool]] = {
    "05-win-outside": _says("Window"),
    "05-win-zero": _says("Window"),
    "08": _says("square"),
    "18": _says("Patient Orientation"),
    "19": lambda notes: "not the chest" not in notes and "not known" not in notes,
    "22": _says("Presentation LUT Shape"),
}
# What a film must measure, (width, height), where there is no right picture of it.
SIZES: dict[str, tuple[int, int]] = {"08": (256, 256)}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One file's.

    `difference`: from the right picture, mean absolute, 0 to 1; None where there is none. `why`: in
    words.
    """

    name: str
    right: bool
    difference: float | None
    why: str


def judge(path: Path, expected: Path) -> Judgement:
    """How a film is read, against its right picture, its size and what its notes must say."""
    try:
        answer = _by_start(ANSWERS, path.name)
        if answer is not None:
            is_right, why = answer(path)
            return Judgement(path.name, is_right, None, why)
        radiograph = read_file(path)
    except RefusedFile as error:
        return Judgement(path.name, False, None, f"refused: {error.sentence}")
    notes = "; ".join(radiograph.notes)
    size = (radiograph.width_px, radiograph.height_px)
    right = np.asarray(Image.open(expected)) if expected.exists() else None
    wanted = _by_start(SIZES, path.name) if right is None else right.shape[::-1]
    if size != wanted:
        return Judgement(path.name, False, None, f"it measures {size}, not {wanted}")
    difference = None if right is None else _difference(radiograph, right)
    rule = _by_start(NOTES, path.name)
    close = difference is None or difference <= _most(radiograph)
    said = rule is None or rule(notes)
    return Judgement(path.name, close and said, difference, notes or "no notes")


def right_in_words(readme: str) -> dict[str, str]:
    """Of a README's table: what is right, by a case's two digits."""
    rows = (_ROW.match(line) for line in readme.splitlines())
    return {row[1]: row["right"].strip() for row in rows if row}


def _difference(radiograph: Radiograph, right: np.ndarray) -> float:
    shown = eight_bits(radiograph.film).astype(float)
    return float(np.abs(shown - right.astype(float)).mean() / 255)


def _most(radiograph: Radiograph) -> float:
    lossy = any(word in radiograph.source_format for word in _LOSSY)
    return MOST_DIFFERENT_LOSSY if lossy else MOST_DIFFERENT


def _by_start(rules: Mapping[str, Of], name: str) -> Of | None:
    found = [rule for start, rule in rules.items() if name.startswith(start)]
    return found[0] if found else None


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("dir", type=Path, metavar="DIR", help="a folder of films/ and expected/")
    folder = parser.parse_args().dir
    words = right_in_words((folder / "README.md").read_text(encoding="utf-8"))
    found = [
        judge(path, folder / "expected" / f"{path.name}.png")
        for path in sorted((folder / "films").iterdir())
    ]
    found += [
        Judgement(one.name, one.right, None, one.why) for one in judge_folders_and_tables(folder)
    ]
    rows = [
        [
            one.name,
            "right" if one.right else "wrong",
            "" if one.difference is None else f"{one.difference:.4f}",
            one.why,
        ]
        for one in found
    ]
    print(markdown.table(["file", "", "difference", "what was said of it"], rows))
    wrong = [one for one in found if not one.right]
    for case in sorted({one.name[:2] for one in wrong}):
        print(f"{case} would be right as: {words.get(case, 'not in the README')}")
    print(f"{len(found) - len(wrong)} of {len(found)} right")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
