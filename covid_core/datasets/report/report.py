"""The exploration of a manifest as one HTML file: what is in it, and what will mislead a model.

The file holds pictures of patients: it goes where the data may go.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from covid_core.boxes import Box, parse_boxes
from covid_core.datasets.compile import Compilation
from covid_core.datasets.report import plots
from covid_core.datasets.report.confounders import list_warnings
from covid_core.datasets.report.thumbnail_models import separate_classes, separate_sources
from covid_core.datasets.split import Split, counts, on_a_side
from covid_core.findings import APPEARANCES, CLASSES
from covid_core.prepare.preprocess import Preprocess
from covid_core.present.html import embedded, write_page
from covid_core.present.overlay import OUTLINE, data_uri
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import read_file

_SHEET_FILMS = 24
_PAIRS = 12
_FILM = Preprocess(size_px=144, fit="pad")
_TEMPLATE = Path(__file__).with_name("report.html")


@dataclass(frozen=True, slots=True)
class _Sample:
    """A film as the report shows it: its picture, a data URI, and what is written below it.

    `boxes`: left, top, width and height of each in px of the picture.
    """

    picture: str
    source: str
    caption: str
    boxes: tuple[Box, ...]


def write_exploration(compiled: Compilation, path: Path, *, seed: int = 0) -> None:
    """Write the report, self-contained. Raises CovidCoreError where it can't be written."""
    table = compiled.table
    used = table[on_a_side(table)]
    thumbnails = compiled.survey.thumbnails
    sources = separate_sources(table, thumbnails, seed=seed)
    within = separate_classes(table, thumbnails, seed=seed)
    write_page(
        _TEMPLATE,
        path,
        films=len(table),
        used=len(used),
        pairs=len(compiled.twins.pairs),
        warnings=list_warnings(table, sources, within),
        counts=counts(table),
        classes=[finding.value for finding in CLASSES],
        appearances=APPEARANCES if (table["appearance"] != "").any() else (),
        by_appearance=_count_appearances(table),
        separation=sources,
        within=within,
        left_out=sorted(Counter((o.source, o.reason) for o in compiled.left_out).items()),
        plots=_plots(compiled, used, seed),
        sheets=_sheets(table, used, seed),
        side_px=_FILM.size_px,
        outline=OUTLINE,
        twins=_examples(compiled, seed),
        conflicts=int((table["split"] == Split.CONFLICT.value).sum()),
        overruled=_count_overruled(table),
    )


def _count_appearances(table: pd.DataFrame) -> dict[str, list[int]]:
    """How many films each source has of each class and appearance.

    The classes first; then, of films without a class, each appearance and none.
    """
    unlabelled = table["label"] == ""
    columns = [table["label"] == finding.value for finding in CLASSES]
    columns += [unlabelled & (table["appearance"] == value) for value in (*APPEARANCES, "")]
    by_source = pd.concat(columns, axis=1).groupby(table["source"]).sum()
    return {
        str(source): list(row)
        for source, row in zip(by_source.index, by_source.to_numpy(), strict=True)
    }


def _count_overruled(table: pd.DataFrame) -> list[tuple[str, str, int]]:
    """Source, label and count of files that a radiologist read otherwise than they are filed."""
    own = table[table["split"] == Split.OVERRULED.value]
    return [
        (str(source), str(label), len(rows))
        for (source, label), rows in own.groupby(["source", "label"])
    ]


def _plots(compiled: Compilation, used: pd.DataFrame, seed: int) -> list[tuple[str, str]]:
    """Title and HTML of each plot."""
    source = used["source"]
    brightness = pd.Series(compiled.survey.brightness)[used.index]
    drawn = {
        "Class by source by split": plots.class_by_source_by_split(used),
        "Age, where it is known": plots.ages(used),
        "Size": plots.sizes(used, seed=seed),
        "Aspect ratio": plots.spread(used["width"] / used["height"], source, "width / height"),
        "Brightness": plots.spread(brightness, source, "mean grey level, 0 to 1"),
    }
    return [(title, embedded(figure)) for title, figure in drawn.items()]


def _sheets(
    table: pd.DataFrame, used: pd.DataFrame, seed: int
) -> list[tuple[str, str, list[_Sample]]]:
    """Title, definition and some films of each class, from every source.

    Then those of each appearance among the films without a class.
    """
    unlabelled = table[table["label"] == ""]
    kinds = [(finding, used[used["label"] == finding.value]) for finding in CLASSES]
    sheets = [
        (f"{kind.display_name}: some radiographs", kind.definition, _samples(own, seed))
        for kind, own in kinds
    ]
    for appearance in APPEARANCES:
        own = unlabelled[unlabelled["appearance"] == appearance.value]
        if len(own):
            title = f"{appearance.display_name}, without a class: some radiographs"
            sheets.append((title, appearance.definition, _samples(own, seed)))
    return sheets


def _samples(films: pd.DataFrame, seed: int) -> list[_Sample]:
    """Some of the films, as many of each source."""
    sources = films.groupby("source")
    each = max(1, _SHEET_FILMS // max(1, sources.ngroups))
    chosen = [own.sample(min(each, len(own)), random_state=seed) for _, own in sources]
    rows = pd.concat(chosen).head(_SHEET_FILMS) if chosen else films
    return [_sample(row.path, row.source, row.appearance, row.boxes) for row in rows.itertuples()]


def _sample(path: str, source: str, appearance: str, boxes: str) -> _Sample:
    radiograph = read_file(Path(path))
    outlined = parse_boxes(boxes)
    noted = [source, appearance]
    if outlined is not None:
        count = len(outlined) or "no"
        noted.append(f"{count} {'boxes' if len(outlined) > 1 else 'box'}")
    caption = ", ".join(note for note in noted if note)
    return _Sample(_encode(radiograph), source, caption, _place(outlined or (), radiograph))


def _place(boxes: Sequence[Box], radiograph: Radiograph) -> tuple[Box, ...]:
    """Left, top, width and height of boxes in px of the film's picture, inside its black margin."""
    top, left, height, width = _FILM.placement(*radiograph.shape)
    return tuple(
        (left + x0 * width, top + y0 * height, (x1 - x0) * width, (y1 - y0) * height)
        for x0, y0, x1, y1 in boxes
    )


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
    return _encode(read_file(Path(path)))


def _encode(radiograph: Radiograph) -> str:
    """A radiograph as the data URI of a small JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(_FILM.picture(radiograph)).save(buffer, "JPEG", quality=80)
    return data_uri(buffer.getvalue(), "jpeg")
