"""Whether what lies outside the lungs explains the answer.

One film's score for the disease with the lungs removed and with nothing but the lungs, beside that
of the whole film.

Markers, borders and posture differ between hospitals, and so does the share of their patients that
have the disease (DeGrave, Janizek and Lee 2021). The audit measures this on many films
(`evaluation.probes`), and here it is measured on the film at hand. All is covered on the picture
that the network is given: before, a large black hole would change the grey of all that is left, for
tone is equalised over the whole film. And the lungs are painted over from around instead of black:
to a black hole of that size the network answers with the disease whatever the film
(`benchmarks.shortcut_meter` has the figures).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from covid_core.crop import WHOLE, Crop
from covid_core.findings import Finding, shown_probability
from covid_core.model.decision import log_odds
from covid_core.model.tiers import FLAGGED, in_sentence, tier_of
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.prepare.occlusion import LEAST_LUNG, lungs_only, painted_over, widened

NOT_FROM_THE_LUNGS = "Do not use this answer: it does not come from the lungs."
KEPT = 0.5  # of the odds: a film that keeps so much without its lungs was not called by them


@dataclass(frozen=True, slots=True)
class ShortcutMeter:
    """Calibrated scores for the disease: of the whole film, the lungs alone, and all but the lungs.

    Each 0 to 1; the lungs alone are on black. `explained`: the film is called the disease (it
    reaches the operating point, or is the likeliest class of an answer that suspects it), and
    `explains` holds. Of a film that is not called the disease, one without lungs says nothing
    either, so there it is never set.
    """

    finding: Finding
    whole: float
    lungs_only: float
    lungs_removed: float
    explained: bool

    def at(self, prediction: Prediction) -> ShortcutMeter:
        """The same scores, of a film that is decided as its prediction says."""
        decision, answers = prediction.decision, prediction.answers
        suspected = tier_of(decision.candidates, decision.positive, answers) in FLAGGED
        called = decision.positive or (suspected and prediction.label is self.finding)
        scores = (self.whole, self.lungs_only, self.lungs_removed)
        explained = called and explains(*scores, decision.point.threshold)
        return replace(self, explained=explained)

    @property
    def sentence(self) -> str:
        """The three probabilities in words, and whether they speak against the answer."""
        name = in_sentence(self.finding)
        scores = (
            f"The probability of {name} is {shown_probability(self.whole)} on the whole film,"
            f" {shown_probability(self.lungs_only)} on the lungs alone and"
            f" {shown_probability(self.lungs_removed)} with the lungs removed"
        )
        if not self.explained:
            return f"{scores}."
        return f"{NOT_FROM_THE_LUNGS} {scores}."


def read_meter(
    predictor: Predictor, prediction: Prediction, lungs: np.ndarray
) -> ShortcutMeter | None:
    """The meter of a film and its prediction, by two more runs of the network.

    Near the limit float32 decides, by three more. `lungs`: where they are over the whole film, bool
    (m, m). None where no lungs were found.
    """
    if lungs.mean() < LEAST_LUNG:
        return None
    left = parts(prediction.picture, prediction.placement, lungs, prediction.crop)
    rules = predictor.card.rules
    only, removed = map(float, rules.probabilities(predictor.logits(left))[:, -1])
    whole = float(prediction.probabilities[-1])
    if _may_change(whole, only, removed, prediction.decision.point.threshold, predictor.margin):
        pictures = np.stack([prediction.picture, *left])
        exact = rules.probabilities(predictor.logits(pictures, exact=True))[:, -1]
        whole, only, removed = map(float, exact)
    meter = ShortcutMeter(prediction.answers[-1], whole, only, removed, explained=False)
    return meter.at(prediction)


def explains(whole: float, lungs_only: float, removed: float, threshold: float) -> bool:
    """Whether the score without lungs explains that of a film called the disease, all 0 to 1.

    It does where it keeps at least half of the odds; or where what lies outside the lungs reaches
    the operating point's threshold, and the lungs alone do not. That it reaches the threshold would
    by itself be no sign: thresholds lie low, and what shows nothing at all is not scored at nought.
    """
    keeps = log_odds(removed) >= log_odds(whole) + np.log(KEPT)
    return bool(keeps or lungs_only < threshold <= removed)


def _may_change(
    whole: float, lungs_only: float, removed: float, threshold: float, margin: float
) -> bool:
    """Whether errors of the log odds up to `margin` could change what `explains` says."""
    limits = log_odds(np.array([lungs_only, removed])) - log_odds(threshold)
    with np.errstate(invalid="ignore"):  # both are certain
        kept = log_odds(removed) - log_odds(whole) - np.log(KEPT)
    return bool(abs(kept) < 2 * margin or (np.abs(limits) < margin).any())


def parts(
    picture: np.ndarray,
    placement: tuple[int, int, int, int],
    lungs: np.ndarray,
    crop: Crop = WHOLE,
) -> np.ndarray:
    """The film's lungs alone, and all but its lungs: uint8 (2, S, S).

    `picture`: the network's, uint8 (S, S), in which the film's crop lies at `placement`. For a
    viewer too.
    """
    top, left, height, width = placement
    own = np.zeros(picture.shape, bool)
    own[top : top + height, left : left + width] = widened(lungs, (height, width), crop)
    return np.stack([lungs_only(picture, own), painted_over(picture, own)])
