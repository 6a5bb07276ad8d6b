"""What a radiologist's reading of a radiograph means here: its class, and its appearance.

The one table of the words that datasets with readings use. Indeterminate and atypical have an
appearance and no class: what a radiologist could not decide is ranked, not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from covid_core.findings import Appearance, Finding

LUNG_OPACITY = "Lung Opacity"
CLEAR = "Normal"
OTHER_ABNORMALITY = "No Lung Opacity / Not Normal"


@dataclass(frozen=True, slots=True)
class RadiologistReading:
    """The class of a radiologist's words, and the appearance after the RSNA's consensus.

    None where the words give none.
    """

    label: Finding | None
    appearance: Appearance | None = None


READINGS: dict[str, RadiologistReading] = {
    # SIIM-FISABIO-RSNA: readings after the RSNA's consensus (Simpson et al. 2020).
    "Negative for Pneumonia": RadiologistReading(Finding.NORMAL, Appearance.NEGATIVE),
    "Typical Appearance": RadiologistReading(Finding.COVID, Appearance.TYPICAL),
    "Indeterminate Appearance": RadiologistReading(None, Appearance.INDETERMINATE),
    "Atypical Appearance": RadiologistReading(None, Appearance.ATYPICAL),
    # RSNA Pneumonia Detection (Shih et al. 2019).
    CLEAR: RadiologistReading(Finding.NORMAL),
    LUNG_OPACITY: RadiologistReading(Finding.PNEUMONIA),
    OTHER_ABNORMALITY: RadiologistReading(Finding.NORMAL),  # "normal" means: no pneumonia seen
}
