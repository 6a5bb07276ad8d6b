"""`weights`: put the weights in place, from a ZIP file that is held against its SHA-256."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Option

from covid_core.commands.status import DONE
from covid_core.model.card import SHIPPED, WEIGHTS, read_card


@dataclass(frozen=True, kw_only=True)
class Options:
    """Put the weights in place, from a ZIP file of them.

    For a package installed without a clone, which brings none. Nothing is fetched but by this
    command, and nothing put in place before the file's SHA-256 is the one given.
    """

    source: Annotated[
        str, Option("--from", metavar="URL", help="address or path of the ZIP file of the weights")
    ]
    sha256: Annotated[str, Option("--sha256", metavar="HEX", help="that the file must have")]
    to: Annotated[
        Path,
        Option(
            "--to",
            metavar="DIR",
            show_default="beside the package, where they are looked for",
            help="new folder for the weights",
        ),
    ] = WEIGHTS


def run(options: Options) -> int:
    """Put the weights in place; the exit status."""
    from covid_core.model.weights_archive import install_weights

    install_weights(options.source, options.sha256, options.to)
    print(f"{options.to}: {read_card(options.to, SHIPPED).name}")
    return DONE
