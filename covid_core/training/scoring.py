"""What a network makes of films: probabilities, and the figures at the end of an epoch."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from covid_core.datasets.split import Split
from covid_core.metrics import auroc
from covid_core.networks import Network
from covid_core.preprocess import Preprocess
from covid_core.tasks import Task
from covid_core.training.films import Films

_BATCH = 64


@torch.inference_mode()
def score(
    network: Network,
    films: Films,
    indices: np.ndarray,
    preprocess: Preprocess,
    *,
    device: torch.device,
    size_px: int | None = None,
    half: bool = False,
) -> np.ndarray:
    """Probabilities, float64 (N, classes), of the films at `indices`.

    `size_px`: another film size than the preprocessing's, for validation between stages.
    `half`: bfloat16, for speed where the last digits don't matter.
    """
    network.eval()
    logits = []
    for start in range(0, len(indices), _BATCH):
        x = preprocess.tensor(films.pictures[indices[start : start + _BATCH]]).to(device)
        if size_px not in (None, preprocess.size_px):
            x = F.interpolate(x, size_px, mode="bilinear", antialias=True)
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            logits.append(network(x.contiguous(memory_format=torch.channels_last)).double().cpu())
    return torch.cat(logits).softmax(dim=1).numpy()


def validate(
    network: Network,
    films: Films,
    preprocess: Preprocess,
    task: Task,
    size_px: int,
) -> dict[str, float]:
    """Loss, accuracy and AUROCs on the validation part and on sources held out, by name."""
    device = next(network.parameters()).device
    row = {}
    for name, split in (("validation", Split.VALIDATION), ("held_out", Split.HELD_OUT)):
        indices = films.part(split)
        if not len(indices):
            continue
        scored = score(
            network, films, indices, preprocess, device=device, size_px=size_px, half=True
        )
        labels = films.labels[indices]
        row[f"{name}_loss"] = float(-np.log(scored[np.arange(len(labels)), labels] + 1e-12).mean())
        row[f"{name}_accuracy"] = float((scored.argmax(axis=1) == labels).mean())
        for i, output in enumerate(task.outputs):
            positive = labels == i
            if 0 < positive.sum() < len(positive):
                row[f"{name}_auroc_{output}"] = auroc(positive, scored[:, i])
    return row
