"""What a network makes of films: probabilities, and the figures at the end of an epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from scipy.special import softmax
from torch.nn import functional as F

from covid_core.datasets.split import Split
from covid_core.engines.memory import in_batches
from covid_core.metrics import auroc
from covid_core.model.decision import Rules
from covid_core.model.networks import Network
from covid_core.model.tasks import Task
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.augment import shrink
from covid_core.training.batches import MASK_PX, masks_of
from covid_core.training.films import Films

LOSS, ACCURACY = "validation_loss", "validation_accuracy"
WITHIN, UNSEEN = "within_auroc", "unseen_auroc"
MEASURES = (LOSS, ACCURACY, WITHIN, UNSEEN)  # that a recipe may stop or choose by
PEAKS = "peak_in_box"
MEASURED = (Split.TEST, Split.HELD_OUT)  # the films that results are measured on
_BATCH = 64
_HALF = 127  # of a pixel's 255: it lies in a box
_FEW = 20  # fewer films for or against say too little to choose by


def score(
    network: Network,
    films: Films,
    indices: np.ndarray,
    preprocess: Preprocess,
    *,
    device: torch.device,
) -> np.ndarray:
    """Probabilities, float64 (N, outputs), of the films at `indices`, before any calibration."""
    return softmax(answer(network, films, indices, preprocess, device=device), axis=1)


def _ask_logits(network: Network, x: torch.Tensor) -> torch.Tensor:
    return network(x)


Ask = Callable[[Network, torch.Tensor], torch.Tensor]
"""A network and N films as it sees them, (N, 1, S, S), to a tensor (N, …)."""


@torch.inference_mode()
def answer(
    network: Network,
    films: Films,
    indices: np.ndarray,
    preprocess: Preprocess,
    *,
    device: torch.device,
    size_px: int | None = None,
    half: bool = False,
    ask: Ask = _ask_logits,
) -> np.ndarray:
    """Logits, float64 (N, outputs), of the films at `indices`; or what else `ask` gives of N films.

    `size_px`: another film size than the preprocessing's, for validation between stages.
    `half`: bfloat16, for speed where the last digits don't matter.
    """
    network.eval()

    def logits(chosen: np.ndarray, there: torch.device) -> torch.Tensor:
        x = pictures_at(films, chosen, preprocess, size_px or preprocess.size_px, there)
        with torch.autocast(there.type, torch.bfloat16, enabled=half):
            return ask(network.to(there), x).double().cpu()

    found = in_batches(logits, indices, device, _BATCH)
    network.to(device)
    if not found:
        return np.zeros((0, network.head.linear.out_features))
    return torch.cat(found).numpy()


def pictures_at(
    films: Films, indices: np.ndarray, preprocess: Preprocess, size_px: int, device: torch.device
) -> torch.Tensor:
    """Films as a network sees them at some size: float32 (N, 1, size_px, size_px)."""
    pictures = torch.as_tensor(films.pictures[indices]).to(device)
    x = preprocess.normalise(shrink(pictures, size_px))
    return x.contiguous(memory_format=torch.channels_last)


def ask_opacity(network: Network, x: torch.Tensor) -> torch.Tensor:
    """The opacity's log odds in each cell, (N, h, w); of a network that has an opacity map."""
    found = network.maps(x)[1]
    assert found is not None
    return found[:, 0]


def share_of_peaks_in_boxes(cells: np.ndarray, films: Films, indices: np.ndarray) -> float:
    """How often the hottest point of a film's map, (N, h, w), lies in one of its boxes; of the
    films at `indices`, each of which has some.
    """
    fine = F.interpolate(
        torch.from_numpy(cells).float().unsqueeze(1), MASK_PX, mode="bicubic", align_corners=False
    )
    peaks = fine.flatten(1).argmax(dim=1).numpy()
    masks = masks_of(films, indices).reshape(len(indices), -1)
    return float((masks[np.arange(len(indices)), peaks] > _HALF).mean())


def answer_parts(
    network: Network,
    films: Films,
    preprocess: Preprocess,
    *,
    device: torch.device,
    splits: Sequence[Split] = (Split.VALIDATION, Split.TEST, Split.HELD_OUT),
) -> dict[Split, np.ndarray]:
    """`answer` to the films that did not train: validation, test, held out, or some of these."""
    return {
        split: answer(network, films, films.part(split), preprocess, device=device)
        for split in splits
    }


def score_parts(logits: Mapping[Split, np.ndarray], rules: Rules) -> dict[Split, np.ndarray]:
    """Probabilities by `rules` of the films that results are measured on: test, held out.

    `logits`: as `answer_parts` gives them.
    """
    return {split: rules.probabilities(logits[split]) for split in MEASURED}


def validate(
    network: Network,
    films: Films,
    preprocess: Preprocess,
    task: Task,
    size_px: int,
    *,
    chooses_by: Split = Split.VALIDATION,
) -> dict[str, float]:
    """The figures at the end of an epoch, by name; what the films at hand can't tell is left out.

    Loss, accuracy and AUROCs on the validation part; `chooses_by`: or on the part that a study
    mistook for it. `within_auroc`: the mean of the AUROCs within
    each of its sources that holds more than one class, for there the hospital is no clue.
    `unseen_auroc`: the same within sources held out, which a recipe may choose by, but the
    source is then unseen no more; beside both each of its parts, as `unseen_auroc SOURCE OUTPUT`.
    `peak_in_box`: of films of that part with boxes, how often the hottest point of the opacity map
    lies in one.
    """
    device = next(network.parameters()).device
    row = {}
    for name, split in ((WITHIN, chooses_by), (UNSEEN, Split.HELD_OUT)):
        indices = films.part(split)
        if not len(indices):
            continue
        logits = answer(
            network, films, indices, preprocess, device=device, size_px=size_px, half=True
        )
        scored = softmax(logits, axis=1)
        labels = films.labels[indices]
        if split is chooses_by:
            row[LOSS] = float(-np.log(scored[np.arange(len(labels)), labels] + 1e-12).mean())
            row[ACCURACY] = float((scored.argmax(axis=1) == labels).mean())
            for output, value in _aurocs(labels, scored, task, few=1).items():
                row[f"validation_auroc_{output}"] = value
        by_source = _within_sources(films.sources[indices], labels, scored, task)
        if split is chooses_by:
            row |= {f"{name} {s} {o}": v for s, own in by_source.items() for o, v in own.items()}
        if by_source:
            row[name] = float(np.mean([np.mean(list(own.values())) for own in by_source.values()]))
        if split is Split.HELD_OUT:
            row |= {f"{name} {s} {o}": v for s, own in by_source.items() for o, v in own.items()}
    boxed = np.nonzero((films.splits == chooses_by.value) & np.array(list(map(bool, films.boxes))))[
        0
    ]
    if network.opacity is not None and len(boxed):
        cells = answer(
            network,
            films,
            boxed,
            preprocess,
            device=device,
            size_px=size_px,
            half=True,
            ask=ask_opacity,
        )
        row[PEAKS] = share_of_peaks_in_boxes(cells, films, boxed)
    return row


def goodness(row: Mapping[str, float], measure: str) -> float:
    """An epoch's figure for a measure, turned so that more is better; NaN where it has none.

    Without a source held out, what was seen within sources stands for what was not seen.
    """
    if measure == UNSEEN and UNSEEN not in row:
        measure = WITHIN
    value = row.get(measure, float("nan"))
    return -value if measure == LOSS else value


def _within_sources(
    sources: np.ndarray, labels: np.ndarray, scored: np.ndarray, task: Task
) -> dict[str, dict[str, float]]:
    """AUROCs by source and output, of sources that hold enough films for and against."""
    found = {}
    for source in sorted(set(sources)):
        own = sources == source
        aurocs = _aurocs(labels[own], scored[own], task, few=_FEW)
        if aurocs:
            found[str(source)] = aurocs
    return found


def _aurocs(labels: np.ndarray, scored: np.ndarray, task: Task, *, few: int) -> dict[str, float]:
    aurocs: dict[str, float] = {}
    for i, output in enumerate(task.outputs):
        positive = labels == i
        if min(positive.sum(), (~positive).sum()) >= few:
            aurocs[output] = auroc(positive, scored[:, i])
    return aurocs
