"""From a DICOM file's stored words to the greys that the standard says are to be seen.

In its order (PS3.3 C.7.5 and C.11, PS3.4 N.2): the stored bits; what is padding; the modality's
lookup table or rescale; the lookup table or window of interest; the presentation's polarity; and
padding, which is no part of the picture, is air. What can't be made use of is left aside, with a
note: then the film has its own range.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covid_core.read.dicom_values import Tags
from covid_core.read.lookup_tables import LookupTable, read_table
from covid_core.read.picture_header import PictureHeader
from covid_core.read.radiograph import POLARITY_NOTE, are_whole, grey_from_counts, range_of
from covid_core.read.units import ValueRange
from covid_core.read.windows import Window, read_windows

WINDOWED = "shown through the window stored in the file"
_LEAST_SPAN = 1 / 32  # of black to white: what shows less shows nothing
_LEAST_GREYS = 8
_SAMPLE = 1 << 16
_LEAST_INSIDE = 0.01  # of the pixels: so many must lie between a window's ends


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The greys of a picture as its file says they are to be seen.

    `greys`: float32, of the words' shape, 0 black (air) to 1 white. `whole`: as these, all that the
    file holds, where the window hides a part of it: from its `low` to its `high` end, 0 to 1, that
    is `greys`. `values`: the modality's, over `whole` or, without it, over `greys`; None where they
    are no straight line of these.
    """

    greys: np.ndarray
    whole: np.ndarray | None = None
    low: float = 0.0
    high: float = 1.0
    values: ValueRange | None = None


def show(words: np.ndarray, counts: np.ndarray | None, header: PictureHeader, tags: Tags) -> Shown:
    """What is to be seen of stored words.

    `counts`: how many pixels hold each; None where `words` are of all pixels. Raises RefusedFile
    (`blank`, `not_finite`).
    """
    values = header.stored_values(words)
    air = _padding(words, values, header, tags)
    inside = ~air
    if not inside.any():
        tags.leave_aside("PixelPaddingValue", "all of the picture would be padding")
        inside = ~inside
    picture = _modality_values(values[inside], header, tags)
    pixels = np.ones(picture.shape, np.int64) if counts is None else counts[inside]
    shown = _shown(picture, pixels, header, tags)
    inverted = _is_inverted(header, tags)
    return Shown(
        _placed(shown.greys, inside, inverted),
        None if shown.whole is None else _placed(shown.whole, inside, inverted),
        1 - shown.high if inverted else shown.low,
        1 - shown.low if inverted else shown.high,
        shown.values.inverted() if shown.values and inverted else shown.values,
    )


def _placed(greys: np.ndarray, inside: np.ndarray, inverted: bool) -> np.ndarray:
    placed = np.zeros(inside.shape, np.float32)
    placed[inside] = np.float32(1) - greys if inverted else greys
    return placed


def _padding(
    words: np.ndarray, values: np.ndarray, header: PictureHeader, tags: Tags
) -> np.ndarray:
    """Which words are padding, bool: one value, or all from it to a limit on either side of it."""
    ends = tags.numbers("PixelPaddingValue")[:1]
    limit = tags.numbers("PixelPaddingRangeLimit")[:1]
    if not ends:
        return np.zeros(words.shape, bool)
    stored = [header.as_stored(int(end)) for end in ends + limit]
    # Padding may lie outside the bits that are stored: then it is a whole word.
    within = all(header.lowest <= end <= header.highest for end in stored)
    if not within:
        values, stored = words, [header.as_word(int(end)) for end in ends + limit]
    padding: np.ndarray = (values >= min(stored)) & (values <= max(stored))
    return padding


def _modality_values(values: np.ndarray, header: PictureHeader, tags: Tags) -> np.ndarray:
    table = _first_table("ModalityLUTSequence", header.signed, header, tags)
    if table is not None:
        return table.apply(values)
    slope = (tags.numbers("RescaleSlope") or (1.0,))[0]
    intercept = (tags.numbers("RescaleIntercept") or (0.0,))[0]
    if (slope, intercept) == (1, 0):
        return values
    with np.errstate(over="ignore", invalid="ignore"):
        rescaled: np.ndarray = values.astype(np.float64) * slope + intercept
        span = rescaled.max() - rescaled.min()
    if np.isfinite(span) and (span > 0 or values.min() == values.max()):
        return rescaled
    tags.leave_aside("RescaleSlope", "with it, the picture would be of one value")
    return values


def _first_table(
    keyword: str, signed: bool, header: PictureHeader, tags: Tags
) -> LookupTable | None:
    for item in tags.items(keyword):
        try:
            return read_table(item, signed=signed, big_endian=header.big_endian)
        except ValueError as error:
            tags.leave_aside(keyword, str(error))
    return None


def _shown(values: np.ndarray, counts: np.ndarray, header: PictureHeader, tags: Tags) -> Shown:
    """The picture by the first table or window of interest that shows something of it."""
    signed = header.signed or bool(values.min() < 0)
    table = _first_table("VOILUTSequence", signed, header, tags)
    if table is not None:
        greys = table.greys(values)
        if _shows_something(greys, counts, values):
            tags.notes.append(WINDOWED)
            return Shown(greys)
        tags.leave_aside("VOILUTSequence", "next to nothing of the picture would be seen")
    windows = read_windows(tags)
    for window in windows:
        greys = window.greys(values)
        if _shows_something(greys, counts, values):
            tags.notes.append(WINDOWED)
            return _windowed(values, greys, window)
    if windows:
        tags.leave_aside("WindowWidth", "next to nothing of the picture would be seen")
    return Shown(grey_from_counts(values), values=range_of(values))


def _shows_something(greys: np.ndarray, counts: np.ndarray, values: np.ndarray) -> bool:
    """Whether enough of a picture is distinguished, not all of it black, white or one grey."""
    if float(greys.max()) - float(greys.min()) < _LEAST_SPAN:
        return False
    step = max(values.size // _SAMPLE, 1)
    held, seen = (len(np.unique(of[::step])) for of in (values, greys))
    if held < _LEAST_GREYS:  # a drawing's few values may all lie on a window's ends
        return True
    inside = counts[(greys > 0) & (greys < 1)].sum()
    return seen >= _LEAST_GREYS and bool(inside >= _LEAST_INSIDE * counts.sum())


def _windowed(values: np.ndarray, greys: np.ndarray, window: Window) -> Shown:
    """The picture in a window's greys, with all that it hides where it is a straight line."""
    ends = window.ends
    if ends is None:
        return Shown(greys)
    lowest, highest = float(values.min()), float(values.max())
    whole_numbers = are_whole(values)
    if ends[0] <= lowest and highest <= ends[1]:
        return Shown(greys, values=ValueRange(*ends, whole_numbers))
    lowest, highest = min(lowest, ends[0]), max(highest, ends[1])
    span = highest - lowest
    whole = ((values - lowest) / span).astype(np.float32)
    low, high = ((end - lowest) / span for end in ends)
    return Shown(greys, whole, low, high, ValueRange(lowest, highest, whole_numbers))


def _is_inverted(header: PictureHeader, tags: Tags) -> bool:
    """Whether low values are white.

    A Presentation LUT Shape, where there is one, decides before the photometric interpretation, as
    in other readers.
    """
    first_is_white = header.photometric == "MONOCHROME1"
    shape = tags.text("PresentationLUTShape").strip().upper()
    inverted = {"INVERSE": True, "IDENTITY": False}.get(shape, first_is_white)
    if inverted != first_is_white:
        tags.notes.append(f"{POLARITY_NOTE} {shape} on {header.photometric}: shown as it says")
    elif inverted:
        tags.notes.append("stored inverted (MONOCHROME1): turned back")
    return inverted
