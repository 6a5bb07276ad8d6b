"""The films of a manifest in memory, as arrays: pictures, labels, boxes, split."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from covid_core.boxes import Boxes, crop_boxes, format_boxes, parse_boxes, place_boxes, union_mask
from covid_core.datasets.cache import cached_crops, every_picture
from covid_core.datasets.manifest import film_paths
from covid_core.datasets.split import Split, groups_of, on_a_side, unlabelled_to_train
from covid_core.findings import APPEARANCES, CLASSES
from covid_core.model.tasks import Task
from covid_core.prepare.preprocess import Preprocess

MASK_PX = 140  # of a film's side: whole pixels in each cell of maps of 5, 7, 10 and 14 cells


@dataclass(frozen=True, slots=True, eq=False)
class Films:
    """The films that train, tune or test, as arrays with one entry a film.

    `pictures` uint8 (N, S, S); `labels` int64, index into CLASSES, or into a task's outputs, -1
    for none; `groups` int, the same for films of one patient or of one picture; `sources` and
    `splits` text; `names` the files' paths; `appearances` int64, index into APPEARANCES, -1 for
    none; `boxes` of opacities over what the picture shows, None where a film was not annotated;
    `patients_known` bool, whether the source numbers its patients, None where that is not known.
    """

    pictures: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    sources: np.ndarray
    splits: np.ndarray
    names: tuple[str, ...]
    patients_known: np.ndarray | None = None
    appearances: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    boxes: tuple[Boxes | None, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.labels)
        if len(self.appearances) != count:  # films of which nothing but a class is known
            object.__setattr__(self, "appearances", np.full(count, -1, np.int64))
        if len(self.boxes) != count:
            object.__setattr__(self, "boxes", (None,) * count)

    @property
    def annotated(self) -> np.ndarray:
        """Whether each film was annotated with boxes, bool (N,)."""
        return np.array([boxes is not None for boxes in self.boxes], bool)

    @property
    def is_known(self) -> np.ndarray:
        """Whether each film has a class, an appearance or boxes, bool (N,)."""
        return (self.labels >= 0) | (self.appearances >= 0) | self.annotated

    def part(self, split: Split) -> np.ndarray:
        """The indices of the films of one split that have a label."""
        return np.nonzero((self.splits == split.value) & (self.labels >= 0))[0]

    def training_indices(self, *, include_unknown: bool = False) -> np.ndarray:
        """The indices of the training films that have a class, an appearance or boxes to learn.

        `include_unknown`: those of which nothing is known too, for a teacher to answer.
        """
        known = include_unknown | self.is_known
        return np.nonzero((self.splits == Split.TRAIN.value) & known)[0]

    def masks(self, indices: np.ndarray) -> np.ndarray:
        """The union of each film's boxes, uint8 (N, MASK_PX, MASK_PX), 255 inside them.

        Empty where a film was not annotated.
        """
        masks = np.zeros((len(indices), MASK_PX, MASK_PX), np.uint8)
        for mask, i in zip(masks, indices, strict=True):
            boxes = self.boxes[i]
            if boxes:
                mask[:] = np.rint(union_mask(boxes, MASK_PX, MASK_PX) * 255)
        return masks

    def label_by(self, task: Task) -> Films:
        """The same films labelled by a task's outputs, -1 for a class that the task leaves out."""
        known = [task.output_of.get(finding, -1) for finding in CLASSES]
        outputs = [*known, -1]  # the last for none
        return replace(self, labels=np.array(outputs, np.int64)[self.labels])

    def trim_to_rarest(self) -> Films:
        """The same films, in each split only as many of each label as of the rarest labelled.

        Those are the first by name. Sources held out keep all their labels.
        """
        labels, names = np.full(len(self.labels), -1, np.int64), np.array(self.names)
        for split in Split:
            own = self.part(split)
            own = own[np.argsort(names[own], kind="stable")]
            present, counts = np.unique(self.labels[own], return_counts=True)
            least = min(counts, default=0)
            for label in present:
                some = own[self.labels[own] == label]
                labels[some if split is Split.HELD_OUT else some[:least]] = label
        return replace(self, labels=labels)

    def select(self, indices: np.ndarray) -> Films:
        """Only the films at `indices`, in their order."""
        known = self.patients_known
        return Films(
            self.pictures[indices],
            self.labels[indices],
            self.groups[indices],
            self.sources[indices],
            self.splits[indices],
            tuple(self.names[i] for i in indices),
            patients_known=None if known is None else known[indices],
            appearances=self.appearances[indices],
            boxes=tuple(self.boxes[i] for i in indices),
        )

    def digest(self) -> str:
        """SHA-256, in hex, of all that training draws from, in its order; not of the names."""
        digest = hashlib.sha256("\n".join([*self.splits, *self.sources]).encode())
        for array in (self.labels, self.appearances, self.pictures):
            digest.update(np.ascontiguousarray(array).data)
        digest.update("\n".join(map(format_boxes, self.boxes)).encode())
        return digest.hexdigest()


def load_films(
    table: pd.DataFrame,
    preprocess: Preprocess,
    cache: Path,
    *,
    workers: int,
    unlabelled: bool = False,
) -> Films:
    """The films of a manifest, decoded and prepared.

    `unlabelled`: those of which nothing is known too, as training films, unless their patient or
    picture is in another split. Raises DatasetError, which names files that are gone.
    """
    groups = groups_of(table)
    used = on_a_side(table)
    if unlabelled:
        more = unlabelled_to_train(table, groups)
        table = table.assign(split=table["split"].where(~more, Split.TRAIN.value))
        used = used | more
    rows = table[used]
    paths = film_paths(rows)
    pictures = every_picture(paths, preprocess, cache, workers=workers)
    crops = cached_crops(paths, preprocess, cache, workers=workers)
    boxes = [
        place_boxes(
            crop_boxes(parse_boxes(own), crop),
            preprocess.placement(*crop.shape(int(height), int(width))),
            preprocess.size_px,
        )
        for own, crop, height, width in zip(
            rows["boxes"], crops, rows["height"], rows["width"], strict=True
        )
    ]
    return Films(
        pictures=pictures,
        labels=_indices(rows["label"], CLASSES),
        groups=groups[used],
        sources=rows["source"].to_numpy(str),
        splits=rows["split"].to_numpy(str),
        names=tuple(rows["path"]),
        appearances=_indices(rows["appearance"], APPEARANCES),
        boxes=tuple(boxes),
        patients_known=(rows["patient"] != "").to_numpy(),
    )


def _indices(words: pd.Series, known: Sequence[str]) -> np.ndarray:
    """The index of each word among the known ones, int64 (rows,); -1 where it is none."""
    places = {word: i for i, word in enumerate(map(str, known))}
    return np.array([places.get(word, -1) for word in words], np.int64)
