"""How fast training is: ours beside the plain way, on the same machine in the same run.

The plain way is that of torchvision's reference scripts: JPEG files read by a DataLoader's workers,
augmented film by film, float32, channels first. Ours: decoded films, augmented as a batch on the
device, bfloat16, channels last, a fused optimiser. Both train the same network.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import covid_core.model.torchvision_ops  # noqa: F401  (must come before torchvision)

# isort: split
import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode
from torchvision.transforms import v2

from covid_core.bench.timing import quickest
from covid_core.model.architectures import DENSENET121
from covid_core.model.networks import Network
from covid_core.prepare.preprocess import Preprocess
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.training.augment import Augmentation, augment
from covid_core.training.batches import picture_source
from covid_core.training.loop import set_modes, train_step, wrap_network
from covid_core.training.losses import Learner, Losses, Targets, batch_loss

_FILMS = 64
_WARM_UP = 3
_MATRIX = 4096  # side of the square matrices that measure the device's rate


@dataclass(frozen=True, slots=True)
class Pace:
    """The films per second, and the share of the time (0 to 1) that the step waited for films."""

    films_per_s: float
    waiting: float


@dataclass(frozen=True, slots=True)
class Bench:
    """Both paces, and what ours uses of what the device can do, measured here: shares, 0 to 1.

    `augmented`, `augmented_singly`: films a second that our augmentation of a whole batch varies,
    each film by a draw of its own; and torchvision's transforms, which draw once a call, and so go
    film by film. Both on the device.

    `matrix_share`: of the rate of a large bfloat16 matrix product. `memory_share`: of a large
    copy's bandwidth, by the sizes of what each operation reads and writes (an upper bound: fused
    operations and caches move less).
    """

    ours: Pace
    plain: Pace
    augmented: float
    augmented_singly: float
    matrix_share: float
    memory_share: float

    @property
    def ratio(self) -> float:
        """How many times as fast ours is as the plain way."""
        return self.ours.films_per_s / self.plain.films_per_s


def bench(
    *,
    steps: int,
    batch_size: int,
    device: torch.device,
    architecture: str = DENSENET121,
    compiled: bool = False,
) -> Bench:
    """Train some steps either way, on phantoms. `compiled`: ours by torch.compile."""
    preprocess = Preprocess()
    size = preprocess.size_px
    films = np.stack([draw_phantom(KINDS[i % 3], size_px=size, seed=i) for i in range(_FILMS)])
    network = Network(architecture).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), fused=True)
    give = picture_source(films, device)
    labels = torch.arange(batch_size, device=device) % 3
    drawing = np.random.default_rng(0)
    generator = torch.Generator(device).manual_seed(0)

    def batches() -> Iterator[torch.Tensor]:
        while True:
            pictures = give(drawing.integers(0, _FILMS, batch_size))
            yield preprocess.normalise(augment(pictures, size, Augmentation(), generator))

    together, targets = wrap_network(network, compiled=compiled), Targets(labels)
    loss_of = partial(batch_loss, losses=Losses())
    set_modes(network, batch_size)

    def learn(x: torch.Tensor, through: nn.Module = together) -> None:
        train_step(through, optimiser, x, targets, loss_of)

    ours = _pace(batches(), learn, steps, batch_size, device)
    # Counted without the compiler, which hides its operations from the count.
    work, traffic = _work(lambda: learn(next(batches()), Learner(network)))
    seconds = batch_size / ours.films_per_s
    matrix, copy = _device_rates(device)
    some = give(drawing.integers(0, _FILMS, batch_size))
    clock = partial(_now, device)
    whole = quickest(lambda: augment(some, size, Augmentation(), generator), clock)
    singly = quickest(lambda: _film_by_film(some, Augmentation()), clock)
    return Bench(
        ours=ours,
        augmented=batch_size / whole,
        augmented_singly=batch_size / singly,
        plain=_plain(films, steps, batch_size, device, architecture),
        matrix_share=work / seconds / matrix,
        memory_share=traffic / seconds / copy,
    )


def _plain(
    films: np.ndarray, steps: int, batch_size: int, device: torch.device, architecture: str
) -> Pace:
    network = Network(architecture).to(device)
    optimiser = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9, weight_decay=1e-4)
    loss_of = nn.CrossEntropyLoss()
    labels = torch.arange(batch_size, device=device) % 3

    def learn(x: torch.Tensor) -> None:
        loss = loss_of(network(x.to(device)), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        loss.item()

    with tempfile.TemporaryDirectory() as folder:
        for i, film in enumerate(films):
            Image.fromarray(film).save(Path(folder) / f"{i:04}.jpg", quality=90)
        count = (steps + _WARM_UP) * batch_size
        loader = DataLoader(
            _Files(Path(folder), count),
            batch_size,
            num_workers=os.cpu_count() or 1,
            pin_memory=device.type == "cuda",
        )
        return _pace(iter(loader), learn, steps, batch_size, device)


class _Files(Dataset[torch.Tensor]):
    """JPEG films, read and augmented one by one, again and again."""

    def __init__(self, folder: Path, count: int) -> None:
        self.paths = sorted(folder.iterdir())
        self.count = count
        self.varied = v2.Compose(
            [
                v2.RandomResizedCrop(224, scale=(0.7, 1.0)),
                v2.RandomHorizontalFlip(),
                v2.PILToTensor(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize([0.5], [0.25]),
            ]
        )

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> torch.Tensor:
        with Image.open(self.paths[i % len(self.paths)]) as film:
            return self.varied(film.convert("L"))


def _film_by_film(pictures: torch.Tensor, by: Augmentation) -> torch.Tensor:
    """The nearest to `augment` in torchvision's transforms."""
    varied = v2.Compose(
        [
            v2.ToDtype(torch.float32, scale=True),
            v2.RandomAffine(
                by.rotation_degrees,
                (by.shift, by.shift),
                by.scale,
                interpolation=v2.InterpolationMode.BILINEAR,
            ),
            v2.RandomHorizontalFlip(),
            v2.GaussianBlur(5),
            v2.ColorJitter(by.brightness, by.contrast),
            v2.GaussianNoise(sigma=by.noise),
            *[v2.RandomErasing(1, (0.003, 0.06)) for _ in range(by.patches)],
        ]
    )
    return torch.stack([varied(picture) for picture in pictures.unsqueeze(1)])


def _pace(
    batches: Iterator[torch.Tensor],
    learn: Callable[[torch.Tensor], None],
    steps: int,
    batch_size: int,
    device: torch.device,
) -> Pace:
    waited = 0.0
    for i in range(_WARM_UP + steps):
        if i == _WARM_UP:
            waited, start = 0.0, _now(device)
        before = _now(device)
        x = next(batches)
        waited += _now(device) - before
        learn(x)
    seconds = _now(device) - start
    return Pace(steps * batch_size / seconds, waited / seconds)


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


class _Traffic(TorchDispatchMode):
    """Bytes that operations read and write, by the sizes of their tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = func(*args, **(kwargs or {}))
        if not func.is_view:
            for value in tree_flatten((args, kwargs, given))[0]:
                if isinstance(value, torch.Tensor):
                    self.bytes += value.numel() * value.element_size()
        return given


def _work(run: Callable[[], None]) -> tuple[float, float]:
    """Floating-point operations and bytes of one run."""
    with FlopCounterMode(display=False) as counted:
        run()
    with _Traffic() as traffic:
        run()
    return float(counted.get_total_flops()), float(traffic.bytes)


def _device_rates(device: torch.device) -> tuple[float, float]:
    """Operations a second of a bfloat16 matrix product; bytes a second of a copy."""
    clock = partial(_now, device)
    a = torch.randn(_MATRIX, _MATRIX, device=device, dtype=torch.bfloat16)
    into = torch.empty_like(a)
    product = quickest(lambda: torch.mm(a, a, out=into), clock)
    much = torch.empty(2**28, dtype=torch.uint8, device=device)
    other = torch.empty_like(much)
    copied = quickest(lambda: other.copy_(much), clock)
    return 2 * _MATRIX**3 / product, 2 * much.numel() / copied
