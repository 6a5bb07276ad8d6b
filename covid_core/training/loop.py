"""The training loop: every layer trained, growing film size, averaged weights, exact resume.

Every random draw comes from a generator seeded by (seed, epoch or step), so that a resumed run
draws what an uninterrupted one would have drawn.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from covid_core.datasets.split import Split
from covid_core.errors import TrainingError
from covid_core.findings import CLASSES
from covid_core.metrics import auroc
from covid_core.networks import DenseNet121
from covid_core.preprocess import Preprocess
from covid_core.training.augment import augment
from covid_core.training.checkpoint import load_checkpoint, save_checkpoint
from covid_core.training.films import Films

_SCORING_BATCH = 64


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long, how large, how fast.

    `stages`: (film size in px, epochs) in turn; an epoch draws as many films as there are to train
    on. One cosine runs over all stages, from `learning_rate` to nothing, after `warm_up` of it.
    """

    stages: tuple[tuple[int, float], ...]
    batch_size: int
    learning_rate: float
    weight_decay: float
    label_smoothing: float
    averaging: float
    checkpoint_every: int
    seed: int
    warm_up: float = 0.05

    def sizes(self, films: int) -> list[int]:
        """The film size of every step."""
        steps = films / self.batch_size
        return [size for size, epochs in self.stages for _ in range(round(steps * epochs))]

    def rate(self, done: float) -> float:
        """The learning rate at a share (0 to 1) of the run."""
        if done < self.warm_up:
            return self.learning_rate * done / self.warm_up
        wave = (done - self.warm_up) / (1 - self.warm_up)
        return self.learning_rate * (1 + math.cos(math.pi * wave)) / 2


def fit(
    network: DenseNet121,
    films: Films,
    preprocess: Preprocess,
    schedule: Schedule,
    run: Path,
    *,
    device: torch.device,
    resume: bool,
) -> DenseNet121:
    """Train `network` on the training part and give back its averaged weights, on the CPU.

    Writes `run/checkpoint.pt` and a JSON line an epoch to `run/log.jsonl`. Raises TrainingError on
    a loss that is not finite, keeping the last checkpoint, and on stages too short for one step.
    """
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = AveragedModel(
        network, multi_avg_fn=get_ema_multi_avg_fn(schedule.averaging), use_buffers=True
    )
    averaged = cast(DenseNet121, average.module)
    optimiser = torch.optim.AdamW(
        network.parameters(), weight_decay=schedule.weight_decay, fused=True
    )
    indices = films.part(Split.TRAIN)
    sizes = schedule.sizes(len(indices))
    if not sizes:
        raise TrainingError(
            f"the stages make no step with {len(indices)} films to train on",
            "Give more epochs with --stages, or a smaller --batch-size",
        )
    checkpoint = run / "checkpoint.pt"
    start = 0
    if resume and checkpoint.exists():
        start = _restore(load_checkpoint(checkpoint), network, average, optimiser)
    weights = balance(films.labels[indices], films.sources[indices])
    labels = torch.from_numpy(films.labels).to(device)
    per_epoch = max(1, round(len(indices) / schedule.batch_size))
    losses: list[float] = []

    def save(step: int) -> None:
        state = {
            "network": network.state_dict(),
            "average": average.state_dict(),
            "optimiser": optimiser.state_dict(),
            "step": step,
        }
        save_checkpoint(checkpoint, state)

    draws = _draws(indices, weights, len(sizes), schedule, start)
    progress = tqdm(draws, total=len(sizes), initial=start, desc="training", unit="step")
    for step, batch in enumerate(progress, start):
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate(step / len(sizes))
        generator = torch.Generator(device).manual_seed(schedule.seed * 1_000_003 + step)
        pictures = torch.from_numpy(films.pictures[batch]).to(device)
        x = preprocess.normalise(augment(pictures, sizes[step], generator))
        loss = _step(network, optimiser, x, labels[batch], schedule.label_smoothing)
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss is {loss} at step {step} (films such as {films.names[batch[0]]})",
                "Lower --learning-rate and go on with --resume; the last checkpoint is kept",
            )
        average.update_parameters(network)
        losses.append(loss)
        progress.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}", px=sizes[step])
        ended = (step + 1) % per_epoch == 0 or step + 1 == len(sizes)
        if ended:
            row = _validate(averaged, films, preprocess, sizes[step], device)
            _log(run, {"step": step + 1, "loss": float(np.mean(losses)), **row}, progress.write)
            losses.clear()
        if ended or (step + 1) % schedule.checkpoint_every == 0:
            save(step + 1)
    return averaged.cpu().eval()


def balance(labels: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """How often each film is drawn: classes alike, small sources of a class above their share.

    Within a class a source counts by the square root of its size, so that the few adults with
    pneumonia weigh more against the many children, and a class is less the same as a source.
    """
    weights = np.zeros(len(labels))
    for label in np.unique(labels):
        of_class = labels == label
        for source in np.unique(sources[of_class]):
            members = of_class & (sources == source)
            weights[members] = 1 / np.sqrt(members.sum())
        weights[of_class] /= weights[of_class].sum()
    return weights / weights.sum()


@torch.inference_mode()
def score(
    network: DenseNet121,
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
    for start in range(0, len(indices), _SCORING_BATCH):
        x = preprocess.tensor(films.pictures[indices[start : start + _SCORING_BATCH]]).to(device)
        if size_px not in (None, preprocess.size_px):
            x = F.interpolate(x, size_px, mode="bilinear", antialias=True)
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            logits.append(network(x.contiguous(memory_format=torch.channels_last)).double().cpu())
    return torch.cat(logits).softmax(dim=1).numpy()


def _step(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    x: torch.Tensor,
    labels: torch.Tensor,
    smoothing: float,
) -> float:
    network.train()
    with torch.autocast(x.device.type, torch.bfloat16):
        logits = network(x.contiguous(memory_format=torch.channels_last))
    loss = F.cross_entropy(logits.float(), labels, label_smoothing=smoothing)
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    return loss.item()


def _draws(
    indices: np.ndarray, weights: np.ndarray, steps: int, schedule: Schedule, start: int
) -> Iterator[np.ndarray]:
    for step in range(start, steps):
        drawing = np.random.default_rng((schedule.seed, step))
        yield np.sort(drawing.choice(indices, schedule.batch_size, p=weights))


def _restore(
    state: dict[str, Any], network: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer
) -> int:
    network.load_state_dict(state["network"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])


def _validate(
    network: DenseNet121, films: Films, preprocess: Preprocess, size_px: int, device: torch.device
) -> dict[str, float]:
    row = {}
    for name, split in (("validation", Split.VALIDATION), ("held_out", Split.HELD_OUT)):
        indices = films.part(split)
        if not len(indices):
            continue
        scored = score(
            network, films, indices, preprocess, device=device, size_px=size_px, half=True
        )
        for i, finding in enumerate(CLASSES):
            positive = films.labels[indices] == i
            if 0 < positive.sum() < len(positive):
                row[f"{name}_auroc_{finding}"] = auroc(positive, scored[:, i])
    return row


def _log(run: Path, row: dict[str, float], write: Callable[[str], None]) -> None:
    line = json.dumps({name: round(value, 5) for name, value in row.items()})
    with (run / "log.jsonl").open("a") as log:
        log.write(line + "\n")
    write(line)
