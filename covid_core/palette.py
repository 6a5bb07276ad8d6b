"""Colours of every plot: Okabe and Ito's, told apart by colour-blind people."""

from __future__ import annotations

from covid_core.findings import Finding

CLASS_COLOURS = {
    Finding.NORMAL: "#0072B2",
    Finding.PNEUMONIA: "#E69F00",
    Finding.COVID: "#D55E00",
}
SERIES = ("#009E73", "#CC79A7", "#56B4E9", "#000000", "#0072B2", "#D55E00", "#E69F00", "#F0E442")
