"""What a network makes of films: probabilities, and the figures at the end of an epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from scipy.special import softmax
from torch.nn import functional as F

from covid_core.datasets.split import Split
from covid_core.decision import Rules
from covid_core.engines.memory import in_batches
from covid_core.metrics import auroc
from covid_core.networks import Network
from covid_core.preprocess import Preprocess
from covid_core.tasks import Task
from covid_core.training.films import Films

LOSS, ACCURACY = "validation_loss", "validation_accuracy"
WITHIN, UNSEEN = "within_auroc", "unseen_auroc"
MEASURES = (LOSS, ACCURACY, WITHIN, UNSEEN)  # that a recipe may stop or choose by
MEASURED = (Split.TEST, Split.HELD_OUT)  # the films that results are measured on
_BATCH = 64
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
) -> np.ndarray:
    """Logits, float64 (N, outputs), of the films at `indices`.

    `size_px`: another film size than the preprocessing's, for validation between stages.
    `half`: bfloat16, for speed where the last digits don't matter.
    """
    network.eval()

    def logits(chosen: np.ndarray, there: torch.device) -> torch.Tensor:
        x = preprocess.tensor(films.pictures[chosen]).to(there)
        if size_px not in (None, preprocess.size_px):
            x = F.interpolate(x, size_px, mode="bilinear", antialias=True)
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(there.type, torch.bfloat16, enabled=half):
            return network.to(there)(x).double().cpu()

    found = in_batches(logits, indices, device, _BATCH)
    network.to(device)
    if not found:
        return np.zeros((0, network.head.linear.out_features))
    return torch.cat(found).numpy()


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
    `logits`: as `answer_parts` gives them."""
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
    source is then unseen no more; beside it each of its parts, as `unseen_auroc SOURCE OUTPUT`.
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
        if by_source:
            row[name] = float(np.mean([np.mean(list(own.values())) for own in by_source.values()]))
        if split is Split.HELD_OUT:
            row |= {f"{name} {s} {o}": v for s, own in by_source.items() for o, v in own.items()}
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
