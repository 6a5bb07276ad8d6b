"""One radiograph's reading: all that is computed of it, as one frozen record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from covid_core.explain.checks import Checks, FilmChecks, MapChecks
from covid_core.explain.lung_shares import LungShares
from covid_core.explain.opacity_map import OpacityMap
from covid_core.findings import Finding
from covid_core.model.saliency import Saliency
from covid_core.predict.prediction import Prediction
from covid_core.read.radiograph import Radiograph


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What `reader.CaseReader` makes of one radiograph; each further stage gives a new record.

    `lungs`, `body`: where they are over the film, bool (128, 128); no heat is drawn outside the
    body. `maps`: of each of the prediction's
    answers. `opacity`: where the network sees opacities; None by weights that have no such map. The
    RSNA category is the prediction's own. `film_checks`: None until they are made. `map_checks`: by
    the class whose map was tested; read-only, as `maps`.
    """

    radiograph: Radiograph
    prediction: Prediction
    lungs: np.ndarray
    body: np.ndarray
    maps: Mapping[Finding, Saliency]
    opacity: OpacityMap | None = None
    film_checks: FilmChecks | None = None
    map_checks: Mapping[Finding, MapChecks] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def due(self) -> tuple[Finding, ...]:
        """The classes that reach their thresholds, whose maps are shown; the likeliest first."""
        prediction = self.prediction
        ranked = sorted(prediction.answers, key=prediction.probability, reverse=True)
        return tuple(finding for finding in ranked if prediction.heat_due(finding))

    def is_of(self, film_sha256: str, weights_sha256: str) -> bool:
        """Whether it is of this very file, by these weights."""
        own = self.radiograph.sha256, self.prediction.weights_sha256
        return own == (film_sha256, weights_sha256)

    def without_film(self) -> Reading:
        """The reading with its film let go: some 300 KB, which a list can keep of many films."""
        radiograph = replace(self.radiograph, film=np.empty((0, 0), np.float32), unwindowed=None)
        return replace(self, radiograph=radiograph)

    def with_film(self, radiograph: Radiograph) -> Reading:
        """The same reading with its film again, as its file was read anew.

        Raises ValueError for another film.
        """
        if radiograph.sha256 != self.radiograph.sha256:
            raise ValueError("this reading is of another film")
        return replace(self, radiograph=radiograph)

    def checks(self, finding: Finding) -> Checks:
        """The checks of the film and of a class's map, together.

        Raises ValueError where they were not made.
        """
        if self.film_checks is None or finding not in self.map_checks:
            raise ValueError(f"the map for {finding} was not checked")
        return Checks.of(self.film_checks, self.map_checks[finding])

    def heat_in_lungs(self, finding: Finding) -> float:
        """The share of a class's evidence in the lungs, 0 to 1; NaN where there is none."""
        return self.lung_shares(finding).heat

    def lung_shares(self, finding: Finding) -> LungShares:
        """What of a class's evidence and of the opacity map lies in the lungs."""
        return LungShares.of(self.maps[finding], self.opacity, self.lungs)
