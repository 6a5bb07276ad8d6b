"""What the viewer draws of a film: first the film alone, then the film with its heat.

What takes time of it, the film's greys and the grids of heat, hangs on no control of the page: it
is prepared once, and kept in the session while the film is open.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from app import session
from app.film_session import Slot
from app.open_film import OpenFilm, keep_latest
from app.texts import read as texts
from app.viewer.package import Kind, Layer, Planes, View, Window
from covid_core.case.case_reading import Reading
from covid_core.findings import Finding
from covid_core.model.saliency import Saliency
from covid_core.present.display import AS_STORED, display_film, grey_windows, thinned_film
from covid_core.present.heat_words import no_opacity_in_words, not_due_in_words
from covid_core.present.overlay import COLOUR_MAPS, OPACITY_COLOURS, clip_to_body, soft
from covid_core.present.sentences import DISCLAIMER, heat_in_words, opacity_in_words
from covid_core.present.worth import map_worth, opacity_worth

if TYPE_CHECKING:
    from covid_core.explain.opacity_map import OpacityMap
    from covid_core.read.radiograph import Radiograph

_HEAT_PX = 256  # the longer side of the heat's grid: it is smooth, more would only be sent
_FIRST_LOOK_PX = 1280  # of the film that is drawn before it is read: enough for its pane
_PREPARED_KEPT = 2  # that stand beside each other; each is as large as its film
_NO_HEAT = np.zeros((1, 1), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A film ready for the viewer, but for what the controls say.

    `view`: with layers whose words are still to be said. `planes`: all its arrays.
    """

    view: View
    planes: Planes


def film_alone(radiograph: Radiograph, why: str, *, steps: bool = False) -> View:
    """The view of a film without its answer. `why`: the reason that no heat is drawn.

    `steps`: as the view with the answer has them, so that no arrow key means another thing.
    """
    film = thinned_film(radiograph, _FIRST_LOOK_PX)
    return View(
        film=film.values,
        windows=_windows({AS_STORED: (film.low, film.high)}),
        layers=(Layer(texts.NO_LAYER, _NO_HEAT, False, why, False),),
        layer=0,
        lungs=None,
        colours=COLOUR_MAPS,
        described=texts.FILM_ALT,
        units=film.units,
        thinning=film.thinning,
        identity=radiograph.sha256,
        steps=steps,
    )


def prepare_view(reading: Reading) -> Prepared:
    """A reading's film and maps, made now; the opacity map, if any, stands first."""
    film = display_film(reading.radiograph)
    maps: list[OpacityMap | Saliency] = [reading.opacity] if reading.opacity else []
    layers = [
        Layer("", _levels(one, reading, film.values.shape), False, "", False, _kind(one))
        for one in (*maps, *reading.maps.values())
    ]
    view = View(
        film=film.values,
        windows=_windows(grey_windows(film, reading.lungs)),
        layers=tuple(layers),
        layer=0,
        lungs=soft(reading.lungs),
        colours=COLOUR_MAPS,
        described=texts.FILM_ALT,
        units=film.units,
        opacity_colours=OPACITY_COLOURS if reading.opacity else None,
        identity=reading.radiograph.sha256,
    )
    planes = Planes.of(view)
    return Prepared(planes.with_film(view), planes)


def view_of(reading: Reading, ready: Prepared, *, warning: str = "", steps: bool = False) -> View:
    """What the viewer draws of a reading.

    `ready`: what was prepared of it. `warning`: what is shown with the answer in full screen.
    """
    card, prediction = session.card(), reading.prediction
    drawn = list(ready.view.layers)
    first = prediction.answers.index(prediction.label)
    layers = []
    if reading.opacity:
        worth, first = opacity_worth(card), 0
        layers.append(_opacity_layer(drawn.pop(0), reading, reading.opacity, worth))
    for answer, layer in zip(prediction.answers, drawn, strict=True):
        layers.append(_class_layer(layer, reading, answer, map_worth(card, answer)))
    return replace(
        ready.view,
        layers=tuple(layers),
        layer=first,
        steps=steps,
        answer="\n".join(filter(None, (prediction.decision.sentence, warning, DISCLAIMER))),
    )


def prepared_in_session(film: OpenFilm) -> Prepared:
    """What is prepared of an open film, kept as long as a film is open."""
    ready = _kept().get(film.key) or prepare_view(film.reading)
    keep_prepared(film, ready)
    return ready


def keep_prepared(film: OpenFilm, ready: Prepared) -> None:
    """Keep what was prepared of a film in the session, in place of what was shown longest ago."""
    keep_latest(_kept(), film.key, ready, _PREPARED_KEPT)


def _kept() -> OrderedDict[tuple[str, str], Prepared]:
    kept: OrderedDict[tuple[str, str], Prepared] = st.session_state.setdefault(
        Slot.PREPARED, OrderedDict()
    )
    return kept


def _windows(found: Mapping[str, tuple[float, float]]) -> tuple[Window, ...]:
    return tuple(Window(texts.WINDOWS[name], low, high) for name, (low, high) in found.items())


def _kind(shown: OpacityMap | Saliency) -> Kind:
    return Kind.EVIDENCE if isinstance(shown, Saliency) else Kind.OPACITY


def _levels(shown: OpacityMap | Saliency, reading: Reading, shape: tuple[int, ...]) -> np.ndarray:
    """A map's heat inside the body, over a film of that shape: uint8, 255 at full heat."""
    height, width = shape
    scale = _HEAT_PX / max(height, width)
    grid = max(1, round(height * scale)), max(1, round(width * scale))
    return np.rint(clip_to_body(shown.heat(*grid), reading.body) * 255).astype(np.uint8)


def _opacity_layer(layer: Layer, reading: Reading, opacity: OpacityMap, worth: str) -> Layer:
    """A reading's opacity map; shown where it may be drawn."""
    shares = reading.lung_shares(reading.prediction.label)
    why = no_opacity_in_words(reading.prediction.decision, shares)
    words = why or opacity_in_words(opacity, reading.lungs)[0]
    return replace(layer, name=texts.OPACITY_LAYER, shown=not why, why=words, note=worth)


def _class_layer(layer: Layer, reading: Reading, finding: Finding, worth: str) -> Layer:
    """One class's heat. None is shown where it is not due, or its map fails its tests."""
    prediction = reading.prediction
    shown, words, doubtful = False, not_due_in_words(prediction, finding), False
    if prediction.heat_due(finding):
        check = reading.map_checks[finding].map_check
        shown = check.passed
        shares = reading.lung_shares(finding)
        words, doubtful = heat_in_words(shares) if shown else (check.sentence, False)
    return replace(
        layer, name=finding.display_name, shown=shown, why=words, doubtful=doubtful, note=worth
    )
