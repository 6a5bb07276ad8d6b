"""Packages that not everybody needs: where one is missing, a sentence names its extra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from covid_core.errors import CovidCoreError


def install_line(*extras: str) -> str:
    """The sentence that says how to install extras of this project, at the versions tested."""
    named = ",".join(extras)
    return (
        f'Install what is needed with: python -m pip install ".[{named}]" in a clone, or, of the'
        f' wheel, python -m pip install "FILE.whl[{named}]"'
    )


@contextmanager
def needing(package: str, extra: str) -> Iterator[None]:
    """Raise CovidCoreError where a package that is imported inside is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise _missing(package, extra) from error


def require(module: str, extra: str) -> None:
    """Raise CovidCoreError where a module is not installed; does not import it."""
    if find_spec(module) is None:
        raise _missing(module, extra)


def _missing(package: str, extra: str) -> CovidCoreError:
    return CovidCoreError(f"this needs {package}, which is not installed", install_line(extra))
