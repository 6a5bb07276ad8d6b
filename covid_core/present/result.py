"""All that leaves the program of one film: what every export is made from, and the reading as JSON.

It holds no patient and no file name, by construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from covid_core.explain.checks import Checks, checks_json, rounded
from covid_core.explain.lung_shares import LungShares
from covid_core.explain.opacity_map import OpacityMap
from covid_core.findings import APPEARANCES, Finding
from covid_core.metrics import Estimate
from covid_core.model.saliency import Saliency
from covid_core.model.tiers import CAVEAT, in_sentence
from covid_core.predict.prediction import Prediction
from covid_core.present.flags import Flag, flags_of
from covid_core.present.heat_words import no_opacity_in_words, not_due_in_words
from covid_core.present.overlay import LEAST_HEAT
from covid_core.present.point_words import answer_worth_in_words
from covid_core.present.sentences import (
    DISCLAIMER,
    category_in_words,
    opacity_in_words,
    predictive_value,
)
from covid_core.present.worth import Worth

SCHEMA_VERSION = 6
NOT_DRAWN = f"none below {LEAST_HEAT:.0%} or outside the body"  # of heat, in captions


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One film's reading, ready to be exported.

    `saliency`: of the class whose evidence is shown. `film`: uint8 (H, W) as it was shown. `lungs`,
    `body`: bool (h, w) over the film; no heat is drawn outside the body. `prevalence`: of the
    disease, 0 to 1. `made`: when, with its time zone. `elsewhere`: what the operating point costs,
    and the answer is worth, at sources not used in training (`point_words.elsewhere_in_words`).
    `checks`: of the film and of the map shown; None where none were made. `opacity`: where the
    network sees opacities; None by weights that have no such map. `worth`: what was measured of the
    maps and the category. Raises ValueError where the time has no zone, or the checks are of
    another map.
    """

    prediction: Prediction
    saliency: Saliency
    film: np.ndarray
    lungs: np.ndarray
    body: np.ndarray
    prevalence: float
    made: datetime
    elsewhere: str = ""
    checks: Checks | None = None
    opacity: OpacityMap | None = None
    worth: Worth = field(default_factory=Worth)

    def __post_init__(self) -> None:
        if self.made.tzinfo is None:
            raise ValueError("a result's time needs its time zone")
        if self.checks and self.checks.map_check.finding is not self.finding:
            raise ValueError("these checks are of another class's map")

    @property
    def finding(self) -> Finding:
        """The class whose evidence is shown."""
        return self.saliency.finding

    @property
    def heat_drawn(self) -> bool:
        """Whether the map is shown: its class reaches its threshold, and it passed its tests."""
        passed = self.checks is None or self.checks.map_check.passed
        return self.prediction.heat_due(self.finding) and passed

    @property
    def heat_in_lungs(self) -> float:
        """The share of the evidence that lies in the lungs, 0 to 1; NaN where there is none."""
        return self.saliency.share_inside(self.lungs)

    @property
    def lung_shares(self) -> LungShares:
        """What of the evidence and of the opacity map lies in the lungs."""
        return LungShares.of(self.saliency, self.opacity, self.lungs)

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What speaks against the answer and the map shown, the gravest first."""
        return flags_of(self.prediction, self.checks, self.lung_shares)

    @property
    def predictive_values(self) -> str | None:
        """What such an answer is worth at the prevalence, in words; None where it isn't known.

        None of an answer that must not be used, too.
        """
        decision, disease = self.prediction.decision, self.prediction.answers[-1]
        return answer_worth_in_words(
            decision, disease, self.prevalence, elsewhere_stated=bool(self.elsewhere)
        )

    @property
    def caption(self) -> str:
        """What the picture under heat shows, as one sentence."""
        if self.heat_drawn:
            name, method = in_sentence(self.finding), self.saliency.method
            colours = f"violet weak, yellow strong, {NOT_DRAWN}"
            return f"Evidence for {name} ({method}): {colours}. Lungs outlined."
        why = not_due_in_words(self.prediction, self.finding)
        if not why and self.checks:
            why = f"No heat is drawn. {self.checks.map_check.sentence}"
        return f"{why} Lungs outlined."

    @property
    def opacity_caption(self) -> str:
        """What the picture under the opacity map shows, as one sentence; "" where there is none."""
        if self.opacity is None:
            return ""
        colours = f"blue low, yellow high, {NOT_DRAWN}"
        drawn = f"Probability of an opacity, as radiologists box it: {colours}."
        return no_opacity_in_words(self.prediction.decision, self.lung_shares) or drawn

    @property
    def opacity_drawn(self) -> bool:
        """Whether the opacity map is shown: the weights have one, and it marks lungs."""
        withheld = no_opacity_in_words(self.prediction.decision, self.lung_shares)
        return self.opacity is not None and not withheld

    @property
    def name(self) -> str:
        """A file name's stem that identifies the film by its digest and names nobody."""
        return f"film-{self.prediction.radiograph_sha256[:8]}"


def result_json(result: Result) -> dict[str, Any]:
    """The reading as plain values for `json.dumps`, without NaN: null where there is no figure.

    `schema_version`: 2, which brought `caveat`, `measured_on` and `checks`; 3, which brought
    `opacity`, `rsna_category` and `measured`; 4, which brought `decision.tier` and `flags`; 5, in
    which what is measured at the operating point is of the answers, no more of the threshold alone,
    and which brought `missed` and `decided`; 6, in which `of_this_call` is of films with this very
    answer, no more of all that name the disease, and which brought `disease_given_answer`. `made`:
    ISO 8601, UTC. `film.sha256`: of the file's bytes. `model.name`, `model.weights_sha256`: what
    judged it. `probabilities`: calibrated, by class. `decision.tier`: the answer in a report's
    words; `decision.call`: the classes by which that is right, or "undecided"; `decision.positive`:
    whether the disease reaches the operating point's threshold; `decision.sentence`.
    `prediction_set`: classes that can't be ruled out, the likeliest first. `operating_point`: name,
    threshold, and sensitivity, specificity and the share decided as value, low and high (95%
    interval) and n films, and the share `missed` of those with the disease, each null where it was
    not measured; `measured_on`, in words, on which films of which sources; `elsewhere`, in words,
    at sources that never trained it, with this answer's worth there. `predictive_value`: by those
    figures, at `prevalence`, of any answer that names the disease (`positive`), of any that does
    not (`negative`), and of this very answer (`of_this_call`, null where it is undecided);
    `disease_given_answer`, the share of films with this very answer that have the disease, with its
    interval. `flags`: what speaks against the answer, the gravest first: severity (`unusable`,
    `warning`), code and sentence. `remarks`: what the gate found odd, as code and sentence.
    `notes`: what reading the file took. `evidence`: of `finding`, by `method`. `cells`: rows of the
    map, in logits; their sum and `bias` make `logit`. `placement_px`: top, left, height and width
    of the film in the network's input of `input_px`; where borders were cut off, of the part at
    `crop`, fractions of the film's sides. `heat_in_lungs`: share of the evidence. `heat_drawn`:
    false for normal, where the class does not reach its threshold, or its map failed a test;
    `measured`: in words, how often such a map points into radiologists' boxes. `opacity`: the
    probability of an opacity in each cell, arranged as those of `evidence`; `peak`, the highest;
    `peak_zone`, the lung zone it lies in; `in_lungs`, the share of the map; null by weights without
    such a map. `rsna_category`: the likeliest, and the network's shares for all, which are not
    `calibrated`; null by weights that did not learn them. `checks`: as `checks.checks_json` gives
    them; null where none were made. `caveat`, `disclaimer`: sentences that go with any result.
    Where a flag is `unusable` the answer is withheld: what the network gave stands here for the
    record alone, and `opacity` is null.
    """
    prediction, decision = result.prediction, result.prediction.decision
    calls = decision.point.calls
    remarks = [{"code": r.code.value, "sentence": r.sentence} for r in prediction.remarks]
    return {
        "schema_version": SCHEMA_VERSION,
        "made": result.made.astimezone(UTC).isoformat(timespec="seconds"),
        "film": {"sha256": prediction.radiograph_sha256},
        "model": {"name": prediction.model, "weights_sha256": prediction.weights_sha256},
        "probabilities": {f.value: rounded(prediction.probability(f)) for f in prediction.answers},
        "decision": {
            "tier": decision.tier.value,
            "call": decision.name,
            "positive": decision.positive,
            "sentence": decision.sentence,
        },
        "prediction_set": [finding.value for finding in decision.candidates],
        "operating_point": {
            "name": decision.point.name,
            "threshold": rounded(decision.point.threshold),
            "sensitivity": _estimate(decision.point.costs[0]),
            "specificity": _estimate(decision.point.costs[1]),
            "missed": rounded(calls.missed if calls else None),
            "decided": _estimate(calls.decided if calls else None),
            "measured_on": decision.point.measured_on,
            "elsewhere": result.elsewhere,
        },
        "predictive_value": _values(result),
        "flags": [
            {"severity": flag.severity.name.lower(), "code": flag.code, "sentence": flag.sentence}
            for flag in result.flags
        ],
        "remarks": remarks,
        "notes": list(prediction.notes),
        "evidence": _evidence(result),
        "opacity": _opacity(result),
        "rsna_category": _category(result),
        "checks": checks_json(result.checks) if result.checks else None,
        "caveat": CAVEAT,
        "disclaimer": DISCLAIMER,
    }


def _values(result: Result) -> dict[str, Any]:
    point, tier = result.prediction.decision.point, result.prediction.decision.tier
    values = point.values_at(result.prevalence)
    return {
        "prevalence": rounded(result.prevalence),
        "positive": rounded(values.positive if values else None),
        "negative": rounded(values.negative if values else None),
        "of_this_call": rounded(predictive_value(point, tier, result.prevalence)),
        "disease_given_answer": _estimate(point.disease_given(tier, result.prevalence)),
    }


def _evidence(result: Result) -> Mapping[str, Any]:
    saliency, prediction = result.saliency, result.prediction
    logit = prediction.logits[prediction.answers.index(result.finding)]
    return {
        "finding": result.finding.value,
        "method": saliency.method,
        "bias": rounded(saliency.bias),
        "logit": rounded(float(logit)),
        **_placed_cells(saliency),
        "heat_in_lungs": rounded(result.heat_in_lungs),
        "heat_drawn": result.heat_drawn,
        "measured": result.worth.evidence,
    }


def _opacity(result: Result) -> Mapping[str, Any] | None:
    opacity = result.opacity
    if opacity is None:
        return None
    return {
        **_placed_cells(opacity),
        "peak": rounded(opacity.peak),
        "peak_zone": opacity.peak_zone(result.lungs),
        "in_lungs": rounded(opacity.share_inside(result.lungs)),
        "sentence": opacity_in_words(opacity, result.lungs)[0],
        "measured": result.worth.opacity,
    }


def _category(result: Result) -> Mapping[str, Any] | None:
    prediction = result.prediction
    if prediction.category is None or prediction.appearances is None:
        return None
    shares = zip(APPEARANCES, prediction.appearances.tolist(), strict=True)
    return {
        "category": prediction.category.value,
        "shares": {appearance.value: rounded(share) for appearance, share in shares},
        "calibrated": False,
        "sentence": category_in_words(prediction),
        "measured": result.worth.category,
    }


def _placed_cells(shown: Saliency | OpacityMap) -> dict[str, Any]:
    """The cells of a map, and where they lie over the film."""
    return {
        "cells": [[rounded(cell) for cell in row] for row in shown.cells.tolist()],
        "placement_px": list(shown.placement),
        "input_px": shown.size_px,
        **({} if shown.crop.is_whole else {"crop": asdict(shown.crop)}),
    }


def _estimate(estimate: Estimate | None) -> dict[str, float | None] | None:
    if estimate is None:
        return None
    return {name: rounded(value) for name, value in asdict(estimate).items()}
