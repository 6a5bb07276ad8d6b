"""Which items of the field's reporting guidelines the model card answers, and which it can't.

CLAIM: Mongan et al. 2020, items 1 to 42. TRIPOD+AI: Collins et al. 2024, items 1 to 27. Items
about a paper's text (title, abstract, funding) are left out.
"""

from __future__ import annotations

from typing import NamedTuple


class Item(NamedTuple):
    """One thing to report: its numbers in CLAIM and TRIPOD+AI, and where or why not."""

    topic: str
    claim: str
    tripod: str
    answer: str


ITEMS = (
    Item("Intended use and users", "3", "3b", "Intended use"),
    Item("Retrospective or prospective", "5", "5", "Retrospective: public films, collected before"),
    Item("Study goal", "6", "4", "Development, and testing on a source never trained on"),
    Item("Data sources, dates, places", "7", "5, 6a", "Data; dates and places as the sources tell"),
    Item("Eligibility", "8", "6b", "Every frontal film; those left out are counted in Data"),
    Item("Preprocessing", "9", "7", "Top of this card"),
    Item("Selection of subsets", "10", "7", "Data: twins and contradicting labels are left out"),
    Item("De-identification", "12", "17", "By the sources; the program reads no patient's tag"),
    Item("Missing data", "13", "11", "None is imputed; unknown is a group of its own"),
    Item("Reference standard", "14, 15", "8", "Intended use: each source's own label"),
    Item("Annotators, tools, variability", "16 to 18", "8", "Not known: the sources seldom tell"),
    Item("Sample size", "19", "10", "All films at hand; no calculation was made"),
    Item("Partitions and their disjointness", "20, 21", "12", "Data: by patient and by picture"),
    Item("Model, software, initial weights", "22 to 24", "12, 22", "Made by"),
    Item("Training, choice of the final model", "25, 26", "12, 21", "Made by; the card's history"),
    Item("Ensembling", "27", "12", "None"),
    Item("Measures and uncertainty", "28, 29", "12", "Results: 95% intervals, patients resampled"),
    Item("Robustness and sensitivity", "30", "12", "Audit"),
    Item("Explainability", "31", "15", "Audit: maps against lungs, deletion, random weights"),
    Item("External testing", "32", "16, 23b", "Results: sources never trained on"),
    Item("Class imbalance", "25", "13", "Made by (balance); corrected by calibration"),
    Item("Fairness, groups of patients", "34", "3c, 14, 23b", "Audit, by sex, age and view"),
    Item("Model output, thresholds", "28", "15", "Calibration and operating points"),
    Item("Flow and demographics", "33, 34", "20", "Data, by part; Audit, by age and sex"),
    Item("Performance on every partition", "35, 36", "23a", "Results"),
    Item("Failure analysis", "37", "25", "Failures"),
    Item("Limitations", "38", "26", "Limits"),
    Item("Role in practice", "39", "25, 27", "None is claimed: research use only"),
    Item("Registration, protocol", "40, 41", "18", "None was registered"),
    Item("Code and data", "41", "18", "In this repository; films at their sources"),
    Item("Patients' involvement", "", "19", "None"),
)
