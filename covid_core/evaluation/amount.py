"""How much an audit measures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amount:
    """How many films of each part are tampered with: the probes, the maps, the corruptions."""

    probes: int = 400
    maps: int = 48
    corruptions: int = 150
