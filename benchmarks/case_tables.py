"""Whether odd folders and tables are read as they should be; `benchmarks.cases` prints it.

A folder is right where each file in it that is no system's own is found and read, and the rest is
counted. A table `NN-…metadata.csv` is right as one of the covid-chestxray collection whose films
are all there: a film of two findings is left out and named, a row of more or fewer cells is named
by its line, nothing is called CT that is not, and the others are read. Another table is right as
scores: it is refused where a row has more cells than columns, with its line, and is read else.
Class folders are drawn here.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from covid_core.class_names import parse_class
from covid_core.datasets.case import Selection
from covid_core.datasets.layouts import read_cases
from covid_core.errors import CovidCoreError
from covid_core.findings import Finding
from covid_core.local_validation.scores import read_scores
from covid_core.read.film_files import films_below
from covid_core.read.reading import read_file
from covid_core.sources import stated_ages
from covid_core.storage.walk import Tally, is_system_name

CLASS_FOLDERS = {
    "COVID-19": Finding.COVID,
    "Covid19": Finding.COVID,
    "COVID_19": Finding.COVID,
    "Viral Pneumonia": Finding.PNEUMONIA,
    "BACTERIAL": Finding.PNEUMONIA,
    "Bacterial Pneumonia": Finding.PNEUMONIA,
    "NORMAL": Finding.NORMAL,
    "No_findings": Finding.NORMAL,
}
PARTS = {"COVID19": Finding.COVID, "NORMAL": Finding.NORMAL, "PNEUMONIA": Finding.PNEUMONIA}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a folder or table was read as it should be, and in words what came of it."""

    name: str
    right: bool
    why: str


def judge_folders_and_tables(folder: Path) -> Iterator[Outcome]:
    """The outcome of each folder and table of the cases, and of class folders drawn here."""
    for path in sorted((folder / "folders").glob("*")):
        yield judge_folder(path)
    if (folder / "folders").is_dir():
        yield from judge_class_folders()
    for path in sorted((folder / "tables").glob("*.csv")):
        yield judge_metadata(path) if "metadata" in path.name else judge_scores(path)


def judge_folder(folder: Path) -> Outcome:
    """Whether each film of a folder is found and read."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    expected = {path for path in files if not is_system_name(path.name)}
    tally = Tally()
    found = set(films_below(folder, note=tally.note))
    refused = []
    for path in sorted(found):
        try:
            read_file(path)
        except CovidCoreError as error:
            refused.append(str(error))
    right = found == expected and not refused and tally.counts.total() == len(files) - len(found)
    words = [f"{len(found)} of {len(expected)} films found", *refused, *tally.sentences]
    return Outcome(folder.name, right, "; ".join(words))


def judge_class_folders() -> Iterator[Outcome]:
    """Whether class folders are read by their names, in one folder and in parts."""
    with tempfile.TemporaryDirectory() as place:
        own, parts = Path(place, "clinic"), Path(place, "chest_xray")
        touch_films(own / "Lung_Opacity")
        for name in CLASS_FOLDERS:
            touch_films(own / name)
        for name in PARTS:
            touch_films(parts / "train" / name)
            touch_films(parts / "test" / name)
        yield _judge_classes("12-class-folders (drawn)", own, CLASS_FOLDERS)
        yield _judge_classes("12-parts (drawn)", parts, PARTS)
        touch_films(own / "Tuberculosis")
        try:
            read_cases([own])
            yield Outcome("12-unknown-folder (drawn)", False, "an unknown folder was passed over")
        except CovidCoreError as error:
            named = "Tuberculosis" in error.problem
            skipped = read_cases([own], Selection(skip_unknown=True))
            right = named and len(skipped.cases) == len(CLASS_FOLDERS)
            yield Outcome("12-unknown-folder (drawn)", right, error.sentence)


def _judge_classes(name: str, folder: Path, expected: dict[str, Finding]) -> Outcome:
    try:
        cases = read_cases([folder]).cases
    except CovidCoreError as error:
        return Outcome(name, False, error.sentence)
    found = {case.path.parent.name: case.label for case in cases}
    ages = [stated_ages(case.source) for case in cases]
    return Outcome(name, found == expected and not any(ages), f"{len(found)} folders read")


def judge_metadata(path: Path) -> Outcome:
    """Whether a table of the covid-chestxray collection is read row by row."""
    lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    header = [name.strip() for name in lines[0]]
    uneven = [at for at, row in enumerate(lines, 1) if row and len(row) != len(header)]
    rows = [dict(zip(header, row, strict=True)) for row in lines if len(row) == len(header)][1:]
    labels: dict[str, set[Finding | None]] = defaultdict(set)
    for row in rows:
        labels[row["filename"]].add(parse_class(row["finding"]))
    with tempfile.TemporaryDirectory() as place:
        for row in rows:
            touch_films(Path(place, row.get("folder") or "images"), row["filename"])
        Path(place, "metadata.csv").write_bytes(path.read_bytes())
        try:
            found = read_cases([Path(place)])
        except CovidCoreError as error:
            return Outcome(path.name, False, error.sentence)
    read = {case.path.name: case.label for case in found.cases}
    reasons = {left.path.name: left.reason for left in found.left_out}
    contradicted = {name for name, own in labels.items() if len(own) > 1}
    expected = {name: own for name, [own] in _single(labels) if own is not None}
    wrong = [
        *(f"{name} is read" for name in contradicted if name in read),
        *(f"{name} is not named" for name in contradicted - reasons.keys()),
        *(f"line {at} is not named" for at in uneven if f"metadata.csv:{at}" not in reasons),
        *(f"{name}: {read.get(name)}" for name in expected if read.get(name) is not expected[name]),
        *(f"{name}: {why}" for name, why in reasons.items() if re.search(r"\bCT\b", why)),
    ]
    said = [f"{len(read)} films read", *(f"{name}: {why}" for name, why in reasons.items())]
    return Outcome(path.name, not wrong, "; ".join(wrong or said))


def _single(labels: dict[str, set[Finding | None]]) -> list[tuple[str, set[Finding | None]]]:
    return [(name, own) for name, own in labels.items() if len(own) == 1]


def judge_scores(path: Path) -> Outcome:
    """Whether a table of scores is read, or refused where a row has more cells than columns."""
    lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    first = next((at for at, row in enumerate(lines, 1) if len(row) > len(lines[0])), None)
    try:
        scores = read_scores(path.read_bytes(), path.name)
    except CovidCoreError as error:
        named = first is not None and re.search(rf"\b{first}\b", error.problem)
        return Outcome(path.name, bool(named), error.sentence)
    return Outcome(path.name, first is None, f"{len(scores.score)} scores read")


def touch_films(folder: Path, name: str = "film.png") -> None:
    """Makes a file that its name says is a film, and its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()
