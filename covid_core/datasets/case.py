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
    institution. `patient`: unique within its source, None where the dataset does not say.
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
    """What is wanted of all datasets.

    `views`: only these, of datasets that state views at all; empty takes every frontal film.
    `lung_opacity`: take lung opacities, of every cause, as pneumonia. `skip_unknown`: leave out
    films of folders and labels that name no known class, where else nothing is read.
    """

    views: frozenset[View] = frozenset()
    lung_opacity: bool = False
    skip_unknown: bool = False


EVERYTHING = Selection()
_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 1 / 52.18, "D": 1 / 365.25}


def parse_age(text: str | None) -> float | None:
    """The age in years of a cell such as `45`, or `045Y` and `018M` (PS3.5, AS).

    None where it is empty, or no number from 0 to 120.
    """
    plain = (text or "").strip()
    unit = _YEARS.get(plain[-1:].upper())
    try:
        age = float(plain[:-1] if unit else plain)
    except ValueError:
        return None
    return age * (unit or 1.0) if 0 <= age <= 120 else None


def parse_sex(text: str | None) -> Sex | None:
    """The letter of a cell such as `F`, `female`, `M` or `Male`; None where it says neither."""
    first = (text or "").strip()[:1].upper()
    return "F" if first == "F" else "M" if first == "M" else None
