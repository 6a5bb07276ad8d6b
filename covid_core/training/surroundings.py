"""What lies around the lungs, changed at random, so that it tells a network nothing.

Some films are shown with another film's body around their lungs, and keep their class; in some the
lungs are painted over, and then every class is as likely. The first is the exchange of backgrounds
of Xiao et al. 2021 ("Noise or Signal"), applied to what radiographs are confounded by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from covid_core.model.lungs_network import LungNetwork
from covid_core.model.networks import Outputs
from covid_core.predict.lungs import LUNG, PREPROCESS
from covid_core.prepare.occlusion import LEAST_LUNG
from covid_core.training.half_precision import half_precision
from covid_core.training.losses import Targets

_GAP = 0.10  # of the side: the widest gap in a lung that is closed, torn by dense consolidation
_MARGIN = 0.03  # of the side, by which the lungs are widened, so that no edge of them remains
_EDGE = 0.01  # standard deviation, of the side, of the seam between lungs and another body
_BLUR = 0.1  # standard deviation, of the side, of the fill: no opacity is left, no edge is made
_COARSE = 4  # how much smaller films are filled at
_LEAST_WEIGHT = 1e-4  # of the surroundings: far inside a very large lung
_NO_OPACITY = -6.0  # log odds, where no lung is seen


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How often they are changed: shares of the films of a batch, 0 to 1, 0 for never.

    `exchanged`: another film's body around the lungs. `emptied`: lungs painted over.
    """

    exchanged: float = 0.0
    emptied: float = 0.0

    def __bool__(self) -> bool:
        """Whether any film is changed."""
        return self.exchanged > 0 or self.emptied > 0


def change_surroundings(
    films: torch.Tensor,
    targets: Targets,
    limits: Surroundings,
    network: LungNetwork,
    generator: torch.Generator,
) -> tuple[torch.Tensor, Targets]:
    """Films, some of them changed, and what is known of them then.

    `films`: grey, float32 (N, 1, S, S), 0 to 1. A film in which too little lung was found stays as
    it is. A teacher's answers, which it gave to the films before, stay those of the lungs.
    """
    draw = torch.rand(len(films), generator=generator, device=films.device)
    chosen = torch.nonzero(draw < limits.exchanged + limits.emptied)[:, 0]
    if not len(chosen):
        return films, targets
    some = films[chosen]
    lungs = outline_lungs(some, network)
    found = lungs.mean((1, 2, 3)) >= LEAST_LUNG
    if targets.masks is not None:  # a consolidation in a box is shown with the lungs
        boxes = F.interpolate(targets.masks[chosen], films.shape[2:], mode="nearest")
        lungs = torch.maximum(lungs, (boxes > 0).float())
    bodies = paint_lungs(some, lungs, generator)
    empty = found & (draw[chosen] < limits.emptied)
    others = torch.nonzero(found & ~empty)[:, 0]
    if len(others):
        sources = None if targets.sources is None else targets.sources[chosen][others]
        donors = others[choose_donors(len(others), sources, generator)]
        seam = _blur(lungs[others], _EDGE * len(films[0, 0]))
        some[others] = bodies[donors].lerp(some[others], seam)
    some[empty] = bodies[empty]
    emptied = torch.zeros_like(draw, dtype=torch.bool).index_put((chosen,), empty)
    return films.index_copy(0, chosen, some), _forget_lungs(targets, emptied)


def choose_donors(
    count: int, sources: torch.Tensor | None, generator: torch.Generator
) -> torch.Tensor:
    """Whose body each of `count` films is given, int64 (count,): another's, drawn at random.

    It is one of another source where there is one: within one source a body would still name the
    hospital, and often the class. `sources`: a number for each source, (count,).
    """
    rank = torch.rand(count, count, generator=generator, device=generator.device)
    if sources is not None:
        rank += (sources[:, None] != sources[None]).float()
    return rank.fill_diagonal_(-1.0).argmax(dim=1)


@torch.no_grad()
def outline_lungs(films: torch.Tensor, network: LungNetwork) -> torch.Tensor:
    """Where the lungs are, gaps closed and a little wider, float32 (N, 1, S, S), 0 or 1."""
    small = F.interpolate(films, PREPROCESS.size_px, mode="bilinear", antialias=True)
    with half_precision(films.device):
        x = PREPROCESS.normalise(small).contiguous(memory_format=torch.channels_last)
        probability = network(x).float().sigmoid()
    lungs = (probability > LUNG).float()
    side = PREPROCESS.size_px
    closed = _grow(_shrink(_grow(lungs, _GAP / 2 * side), _GAP / 2 * side), _MARGIN * side)
    return F.interpolate(closed, films.shape[2:], mode="nearest")


def paint_lungs(
    films: torch.Tensor, lungs: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Films without lungs, (N, 1, S, S): filled from what surrounds them, or one grey, or between.

    By normalised convolution (Knutsson and Westin 1993). Each film's fill is drawn, so that no one
    kind of fill means that nothing is there.
    """
    side = films.shape[-1] // _COARSE
    around = F.adaptive_avg_pool2d(1 - lungs, side)
    grey = F.adaptive_avg_pool2d(films * (1 - lungs), side)
    fill = _blur(grey, _BLUR * side) / _blur(around, _BLUR * side).clamp(min=_LEAST_WEIGHT)
    fill = F.interpolate(fill, films.shape[2:], mode="bilinear").clamp(0, 1)
    grey_of, share = torch.rand(2, len(films), 1, 1, 1, generator=generator, device=films.device)
    fill = fill.lerp(grey_of, (2 * share - 1).clamp(min=0))  # half of them from around alone
    return torch.where(lungs > 0, fill, films)


def _forget_lungs(targets: Targets, emptied: torch.Tensor) -> Targets:
    """What is known of films of which some show no lungs: nothing of those, by any teacher too."""
    unknown = targets.labels.new_tensor(-1)
    appearances, annotated, teacher = targets.appearances, targets.annotated, targets.teacher
    return replace(
        targets,
        labels=torch.where(emptied, unknown, targets.labels),
        appearances=None if appearances is None else torch.where(emptied, unknown, appearances),
        annotated=None if annotated is None else annotated & ~emptied,
        teacher=None if teacher is None else _forget_answers(teacher, emptied),
        emptied=emptied,
    )


def _forget_answers(teacher: Outputs, emptied: torch.Tensor) -> Outputs:
    """A teacher's answers, with every class as likely, and no opacity, where lungs are emptied."""
    opacity, appearance = teacher.opacity, teacher.appearance
    return Outputs(
        teacher.logits.masked_fill(emptied[:, None], 0.0),
        None if opacity is None else opacity.masked_fill(_each(emptied), _NO_OPACITY),
        None if appearance is None else appearance.masked_fill(emptied[:, None], 0.0),
    )


def _each(films: torch.Tensor) -> torch.Tensor:
    return films[:, None, None, None]


def _grow(mask: torch.Tensor, by_px: float) -> torch.Tensor:
    reach = round(by_px)
    down = F.max_pool2d(mask, (2 * reach + 1, 1), stride=1, padding=(reach, 0))
    return F.max_pool2d(down, (1, 2 * reach + 1), stride=1, padding=(0, reach))


def _shrink(mask: torch.Tensor, by_px: float) -> torch.Tensor:
    return 1 - _grow(1 - mask, by_px)


def _blur(pictures: torch.Tensor, deviation_px: float) -> torch.Tensor:
    """Pictures, (N, 1, h, w), blurred by a Gaussian; what lies beyond them is nothing."""
    reach = max(1, round(3 * deviation_px))
    along = torch.arange(-reach, reach + 1, device=pictures.device, dtype=pictures.dtype)
    kernel = torch.exp(-((along / deviation_px) ** 2) / 2)
    kernel = kernel / kernel.sum()
    down = F.conv2d(pictures, kernel[None, None, :, None], padding=(reach, 0))
    return F.conv2d(down, kernel[None, None, None, :], padding=(0, reach))
