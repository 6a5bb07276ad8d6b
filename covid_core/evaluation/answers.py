"""A network's logits for a manifest's films, cached on disk: audits need them repeatedly."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from covid_core.datasets.split import MEASURED, Split
from covid_core.model.card import WeightsCard
from covid_core.model.networks import Network
from covid_core.storage.arrays import load_arrays, save_arrays
from covid_core.training.films import Films
from covid_core.training.inference import logits_by_split


def load_or_compute_logits(
    network: Network, card: WeightsCard, films: Films, cache: Path, *, device: torch.device
) -> dict[Split, np.ndarray]:
    """Logits, float (N, outputs), of each split that did not train; cached on disk.

    Computed once for these tensors, this preparation and these films in their order.
    """
    key = json.dumps([card.sha256, card.preprocess.to_json(), films.digest()], sort_keys=True)
    path = cache / f"answers-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    splits = (Split.VALIDATION, *MEASURED)
    kept = load_arrays(path, tuple(split.name for split in splits))
    if kept is None:
        found = logits_by_split(network, films, card.preprocess, device=device)
        kept = {split.name: found[split] for split in splits}
        save_arrays(path, kept)
    return {split: kept[split.name] for split in splits}
