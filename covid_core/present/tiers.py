"""How many films came out how, in words: for a list on a page and for the command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from covid_core.model.tiers import Tier


def tiers_in_words(tiers: Iterable[Tier]) -> str:
    """Each tier with its number of films, in the order of `Tier`; "" of no film."""
    counts = Counter(tiers)
    return "; ".join(f"{tier} {counts[tier]}" for tier in Tier if counts[tier])
