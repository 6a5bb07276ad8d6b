"""What changed between two films of one patient, in words."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from covid_core.case.case_reading import Reading
from covid_core.explain.opacity_map import LIKELY
from covid_core.findings import counted, shown_probability
from covid_core.model.tiers import in_sentence
from covid_core.read.radiograph import View

_LEAST = 0.01  # change of a probability that is reported as one


def gap_in_words(gap: timedelta) -> str:
    """How long lies between two films: "3 days", "5 hours", "20 minutes"; `gap` is not negative."""
    for name, unit in (("day", timedelta(days=1)), ("hour", timedelta(hours=1))):
        if gap >= unit:
            return counted(round(gap / unit), name)
    return counted(max(1, round(gap / timedelta(minutes=1))), "minute")


def change_in_words(first: Reading, second: Reading, *, dated: bool) -> str:
    """What the readings of two films differ in: sentences; none where an answer is of no use.

    The disease's calibrated probability, and where both readings have an opacity map the part of
    the lungs in which an opacity is likely. A warning follows where their projections differ.
    `dated`: the first is known to be the earlier.
    """
    if not (first.prediction.decision.usable and second.prediction.decision.usable):
        return "Not compared: at least one of the answers must not be used."
    names = ("the earlier film", "the later one") if dated else ("the first film", "the second")
    sentences = [f"From {names[0]} to {names[1]}, {_probability_change(first, second)}."]
    areas = [_opaque_share(reading) for reading in (first, second)]
    if areas[0] is not None and areas[1] is not None:
        sentences.append(
            f"Likely opacity: {areas[0]:.0%} of the lungs on {names[0]}, {areas[1]:.0%} on"
            f" {names[1]}."
        )
    views = first.radiograph.view, second.radiograph.view
    if views[0] != views[1] and View.UNKNOWN not in views:
        sentences.append(
            f"One is {views[0]}, the other {views[1]}: do not compare heart size or density."
        )
    return " ".join(sentences)


def _probability_change(first: Reading, second: Reading) -> str:
    before, after = first.prediction, second.prediction
    disease = before.answers[-1]
    values = before.probability(disease), after.probability(disease)
    said = [shown_probability(value) for value in values]
    name = f"the probability of {in_sentence(disease)}"
    if said[0] == said[1]:
        return f"{name} stays at {said[0]}"
    words = f"{name} {'rises' if values[1] > values[0] else 'falls'} from {said[0]} to {said[1]}"
    if before.decision.positive is after.decision.positive:
        same = abs(values[1] - values[0]) < _LEAST
        return f"{name} hardly changes, from {said[0]} to {said[1]}" if same else words
    side = "above" if after.decision.positive else "below"
    point = after.decision.point
    return f"{words}, {side} the “{point.name}” threshold of {point.threshold:.2f}"


def _opaque_share(reading: Reading) -> float | None:
    """The share of the lungs in which an opacity is likely, 0 to 1; None where unknown."""
    lungs = reading.lungs
    if reading.opacity is None or not lungs.any():
        return None
    likely = reading.opacity.heat(*lungs.shape) >= LIKELY
    return float(np.mean(likely[lungs]))
