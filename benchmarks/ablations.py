"""What helps at a hospital never seen: one idea a row, judged within sources that never trained.

    python -m covid_core manifest DIR --skip-bad --out M --holdout-source covid-chestxray \
        --holdout-source nih
    python -m benchmarks.ablations M --idea plain --idea equalised --seeds 0 1 --out ablations.jsonl
    python -m benchmarks.ablations --table ablations.jsonl

Every row trains the same small DenseNet-121 from random weights on the same films, changed by one
idea, and is scored within each source held out: there, hospital and class are not the same thing.
What helped is in the recipes; what did not stays here alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from covid_core import markdown
from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import Split
from covid_core.lungs import PREPROCESS, Lungs
from covid_core.metrics import auroc
from covid_core.networks import Network
from covid_core.preprocess import Preprocess
from covid_core.training.augment import Augmentation, augment
from covid_core.training.films import Films, load_films
from covid_core.training.recipe import Balance, Optimisation
from covid_core.training.sampling import balance
from covid_core.training.schedule import Schedule

CLASSES = 3
_STORED_PX = 128  # films are kept at this size
_MEASURED = 800  # validation films
_BLAND = Augmentation(
    gamma=0.0, contrast=0.0, brightness=0.0, sharpness=(0.0, 0.0), noise=0.0, patches=0
)
_NO_TONE = Augmentation(gamma=0.0, contrast=0.0, brightness=0.0)
_FLOOR = 0.01  # a source is never quite sure of its class

Grey = Callable[[torch.Tensor], torch.Tensor]  # (N, 1, S, S), 0 to 1, to the same


def equalised(films: torch.Tensor) -> torch.Tensor:
    """Each of 256 grey levels by its rank among the film's pixels: histogram equalisation."""
    levels = (films.flatten(1) * 255).round().long()
    counts = torch.zeros(len(films), 256).scatter_add_(1, levels, torch.ones_like(films.flatten(1)))
    ranks = (counts.cumsum(dim=1) - counts / 2) / levels.shape[1]
    return ranks.gather(1, levels).view_as(films)


def local_contrast(films: torch.Tensor) -> torch.Tensor:
    """Each pixel against the mean and spread of its neighbourhood, a quarter of the side."""
    side = films.shape[-1] // 8 * 2 + 1

    def mean(x: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(F.pad(x, (side // 2,) * 4, mode="reflect"), side, stride=1)

    middle = mean(films)
    spread = (mean(films**2) - middle**2).clamp_min(1e-4).sqrt()
    return ((films - middle) / (spread + 0.05) / 6 + 0.5).clamp(0, 1)


def cropped(films: torch.Tensor) -> torch.Tensor:
    """The middle 80 percent: borders, corners and most markers gone."""
    side = films.shape[-1]
    edge = round(side * 0.1)
    inner = films[..., edge : side - edge, edge : side - edge]
    return F.interpolate(inner, side, mode="bilinear")


def other_scanner(films: torch.Tensor) -> torch.Tensor:
    """A random monotone tone curve, another resolution, or an inverted film, drawn a film."""
    count = len(films)
    knots = torch.rand(count, 8).cumsum(dim=1)
    knots = torch.cat([torch.zeros(count, 1), knots / knots[:, -1:]], dim=1)
    place = (films.clamp(0, 1) * 7.999).flatten(1)
    low = place.long()
    share = place - low
    curved = knots.gather(1, low) * (1 - share) + knots.gather(1, low + 1) * share
    films = curved.view_as(films)
    side = films.shape[-1]
    small = int(torch.randint(side // 3, side + 1, ()))
    coarse = F.interpolate(films, small, mode="bilinear", antialias=True)
    coarse = F.interpolate(coarse, side, mode="bilinear")
    films = torch.where(torch.rand(count, 1, 1, 1) < 0.5, films, coarse)
    return torch.where(torch.rand(count, 1, 1, 1) < 0.1, 1 - films, films)


def amplitudes_mixed(films: torch.Tensor) -> torch.Tensor:
    """The amplitudes of a film's frequencies, its style, mixed with another's of the batch; the
    phases, its anatomy, stay (Xu et al. 2021)."""
    spectrum = torch.fft.rfft2(films)
    amplitude = spectrum.abs()
    share = torch.rand(len(films), 1, 1, 1)
    mixed = amplitude.lerp(amplitude[torch.randperm(len(films))], share)
    return torch.fft.irfft2(torch.polar(mixed, spectrum.angle()), films.shape[-2:]).clamp(0, 1)


def _lungs(films: torch.Tensor) -> torch.Tensor:
    """Where the lungs are, 0 or 1, (N, 1, S, S), a little wider than drawn."""
    seen = (F.interpolate(equalised(films), PREPROCESS.size_px, mode="bilinear") * 255).byte()
    masks = torch.from_numpy(Lungs.load().masks(seen[:, 0].numpy())).unsqueeze(1)
    wider = F.max_pool2d((masks > 0.5).float(), 9, stride=1, padding=4)
    return F.interpolate(wider, films.shape[-1])


def lungs_cropped(films: torch.Tensor) -> torch.Tensor:
    """The box around the lungs, at full size, equalised."""
    side = films.shape[-1]
    cut = []
    for film, mask in zip(films, _lungs(films)[:, 0], strict=True):
        rows, columns = mask.any(dim=1).nonzero(), mask.any(dim=0).nonzero()
        if len(rows) > side // 4 and len(columns) > side // 4:  # else no lungs were found
            film = film[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        cut.append(F.interpolate(film.unsqueeze(0), side, mode="bilinear", antialias=True))
    return equalised(torch.cat(cut).clamp(0, 1))


def lungs_alone(films: torch.Tensor) -> torch.Tensor:
    """Grey where there is no lung, the film equalised."""
    return torch.where(_lungs(films) > 0, equalised(films), 0.5)


def as_is(films: torch.Tensor) -> torch.Tensor:
    return films


@dataclass(frozen=True, slots=True)
class Idea:
    """`stored`: what is done to every film once, before it is varied; `seen`: after; `varied`: in
    training alone."""

    stored: Grey = as_is
    seen: Grey = as_is
    varied: Grey = as_is
    augmentation: Augmentation = field(default_factory=Augmentation)
    balance: Balance = "class and source"
    loss: str = "cross-entropy"
    size_px: int = 96
    rate: float = 1e-3
    averaging: float = 0.98  # a short run; the recipe's own 0.995 would still hold its start


IDEAS: dict[str, Idea] = {
    "plain": Idea(),
    "no photometric augmentation": Idea(augmentation=_BLAND),
    "another scanner": Idea(varied=other_scanner),
    "equalised": Idea(seen=equalised),
    "equalised first, then varied": Idea(stored=equalised),
    "equalised first, tone left alone": Idea(stored=equalised, augmentation=_NO_TONE),
    "equalised first, tone left alone, amplitudes mixed": Idea(
        stored=equalised, augmentation=_NO_TONE, varied=amplitudes_mixed
    ),
    "lungs cropped, equalised": Idea(stored=lungs_cropped, augmentation=_NO_TONE),
    "lungs alone, equalised": Idea(stored=lungs_alone, augmentation=_NO_TONE),
    "equalised first, tone left alone, mixup": Idea(
        stored=equalised, augmentation=_NO_TONE, loss="mixup"
    ),
    "equalised first, tone left alone, more patches": Idea(
        stored=equalised, augmentation=replace(_NO_TONE, patches=6)
    ),
    "local contrast": Idea(seen=local_contrast),
    "cropped": Idea(seen=cropped),
    "cropped, local contrast": Idea(seen=lambda films: local_contrast(cropped(films))),
    "more patches": Idea(augmentation=replace(Augmentation(), patches=6)),
    "classes alone balanced": Idea(balance="class"),
    "within sources": Idea(loss="within sources"),
    "two steps": Idea(loss="two steps"),
    "two steps, within sources": Idea(loss="two steps, within sources"),
    "source-adversarial": Idea(loss="source-adversarial"),
    "group DRO": Idea(loss="group DRO"),
    "beyond the frame": Idea(loss="beyond the frame"),
    "mixup": Idea(loss="mixup"),
    "64 px": Idea(size_px=64),
    "slower": Idea(rate=3e-4),
}


class _Reversed(torch.autograd.Function):
    """Ganin and Lempitsky 2015: unchanged forwards, negated backwards."""

    @staticmethod
    def forward(ctx: object, x: torch.Tensor) -> torch.Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: object, gradient: torch.Tensor) -> torch.Tensor:
        return -0.3 * gradient


class Learner(nn.Module):
    """The network, and what an idea's loss needs besides."""

    def __init__(self, idea: Idea, priors: torch.Tensor, sources: int) -> None:
        super().__init__()
        self.idea = idea
        self.network = Network()
        self.priors = priors  # log p(class | source), (sources, classes)
        self.accuser = nn.Sequential(
            nn.Linear(1024 + CLASSES, 64), nn.ReLU(), nn.Linear(64, sources)
        )
        self.frame = nn.Sequential(
            nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(),
            nn.Flatten(), nn.Linear(32 * 64, CLASSES),
        )  # fmt: skip
        self.strengths = torch.zeros(sources * CLASSES)

    def loss(self, x: torch.Tensor, y: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
        """Of one batch; `y`, `source`: int64 (N,)."""
        kind = self.idea.loss
        smooth = 0.05
        if kind == "mixup":
            share = float(np.random.beta(0.4, 0.4))
            other = torch.randperm(len(x))
            logits = self.logits(share * x + (1 - share) * x[other])
            return share * F.cross_entropy(logits, y, label_smoothing=smooth) + (
                1 - share
            ) * F.cross_entropy(logits, y[other], label_smoothing=smooth)
        with torch.autocast("cpu", torch.bfloat16):
            feature_map = self.network.feature_map(x)
            logits = self.network.head(feature_map).float()
        if kind == "within sources":
            # What the source alone tells is added in, so the network has no need to learn it.
            return F.cross_entropy(logits + self.priors[source], y, label_smoothing=smooth)
        if kind.startswith("two steps"):
            prior = self.priors[source]
            ill = torch.logsumexp(prior[:, 1:], dim=1) - prior[:, 0]
            ill = ill if kind.endswith("sources") else torch.zeros_like(ill)
            opacity, covid = logits[:, 0], logits[:, 1]
            first = F.binary_cross_entropy_with_logits(opacity + ill, (y > 0).float())
            clouded = y > 0
            second = F.binary_cross_entropy_with_logits(covid[clouded], (y[clouded] == 2).float())
            return first + second
        if kind == "source-adversarial":
            pooled = feature_map.float().mean(dim=(2, 3))
            known = torch.cat([_Reversed.apply(pooled), F.one_hot(y, CLASSES)], dim=1)
            accused = F.cross_entropy(self.accuser(known), source)
            return F.cross_entropy(logits, y, label_smoothing=smooth) + accused
        if kind == "group DRO":  # Sagawa et al. 2020
            losses = F.cross_entropy(logits, y, label_smoothing=smooth, reduction="none")
            group = source * CLASSES + y
            sums = torch.zeros_like(self.strengths).index_add(0, group, losses)
            means = sums / torch.bincount(group, minlength=len(self.strengths)).clamp_min(1)
            self.strengths += 0.1 * means.detach()
            there = torch.bincount(group, minlength=len(self.strengths)) > 0
            weights = torch.where(there, self.strengths, -torch.inf).softmax(dim=0)
            return (weights * means).sum()
        if kind == "beyond the frame":  # Clark et al. 2019, with an expert that sees no lungs
            small = F.interpolate(x, 32, mode="bilinear", antialias=True)
            small = small.clone()
            small[..., 4:-4, 4:-4] = 0
            expert = self.frame(small)
            together = logits + expert.detach().log_softmax(dim=1)
            return F.cross_entropy(together, y) + F.cross_entropy(expert, y)
        return F.cross_entropy(logits, y, label_smoothing=smooth)

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return self.network(x.contiguous(memory_format=torch.channels_last)).float()

    def probabilities(self, x: torch.Tensor) -> torch.Tensor:
        logits = self.logits(x)
        if not self.idea.loss.startswith("two steps"):
            return logits.softmax(dim=1)
        opacity, covid = logits[:, 0].sigmoid(), logits[:, 1].sigmoid()
        return torch.stack([1 - opacity, opacity * (1 - covid), opacity * covid], dim=1)


def run(
    idea: Idea, films: Films, pictures: torch.Tensor, *, seed: int, steps: int, name: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Train one idea; gives scores, (films, classes), of each film measured, plain and flipped."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    preprocess = Preprocess()
    train = films.part(Split.TRAIN)
    names = sorted(set(films.sources[train]))
    source_of = torch.tensor([names.index(s) if s in names else -1 for s in films.sources])
    labels = torch.from_numpy(films.labels)
    drawn = balance(films.labels[train], films.sources[train], idea.balance)
    priors = torch.zeros(len(names), CLASSES)
    for i, weight in zip(train, drawn, strict=True):
        priors[source_of[i], films.labels[i]] += weight
    priors = (priors / priors.sum(dim=1, keepdim=True)).clamp_min(_FLOOR).log()
    learner = Learner(idea, priors, len(names))
    learner.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = AveragedModel(
        learner, multi_avg_fn=get_ema_multi_avg_fn(idea.averaging), use_buffers=True
    )
    pictures = changed(pictures, idea.stored)
    optimiser = torch.optim.AdamW(learner.parameters(), weight_decay=0.05, fused=True)
    by = Optimisation(learning_rate=idea.rate)
    for step in tqdm(range(steps), f"{name}, seed {seed}", mininterval=20):
        for group in optimiser.param_groups:
            group["lr"] = by.learning_rate * Schedule().factor_at(step, steps, steps, [])
        chosen = np.random.default_rng((seed, step)).choice(train, by.batch_size, p=drawn)
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        grey = augment(pictures[chosen], idea.size_px, idea.augmentation, generator)
        x = preprocess.normalise(idea.seen(idea.varied(grey)))
        learner.train()
        x = x.contiguous(memory_format=torch.channels_last)
        loss = learner.loss(x, labels[chosen], source_of[chosen])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learner.parameters(), 5.0)
        optimiser.step()
        average.update_parameters(learner)
    measured = cast(Learner, average.module).eval()

    @torch.inference_mode()
    def score(indices: np.ndarray, flipped: bool) -> np.ndarray:
        out = []
        for part in np.array_split(indices, max(1, len(indices) // 64)):
            grey = pictures[part].unsqueeze(1).float() / 255
            grey = F.interpolate(grey, idea.size_px, mode="bilinear", antialias=True)
            x = preprocess.normalise(idea.seen(grey))
            out.append(measured.probabilities(x.flip(3) if flipped else x))
        return torch.cat(out).double().numpy()

    validation = films.part(Split.VALIDATION)
    validation = np.random.default_rng(0).choice(
        validation, min(_MEASURED, len(validation)), replace=False
    )
    indices = np.concatenate([films.part(Split.HELD_OUT), validation])
    return indices, score(indices, False), score(indices, True)


def changed(pictures: torch.Tensor, how: Grey) -> torch.Tensor:
    """Stored pictures, uint8 (N, S, S), after what an idea does to each of them."""
    if how is as_is:
        return pictures
    grey = (how(part.unsqueeze(1).float() / 255).squeeze(1) for part in pictures.split(512))
    return torch.cat([(part * 255).round().byte() for part in grey])


def figures(films: Films, indices: np.ndarray, scored: np.ndarray) -> dict[str, float]:
    """AUROCs within each source that never trained, and at home."""
    labels, sources, splits = (
        films.labels[indices], films.sources[indices], films.splits[indices]
    )  # fmt: skip

    def within(source: str, against: np.ndarray, score: np.ndarray) -> float:
        own = (sources == source) & (splits == Split.HELD_OUT.value)
        if not own.any():
            return float("nan")
        return auroc(against[own], score[own])

    home = splits == Split.VALIDATION.value
    return {
        "covid-chestxray, COVID-19": within("covid-chestxray", labels == 2, scored[:, 2]),
        "covid-chestxray, pneumonia": within("covid-chestxray", labels == 1, scored[:, 1]),
        "nih, pneumonia": within("nih", labels == 1, scored[:, 1]),
        "nih, not normal": within("nih", labels != 0, 1 - scored[:, 0]),
        "home, COVID-19": auroc(labels[home] == 2, scored[home, 2]),
        "home, pneumonia": auroc(labels[home] == 1, scored[home, 1]),
    }


def table(rows: pd.DataFrame) -> str:
    """The rows of runs as Markdown: the mean over seeds, the best on unseen sources first."""
    names = list(rows.columns[3:])
    unseen = [name for name in names if not name.startswith("home")]
    rows = rows.drop_duplicates(["idea", "flips averaged", "seed"], keep="last")
    rows = rows.assign(unseen=rows[unseen].mean(axis=1))
    means = rows.groupby(["idea", "flips averaged"])[["unseen", *names]].mean()
    whole = means.xs(False, level=1).sort_values("unseen", ascending=False)
    seeds = rows.groupby("idea")["seed"].nunique()
    header = ["Idea", "Seeds", "Unseen, mean", *names]
    lines = [
        [str(idea), str(seeds[idea]), *(f"{value:.3f}" for value in figure)]
        for idea, figure in whole.iterrows()
    ]
    gained = means.xs(True, level=1)["unseen"] - means.xs(False, level=1)["unseen"]
    flips = f"Flips averaged: {gained.mean():+.4f} of the unseen mean, {len(gained)} ideas."
    return f"{markdown.table(header, lines)}\n\n{flips}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path, nargs="?")
    parser.add_argument("--table", type=Path, nargs="+", help="print the rows written before")
    parser.add_argument("--idea", action="append", choices=IDEAS, help="all, if none is given")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--steps", type=int, default=220, help="of 64 films")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"))
    parser.add_argument("--out", type=Path, default=Path("ablations.jsonl"))
    parser.add_argument("--scores", type=Path, help="a folder for every film's scores")
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    if options.table:
        lines = [line for path in options.table for line in path.read_text().splitlines()]
        print(table(pd.DataFrame([json.loads(line) for line in lines])))
        return
    if options.manifest is None:
        parser.error("give a manifest")
    if options.threads:
        torch.set_num_threads(options.threads)
    films = load_films(read_manifest(options.manifest), Preprocess(), options.cache, workers=2)
    stored = [
        F.interpolate(
            torch.from_numpy(np.array(films.pictures[i : i + 512])).unsqueeze(1).float(),
            _STORED_PX, mode="bilinear", antialias=True,
        ).squeeze(1).round().byte()
        for i in range(0, len(films.pictures), 512)
    ]  # fmt: skip
    pictures = torch.cat(stored)
    for seed in options.seeds:
        for name in options.idea or IDEAS:
            indices, plain, flipped = run(
                IDEAS[name], films, pictures, seed=seed, steps=options.steps, name=name
            )
            for flips, scored in ((False, plain), (True, (plain + flipped) / 2)):
                told = figures(films, indices, scored)
                row = {"idea": name, "flips averaged": flips, "seed": seed} | {
                    key: round(value, 4) for key, value in told.items()
                }
                with options.out.open("a") as out:
                    out.write(json.dumps(row) + "\n")
            if options.scores:
                options.scores.mkdir(parents=True, exist_ok=True)
                np.savez(options.scores / f"{name}-{seed}.npz", indices=indices, scores=plain,
                         flipped=flipped)  # fmt: skip


if __name__ == "__main__":
    main()
