"""The gate's network trained on a manifest's films, its thresholds picked, its figures measured.

Thresholds come from the validation part; figures from the test part, held-out sources and kinds of
pictures that never trained.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F
from tqdm import tqdm

from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import MEASURED, SIDES, Split
from covid_core.errors import DatasetError, WeightsError
from covid_core.model.gate_findings import OTHERS
from covid_core.model.gate_network import GateNetwork, load_gate_network
from covid_core.model.network_files import write_network
from covid_core.model.tensors import RETRAIN
from covid_core.predict.gate import (
    NAME,
    PREPROCESS,
    GateCard,
    read_gate_card,
)
from covid_core.predict.lungs import Lungs
from covid_core.training.augment import Augmentation, augment
from covid_core.training.gate.figures import measure, measure_displays
from covid_core.training.gate.films import (
    Examples,
    GateFilms,
    children_by_age,
    displayed_examples,
    good_examples,
    other_examples,
    phantom_examples,
    read_films,
    spoilt_examples,
    undisplayed_examples,
)
from covid_core.training.gate.measures import children_found
from covid_core.training.gate.thresholds import pick_thresholds
from covid_core.training.half_precision import half_precision

_BATCH, _RATE, _DISPLAYS_RATE = 64, 3e-3, 2e-3
_FILMS, _EACH = 5000, 300  # films that train; pictures of each drawn kind
_DISPLAYED_TIMES = 4  # as many of each way to display films as of other kinds: it looks like a film
_DIRECTIONS = 24  # of the features, in which familiarity is measured
_AUGMENTATION = Augmentation(scale=(0.9, 1.12), shift=0.04)
NEVER_SEEN = [
    "a real lateral view, a real CT or MR slice in training: these were drawn",
    "a real film of a hand, a limb, a skull, a pelvis, a belly: drawn, or cut from chest films",
    "a real photograph, document or screen in training: these were drawn",
    "children in training but those of one hospital, one to five years old",
    "films with a real white-out of the exposure, or really taken too dark: only figures of pixels",
]


def train_gate(examples: Examples, *, steps: int, seed: int) -> GateNetwork:
    """A trained network in evaluation mode; its buffers describe good films' features."""
    torch.manual_seed(seed)
    network = GateNetwork().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    chest, other = np.nonzero(examples.kinds == 0)[0], np.nonzero(examples.kinds)[0]
    _, which, times = np.unique(examples.names, return_inverse=True, return_counts=True)
    weights = 1 / np.sqrt(times[which][chest])  # small sources more often than their share
    weights /= weights.sum()
    pictures, kinds = torch.from_numpy(examples.pictures), torch.from_numpy(examples.kinds)
    flaws = torch.from_numpy(examples.flaws)
    progress = tqdm(range(steps), "gate", unit="step")
    for step in progress:
        drawing = np.random.default_rng((seed, step))
        count = _BATCH // 2
        chosen = np.concatenate(
            [drawing.choice(chest, count, p=weights), drawing.choice(other, _BATCH - count)]
        )
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        films = augment(pictures[chosen], PREPROCESS.size_px, _AUGMENTATION, generator)
        network.train()
        x = PREPROCESS.normalise(films).contiguous(memory_format=torch.channels_last)
        with half_precision(x.device):
            logits = network(x)
        loss = _loss(logits.float(), kinds[chosen], flaws[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        progress.set_postfix(loss=f"{loss.item():.3f}")
    network.eval()
    _familiarise(network, examples.pictures[(examples.flaws == 0)[:, :-1].all(axis=1)])
    return network


def train_displays(network: GateNetwork, examples: Examples, *, steps: int, seed: int) -> None:
    """Train the branch that knows films on display, by their `kinds`, from where it stands.

    All else stays as it is.
    """
    torch.manual_seed(seed)
    pictures, kinds = torch.from_numpy(examples.pictures), torch.from_numpy(examples.kinds)
    network.eval()
    branch = network.displays.train()
    optimiser = torch.optim.AdamW(branch.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _DISPLAYS_RATE, total_steps=steps)
    alone, displayed = np.nonzero(examples.kinds == 0)[0], np.nonzero(examples.kinds)[0]
    for step in tqdm(range(steps), "displays", unit="step"):
        drawing = np.random.default_rng((seed, step))
        chosen = np.concatenate([drawing.choice(of, _BATCH // 2) for of in (alone, displayed)])
        seen = pictures[chosen]
        for axis in (1, 2):
            mirrored = torch.from_numpy(drawing.random(_BATCH) < 0.5)[:, None, None]
            seen = torch.where(mirrored, seen.flip(axis), seen)
        with torch.no_grad(), half_precision(seen.device):
            maps = network.finer_map(PREPROCESS.tensor(seen))
        loss = F.cross_entropy(branch(maps.float()), kinds[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    network.eval()


def make_gate(
    manifest: Path, out: Path, *, steps: int, films: int, seed: int, displays_only: bool = False
) -> GateCard:
    """The card of a gate that was trained, measured and saved to a folder.

    Children whose age is known do not train: they show what was learnt of children, and what only
    of the one hospital that nearly all others come from. `displays_only`: the gate in `out` is
    kept, with its thresholds and figures, but for how it knows films on display, in which it is
    trained further.

    Raises DatasetError, RefusedFile, WeightsError.
    """
    table, lungs = read_manifest(manifest), Lungs.load()
    training, alone, displaying, measuring = np.random.default_rng(seed).spawn(4)
    aged = children_by_age(table)
    parts = {split: _part(table[~aged], split, films, seed) for split in SIDES}
    train, validation = parts[Split.TRAIN], parts[Split.VALIDATION]
    if train is None or validation is None or parts[Split.TEST] is None:
        raise DatasetError(
            "it has no radiographs to train, validate or test with",
            "Make one with all three parts",
            file=str(manifest),
        )
    tested = {split: part for split, part in parts.items() if part and split in MEASURED}
    each = max(4, films * _EACH // _FILMS)
    card = None
    if displays_only:
        card = read_gate_card(out)
        network, _ = load_gate_network(out, NAME)
    else:
        examples = Examples.joined(
            [
                good_examples(train),
                spoilt_examples(train, lungs, training),
                phantom_examples(each // 2),
                *other_examples(train, each, training, trains=True),
            ]
        )
        network = train_gate(examples, steps=steps, seed=seed)
    shown = Examples.joined(
        [
            *undisplayed_examples(train, max(2, each // 4), lungs, alone),
            *displayed_examples(train, _DISPLAYED_TIMES * each, displaying, trains=True),
        ]
    )
    train_displays(network, shown, steps=steps, seed=seed)
    thresholds = pick_thresholds(network, validation)
    if card:
        thresholds = {**card.thresholds, "displayed": thresholds["displayed"]}
        measured = card.measured.as_json()
    else:
        measured = measure(network, thresholds, tested, lungs, each, measuring)
        if aged.any():
            aged_films = read_films(table[aged])
            measured["aged_children"] = children_found(network, aged_films, thresholds)
    measured["displays"] = measure_displays(network, thresholds, tested, each, measuring)
    taught = _describe(steps, len(shown.kinds), seed, parts)
    if card:
        taught = f"{taught}; before that: {card.training['displays']}"
    return save_gate(
        network,
        out,
        thresholds=thresholds,
        measured=measured,
        never_seen=NEVER_SEEN,
        films=card.films if card else _count(parts),
        training=(card.training if card else {"steps": str(steps), "seed": str(seed)})
        | {"displays": taught},
    )


def save_gate(network: GateNetwork, folder: Path, **card: Any) -> GateCard:
    """The card, once it and the tensors are written; `card`: its other fields."""
    raw = write_network(network, folder, NAME, **card)
    return GateCard.parse(raw, folder / f"{NAME}.json", error=WeightsError, remedy=RETRAIN)


def _count(parts: dict[Split, GateFilms | None]) -> dict[str, int]:
    return {split.value: len(part.pictures) for split, part in parts.items() if part}


def _describe(steps: int, pictures: int, seed: int, parts: dict[Split, GateFilms | None]) -> str:
    """How the branch for films on display was trained, and with how many films of each part."""
    films = ", ".join(f"{count} {name}" for name, count in _count(parts).items())
    return f"{steps} steps, {pictures} pictures, seed {seed}; films: {films}"


def _loss(logits: torch.Tensor, kinds: torch.Tensor, flaws: torch.Tensor) -> torch.Tensor:
    split = 1 + len(OTHERS)
    known = ~flaws.isnan()
    answers = logits[:, split:][known]
    flawed = F.binary_cross_entropy_with_logits(answers, flaws[known])
    return F.cross_entropy(logits[:, :split], kinds) + 2 * flawed


def _familiarise(network: GateNetwork, pictures: np.ndarray) -> None:
    """Fill the network's buffers: mean and main directions of good films' features.

    Each direction is scaled to deviation 1: Mahalanobis distance (Lee et al. 2018) without the
    directions that hardly vary.
    """
    with torch.inference_mode():
        features = torch.cat(
            [
                network.features(PREPROCESS.tensor(part))
                for part in np.array_split(pictures, max(1, len(pictures) // 256))
            ]
        ).double()
    centred = features - features.mean(dim=0)
    variances, directions = torch.linalg.eigh(centred.T @ centred / len(centred))
    kept = directions[:, -_DIRECTIONS:] / variances[-_DIRECTIONS:].clamp_min(1e-8).sqrt()
    whitening = torch.zeros_like(network.whitening)
    whitening[:, :_DIRECTIONS] = kept.to(whitening)
    network.centre, network.whitening = features.mean(dim=0).to(whitening), whitening


def _part(table: pd.DataFrame, split: Split, most: int, seed: int) -> GateFilms | None:
    """Films of one part; of those that train at most `most`, as evenly of all sources as can be."""
    rows = table[table["split"] == split.value]
    if split is Split.TRAIN:
        left, sources = most, [own for _, own in rows.groupby("source")]
        chosen = []
        for i, own in enumerate(sorted(sources, key=len)):
            chosen.append(own.sample(min(len(own), left // (len(sources) - i)), random_state=seed))
            left -= len(chosen[-1])
        rows = pd.concat(chosen) if chosen else rows
    return read_films(rows) if len(rows) else None
