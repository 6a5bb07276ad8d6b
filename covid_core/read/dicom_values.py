"""A DICOM file's tags, each read by itself: one that makes no sense costs no other.

pydicom converts a value when it is first read, and raises where that fails. Here the bytes are
taken before it does, and are read as the standard means them (PS3.5, 6.2), or as is often written
instead: a decimal comma, a number of the wrong sign, text in another alphabet than was said.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from covid_core.errors import RefusedFile

_BINARY = {"US": "u2", "SS": "i2", "UL": "u4", "SL": "i4", "FL": "f4", "FD": "f8", "OW": "u2"}
_UNSTATED = ("UN", "OB")  # of which the dictionary knows better what they hold
_MOST_VALUES = 64


class Tags:
    """A dataset's tags as plain values. `notes`: where it is added which tag was left aside."""

    def __init__(self, dataset: Dataset, notes: list[str]) -> None:
        self.dataset = dataset
        self.notes = notes

    def numbers(self, keyword: str, count: int = 1) -> tuple[float, ...]:
        """A tag's numbers, all finite and at least `count`; () where there are none.

        A tag that makes no sense is left aside, with a note.
        """
        try:
            found = _numbers(self.dataset, keyword)
        except ValueError:
            self.leave_aside(keyword, "it holds no number")
            return ()
        if 0 < len(found) < count:
            self.leave_aside(keyword, f"it holds fewer than {count} numbers")
            return ()
        return found

    def whole_number(self, keyword: str) -> int | None:
        """A tag's first number, as a whole one; None as in `numbers`."""
        found = self.numbers(keyword)
        return int(found[0]) if found else None

    def required(self, keyword: str) -> int:
        """The `whole_number` of a tag that no picture goes without. Raises RefusedFile."""
        found = self.whole_number(keyword)
        if found is None:
            raise RefusedFile(
                "bad_header",
                f"its header does not state {title_of(keyword)}",
                "Export the image again from the archive",
            )
        return found

    def text(self, keyword: str) -> str:
        """A tag's text, without what can't be printed; "" where absent."""
        return "".join(letter for letter in _text(self.dataset, keyword) if letter.isprintable())

    def items(self, keyword: str) -> list[Dataset]:
        """A sequence's items; [] where it is absent, or left aside, with a note."""
        if keyword not in self.dataset:
            return []
        try:
            return list(self.dataset[keyword].value)
        except Exception:  # pydicom reads a nested sequence now, and fails in all its ways
            self.leave_aside(keyword, "it is no sequence of tags")
            return []

    def leave_aside(self, keyword: str, why: str) -> None:
        """Note that a tag is not made use of. Its value may be a patient's, and is not quoted."""
        note = f"{title_of(keyword)} was left aside: {why}"
        if note not in self.notes:
            self.notes.append(note)


def title_of(keyword: str) -> str:
    """A tag's name as the standard writes it: "Window Width"."""
    return str(dictionary_description(keyword))


def value_of(dataset: Dataset, keyword: str) -> Any:
    """A tag's value as the file holds it; None where the tag is absent.

    It is bytes or a view of them, or pydicom's own value where that was converted already.
    """
    element = dataset.get_item(_tag(keyword))
    return None if element is None else element.value


def is_signed(dataset: Dataset, keyword: str) -> bool:
    """Whether the file itself says that a tag's numbers have a sign."""
    element = dataset.get_item(_tag(keyword))
    return element is not None and element.VR == "SS"


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return tag


def _numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Raises ValueError for what is no number."""
    element = dataset.get_item(_tag(keyword))
    if element is None or element.value is None:
        return ()
    if not isinstance(element, RawDataElement):
        value = element.value
        parts = list(value) if isinstance(value, MultiValue | list) else [value]
        return _finite([_number(str(part)) for part in parts if str(part).strip()])
    representation = element.VR or "UN"
    if representation in _UNSTATED:
        representation = dictionary_VR(keyword)[:2]  # "US or SS": its sign is seen to elsewhere
    kind = _BINARY.get(representation)
    if kind is None:
        texts = [part.strip() for part in _text(dataset, keyword).split("\\")]
        return _finite([_number(text) for text in texts[:_MOST_VALUES] if text])
    order = "<" if element.is_little_endian else ">"
    return _finite(np.frombuffer(element.value, order + kind)[:_MOST_VALUES].tolist())


def _number(text: str) -> float:
    """The number in digits with a point, or with a comma where a point should be."""
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    return float(text)


def _finite(numbers: list[float]) -> tuple[float, ...]:
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError
    return tuple(numbers)


def _text(dataset: Dataset, keyword: str) -> str:
    value = value_of(dataset, keyword)
    if value is None:
        return ""
    if isinstance(value, MultiValue | list):
        return "\\".join(str(part) for part in value)
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode("utf-8").strip(" \0")
    except UnicodeDecodeError:
        return value.decode("latin-1").strip(" \0")
