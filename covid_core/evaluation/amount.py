"""How much an audit measures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amount:
    """How many films are altered: for probes of each part, for maps and corruptions of test."""

    probes: int = 400
    maps: int = 48
    corruptions: int = 150
