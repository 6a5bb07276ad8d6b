"""The window of interest of a DICOM file (PS3.3 C.11.2.1.2 and C.11.2.1.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covid_core.read.dicom_values import Tags

LINEAR, LINEAR_EXACT, SIGMOID = "LINEAR", "LINEAR_EXACT", "SIGMOID"


@dataclass(frozen=True, slots=True)
class Window:
    """A window of grey values. `width`: above 0, of LINEAR above 1."""

    centre: float
    width: float
    function: str

    @property
    def ends(self) -> tuple[float, float] | None:
        """The value that is just black and that just white; None for a curve, which has none."""
        if self.function == SIGMOID:
            return None
        # LINEAR is meant for whole numbers: its centre lies half a step off, and it is a step less.
        half = 0.5 if self.function == LINEAR else 0.0
        centre, width = self.centre - half, self.width - 2 * half
        return centre - width / 2, centre + width / 2

    def greys(self, values: np.ndarray) -> np.ndarray:
        """What each value shows as, float32, 0 to 1."""
        ends = self.ends
        if ends is None:
            with np.errstate(over="ignore"):  # far below the centre it is black
                rise = np.exp(-4 * ((values - self.centre) / self.width))
            return (1 / (1 + rise)).astype(np.float32)
        return np.clip((values - ends[0]) / (ends[1] - ends[0]), 0, 1).astype(np.float32)


def read_windows(tags: Tags) -> list[Window]:
    """A file's windows; those that the standard does not allow are left aside, with a note."""
    centres, widths = tags.numbers("WindowCenter"), tags.numbers("WindowWidth")
    if not centres or not widths:
        return []
    function = tags.text("VOILUTFunction").strip().upper() or LINEAR
    if function not in (LINEAR, LINEAR_EXACT, SIGMOID):
        tags.leave_aside("VOILUTFunction", "it is none that the standard knows")
        return []
    made = [_window(*pair, function) for pair in zip(centres, widths, strict=False)]
    windows = [window for window in made if window is not None]
    if not windows:
        tags.leave_aside("WindowWidth", "it leaves no grey between black and white")
    return windows


def _window(centre: float, width: float, function: str) -> Window | None:
    if width <= 0:
        return None
    # LINEAR needs a width of 1 or more; less is meant for values that are no whole numbers.
    exact = function == LINEAR and width < 1
    window = Window(centre, width, LINEAR_EXACT if exact else function)
    ends = window.ends
    usable = ends is None or (np.isfinite(ends[1] - ends[0]) and ends[1] > ends[0])
    return window if usable else None
