"""One labelled film on disk, whatever dataset it came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from covid_core.findings import Finding


@dataclass(frozen=True, slots=True)
class Case:
    """`label` is the reference label; `source` the dataset or institution; `patient` is unique
    within its source, and None where the dataset does not tell."""

    path: Path
    label: Finding
    source: str
    patient: str | None = None
