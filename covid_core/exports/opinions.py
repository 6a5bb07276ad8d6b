"""What a reader thinks of answers: agreed, disagreed or corrected, and boxes; as CSV and as JSON.

Either file is labels: `local_validation.scores` takes it as it is, and a folder of films that holds
it is a dataset (`datasets.layouts.reader_opinions`). It names films by their SHA-256 alone. A
reader who has seen the answer leans towards it, so such labels flatter the model.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covid_core.boxes import Boxes, format_boxes, parse_boxes
from covid_core.class_names import NAMES_KNOWN, parse_class
from covid_core.errors import DatasetError
from covid_core.findings import CLASSES, Finding
from covid_core.model.tiers import Tier, right_answers
from covid_core.storage.records import Record, parse
from covid_core.storage.tables import UTF8_MARK, parse_table, table_bytes

if TYPE_CHECKING:
    from covid_core.predict.prediction import Prediction

CSV_NAME, JSON_NAME = FILE_NAMES = ("opinions.csv", "opinions.json")
_REMEDY = "Export the opinions again"
_LABEL = "label"
_SHARES = tuple(f"p_{finding}" for finding in CLASSES)
COLUMNS = (
    "film_sha256",
    "tier",
    "verdict",
    "reader_tier",
    _LABEL,
    "boxes",
    *_SHARES,
    "weights_sha256",
    "made",
)


class Verdict(StrEnum):
    """What a reader says of an answer. The value is the word used in files."""

    AGREE = "agree"
    DISAGREE = "disagree"
    CORRECT = "correct"  # disagrees, and says what is right


class Opinion(Record):
    """A reader's opinion of one answer.

    `tier`: the answer. `reader_tier`: the reader's, the same where they agree; None where they only
    disagree. `probabilities`: calibrated, by class. `boxes`: of opacities, as `covid_core.boxes`
    has them; None where none were drawn. `made`: when, ISO 8601.
    """

    film_sha256: str
    weights_sha256: str
    tier: Tier
    verdict: Verdict
    reader_tier: Tier | None
    probabilities: dict[Finding, float]
    made: str
    boxes: Boxes | None = None

    @property
    def label(self) -> Finding | None:
        """The one class by which the reader's tier is right; None where there is not one."""
        right = right_answers(self.reader_tier) if self.reader_tier else ()
        return right[0] if len(right) == 1 else None


@dataclass(frozen=True, slots=True)
class ReaderLabel:
    """What a file of opinions says of a film: its class, None where it names none, and boxes."""

    label: Finding | None
    boxes: Boxes | None


def opinion_of(
    prediction: Prediction, reader_tier: Tier | None, made: str, boxes: Boxes | None = None
) -> Opinion:
    """A reader's opinion of an answer. `reader_tier`: theirs; None where they only disagree."""
    tier = prediction.decision.tier
    verdict = Verdict.AGREE if reader_tier is tier else Verdict.CORRECT
    return Opinion(
        film_sha256=prediction.radiograph_sha256,
        weights_sha256=prediction.weights_sha256,
        tier=tier,
        verdict=verdict if reader_tier else Verdict.DISAGREE,
        reader_tier=reader_tier,
        probabilities={one: prediction.probability(one) for one in prediction.answers},
        made=made,
        boxes=boxes,
    )


def opinions_csv(opinions: Iterable[Opinion]) -> bytes:
    """The opinions as a CSV file, a row a film, by COLUMNS; `label` is empty where there is none.

    In UTF-8 with a mark, for spreadsheets; they run nothing of it.
    """
    return UTF8_MARK + table_bytes(COLUMNS, map(_row, opinions))


def opinions_json(opinions: Iterable[Opinion]) -> bytes:
    """The opinions as a JSON file: a list of records, with their labels."""
    rows = [{**one.as_json(), _LABEL: one.label} for one in opinions]
    return json.dumps(rows, indent=1).encode()


def is_json(data: bytes) -> bool:
    """Whether a file's bytes are a JSON list, as `opinions_json` writes, and not a table."""
    return data.removeprefix(UTF8_MARK).lstrip().startswith(b"[")


def json_as_csv(data: bytes, file: Path) -> bytes:
    """The opinions in a JSON file's bytes, as `opinions_csv` writes them; `file`: for the error.

    Raises DatasetError: it is no list of opinions, or one's label is not that of its tier.
    """
    try:
        records = [dict(one) for one in json.loads(data.removeprefix(UTF8_MARK))]
    except (TypeError, ValueError, RecursionError) as error:
        raise DatasetError("it is no list of opinions", _REMEDY, file=str(file)) from error
    labels = [one.pop(_LABEL, None) for one in records]
    opinions = parse(tuple[Opinion, ...], records, file, error=DatasetError, remedy=_REMEDY)
    for number, (opinion, label) in enumerate(zip(opinions, labels, strict=True), 1):
        if label != opinion.label:
            raise DatasetError(
                f"opinion {number} has the label {label!r}, and a tier with the label"
                f" {opinion.label and opinion.label.value!r}",
                "Correct its reader_tier and its label, or export the opinions again",
                file=str(file),
            )
    return opinions_csv(opinions)


def read_opinions(path: Path) -> dict[str, ReaderLabel]:
    """What a file of opinions, CSV or JSON, says of each film, by its SHA-256.

    Of two opinions of a film the later counts. Raises DatasetError: it can't be read, lacks a
    column, or a row of it is wrong, and which.
    """
    try:
        data = path.read_bytes()
        table = parse_table(json_as_csv(data, path) if is_json(data) else data)
    except (OSError, UnicodeError, csv.Error) as error:
        raise DatasetError(
            f"it can't be read as a table: {error}", _REMEDY, file=str(path)
        ) from error
    missing = {"film_sha256", _LABEL} - set(table.names)
    if missing or table.uneven:
        wrong = f"it has no column {min(missing)}" if missing else "a row has too many cells or few"
        raise DatasetError(wrong, _REMEDY, file=str(path))
    return {row["film_sha256"].strip().lower(): _label(path, line, row) for line, row in table.rows}


def _label(path: Path, line: int, row: dict[str, str]) -> ReaderLabel:
    """A row's label and boxes. Raises DatasetError."""
    name = row[_LABEL].strip()
    label = parse_class(name) if name else None
    if name and label not in CLASSES:
        raise DatasetError(
            f"row {line} has a label that names no known class: {name[:40]!r}",
            f"Write {NAMES_KNOWN}, or nothing",
            file=str(path),
        )
    try:
        return ReaderLabel(label, parse_boxes(row.get("boxes", "").strip()))
    except DatasetError as error:
        raise DatasetError(f"row {line}: {error.problem}", _REMEDY, file=str(path)) from error


def _row(one: Opinion) -> dict[str, Any]:
    return {
        "film_sha256": one.film_sha256,
        "tier": one.tier.value,
        "verdict": one.verdict.value,
        "reader_tier": one.reader_tier.value if one.reader_tier else "",
        _LABEL: one.label.value if one.label else "",
        "boxes": format_boxes(one.boxes),
        **{
            name: one.probabilities.get(finding, "")
            for name, finding in zip(_SHARES, CLASSES, strict=True)
        },
        "weights_sha256": one.weights_sha256,
        "made": one.made,
    }
