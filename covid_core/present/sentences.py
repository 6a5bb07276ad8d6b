"""Outcomes in words: the same for the page, the command line and every export."""

from __future__ import annotations

import math

import numpy as np

from covid_core.explain.lung_shares import LungShares
from covid_core.explain.opacity_map import OpacityMap
from covid_core.findings import Appearance
from covid_core.model.decision import OperatingPoint
from covid_core.model.tiers import DECIDED, FLAGGED, Tier
from covid_core.predict.prediction import Prediction

DISCLAIMER = "Research use only, not a diagnosis."
_ELSEWHERE = 0.75  # of what chance would give the lungs; below it most of the heat is elsewhere


def heat_in_words(shares: LungShares) -> tuple[str, bool]:
    """Where the heat lies, and whether to trust the map less for it.

    Less, where it finds the lungs no better than chance.
    """
    if math.isnan(shares.heat):
        return "No heat: nothing in the film speaks for this class.", False
    inside, lungs = in_percent(shares.heat), in_percent(shares.area)
    words = f"{inside} of the heat lies in the lungs, which are {lungs} of the film"
    if shares.heat < _ELSEWHERE * shares.area:
        return (
            f"{words}: far less than chance. The model looks elsewhere; do not trust this answer.",
            True,
        )
    if shares.heat < shares.area:
        return f"{words}: less than chance. Take this answer with care.", True
    return words + ".", False


def opacity_in_words(opacity: OpacityMap, lungs: np.ndarray) -> tuple[str, bool]:
    """How likely an opacity is and where, and whether to trust the map less for it.

    Less, where no more of it lies in the lungs than chance would have it. `lungs`: where they are
    over the whole film, bool (h, w).
    """
    peak = in_percent(opacity.peak)
    if not opacity.is_likely:
        return f"No opacity is likely: at most {peak} anywhere in the film.", False
    zone = opacity.peak_zone(lungs)
    where = f" in the {zone} lung zone" if zone else " outside the lung zones"
    words = f"An opacity is most likely{where} ({peak})."
    shares = LungShares(math.nan, float(lungs.mean()), opacity.share_inside(lungs))
    if not shares.opacity_elsewhere:
        return words, False
    return f"{words} {opacity_elsewhere_in_words(shares)}", True


def opacity_elsewhere_in_words(shares: LungShares) -> str:
    """That likely opacities lie in the lungs less than chance has it, and so are not shown."""
    return (
        f"Only {in_percent(shares.opacity)} of the likely opacity lies in the lungs, which are"
        f" {in_percent(shares.area)} of the film: less than chance, so the opacity map is not"
        " shown."
    )


def category_against_answer(prediction: Prediction) -> str:
    """That the RSNA category contradicts the answer, in words; "" where it does not."""
    category, tier = prediction.category, prediction.decision.tier
    if category is None or tier not in DECIDED or tier is Tier.COVID_UNLIKELY:
        return ""
    if (category is Appearance.NEGATIVE) == (tier is Tier.NONE_SEEN):
        return ""
    return "The category contradicts the answer."


def category_in_words(prediction: Prediction) -> str:
    """The likeliest RSNA category with the network's share for it; "" where there is none."""
    category, share = prediction.category, prediction.category_share
    if category is None or share is None:
        return ""
    words = f"{category.display_name} (the network's share is {in_percent(share)}, not calibrated)."
    return f"{words} {category_against_answer(prediction)}".strip()


def checks_in_words(prediction: Prediction) -> str:
    """What the gate had to say of the film."""
    found = " ".join(remark.sentence for remark in prediction.remarks)
    return found or "No problem found: a frontal chest radiograph, the right way up, well exposed."


def predictive_value(point: OperatingPoint, tier: Tier, prevalence: float) -> float | None:
    """How often an answer at a point is right about the disease at a prevalence, both 0 to 1.

    None of an answer that is undecided, or where nothing was measured at that point.
    """
    diseased = point.disease_given(tier, prevalence) if tier in DECIDED else None
    if diseased is None:
        return None
    return diseased.value if tier in FLAGGED else 1 - diseased.value


def films_of(point: OperatingPoint) -> str:
    """On which films an operating point was measured, in words."""
    return point.measured_on or "films whose source is not recorded"


def in_percent(share: float) -> str:
    """A share, 0 to 1, in per cent: never quite 0% or 100%, unless it is just that."""
    if 0 < share < 0.001 or 0.999 < share < 1:  # never quite all, nor quite none
        return "< 0.1%" if share < 0.5 else "> 99.9%"
    return f"{share:.1%}" if 0 < share < 0.01 or 0.99 < share < 1 else f"{share:.0%}"
