"""One chest radiograph in one convention, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from covid_core.crop import WHOLE, Crop
from covid_core.errors import RefusedFile
from covid_core.read.borders import crop_film, find_crop
from covid_core.read.grey_levels import Film, Levels, looked_up, pixels_of, shrunk
from covid_core.read.units import UNKNOWN, Units, ValueRange

MIN_SIDE_PX = 128
MAX_PIXELS = 40_000_000  # a large computed radiograph is 4280 x 3520, 15 million
MAX_RICH_PIXELS = 15_200_000  # coloured, over 16 bits, or compressed DICOM: up to 32 bytes each
MAX_ASPECT = 3.0
ADULT_YEARS = 18
POLARITY_NOTE = "Presentation LUT Shape is"  # begins a note: this tag decided what is white
_BAND_ROWS = 1024
_COLOUR_TOLERANCE = 24  # grey levels between channels; JPEG of a grey film stays far below
_COLOURED_SHARE = 0.1  # of the area; an arrow or a stamp on a film takes a few hundredths


class View(StrEnum):
    """The projection, as DICOM's View Position (0018,5101) states it."""

    PA = "PA"
    AP = "AP"
    LATERAL = "lateral"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class Unwindowed:
    """All that a file holds, of which a film's `pixels` are a window.

    `codes`: the film as stored, (height, width), and `table`: uint16 by code, over the file's whole
    range, air dark; without a table, such values are the codes. `low`, `high`: the window's ends, 0
    to 1 of that range.
    """

    codes: np.ndarray
    table: np.ndarray | None
    low: float
    high: float

    def values(self) -> np.ndarray:
        """The whole range, uint16 (height, width), 0 its darkest."""
        return self.codes if self.table is None else looked_up(self.codes, self.table)


@dataclass(frozen=True, slots=True, eq=False)
class Radiograph:
    """A decoded radiograph. It carries no patient's name or identifier, by construction.

    `film`: the levels that its file stores, or pixels, float32 (height, width), 0 black (air) to 1
    white (bone); read-only.
    `sha256`: hex digest of the file's bytes, by which results are kept.
    `notes`: what reading had to do or found odd, in words ("stored inverted: turned back").
    `coloured`: whether it was a colour picture, by the share of its area that is coloured; a grey
    film with a coloured mark is none.
    `child`: whether the file says that the patient is younger than ADULT_YEARS.
    `unwindowed`: where the file's window hides a part of its range, the whole of it, for a viewer.
    `units`: what the file says of its values, pixels and sides, for a viewer too.
    """

    film: Film
    sha256: str
    source_format: str
    view: View = View.UNKNOWN
    notes: tuple[str, ...] = ()
    coloured: bool = False
    unwindowed: Unwindowed | None = None
    child: bool = False
    units: Units = UNKNOWN
    _made: dict[tuple[int, int], np.ndarray] = field(default_factory=dict, init=False, repr=False)
    _made_inside: dict[tuple[int, int], np.ndarray] = field(
        default_factory=dict, init=False, repr=False
    )
    _parts: list[tuple[Crop, Film]] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.film, np.ndarray):
            self.film.flags.writeable = False

    @property
    def pixels(self) -> np.ndarray:
        """The picture as float32 (height, width), 0 black (air) to 1 white (bone), read-only.

        It takes four bytes a pixel; it is made at the first use, and kept.
        """
        if isinstance(self.film, np.ndarray):
            return self.film
        whole = (self.width_px, self.height_px)
        if whole not in self._made:
            self._keep(whole, pixels_of(self.film))
        return self._made[whole]

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width, in px."""
        return self.film.shape

    @property
    def height_px(self) -> int:
        """The height in pixels."""
        return int(self.shape[0])

    @property
    def width_px(self) -> int:
        """The width in pixels."""
        return int(self.shape[1])

    @property
    def crop(self) -> Crop:
        """The part inside its borders; found when first needed, and kept."""
        return self._part()[0]

    @property
    def inside(self) -> Film:
        """The film inside its borders; kept like the crop."""
        return self._part()[1]

    def _part(self) -> tuple[Crop, Film]:
        if not self._parts:
            crop = find_crop(self.film)
            self._parts.append((crop, crop_film(self.film, crop)))
        return self._parts[0]

    def shrunk(self, *sizes: tuple[int, int], crop: Crop = WHOLE) -> list[np.ndarray]:
        """The film, or its own `crop`, at smaller sizes, read-only, as by `grey_levels.shrunk`.

        Kept, for several networks look at the same: who knows all sizes beforehand asks for them at
        once, and the film is gone through once.
        """
        kept = self._made if crop.is_whole else self._made_inside
        missing = [size for size in dict.fromkeys(sizes) if size not in kept]
        if missing:
            part = self.film if crop.is_whole else self.inside
            for size, made in zip(missing, shrunk(part, *missing), strict=True):
                made.flags.writeable = False
                kept[size] = made
        return [kept[size] for size in sizes]

    def _keep(self, size: tuple[int, int], made: np.ndarray) -> None:
        made.flags.writeable = False
        self._made[size] = made


def check_bounds(width: int, height: int, frames: int = 1, *, rich: bool = False) -> None:
    """Refuse, from the header alone, a picture that can't be one film of usable size.

    `rich`: whether it is of several colours, of more than 16 bits a pixel, or in one of DICOM's
    compressions, whose codecs take long and much. Called before any pixel is decoded, so that a
    small file can't unfold into gigabytes. Raises RefusedFile (`multi_frame`, `bad_header`,
    `too_large`, `too_small`, `bad_shape`).
    """
    if frames > 1:
        raise RefusedFile(
            "multi_frame",
            "it holds several frames or pages, not one radiograph",
            "Export the single frontal view and try that",
        )
    if width < 1 or height < 1:
        raise RefusedFile(
            "bad_header", f"its header gives a size of {width} x {height}", "Export the file again"
        )
    most = MAX_RICH_PIXELS if rich else MAX_PIXELS
    if width * height > most:
        kind = " in colours, of more than 16 bits, or compressed in DICOM" if rich else ""
        raise RefusedFile(
            "too_large",
            f"{width} x {height} pixels{kind} is more than the {most // 1_000_000} million allowed",
            "Export it at a lower resolution, or uncompressed as 8 or 16-bit grey",
        )
    if min(width, height) < MIN_SIDE_PX:
        raise RefusedFile(
            "too_small",
            f"{width} x {height} pixels is too small to judge",
            f"Use a film of at least {MIN_SIDE_PX} pixels a side",
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise RefusedFile(
            "bad_shape",
            f"{width} x {height} pixels is too long and thin for a chest film",
            "Use the whole, uncropped frontal view",
        )


def is_coloured(levels: np.ndarray) -> bool:
    """Whether RGB, 0 to 255, (height, width, 3), is a colour picture.

    A grey film with a coloured mark on it is none.
    """
    red, green, blue = (levels[..., i].astype(np.float32) for i in range(3))
    most = np.maximum(np.maximum(red, green), blue)
    least = np.minimum(np.minimum(red, green), blue)
    return float((most - least > _COLOUR_TOLERANCE).mean()) > _COLOURED_SHARE


def grey_from_counts(counts: np.ndarray) -> np.ndarray:
    """Stored values (any real dtype) to float32 0 to 1, linearly by their own range.

    Raises RefusedFile (`not_finite`, `blank`) on NaN, infinity or a constant picture.
    """
    low, high = float(counts.min()), float(counts.max())
    if not high - low <= float(np.finfo(np.float32).max):  # also NaN, and a range that overflows
        raise RefusedFile(
            "not_finite", "its pixels hold NaN or infinity", "Export it again as 8 or 16-bit grey"
        )
    if high <= low:
        raise RefusedFile(
            "blank", "every pixel has the same value", "Check that the export holds the picture"
        )
    grey = np.empty(counts.shape, np.float32)
    # 32-bit integers and float64 need more digits, which all rows at once have no room for.
    digits: Any = np.float32 if np.can_cast(counts.dtype, np.float32) else np.float64
    for top in range(0, len(counts), _BAND_ROWS):
        band = counts[top : top + _BAND_ROWS].astype(digits)
        grey[top : top + _BAND_ROWS] = (band - digits(low)) / digits(high - low)
    return grey


def range_of(counts: np.ndarray) -> ValueRange:
    """The values that `grey_from_counts` makes black and white."""
    low, high = float(counts.min()), float(counts.max())
    return ValueRange(low, high, whole=are_whole(counts))


def are_whole(values: np.ndarray) -> bool:
    """Whether values, finite, of any real dtype, are all whole numbers."""
    return values.dtype.kind in "iu" or bool((values == np.rint(values)).all())


def flat_below(film: Film) -> tuple[str, ...]:
    """A note where the lowest twentieth of the rows, or more, has one value everywhere.

    Decoders fill up so what is missing of a file that was cut short.
    """
    rows = film.codes if isinstance(film, Levels) else film
    least = -(-len(rows) // 20)
    if (rows[-least:] != rows[-1, -1]).any():
        return ()
    flat = (rows != rows[-1, -1]).any(axis=1)[::-1].argmax() / len(rows)
    return (f"the lowest {flat:.0%} is one flat grey: a border, or a file that was cut short",)
