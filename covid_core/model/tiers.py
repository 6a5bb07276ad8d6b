"""The answer in the words of a radiologist's report: how a prediction set and a point make a tier.

A tier is a function of the prediction set and of whether the disease reaches the operating point,
and of nothing else: it needs nothing that was not fitted already, and each operating point has its
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from covid_core.findings import Finding, listed_in_words

CAVEAT = "A chest radiograph cannot exclude COVID-19."


class Tier(StrEnum):
    """What is said of a film. The value is the words used in files."""

    LIKELY = "COVID-19 likely"
    POSSIBLE = "pneumonia, COVID-19 possible"
    UNLIKELY = "pneumonia, COVID-19 unlikely"
    NONE_SEEN = "no pneumonia seen"
    PNEUMONIA_LIKELY = "pneumonia likely"  # these two of networks with two answers
    COVID_UNLIKELY = "COVID-19 unlikely"
    UNDECIDED = "undecided"
    CHILD = "child's film, not judged"
    NOT_JUDGED = "not judged"  # the gate refuses the picture
    NOT_READ = "not read"

    @property
    def heading(self) -> str:
        """The words as a heading has them."""
        return f"{self[:1].upper()}{self[1:]}"


LIKELY = (Tier.LIKELY, Tier.PNEUMONIA_LIKELY)  # the disease is
FLAGGED = (*LIKELY, Tier.POSSIBLE)  # it is likely or possible
NOT_SUSPECTED = (Tier.NONE_SEEN, Tier.COVID_UNLIKELY)  # nothing that a network looks for is seen
DECIDED = (*FLAGGED, Tier.UNLIKELY, *NOT_SUSPECTED)
_RIGHT = {
    Tier.LIKELY: (Finding.COVID,),
    Tier.POSSIBLE: (Finding.PNEUMONIA, Finding.COVID),
    Tier.UNLIKELY: (Finding.PNEUMONIA,),
    Tier.NONE_SEEN: (Finding.NORMAL,),
    Tier.PNEUMONIA_LIKELY: (Finding.PNEUMONIA,),
    Tier.COVID_UNLIKELY: (Finding.NORMAL, Finding.NOT_COVID),
}
_LIKELY = {Finding.COVID: Tier.LIKELY, Finding.PNEUMONIA: Tier.PNEUMONIA_LIKELY}
_SENTENCES = {
    Tier.LIKELY: "Findings suggest COVID-19.",
    Tier.POSSIBLE: "Findings suggest pneumonia; COVID-19 is possible.",
    Tier.UNLIKELY: "Findings suggest pneumonia other than COVID-19.",
    Tier.NONE_SEEN: "No pneumonia is seen.",
    Tier.PNEUMONIA_LIKELY: "Findings suggest pneumonia.",
    Tier.COVID_UNLIKELY: "No findings suggest COVID-19.",
}


def tier_of(candidates: Sequence[Finding], positive: bool, answers: Sequence[Finding]) -> Tier:
    """The tier of a prediction set, and of whether the disease reaches the operating point.

    `answers`: the network's, the disease last. With two of them a set of one answer that
    contradicts the operating point is undecided, for nothing lies between the two.
    """
    disease = answers[-1]
    alone = candidates[0] if len(candidates) == 1 else None
    if alone is disease and positive:
        return _LIKELY[disease]
    suspected = disease is Finding.COVID and Finding.PNEUMONIA in answers
    if suspected and candidates and set(candidates) <= set(_RIGHT[Tier.POSSIBLE]):
        return Tier.POSSIBLE if positive or disease in candidates else Tier.UNLIKELY
    if alone is None or alone is disease or positive:
        return Tier.UNDECIDED
    return Tier.COVID_UNLIKELY if disease is Finding.COVID and not suspected else Tier.NONE_SEEN


def right_answers(tier: Tier) -> tuple[Finding, ...]:
    """The labels by which a tier is right; none of a tier that decides nothing."""
    return _RIGHT.get(tier, ())


def tier_sentence(
    tier: Tier, candidates: Sequence[Finding], answers: Sequence[Finding], point: str
) -> str:
    """What a report says in one or two short sentences.

    `candidates`: the prediction set, the most probable first; `point`: the operating point's name.
    """
    if tier in _SENTENCES:
        sentence = _SENTENCES[tier]
    elif not candidates:
        sentence = "The model is undecided: no class is likely enough."
    elif len(candidates) > 1:
        possible = listed_in_words(list(map(in_sentence, candidates)))
        sentence = f"The model is undecided: {possible} remain possible."
    else:
        disease, alone = in_sentence(answers[-1]), candidates[0]
        side = "below" if alone is answers[-1] else "above"
        sentence = (
            f"The model is undecided: the film looks like {in_sentence(alone)} alone, but the"
            f" probability of {disease} is {side} the “{point}” threshold."
        )
    return f"{sentence} {caveat_of(tier)}".rstrip()


def caveat_of(tier: Tier) -> str:
    """What must be read with a tier by which the disease isn't suspected; "" with the others."""
    return "" if tier in FLAGGED else CAVEAT


def in_sentence(finding: Finding) -> str:
    """A finding's name inside a sentence: small letters, but for COVID-19."""
    name = finding.display_name
    return name if finding is Finding.COVID else name[0].lower() + name[1:]
