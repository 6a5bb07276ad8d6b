"""Lookup tables of a DICOM file (PS3.3 C.11.1.1 and C.11.2.1.1), of 8 to 16 bits.

A table of up to 8 bits may stand in bytes or in 16-bit words: the length of its data shows which.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from covid_core.read.dicom_values import Tags, is_signed, value_of

_LEAST_BITS, _MOST_BITS = 8, 16
_MOST_ENTRIES = 65536


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """A table of greys by stored value.

    `entries`: uint16 (n,), the first of them for the value `first` and all below it, the last for
    all above. `bits`: an entry is 0 to 2 ** bits - 1.
    """

    first: int
    bits: int
    entries: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """The entry of each value, float64 of their shape."""
        places = np.clip(np.rint(values) - self.first, 0, len(self.entries) - 1)
        return self.entries[places.astype(np.intp)].astype(np.float64)

    def greys(self, values: np.ndarray) -> np.ndarray:
        """The entries of `apply`, float32, 0 to 1 of what the table's bits can hold."""
        shown: np.ndarray = (self.apply(values) / (2**self.bits - 1)).astype(np.float32)
        return shown


def read_table(item: Dataset, *, signed: bool, big_endian: bool) -> LookupTable:
    """The table of one item of a sequence.

    `signed`: whether the values that it is for may be negative. Raises ValueError, in words, for
    one that contradicts itself.
    """
    asides: list[str] = []
    descriptor = Tags(item, asides).numbers("LUTDescriptor", 3)
    if not descriptor:
        raise ValueError("its LUT Descriptor says nothing")
    count, first, bits = (int(number) for number in descriptor[:3])
    count = count % _MOST_ENTRIES or _MOST_ENTRIES  # 65536 is written as 0
    if (signed or is_signed(item, "LUTDescriptor")) and first >= _MOST_ENTRIES // 2:
        first -= _MOST_ENTRIES
    entries = _entries(item, count, big_endian)
    most = int(entries.max())
    if not _LEAST_BITS <= bits <= _MOST_BITS or most >= 2**bits:
        bits = max(most.bit_length(), _LEAST_BITS)
    return LookupTable(first, bits, entries)


def _entries(item: Dataset, count: int, big_endian: bool) -> np.ndarray:
    data = value_of(item, "LUTData")
    if isinstance(data, bytes):
        if len(data) in (count, count + 1):  # in bytes, and filled up to an even length
            return np.frombuffer(data, np.uint8)[:count].astype(np.uint16)
        words = np.frombuffer(data, ">u2" if big_endian else "<u2", len(data) // 2)
    elif data is None:
        words = np.empty(0, np.uint16)
    else:  # numbers, as pydicom gives those that it has converted
        words = np.atleast_1d(np.asarray(data, np.uint16))
    if len(words) < count:
        raise ValueError(f"its LUT Data holds fewer entries than the {count} of its descriptor")
    return words[:count].astype(np.uint16)
