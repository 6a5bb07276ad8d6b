"""Films as people pass them on: several in one picture, in a viewer's window, photographed.

Each shows a frontal film, and yet is no picture to judge: which of the films is meant, and which of
the greys are the film's, nobody can say. Everything here is a pure function of some films, uint8
(N, h, w), and a generator, and gives uint8 (SIDE_PX, SIDE_PX). The kinds that do not train are
there to measure with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from covid_core.model.gate_findings import Code
from covid_core.training.gate.arranged import (
    in_a_row,
    in_a_square,
    side_by_side,
    six_in_two_rows,
    stacked,
)
from covid_core.training.gate.photos import (
    photo_of_screen,
    photo_on_desk,
    photo_on_light_box,
    photo_on_table,
)
from covid_core.training.gate.windows import dark_viewer, light_viewer, web_page

Display = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True, slots=True)
class Displayed:
    """A way to show films: what the gate should call it, and whether it may train.

    `times`: how many of it are drawn for each one of an easier way.
    """

    code: Code
    draw: Display
    trains: bool = True
    times: float = 1.0


DISPLAY_KINDS: dict[str, Displayed] = {
    "two films side by side": Displayed(Code.SEVERAL_FILMS, side_by_side),
    "two films stacked": Displayed(Code.SEVERAL_FILMS, stacked),
    "four films in a square": Displayed(Code.SEVERAL_FILMS, in_a_square),
    "three films in a row": Displayed(Code.SEVERAL_FILMS, in_a_row, trains=False),
    "six films in two rows": Displayed(Code.SEVERAL_FILMS, six_in_two_rows, trains=False),
    "dark viewer": Displayed(Code.SCREENSHOT, dark_viewer),
    "light viewer": Displayed(Code.SCREENSHOT, light_viewer),
    "film in a web page": Displayed(Code.SCREENSHOT, web_page, trains=False),
    "photo of a film on a light box": Displayed(Code.PHOTO, photo_on_light_box, times=1.25),
    "photo of a film on a desk": Displayed(Code.PHOTO, photo_on_desk, times=1.25),
    "photo of a film on a table": Displayed(Code.PHOTO, photo_on_table, times=3),
    "photo of a screen": Displayed(Code.PHOTO, photo_of_screen, trains=False),
}
