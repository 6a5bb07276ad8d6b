"""The answers, in the one order used everywhere: network outputs, tables, files, the page."""

from __future__ import annotations

from enum import StrEnum


class Finding(StrEnum):
    """What a frontal chest radiograph is told apart into. The value is the name used in files."""

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
    Finding.NORMAL: "no finding of pneumonia in the source's own label",
    Finding.PNEUMONIA: "bacterial, viral or unspecified pneumonia that is not COVID-19",
    Finding.COVID: "COVID-19 in the source's own label; how it was proven differs by source",
    Finding.NOT_COVID: "any label but COVID-19",
}
