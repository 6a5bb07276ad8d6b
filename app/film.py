"""One film as the pages hold it, and how it comes about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from covid_core.findings import Finding
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Prediction, Predictor
from covid_core.present.display import DisplayFilm, display_film
from covid_core.read.radiograph import Radiograph, View
from covid_core.read.reading import read_radiograph

if TYPE_CHECKING:
    from covid_core.explain.checks import Checks
    from covid_core.read.patient_tags import Study


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One film as the pages hold it.

    `name`: the file's, as the user knows it. `lungs`: where they are, bool (128, 128) over the
    film. `study`: the DICOM tags that are shown on demand; None for other files. `described`:
    the film in a few words, none of them from its name or its patient's tags. `checks`: by the
    class whose map they hold: the likeliest at first, and what else was asked for.
    """

    name: str
    prediction: Prediction
    film: DisplayFilm
    lungs: np.ndarray
    study: Study | None
    described: str
    view: View
    is_phantom: bool = False
    checks: dict[Finding, Checks] = field(default_factory=dict)

    def radiograph(self) -> Radiograph:
        """The film again, for another network."""
        prediction = self.prediction
        return Radiograph(
            self.film.pixels(), prediction.radiograph_sha256, self.described, self.view,
            prediction.notes,
        )  # fmt: skip


def read_film(
    data: bytes,
    sha256: str,
    network: Predictor,
    lungs: Lungs,
    called: Callable[[Reading], object] | None = None,
    *,
    name: str,
    is_phantom: bool,
) -> Reading:
    """A file's bytes to a reading with its checks. `called`: is given the reading as soon as the
    film is called, while the checks are still to be made.

    Raises CovidCoreError: the file can't be read, or the gate abstains.
    """
    from app.checking import check_whole  # what the empty page can do without
    from covid_core.read.patient_tags import read_study  # with pydicom, as above

    radiograph = read_radiograph(data, sha256)
    reading = Reading(
        name=name,
        prediction=network.predict(radiograph),
        film=display_film(radiograph),
        lungs=lungs.inside(radiograph),
        study=read_study(data),
        described=_described(radiograph),
        view=radiograph.view,
        is_phantom=is_phantom,
    )
    if called:
        called(reading)
    checks = check_whole(network, radiograph, reading.prediction, reading.lungs)
    return replace(reading, checks=checks)


def _described(radiograph: Radiograph) -> str:
    size = f"{radiograph.width_px} x {radiograph.height_px} px"
    view = "" if radiograph.view is View.UNKNOWN else f", {radiograph.view} view"
    return f"{radiograph.source_format}, {size}{view}"
