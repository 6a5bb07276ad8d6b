"""A film to keep and read again as it was: its levels to the last bit, and no tag of its file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors.numpy

from covid_core.errors import CovidCoreError
from covid_core.model.tensor_lists import check_header
from covid_core.read.grey_levels import Film, Levels, Stored
from covid_core.read.radiograph import Radiograph, View, check_bounds

_CODES, _TONES, _PIXELS = "codes", "tones", "pixels"
_DIGEST = re.compile("[0-9a-f]{64}")
_MOST_NOTES, _LONGEST_NOTE = 40, 500
_FOREIGN = CovidCoreError(
    "its film was not written by this program", "Give a bundle as it was made"
)


def film_bytes(film: Film) -> bytes:
    """A film as a safetensors file's bytes.

    `codes`, uint8 or uint16 (height, width), and `tones`, float32 (n,), the grey of each code; or
    of a film without levels `pixels`, float32 (height, width).
    """
    if isinstance(film, Levels):
        parts = {_CODES: np.ascontiguousarray(film.codes), _TONES: film.tones}
    else:
        parts = {_PIXELS: np.ascontiguousarray(film)}
    return safetensors.numpy.save(parts)


def load_film(data: bytes) -> Film:
    """What `film_bytes` was given. Raises CovidCoreError for anything else."""
    try:
        check_header(data)
        parts = safetensors.numpy.load(data)
    except Exception as error:  # its own, and NumPy's for what it can't hold
        raise _FOREIGN from error
    if set(parts) == {_PIXELS}:
        pixels = parts[_PIXELS]
        _check(pixels, (np.float32,))
        _check_greys(pixels)
        return pixels
    if set(parts) != {_CODES, _TONES}:
        raise _FOREIGN
    codes, tones = parts[_CODES], parts[_TONES]
    _check(codes, (np.uint8, np.uint16))
    stored = Stored.of(codes)
    assert stored.codes is not None and stored.counts is not None
    if tones.dtype != np.float32 or tones.shape != stored.counts.shape:
        raise _FOREIGN
    _check_greys(tones)
    return Levels(stored.codes, stored.counts, tones)


def describe_radiograph(radiograph: Radiograph) -> dict[str, Any]:
    """What a radiograph holds beside its film, as plain values."""
    return {
        "sha256": radiograph.sha256,
        "source_format": radiograph.source_format,
        "view": radiograph.view.value,
        "notes": list(radiograph.notes),
        "coloured": radiograph.coloured,
        "child": radiograph.child,
    }


def rebuild_radiograph(film: Film, raw: Mapping[str, Any]) -> Radiograph:
    """The radiograph of a film and of what `describe_radiograph` gave.

    It lacks `unwindowed` and `units`, which are a viewer's. Raises KeyError, TypeError, ValueError
    for anything else.
    """
    notes = raw["notes"]
    if len(notes) > _MOST_NOTES or not all(len(_text(note)) <= _LONGEST_NOTE for note in notes):
        raise ValueError("notes")
    if not _DIGEST.fullmatch(raw["sha256"]) or not isinstance(raw["coloured"], bool):
        raise ValueError("film")
    return Radiograph(
        film,
        raw["sha256"],
        _text(raw["source_format"]),
        View(raw["view"]),
        tuple(notes),
        raw["coloured"],
        child=raw.get("child", False) is True,  # not in bundles of earlier releases
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _check(pixels: np.ndarray, types: tuple[Any, ...]) -> None:
    if pixels.dtype not in types or pixels.ndim != 2:
        raise _FOREIGN
    check_bounds(pixels.shape[1], pixels.shape[0])


def _check_greys(greys: np.ndarray) -> None:
    if not (greys >= 0).all() or not (greys <= 1).all():  # nor NaN
        raise _FOREIGN
