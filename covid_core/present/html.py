"""Reports as one HTML file each, which needs nothing else: the frame, and writing it whole.

A report runs two scripts, plotly's and the one that hands it the figures, and asks no address for
anything: its own policy (CSP) names both scripts by their digests, so that a browser refuses all
else, whatever got into it.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from covid_core.storage.atomic import write_whole

_DRAW = """
for (const place of document.querySelectorAll(".plot")) {
  const { data, layout } = JSON.parse(place.textContent)
  place.replaceChildren()
  Plotly.newPlot(place, data, layout, { responsive: true, displaylogo: false })
}
"""


def embedded(figure: go.Figure) -> str:
    """A plot as HTML for a page that `write_page` writes: its figures, which that page draws."""
    figures = str(figure.to_json()).replace("<", "\\u003c")  # no text ends the element
    return f'<div class="plot"><script type="application/json">{figures}</script></div>'


def write_page(template: Path, path: Path, **values: Any) -> None:
    """Fill a template, which extends `page.html`, and write it. Raises CovidCoreError.

    Every value is text, escaped, unless the template says `| safe`.
    """
    loader = jinja2.FileSystemLoader([template.parent, Path(__file__).parent])
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=loader
    )
    scripts = {"plotly": get_plotlyjs(), "draw": _DRAW}
    page = environment.get_template(template.name).render(
        **scripts, policy=_policy(*scripts.values()), **values
    )
    # A file name may hold bytes that are no text.
    write_whole(path, page.encode(errors="backslashreplace"))


def _policy(*scripts: str) -> str:
    """A Content Security Policy: these scripts alone, pictures that lie in the page, no address."""
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline';"
        " img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
