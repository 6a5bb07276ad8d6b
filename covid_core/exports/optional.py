"""Packages that only some exports need: where one is missing, a sentence says what to install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from covid_core.errors import CovidCoreError


@contextmanager
def needing(package: str) -> Iterator[None]:
    """Raise CovidCoreError where a package that is imported inside is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise CovidCoreError(
            f"this needs {package}, which is not installed",
            f"Install it with: python -m pip install {package}",
        ) from error
