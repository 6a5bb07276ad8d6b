"""Reports as one HTML file each, which needs nothing else: the frame, and writing it whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import plotly.graph_objects as go
import plotly.io
from plotly.offline import get_plotlyjs

from covid_core.errors import CovidCoreError


def embedded(figure: go.Figure) -> str:
    """A plot as HTML for a page that `write_page` writes."""
    return str(
        plotly.io.to_html(
            figure, include_plotlyjs=False, full_html=False, config={"responsive": True}
        )
    )


def write_page(template: Path, path: Path, **values: Any) -> None:
    """Fill a template, which extends `page.html`, and write it. Raises CovidCoreError.

    Every value is text, escaped, unless the template says `| safe`.
    """
    loader = jinja2.FileSystemLoader([template.parent, Path(__file__).parent])
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=loader
    )
    page = environment.get_template(template.name).render(plotly=get_plotlyjs(), **values)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A file name may hold bytes that are no text.
        path.write_text(page, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise CovidCoreError(
            f"the report can't be written ({error.strerror})",
            "Give a folder with room that you may write to",
            file=str(path),
        ) from error
