"""One film of a dataset on disk, whatever layout it came in; and one that was left out, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from covid_core.boxes import Boxes
from covid_core.findings import Appearance, Finding
from covid_core.read.radiograph import View

Sex = Literal["F", "M"]


@dataclass(frozen=True, slots=True)
class Case:
    """One frontal film and what its dataset says of it.

    `label`: the reference label, None where the dataset holds it back. `source`: the dataset or
    institution. `patient`: unique within its source, None where the dataset does not tell.
    `finding`: the dataset's own words for it, such as `bacteria`. `age`: years. `appearance`: as a
    radiologist read the film. `boxes`: of opacities, as `covid_core.boxes` has them; None where
    the film was not annotated.
    """

    path: Path
    label: Finding | None
    source: str
    patient: str | None = None
    finding: str = ""
    view: View = View.UNKNOWN
    age: float | None = None
    sex: Sex | None = None
    appearance: Appearance | None = None
    boxes: Boxes | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is in a dataset and not among the cases, and why in a few words.

    `damaged`: it should be, and can't be read; else it is none of ours, such as a lateral film.
    `unknown`: the folder or label by which no class is known, "" where that is not the reason.
    """

    path: Path
    source: str
    reason: str
    damaged: bool = False
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user asks of all datasets.

    `views`: only these, of datasets that state views at all; empty takes every frontal film.
    `lung_opacity`: take lung opacities, of every cause, as pneumonia. `skip_unknown`: leave out
    films of folders and labels that name no known class, where else nothing is read.
    """

    views: frozenset[View] = frozenset()
    lung_opacity: bool = False
    skip_unknown: bool = False


EVERYTHING = Selection()


def age_of(text: str | None) -> float | None:
    """An age cell in years, None where it is empty or no number from 0 to 120."""
    try:
        age = float(text or "")
    except ValueError:
        return None
    return age if 0 <= age <= 120 else None


def sex_of(text: str | None) -> Sex | None:
    """A cell of `F`, `female`, `M`, `Male`, … to one letter."""
    first = (text or "").strip()[:1].upper()
    return "F" if first == "F" else "M" if first == "M" else None
