"""The answers, in the one order used everywhere: network outputs, tables, files, the page.

Beside them, a radiologist's reading of how a film looks, where a dataset has one: it is known of a
film, and no answer of a network here.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Finding(StrEnum):
    """The classes of a frontal chest radiograph. The value is the name used in files."""

    NORMAL = "normal"
    PNEUMONIA = "pneumonia"
    COVID = "covid"
    NOT_COVID = "not covid"  # only ever an answer, of a network that knows no other

    @property
    def display_name(self) -> str:
        """The name as a reader of the page knows it."""
        return _TITLES[self]

    @property
    def definition(self) -> str:
        """What the reference label of the training films meant."""
        return _DEFINITIONS[self]


CLASSES: tuple[Finding, ...] = (Finding.NORMAL, Finding.PNEUMONIA, Finding.COVID)

_TITLES = {
    Finding.NORMAL: "Normal",
    Finding.PNEUMONIA: "Other pneumonia",
    Finding.COVID: "COVID-19",
    Finding.NOT_COVID: "Not COVID-19",
}
_DEFINITIONS = {
    Finding.NORMAL: (
        "no pneumonia seen: the source's own label names none; other findings and illnesses may be"
        " there"
    ),
    Finding.PNEUMONIA: "bacterial, viral or unspecified pneumonia that is not COVID-19",
    Finding.COVID: "COVID-19 in the source's own label; how it was proven differs by source",
    Finding.NOT_COVID: "any label but COVID-19",
}


class Appearance(StrEnum):
    """How typical of COVID-19 a film looks to a radiologist. The value is the name used in files.

    After the RSNA's consensus (Simpson et al. 2020), as the SIIM-FISABIO-RSNA challenge read its
    films by it. A film of a patient with COVID-19 may have any of these.
    """

    NEGATIVE = "negative"
    TYPICAL = "typical"
    INDETERMINATE = "indeterminate"
    ATYPICAL = "atypical"

    @property
    def display_name(self) -> str:
        """The category's name as the challenge writes it."""
        return _APPEARANCE_TITLES[self]

    @property
    def definition(self) -> str:
        """What the reader saw to choose this category."""
        return _APPEARANCE_DEFINITIONS[self]


_LOWEST, _HIGHEST = 0.01, 0.99  # probabilities that are shown as such

APPEARANCES: tuple[Appearance, ...] = tuple(Appearance)

_APPEARANCE_TITLES = {
    Appearance.NEGATIVE: "Negative for pneumonia",
    Appearance.TYPICAL: "Typical appearance",
    Appearance.INDETERMINATE: "Indeterminate appearance",
    Appearance.ATYPICAL: "Atypical appearance",
}
_APPEARANCE_DEFINITIONS = {
    Appearance.NEGATIVE: "no lung opacities",
    Appearance.TYPICAL: (
        "multifocal bilateral, peripheral opacities with rounded morphology, lower lung-predominant"
    ),
    Appearance.INDETERMINATE: (
        "no typical findings, and a unilateral, central or upper lung-predominant distribution"
    ),
    Appearance.ATYPICAL: (
        "pneumothorax, pleural effusion, pulmonary oedema, lobar consolidation, solitary lung"
        " nodule or mass, diffuse tiny nodules, or cavity"
    ),
}


def listed_in_words(names: Sequence[str]) -> str:
    """One or more names inside a sentence: "a, b and c"."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def shown_probability(probability: float) -> str:
    """A probability for a reader: two digits, and never quite 0 or 1, which no film earns."""
    if probability > _HIGHEST:
        return f"> {_HIGHEST}"
    return f"< {_LOWEST}" if probability < _LOWEST else f"{probability:.2f}"


def counted(count: int, name: str) -> str:
    """So many of a thing: "1 film", "2 films"."""
    return f"{count:,} {name}{'' if count == 1 else 's'}"
