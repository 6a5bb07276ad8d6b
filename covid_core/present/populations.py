"""A source's populations of films, as tables, plots and sentences name them."""

from __future__ import annotations

from collections.abc import Iterator

from covid_core.model.results import TEST, UNSEEN, Populations, WithinSource


def parts_within(found: Populations) -> Iterator[tuple[str, WithinSource]]:
    """The title of each source and population, and its figures."""
    for source, populations in found.items():
        for population, own in populations.items():
            yield titled(source, population), own


def titled(source: str, population: str) -> str:
    """A source and its population, as tables and plots name them."""
    return f"{source}, {UNSEEN if population == UNSEEN else TEST}"
