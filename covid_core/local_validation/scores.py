"""A site's own films as labels and scores: from a table, or from films in folders by their label.

The score is the probability of COVID-19 that the model gave, as `predict --csv` writes it.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from covid_core.class_names import NAMES_KNOWN, parse_class, says_covid
from covid_core.errors import CovidCoreError
from covid_core.exports.opinions import is_json, json_as_csv
from covid_core.findings import CLASSES, Finding
from covid_core.storage.tables import column_names, number_in, parse_rows, trimmed

MAX_BYTES = 16 * 1024**2
MAX_FILMS = 20_000  # resampling more takes longer than anyone waits at a page
MAX_COLUMNS = 1000
FEWEST = 10  # films with COVID-19, and without: no interval is worth drawing from fewer
SCORES = ("score", "p_covid")  # names of the column, the first that is there
TEMPLATE = "patient,label,p_normal,p_pneumonia,p_covid\nA,covid,.04,.05,.91\nB,normal,.88,.05,.07\n"
_WRITE_LABELS = f"Write {NAMES_KNOWN}; or 0 or 1"
_OWN = tuple(f"p_{finding}" for finding in CLASSES)  # columns that predict writes, all of them
_WEIGHTS = "weights_sha256"
_KNOWN = frozenset({"label", *SCORES, "patient", "prediction_set", "verdict", _WEIGHTS, *_OWN})
_PARQUET = b"PAR1"
_NAMED = 5  # rows that a message names before it only counts
_SHOWN = 40  # characters of a label that a message quotes


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """A site's films as a model scored them. `positive`: COVID-19 by the reference, bool (N,).

    `score`: the model's probability of it, float64 (N,), 0 to 1. `groups`: each film's patient, int
    (N,). `weights`: the SHA-256 of what scored them, "" where that is not known. `labels`: the
    class, int (N,) in the order of CLASSES, -1 where only COVID-19 is ruled out. `probabilities`:
    of each class, float64 (N, 3). Both None where not all films have them.
    """

    positive: np.ndarray
    score: np.ndarray
    groups: np.ndarray
    weights: str = ""
    labels: np.ndarray | None = None
    probabilities: np.ndarray | None = None

    @property
    def patients(self) -> int:
        """How many patients there are."""
        return len(np.unique(self.groups))

    def refuse_other_weights(self, sha256: str) -> None:
        """Raises CovidCoreError where they are known to be of other weights than these."""
        if self.weights not in ("", sha256):
            raise CovidCoreError(
                "these scores were made by other weights than those in use here",
                "Score the films again with the weights in use",
            )


def build_scores(
    positive: Sequence[bool] | np.ndarray,
    score: Sequence[float] | np.ndarray,
    patients: Sequence[str],
    weights: str = "",
    *,
    findings: Sequence[Finding | None] = (),
    probabilities: np.ndarray | None = None,
) -> Scores:
    """The scores of films that were read one by one.

    Each film without a patient, "", is a group of its own. `findings`: the class of each film, None
    where only COVID-19 is said or ruled out; `probabilities`: of each class, (N, 3). Raises
    CovidCoreError where fewer than FEWEST have COVID-19, or have not.
    """
    shown = np.asarray(positive, bool)
    found = {"with COVID-19": int(shown.sum()), "without": int((~shown).sum())}
    for name, films in found.items():
        if films < FEWEST:
            raise CovidCoreError(
                f"there are only {films} films {name}, too few to measure anything",
                f"Give at least {FEWEST} films with COVID-19 and {FEWEST} without, better 100",
            )
    own = [f"patient {name}" if name else f"film {i}" for i, name in enumerate(patients)]
    groups = np.unique(np.array(own, dtype=object), return_inverse=True)[1]
    plain = Scores(shown, np.asarray(score, np.float64), groups, weights)
    if probabilities is None or not findings:
        return plain
    places = [CLASSES.index(one) if one in CLASSES else -1 for one in findings]
    return replace(
        plain,
        labels=np.where(shown, CLASSES.index(Finding.COVID), places),
        probabilities=np.asarray(probabilities, np.float64),
    )


def read_scores(data: bytes, name: str) -> Scores:
    """Labels and scores from a CSV file, or from opinions as JSON; `name`: for messages.

    Columns, in any case of letters: `label` (a class by any name of `class_names`; 0, 1; negative,
    positive), `score` or `p_covid` (0 to 1), and `patient` and `weights_sha256` if they are there.
    Raises CovidCoreError: the file is no such table, too long, or rows of it are wrong, and which.
    """
    try:
        return _read(json_as_csv(data, Path(name)) if is_json(data) else data)
    except CovidCoreError as error:
        raise CovidCoreError(error.problem, error.remedy, file=name) from error


def made_up(films: int = 400) -> Scores:
    """Scores drawn by chance, to see what a validation looks like; they mean nothing."""
    drawing = np.random.default_rng(0)
    positive = drawing.random(films) < 0.4
    score = np.where(positive, drawing.beta(3, 1.2, films), drawing.beta(1.2, 2.5, films))
    return Scores(positive, score, np.arange(films))


def finding_by_folder(name: str) -> Finding | None:
    """The class that a film's folders name; None where they name none, or several."""
    folders = PurePosixPath(name).parts[:-1]
    found = {one for folder in folders if (one := parse_class(folder)) is not None}
    return found.pop() if len(found) == 1 else None


def label_by_folder(name: str) -> tuple[bool, str] | None:
    """Whether a film shows COVID-19, by the folder that it lies in, and its patient.

    The patient is the folder below that, or "". `name`: with folders, such as
    `covid/patient 7/film.dcm`. None where no folder names a class, or two contradict each other.
    """
    *folders, _ = PurePosixPath(name).parts
    said = {
        i: shown for i, folder in enumerate(folders) if (shown := _folder_label(folder)) is not None
    }
    if len(set(said.values())) != 1:
        return None
    i, shown = next(iter(said.items()))
    patient = "/".join(folders[i : i + 2]) if folders[i + 1 :] else ""
    return shown, patient


def _folder_label(folder: str) -> bool | None:
    """What a folder's name says; None of a number, which may count or date anything."""
    if folder.strip()[:1].isalpha():
        return says_covid(folder)
    found = parse_class(folder)
    return None if found is None else found is Finding.COVID


def _read(data: bytes) -> Scores:
    if data.startswith(_PARQUET):  # 465 bytes of it expand to gigabytes
        raise CovidCoreError("this is a Parquet table", "Save it as CSV in UTF-8")
    if len(data) > MAX_BYTES:
        raise CovidCoreError(
            f"this table is larger than {MAX_BYTES // 1024**2} MiB",
            "Keep the columns label, score and patient only",
        )
    table = _table(data)
    if {"verdict", "label"} <= set(table):  # readers' opinions: those that name no class are open
        table = table[table["label"].str.strip() != ""]
    if len(table) > MAX_FILMS:
        raise CovidCoreError(
            f"this table has more than {MAX_FILMS:,} rows", "Draw that many films by chance"
        )
    label, column = _column(table, ("label",)), _column(table, SCORES)
    words = table[label].str.strip()
    shown = words.map(says_covid)
    unknown = ", ".join(map(repr, words[shown.isna()].str[:_SHOWN].unique()[:_NAMED]))
    _refuse(shown.isna(), f"a label that names no known class: {unknown}", _WRITE_LABELS)
    _refuse_own_answers(table, words.str.lower())
    scores = table[column].map(number_in)
    _refuse(scores.isna(), f"no number as {column}", "Give each film's score, or leave the row out")
    outside = (scores < 0) | (scores > 1)
    _refuse(outside, f"a {column} outside 0 to 1", "Give probabilities, not per cent or logits")
    patients = table["patient"].str.strip() if "patient" in table else [""] * len(table)
    return build_scores(
        shown.to_numpy(bool),
        scores.to_numpy(),
        list(patients),
        _weights(table),
        findings=[parse_class(word) for word in words],
        probabilities=_probabilities(table),
    )


def _probabilities(table: pd.DataFrame) -> np.ndarray | None:
    """Each class's, float64 (N, 3), of a table that has them all as probabilities; else None."""
    if not set(_OWN) <= set(table):
        return None
    found = table[list(_OWN)].map(number_in).to_numpy(np.float64)
    return found if ((found >= 0) & (found <= 1)).all() else None


def _weights(table: pd.DataFrame) -> str:
    """The SHA-256 of what scored every row; "" where no row says."""
    if _WEIGHTS not in table:
        return ""
    each = table[_WEIGHTS].str.strip().str.lower()
    one = next(filter(None, each), "")
    problem = f"other {_WEIGHTS} than the rest, or none"
    _refuse(each != one, problem, "Give the scores of one model only")
    return one


def _table(data: bytes) -> pd.DataFrame:
    """The columns that are known, as text, their names in small letters, by lines of the file.

    A cell that is empty, or not there, is "".
    """
    try:
        return _csv(data)
    except (ValueError, OverflowError, csv.Error) as error:  # pandas' are ValueErrors
        raise CovidCoreError(
            "this file can't be read as a table", "Save it as CSV in UTF-8"
        ) from error


def _csv(data: bytes) -> pd.DataFrame:
    rows = parse_rows(data)
    header = next(rows, None)
    if header is None:
        raise ValueError("no row")
    names = _known_names(column_names(header))
    columns = len(column_names(header))
    if columns >= MAX_COLUMNS:
        raise CovidCoreError(
            f"this table has more than {MAX_COLUMNS} columns",
            "Keep the columns label, score and patient only",
        )
    lines, cells, long = [], [], []
    for row in islice(rows, MAX_FILMS + 1):
        own = trimmed(row.cells, columns)
        long.append(len(own) > columns)
        lines.append(row.line)
        cells.append([own[i] if i < len(own) else "" for i in names])
    table = pd.DataFrame(cells, index=lines, columns=list(names.values()), dtype=str)
    _refuse(
        pd.Series(long, table.index, dtype=bool),
        f"more cells than the table has columns, which are {columns}",
        "Part the cells by semicolons or put decimal commas between quotes",
    )
    return table


def _known_names(names: Sequence[str]) -> dict[int, str]:
    """The columns that are read, by their place. Raises CovidCoreError where two have one name."""
    plain = [name.strip().lower() for name in names]
    known = {i: name for i, name in enumerate(plain) if name in _KNOWN}
    for name, count in Counter(known.values()).items():
        if count > 1:
            raise CovidCoreError(f"this table has {count} columns {name}", "Keep one of them")
    return known


def _column(table: pd.DataFrame, names: Sequence[str]) -> str:
    for name in names:
        if name in table:
            return name
    raise CovidCoreError(
        f"this table has no column {' or '.join(names)}",
        f"Name its columns label and {' or '.join(SCORES)} in the first row",
    )


def _refuse(wrong: pd.Series, problem: str, remedy: str) -> None:
    """Raises CovidCoreError that names the rows where something is wrong, bool by line."""
    rows = wrong.index[wrong].tolist()
    if not rows:
        return
    *before, last = [str(row) for row in rows[:_NAMED]]
    named = f"rows {', '.join(before)} and {last} have" if before else f"row {last} has"
    if len(rows) > _NAMED:
        named = f"{len(rows)} rows, the first of them {', '.join([*before, last])}, have"
    raise CovidCoreError(f"{named} {problem}", remedy)


def _refuse_own_answers(table: pd.DataFrame, words: pd.Series) -> None:
    """Raises CovidCoreError where the labels are the answers that `predict --csv` wrote.

    Measured against those, any model would be perfect.
    """
    if not {"prediction_set", *_OWN} <= set(table):
        return
    probabilities = table[list(_OWN)].map(number_in).fillna(-1)
    answers = np.array([finding.value for finding in CLASSES])
    if (answers[probabilities.to_numpy().argmax(axis=1)] == words.to_numpy()).all():
        raise CovidCoreError(
            "the column label holds the model's own answers, as predict wrote them",
            "Put the reference there: what each film is known to show",
        )
