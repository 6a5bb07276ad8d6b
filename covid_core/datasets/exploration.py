"""The exploration of a manifest as one HTML file: what is in it, and what will mislead a model.

The file holds pictures of patients: it goes where the data may go.
"""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from covid_core.datasets import figures
from covid_core.datasets.compile import Compilation
from covid_core.datasets.confounders import sources_told, warnings_of
from covid_core.datasets.split import Split, counts, on_a_side
from covid_core.findings import CLASSES
from covid_core.overlay import data_uri
from covid_core.pages import embedded, write_page
from covid_core.preprocess import Preprocess
from covid_core.reading import read_file

_SHEET_FILMS = 24
_PAIRS = 12
_FILM = Preprocess(size_px=144, fit="pad")
_TEMPLATE = Path(__file__).with_name("exploration.html")


def write_exploration(compiled: Compilation, path: Path, *, seed: int = 0) -> None:
    """Write the report, self-contained. Raises CovidCoreError where it can't be written."""
    table = compiled.table
    used = table[on_a_side(table)]
    told = sources_told(table, compiled.survey.thumbnails, seed=seed)
    write_page(
        _TEMPLATE,
        path,
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
    return [(title, embedded(figure)) for title, figure in drawn.items()]


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
    picture = _FILM.picture(read_file(Path(path)))
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=80)
    return data_uri(buffer.getvalue(), "jpeg")
