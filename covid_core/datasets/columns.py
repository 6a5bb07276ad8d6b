"""The columns of a manifest: what each is stored as, and what it means."""

from __future__ import annotations

COLUMNS: dict[str, tuple[str, str]] = {
    "path": ("str", "the radiograph's file"),
    "label": ("str", "normal, pneumonia or covid: the dataset's own label; empty where held back"),
    "source": ("str", "the dataset or institution"),
    "patient": ("str", "the patient, unique within the source"),
    "finding": ("str", "the dataset's own words for it: bacteria, SARS, Lung_Opacity, …"),
    "appearance": ("str", "negative, typical, indeterminate or atypical, by a radiologist"),
    "boxes": (
        "str",
        "opacities, [[left, top, right, bottom], …] in fractions of width and height; [] where a"
        " radiologist saw none, empty where the radiograph was not annotated",
    ),
    "view": ("str", "PA, AP or unknown"),
    "age": ("float64", "years"),
    "sex": ("str", "F or M"),
    "width": ("int64", "px"),
    "height": ("int64", "px"),
    "sha256": ("str", "hex digest of the file's bytes"),
    "duplicate_group": ("int64", "the same number for radiographs that are the same picture"),
    "split": (
        "str",
        "train, validation, test or held out; or why the radiograph is in none of these",
    ),
}

OPTIONAL = ("appearance", "boxes")  # manifests written before there were readings lack them
