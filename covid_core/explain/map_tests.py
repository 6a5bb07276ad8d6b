"""Four tests of whether the map of one class over one film is worth showing.

It is withheld where one fails.

A map persuades whether it is right or wrong, and a wrong one is not seen to be (Adebayo et al.
2018). `evaluation.explanations` tests the maps of many films at leisure; this asks of the film at
hand, in a few more runs of the network:

- lungs: the share of the evidence in the lungs clearly exceeds their share of the film;
- deletion: covering the hottest places lowers the class's logit more than covering places at random
  (Petsiuk, Das and Saenko 2018);
- weights: the map stands out among those of the same film by randomised weights;
- mirror: the mirrored film gives the mirrored map.

Randomised are the weights by which channels are added up, for they are what makes a map of a class,
and many draws of them cost no run of the network. Whatever network made the channels, a map by
weights that mean nothing there is one more of these draws, so that the limit itself is the share of
such maps that pass. A map that hung on no weights at all would peak alike in all of them, and fail.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from covid_core.findings import Finding
from covid_core.model.saliency import Saliency
from covid_core.model.tiers import in_sentence
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.prepare.occlusion import blurred, place_in_line

LUNGS, DELETION, WEIGHTS, MIRROR = "lungs", "deletion", "weights", "mirror"
# `benchmarks.map_check` says how often each test passes where. In the lungs there must be clearly
# more than chance would give; the others were chosen on validation films.
LIMITS = {LUNGS: 1.2, DELETION: 0.1, WEIGHTS: 0.01, MIRROR: 0.4}
COVERED = 0.2  # of the film
ORDERS = 5  # in which places are covered at random
DRAWS = 199  # of randomised weights
_SEED = 20_181  # one for all, so that a film always has the same answer


@dataclass(frozen=True, slots=True)
class MapTest:
    """One test of a map, and whether it passed.

    `name`: as in files; `title`: for a person. `value` was held to `limit`.
    """

    name: str
    title: str
    value: float
    limit: float
    passed: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class MapCheck:
    """The tests of one class's map."""

    finding: Finding
    tests: tuple[MapTest, ...]

    @property
    def passed(self) -> bool:
        """Whether the map may be shown."""
        return all(test.passed for test in self.tests)

    @property
    def sentence(self) -> str:
        """Whether the map passed its tests, and which it failed."""
        failed = [test.title for test in self.tests if not test.passed]
        name = in_sentence(self.finding)
        if not failed:
            return f"The heat map for {name} passed its self-test."
        which = ", ".join(failed)
        return f"The heat map for {name} did not pass its self-test ({which}) and is not shown."


def check_map(
    predictor: Predictor,
    prediction: Prediction,
    saliency: Saliency,
    lungs: np.ndarray,
) -> MapCheck:
    """The four tests of a class's map over a film, by ORDERS + 2 more runs of the network.

    `saliency`: the map, as `predictor.explain` gives it of that prediction. `lungs`: where they are
    over the whole film, bool (m, m). Raises WeightsError where other weights made the prediction.
    """
    finding = saliency.finding
    mirrored, *without = predictor.feature_maps(
        predictor.card.preprocess.input(_tampered(prediction.picture, saliency.cells))
    )
    output = prediction.answers.index(finding)
    logits = np.array([predictor.head.logits(found)[output] for found in without])
    falls = prediction.logits[output] - logits
    weights = predictor.head.weights(prediction.feature_map, output)
    other = predictor.explain(replace(prediction, feature_map=mirrored), finding)
    return MapCheck(
        finding,
        (
            _lungs_test(saliency, lungs),
            _deletion_test(float(falls[0] - falls[1:].mean())),
            _weights_test(_rank(saliency.cells, weights, prediction.feature_map)),
            _mirror_test(_alike(saliency.cells, other.cells[:, ::-1])),
        ),
    )


def _tampered(picture: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The pictures that the tests run: uint8 (2 + ORDERS, S, S).

    The picture mirrored, with the hottest places of a map covered, and with as many covered at
    random.
    """
    drawing = np.random.default_rng(_SEED)
    orders = [cells, *(drawing.permuted(cells.ravel()).reshape(cells.shape) for _ in range(ORDERS))]
    without = blurred(picture)
    covered = [place_in_line(order, len(picture)) < COVERED for order in orders]
    return np.stack([picture[:, ::-1], *(np.where(one, without, picture) for one in covered)])


def _rank(cells: np.ndarray, weights: np.ndarray, feature_map: np.ndarray) -> float:
    """Which share of the maps by randomised weights peak as high: above 0, to 1.

    `weights`: the channels', in an order drawn anew for each. Were the map made by weights that
    were never learnt, or that belong to other channels, it would be one more of these, and this
    share would be evenly spread from 0 to 1 whatever the network.
    """
    drawing = np.random.default_rng(_SEED)
    drawn = np.stack([drawing.permutation(weights) for _ in range(DRAWS)])
    peaks = np.tensordot(drawn, feature_map.astype(np.float64), axes=1).max(axis=(1, 2))
    return float((1 + (peaks >= cells.max()).sum()) / (1 + DRAWS))


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation of two maps, -1 to 1; 0 where one of them is flat."""
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def _lungs_test(saliency: Saliency, lungs: np.ndarray) -> MapTest:
    area, share = float(lungs.mean()), saliency.share_inside(lungs)
    value = share / area if area and not math.isnan(share) else 0.0
    limit = LIMITS[LUNGS]
    sentence = (
        f"{share:.0%} of the evidence lies in the lungs, which take {area:.0%} of the film:"
        f" {value:.2f} times what chance would give, and {limit:.2f} is required."
        if value
        else "No evidence for the class lies in the lungs, or no lungs were found."
    )
    return MapTest(LUNGS, "heat in the lungs", value, limit, value >= limit, sentence)


def _deletion_test(value: float) -> MapTest:
    limit = LIMITS[DELETION]
    sentence = (
        f"Covering the hottest {COVERED:.0%} of the film lowers the logit by {value:.2f} more than"
        f" covering as much at random; {limit:.2f} is required."
    )
    return MapTest(
        DELETION, "deletion against random deletion", value, limit, value >= limit, sentence
    )


def _weights_test(value: float) -> MapTest:
    limit = LIMITS[WEIGHTS]
    as_high, most = (round(share * (1 + DRAWS)) - 1 for share in (value, limit))
    sentence = f"{as_high} of {DRAWS} maps by randomised weights peak as high; at most {most} may."
    return MapTest(WEIGHTS, "randomised weights", value, limit, value <= limit, sentence)


def _mirror_test(value: float) -> MapTest:
    limit = LIMITS[MIRROR]
    sentence = (
        f"The mirrored film's map, mirrored back, correlates by {value:.2f} with the film's;"
        f" {limit:.2f} is required."
    )
    return MapTest(MIRROR, "flip consistency", value, limit, value >= limit, sentence)
