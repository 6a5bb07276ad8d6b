"""A source's populations of films, as tables, plots and sentences name them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from covid_core.model.results import TEST, UNSEEN, Populations, WithinSource


def parts_within(
    found: Populations, named: Callable[[str], str] = str
) -> Iterator[tuple[str, WithinSource]]:
    """The title of each source and population, and its figures.

    `named`: what a source is called, by the name in its card.
    """
    for source, populations in found.items():
        for population, own in populations.items():
            yield titled(named(source), population), own


def titled(source: str, population: str) -> str:
    """A source and its population, as tables and plots name them."""
    return f"{source}, {UNSEEN if population == UNSEEN else TEST}"
