"""The codes of the structured report: SNOMED CT's and DICOM's where they fit, else our own.

Our scheme's values have 16 characters at most, as a Code Value does.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.sr.coding import Code

from covid_core.exports.opinions import Verdict
from covid_core.findings import Appearance, Finding
from covid_core.model.decision import Decision
from covid_core.model.tiers import Tier

SCHEME = "99COVIDREADER"


def tier_code(tier: Tier) -> Code:
    """The code of one answer in the words of a report."""
    return Code(tier.name.lower().replace("_", "-"), SCHEME, tier.heading)


CALLS: dict[Finding | None, Code] = {
    Finding.NORMAL: tier_code(Tier.NONE_SEEN),  # other findings may be there
    Finding.PNEUMONIA: Code("233604007", "SCT", "Pneumonia"),
    Finding.COVID: Code("840544004", "SCT", "Suspected COVID-19"),
    Finding.NOT_COVID: Code("not-covid", SCHEME, "Not COVID-19"),
    None: Code("82334004", "SCT", "Indeterminate"),  # SNOMED CT's word for what is undecided
}
TIER = Code("tier", SCHEME, "Answer in the words of a report")
VERDICT = Code("reader-verdict", SCHEME, "Reader's opinion of the answer")
READER_TIER = Code("reader-answer", SCHEME, "Reader's own answer")
READER_BOX = Code("reader-box", SCHEME, "Reader's box around an opacity, in shares of the film")
VERDICTS = {
    Verdict.AGREE: Code("agree", SCHEME, "Reader agrees"),
    Verdict.DISAGREE: Code("disagree", SCHEME, "Reader disagrees"),
    Verdict.CORRECT: Code("correct", SCHEME, "Reader corrects"),
}
NOT_RULED_OUT = Code("not-ruled-out", SCHEME, "Not ruled out by the model")
OTHER_PNEUMONIA = Code("other-pneumonia", SCHEME, "Pneumonia other than COVID-19")
THRESHOLD = Code("threshold", SCHEME, "Threshold of the operating point for COVID-19")
HEAT_IN_LUNGS = Code("heat-in-lungs", SCHEME, "Share of the evidence that lies in the lungs")
OPACITY_PEAK = Code("opacity-peak", SCHEME, "Highest probability of an opacity in a cell")
OPACITY_IN_LUNGS = Code("opacity-in-lungs", SCHEME, "Share of likely opacity in the lungs")
CATEGORY = Code("rsna-category", SCHEME, "RSNA category of the radiograph's appearance")
SENSITIVITY = Code("111088", "DCM", "Case Sensitivity")
SPECIFICITY = Code("111090", "DCM", "Case Specificity")


def probability_of(finding: Finding, score: str) -> Code:
    """The measurement's name of one class's probability. `score`: by `Prediction.score_of`."""
    return Code(f"p-{finding.value}".replace(" ", "-"), SCHEME, score)


def category_code(appearance: Appearance) -> Code:
    """The code of one RSNA category."""
    return Code(appearance.value, SCHEME, appearance.display_name)


def finding_code(decision: Decision) -> Code:
    """The finding's code: the class called; pneumonia of any kind where COVID-19 is possible."""
    if decision.tier is Tier.UNLIKELY:
        return OTHER_PNEUMONIA
    called = Finding.PNEUMONIA if decision.tier is Tier.POSSIBLE else decision.finding
    return CALLS[called]


def class_code(answer: Finding, answers: Sequence[Finding]) -> Code:
    """The code of a class of the network: pneumonia is another than COVID-19 where it has both."""
    other = answer is Finding.PNEUMONIA and Finding.COVID in answers
    return OTHER_PNEUMONIA if other else CALLS[answer]


def share_of(appearance: Appearance) -> Code:
    """The measurement's name of the network's share for one RSNA category."""
    meaning = f"Network's uncalibrated share of {appearance.display_name}"
    return Code(f"s-{appearance.value}", SCHEME, meaning)
