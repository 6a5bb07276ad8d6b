"""Counts what is computed of a radiograph: decoding, networks, maps, searches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from covid_core.explain.known_films import KnownFilms
from covid_core.model.head import Head
from covid_core.predict.gate import Gate
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Predictor
from covid_core.prepare.preprocess import Preprocess
from covid_core.read import reading

COUNTED = {
    "files decoded": (reading, "decode_raster"),
    "pictures prepared": (Preprocess, "picture"),  # gate, lungs, classifier, searches
    "gate": (Gate, "examine"),
    "lungs": (Lungs, "masks"),
    "classifier": (Predictor, "predict_many"),
    "classifier, for checks": (Predictor, "feature_maps"),
    "maps": (Head, "evidence"),
    "copies sought": (KnownFilms, "seen"),
    "neighbours sought": (KnownFilms, "nearest"),
}


def count_calls(patch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each of COUNTED is called from now on, by its name; those called only."""
    counts: Counter[str] = Counter()

    def counting(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def count(*given: Any, **named: Any) -> Any:
            counts[name] += 1
            return call(*given, **named)

        return count

    for name, (owner, attribute) in COUNTED.items():
        patch.setattr(owner, attribute, counting(name, getattr(owner, attribute)))
    return counts
