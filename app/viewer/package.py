"""All that the viewer draws, as one run of bytes: a film, its heat, the lungs, colours and words.

    4 bytes        length of the header, little-endian
    the header     JSON, padded with spaces so that the planes begin at a multiple of 4
    the planes     raw, little-endian, row by row; each begins at a multiple of 4

Streamlit sends a message again only where its hash changed, so one run of bytes is sent once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np

from app.texts.viewer import BOXING, KEYS, LINKING, RULING, STEPPING, TEXTS, WITH_OPACITY
from covid_core.present.overlay import LEAST_HEAT
from covid_core.read.units import UNKNOWN, Units

OPACITY = 0.6
WINDOWS = 5  # each has a key of its own
_ALIGNMENT_BYTES = 4
_COLOURS = 256
MOST_BOXES = 20  # that a reader may draw on one film


@dataclass(frozen=True, slots=True)
class Window:
    """A window that is offered by name.

    `low`, `high`: what is black and what is white, 0 to 1 of the film's stored range.
    """

    name: str
    low: float
    high: float


class Kind(StrEnum):
    """What a layer's heat means, and so its legend and its colours."""

    EVIDENCE = "evidence"  # for a class, in the colours that the reader chooses
    OPACITY = "opacity"  # the probability of an opacity, in colours of its own


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One map's heat, uint8 (gh, gw), 255 at full heat, over the whole film.

    It is drawn bilinear: a grid of 64 cells a side or more looks smooth. `shown`: False where the
    class is below its threshold: no heat is drawn then, and `why` is said in its place. `why`:
    otherwise, where the heat lies. `doubtful`: `why` is a warning. `note`: what was measured of
    such maps.
    """

    name: str
    heat: np.ndarray
    shown: bool
    why: str
    doubtful: bool
    kind: Kind = Kind.EVIDENCE
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What one viewer shows.

    `film`: uint8 or uint16 (H, W), 0 = black. `windows`: up to 5, the first is the default.
    `layers`: all on one grid; `layer`: the one shown first. `lungs`: uint8 (h, w), probability of
    lung over the whole film, 255 = certain, outlined at half; None draws no outline. `colours`:
    name to uint8 (256, 3), cold to hot; the first is the default; `opacity_colours`: of an opacity
    map, where there is one. `described`: the film for those who can't see it. `steps`: the reader
    may ask for the next film and the previous one. `linked`: another film of the patient stands in
    a viewer beside this one; zoom, place and window go together. `units`: of the film's whole
    range. `answer`: in a corner of the full screen, where the page's own is not seen. `boxing`: the
    film's name by which the boxes drawn on it are sent; "": none may be drawn. `identity`: sets
    this film apart from others, at whatever resolution; without one, its pixels do. `thinning`: the
    step between the original film's pixels that `film` holds: zoom is said of the original's.
    """

    film: np.ndarray
    windows: tuple[Window, ...]
    layers: tuple[Layer, ...]
    layer: int
    lungs: np.ndarray | None
    colours: Mapping[str, np.ndarray]
    described: str
    steps: bool = False
    linked: bool = False
    opacity_colours: np.ndarray | None = None
    units: Units = UNKNOWN
    answer: str = ""
    boxing: str = ""
    identity: str = ""
    thinning: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """All arrays of a view as bytes, made once for as many packages as differ in words alone.

    `places`: where each lies, in the order of `_arrays`. `digest`: of all of them, `film_digest`
    of the film alone.
    """

    data: bytes = field(repr=False)
    places: tuple[dict[str, Any], ...]
    digest: str
    film_digest: str

    @classmethod
    def of(cls, view: View) -> Planes:
        """The planes of a view. Raises ValueError as `package` does."""
        _check(view)
        planes: list[bytes] = []
        places = tuple(_placed(array, planes) for array in _arrays(view))
        data = b"".join(planes)
        film = _digest(str(view.film.shape).encode(), planes[0])
        return cls(data, places, _digest(data), film)

    def with_film(self, view: View) -> View:
        """The view with a film that lies in these bytes, so that it is held once."""
        place = self.places[0]
        kind = np.dtype(place["type"]).newbyteorder("<")
        values = np.frombuffer(self.data, kind, np.prod(place["shape"]), place["offset"])
        return replace(view, film=values.reshape(place["shape"]))


def package(view: View, *, height_px: int = 560, planes: Planes | None = None) -> bytes:
    """The view in the module's format, its panes at least `height_px` high.

    `planes`: of a view of the same arrays, if they were made before. `identity` in the header is
    the film's, `digest` that of everything. Raises ValueError where an array or a count is not what
    View says: that is a defect of the caller.
    """
    if planes is None:
        planes = Planes.of(view)
    header = _header(view, planes) | {"height": height_px}
    header["identity"] = view.identity or planes.film_digest
    header["digest"] = _digest(json.dumps(header).encode(), planes.digest.encode())
    words = json.dumps(header, allow_nan=False).encode()
    words += b" " * (-len(words) % _ALIGNMENT_BYTES)
    return b"".join([len(words).to_bytes(4, "little"), words, planes.data])


def _arrays(view: View) -> list[np.ndarray]:
    """Everything that is sent as a plane, the film first."""
    lungs = [] if view.lungs is None else [view.lungs]
    return [view.film, *(layer.heat for layer in view.layers), *lungs, *_tables(view)]


def _header(view: View, planes: Planes) -> dict[str, Any]:
    """What is said about the planes, each named as it comes in `_arrays`."""
    places = iter(planes.places)
    return {
        "film": next(places),
        "windows": [asdict(window) for window in view.windows],
        "layers": [
            {"name": layer.name, "shown": layer.shown, "why": layer.why, "note": layer.note}
            | {"doubtful": layer.doubtful, "kind": layer.kind}
            | {"heat": next(places)}
            for layer in view.layers
        ],
        "layer": view.layer,
        "lungs": None if view.lungs is None else next(places),
        "colours": [{"name": name, "table": next(places)} for name in view.colours],
        "opacityColours": None if view.opacity_colours is None else next(places),
        "described": view.described,
        "thinning": view.thinning,
        "steps": view.steps,
        "linked": view.linked,
        "boxing": view.boxing,
        "most_boxes": MOST_BOXES,
        "units": asdict(view.units),
        "answer": view.answer,
        "threshold": LEAST_HEAT,  # at first
        "opacity": OPACITY,
        "texts": TEXTS if view.opacity_colours is None else TEXTS | WITH_OPACITY,
        "keys": _keys(view),
    }


def _keys(view: View) -> list[list[str]]:
    """Those that do something with this view, and what they do."""
    keys = [STEPPING if view.steps and key == "Arrows" else [key, does] for key, does in KEYS]
    keys += [RULING] if view.units.pixel_mm is not None else []
    keys += BOXING if view.boxing else []
    return keys + ([LINKING] if view.linked else [])


def _placed(array: np.ndarray, planes: list[bytes]) -> dict[str, Any]:
    """The place of an array's bytes from the planes' beginning, having been added to them."""
    offset = sum(map(len, planes))
    little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    raw = little.tobytes()
    planes.append(raw + bytes(-len(raw) % _ALIGNMENT_BYTES))
    return {"offset": offset, "bytes": len(raw), "type": array.dtype.name, "shape": array.shape}


def _check(view: View) -> None:
    _check_planes(view)
    if len({layer.heat.shape for layer in view.layers}) != 1:
        raise ValueError("there must be a layer, and all of them on one grid")
    if not 0 <= view.layer < len(view.layers):
        raise ValueError(f"there is no layer {view.layer}")
    if not 1 <= len(view.windows) <= WINDOWS:
        raise ValueError(f"there must be 1 to {WINDOWS} windows, not {len(view.windows)}")
    if any(not 0 <= window.low < window.high <= 1 for window in view.windows):
        raise ValueError("a window's low is below its high, both 0 to 1")
    if any(table.shape != (_COLOURS, 3) for table in _tables(view)) or not view.colours:
        raise ValueError(f"colours are one table or more of ({_COLOURS}, 3)")
    has_opacity = any(layer.kind is Kind.OPACITY for layer in view.layers)
    if has_opacity is (view.opacity_colours is None):
        raise ValueError("an opacity map and its colours go together")


def _check_planes(view: View) -> None:
    if view.film.dtype.name not in ("uint8", "uint16"):
        raise ValueError(f"a film is uint8 or uint16, not {view.film.dtype}")
    maps = [layer.heat for layer in view.layers]
    maps += [] if view.lungs is None else [view.lungs]
    for plane in (view.film, *maps):
        if plane.ndim != 2 or not plane.size:
            raise ValueError(f"film, heat and lungs are (height, width), not {plane.shape}")
    for plane in (*maps, *_tables(view)):
        if plane.dtype != np.uint8:
            raise ValueError(f"heat, lungs and colours are uint8, not {plane.dtype}")


def _tables(view: View) -> list[np.ndarray]:
    own = [] if view.opacity_colours is None else [view.opacity_colours]
    return [*view.colours.values(), *own]


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
