"""The exploration of a manifest as one HTML file: what is in it, and what will mislead a model.

The file holds pictures of patients: it goes where the data may go.
"""

from __future__ import annotations

import base64
import io
from collections import Counter
from pathlib import Path

import jinja2
import numpy as np
import pandas as pd
import plotly.io
from PIL import Image
from plotly.offline import get_plotlyjs

from covid_core.datasets import figures
from covid_core.datasets.compile import Compilation
from covid_core.datasets.confounders import sources_told, used_rows, warnings_of
from covid_core.datasets.split import Split, counts
from covid_core.errors import DatasetError
from covid_core.findings import CLASSES
from covid_core.preprocess import Preprocess
from covid_core.reading import read_file

_SHEET_FILMS = 24
_PAIRS = 12
_FILM = Preprocess(size_px=144, fit="pad")
_TEMPLATE = Path(__file__).with_name("exploration.html")


def write_exploration(compiled: Compilation, path: Path, *, seed: int = 0) -> None:
    """Write the report, self-contained. Raises DatasetError where it can't be written."""
    table = compiled.table
    used = table[used_rows(table)]
    told = sources_told(table, compiled.survey.thumbnails, seed=seed)
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        plotly=get_plotlyjs(),
        films=len(table),
        used=len(used),
        pairs=len(compiled.twins.pairs),
        warnings=warnings_of(table, told),
        counts=counts(table),
        classes=[finding.value for finding in CLASSES],
        told=told,
        left_out=sorted(Counter((o.source, o.reason) for o in compiled.left_out).items()),
        plots=_plots(compiled, used, seed),
        sheets=_sheets(used, seed),
        twins=_examples(compiled, seed),
        conflicts=int((table["split"] == Split.CONFLICT.value).sum()),
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise DatasetError(
            f"the report can't be written ({error.strerror})",
            "Give a folder with room that you may write to",
            file=str(path),
        ) from error


def _plots(compiled: Compilation, used: pd.DataFrame, seed: int) -> list[tuple[str, str]]:
    """Title and HTML of each plot."""
    source = used["source"]
    brightness = pd.Series(compiled.survey.brightness)[used.index]
    drawn = {
        "Class by source by split": figures.class_by_source_by_split(used),
        "Age, where it is known": figures.ages(used),
        "Size": figures.sizes(used, seed=seed),
        "Aspect ratio": figures.spread(used["width"] / used["height"], source, "width / height"),
        "Brightness": figures.spread(brightness, source, "mean grey level, 0 to 1"),
    }
    return [
        (title, plotly.io.to_html(figure, include_plotlyjs=False, full_html=False))
        for title, figure in drawn.items()
    ]


def _sheets(used: pd.DataFrame, seed: int) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each class its name, and the picture and source of some of its films, every source."""
    sheets = []
    for finding in CLASSES:
        own = used[used["label"] == finding.value]
        sources = own.groupby("source")
        each = max(1, _SHEET_FILMS // max(1, sources.ngroups))
        chosen = [films.sample(min(each, len(films)), random_state=seed) for _, films in sources]
        rows = pd.concat(chosen).head(_SHEET_FILMS) if chosen else own
        pictures = [(_picture(row.path), row.source) for row in rows.itertuples()]
        sheets.append((finding.display_name, pictures))
    return sheets


def _examples(compiled: Compilation, seed: int) -> list[tuple[str, str, str]]:
    """Two pictures and a caption for some pairs of twins: the least alike, and some of the rest."""
    pairs, likeness = compiled.twins.pairs, compiled.twins.likeness
    order = np.argsort(likeness, kind="stable")
    rest = np.random.default_rng(seed).permutation(order[_PAIRS // 2 :])
    chosen = np.concatenate([order[: _PAIRS // 2], rest[: _PAIRS // 2]])
    rows = compiled.table
    examples = []
    for k in chosen:
        a, b = (rows.iloc[i] for i in pairs[k])
        caption = f"{a['source']} {a['label']} and {b['source']} {b['label']}: {likeness[k]:.2f}"
        examples.append((_picture(a["path"]), _picture(b["path"]), caption))
    return examples


def _picture(path: str) -> str:
    """A film as the data URI of a small JPEG."""
    picture = _FILM.picture(read_file(Path(path)).pixels)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
