"""What a radiologist's reading of a radiograph means here: its class, and its appearance.

The one table of the words that datasets with readings use. Indeterminate and atypical have an
appearance and no class: what a radiologist could not decide is ranked, not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from covid_core.findings import Appearance, Finding

LUNG_OPACITY = "Lung Opacity"
OTHER_ABNORMALITY = "No Lung Opacity / Not Normal"


@dataclass(frozen=True, slots=True)
class Reading:
    """The class of a radiologist's words, and the appearance after the RSNA's consensus.

    None where the words give none.
    """

    label: Finding | None
    appearance: Appearance | None = None


READINGS: dict[str, Reading] = {
    # SIIM-FISABIO-RSNA: readings after the RSNA's consensus (Simpson et al. 2020).
    "Negative for Pneumonia": Reading(Finding.NORMAL, Appearance.NEGATIVE),
    "Typical Appearance": Reading(Finding.COVID, Appearance.TYPICAL),
    "Indeterminate Appearance": Reading(None, Appearance.INDETERMINATE),
    "Atypical Appearance": Reading(None, Appearance.ATYPICAL),
    # RSNA Pneumonia Detection (Shih et al. 2019).
    "Normal": Reading(Finding.NORMAL),
    LUNG_OPACITY: Reading(Finding.PNEUMONIA),
    OTHER_ABNORMALITY: Reading(Finding.NORMAL),  # "normal" means: no pneumonia seen
}
