"""Words that stand with an answer wherever a page gives one."""

from __future__ import annotations

from covid_core.findings import Finding
from covid_core.model.decision import CAVEAT, Decision


def whole_sentence(decision: Decision, disease: Finding) -> str:
    """The decision in words; where it is not called the disease, what that does not exclude."""
    sentence = decision.sentence
    return sentence if decision.finding is disease or CAVEAT in sentence else f"{sentence} {CAVEAT}"
