"""`page`: open the page in the browser, from a clone or from the installed package."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Option

from covid_core.commands.scripts import find_script
from covid_core.errors import CovidCoreError
from covid_core.extras import require
from covid_core.model.card import WEIGHTS, WEIGHTS_VARIABLE
from covid_core.storage.system_processes import become

DESK_VARIABLE = "CHEST_READER_DESK"  # as app/deployment.py reads it


@dataclass(frozen=True, kw_only=True)
class Options:
    """Open the page in the browser, on this machine alone.

    Streamlit's own settings are environment variables, such as STREAMLIT_SERVER_ADDRESS.
    """

    port: Annotated[int, Option("--port", min=1, max=65535, help="at which it is served")] = 8501
    weights: Annotated[
        Path,
        Option(
            "--weights",
            metavar="DIR",
            show_default="those of this project",
            help="folder with all weights, the gate's and the lungs' too",
        ),
    ] = WEIGHTS
    desk: Annotated[
        Path | None,
        Option(
            "--desk",
            metavar="FILE",
            show_default="desk.toml beside the page",
            help="what its visitors may do",
        ),
    ] = None
    browser: Annotated[
        bool, Option("--browser/--no-browser", help="whether to open a browser too")
    ] = True


def run(options: Options) -> int:
    """Serve the page until it is stopped; Streamlit's exit status."""
    require("streamlit", "desk")
    settings = {WEIGHTS_VARIABLE: str(options.weights.resolve())}
    if options.desk is not None:
        if not options.desk.is_file():
            raise CovidCoreError("there is no such file", "Name one", file=str(options.desk))
        settings[DESK_VARIABLE] = str(options.desk.resolve())
    command = [sys.executable, "-m", "streamlit", "run", str(find_script("streamlit_app.py"))]
    command += ["--server.port", str(options.port)]
    command += ["--server.headless", str(not options.browser).lower()]
    return become(command, os.environ | settings)
