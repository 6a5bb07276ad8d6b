"""Why a film is shown without heat, in words: one sentence for the page and every export."""

from __future__ import annotations

from covid_core.explain.lung_shares import LungShares
from covid_core.findings import Finding, shown_probability
from covid_core.model.decision import Decision
from covid_core.model.tiers import in_sentence
from covid_core.predict.prediction import Prediction
from covid_core.present.sentences import opacity_elsewhere_in_words


def no_heat_in_words(decision: Decision) -> str:
    """Why no map at all is drawn; "" where maps may be."""
    if decision.draws_heat:
        return ""
    if not decision.usable:
        return "No heat is drawn: the answer must not be used."
    return f"No heat is drawn: the answer is “{decision.tier}”."


def no_opacity_in_words(decision: Decision, shares: LungShares) -> str:
    """Why the opacity map is not drawn; "" where it may be.

    Nor is it where likely opacities lie in the lungs no more than chance would have it.
    """
    if why := no_heat_in_words(decision):
        return why
    return opacity_elsewhere_in_words(shares) if shares.opacity_elsewhere else ""


def not_due_in_words(prediction: Prediction, finding: Finding) -> str:
    """Why no heat is drawn for one class; "" where it is due."""
    if prediction.heat_due(finding):
        return ""
    if not prediction.decision.draws_heat:
        return no_heat_in_words(prediction.decision)
    if finding is Finding.NORMAL:
        return "No heat is drawn for normal: it is the absence of findings."
    name = in_sentence(finding)
    if finding is not prediction.answers[-1]:
        return f"No heat is drawn: the prediction set rules out {name}."
    probability = shown_probability(prediction.probability(finding))
    threshold = f"{prediction.decision.point.threshold:.2f}"
    return (
        f"No heat is drawn: the probability of {name}, {probability}, is below the operating"
        f" point's threshold, {threshold}."
    )
