"""The scores from which the gate gives each code, picked on films that may be judged."""

from __future__ import annotations

import numpy as np

from covid_core.model.gate_findings import FLAWS, Code
from covid_core.model.gate_network import GateNetwork
from covid_core.predict.gate import ABSTAINING, EXPOSURES
from covid_core.training.gate.films import GateFilms, good_examples
from covid_core.training.gate.measures import scores_of

_ABSTAIN, _DISPLAYED, _WARN = 0.004, 0.0025, 0.01  # of good films, for each code
_LEAST, _LEAST_ODDS = 0.5, -3.0  # a score below is no reason, however rare among good films
_LEAST_EXPOSED = {Code.TOO_DARK: 0.5, Code.SATURATED: 0.1}  # a white label is no harm
_MANY = 20  # films, from which a source has a say in the thresholds of warnings


def pick_thresholds(network: GateNetwork, films: GateFilms) -> dict[str, float]:
    """The score from which each code is given: one that few of these good films reach.

    Few of all of them for a reason to refuse, few of each source for a warning.
    """
    scores = scores_of(network, good_examples(films).pictures)
    adults = films.children == 0
    picked = {
        "other": max(_LEAST_ODDS, _score_beyond(scores.other, _ABSTAIN)),
        "displayed": max(_LEAST_ODDS, _score_beyond(scores.displayed, _DISPLAYED)),
        Code.UNFAMILIAR.value: _score_beyond(scores.distances, _ABSTAIN),
    }
    for i, code in enumerate(FLAWS):
        found = scores.flaws[:, i]
        if code in ABSTAINING:
            limit = _score_beyond(found, _ABSTAIN / 4)
        else:
            among = adults if code is Code.CHILD else np.ones(len(adults), bool)
            limit = _score_beyond_anywhere(found[among], films.sources[among])
        picked[code.value] = max(_LEAST, limit)
    for i, code in enumerate(EXPOSURES):
        limit = _score_beyond_anywhere(films.exposures[:, i], films.sources)
        picked[code.value] = max(_LEAST_EXPOSED[code], limit)
    return picked


def _score_beyond(scores: np.ndarray, rate: float) -> float:
    """The score that this share of films goes beyond."""
    return float(np.quantile(scores, 1 - rate, method="higher")) + 1e-9


def _score_beyond_anywhere(scores: np.ndarray, sources: np.ndarray) -> float:
    """The score that few films of any source go beyond."""
    names, counts = np.unique(sources, return_counts=True)
    parts = [scores[sources == name] for name in names[counts >= _MANY]]
    return max(_score_beyond(part, _WARN) for part in parts or [scores])
