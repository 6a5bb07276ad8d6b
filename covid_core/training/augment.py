"""Random changes of films that keep their finding: a batch at once, each film by its own draw.

The geometry is that of positioning; the photometry that of other scanners, exposures and exports,
strong on purpose, so that one hospital's processing is no clue; the patches cover markers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

import torch
from torch.nn import functional as F

_Uniform = Callable[..., torch.Tensor]  # low, high, then the shape behind the films


@dataclass(frozen=True, slots=True)
class Augmentation:
    """The limits of how a film may be changed; each draw is uniform within these.

    `rotation_degrees`, `shear_degrees`: either way. `scale`: of the chest in the film. `aspect`:
    exponent within e^±, for films reach us squashed by different amounts. `shift`: share of the
    side, or of the width and of the height. `mirrored`: how often, 0 to 1. `gamma`: exponent within
    e^±. `sharpness`: below 0 sharpens, above 0 blurs. `patches`: how many cover a part of the film;
    `patch_side`: their sides, shares of the film's. `bars`: how often each side has a black or
    white bar, 0 to 1; `bar_side`: its greatest width, a share of the side.
    """

    rotation_degrees: float = 12.0
    scale: tuple[float, float] = (0.85, 1.12)
    aspect: float = 0.10
    shift: float | tuple[float, float] = 0.06
    shear_degrees: float = 0.0
    mirrored: float = 0.5
    gamma: float = 0.45
    contrast: float = 0.25
    brightness: float = 0.12
    sharpness: tuple[float, float] = (-0.8, 1.0)
    noise: float = 0.04
    patches: int = 2
    patch_side: tuple[float, float] = (0.05, 0.25)
    bars: float = 0.0
    bar_side: float = 0.2


def shrink(pictures: torch.Tensor, size_px: int) -> torch.Tensor:
    """Pictures, uint8 (N, S, S), at a smaller side: float32 (N, 1, size_px, size_px), 0 to 1.

    The one way to it, in training as in validation: by a filter as wide as the step, so that no
    fine detail is aliased.
    """
    films = pictures.unsqueeze(1).to(torch.float32) / 255
    if films.shape[-1] == size_px:
        return films
    return F.interpolate(films, size_px, mode="bilinear", antialias=True)


def augment(
    pictures: torch.Tensor, size_px: int, limits: Augmentation, generator: torch.Generator
) -> torch.Tensor:
    """Pictures, uint8 (N, S, S), augmented: float32 (N, 1, size_px, size_px), 0 to 1."""
    return augment_with_masks(pictures, None, size_px, limits, generator)[0]


def augment_with_masks(
    pictures: torch.Tensor,
    masks: torch.Tensor | None,
    size_px: int,
    limits: Augmentation,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Films as `augment` gives them, and their masks moved with them, float32 (N, 1, s, s), 0 to 1.

    `masks`: over the pictures, uint8 (N, s, s), 0 to 255; they come back empty where a bar covers
    the film.
    """
    uniform = _uniform_draws(len(pictures), pictures.device, generator)
    affine = _affine_matrices(uniform, limits)
    films = _move(shrink(pictures, size_px), affine)
    moved = films[:0] if masks is None else _move(shrink(masks, masks.shape[-1]), affine)
    films = _expose(films, uniform, limits, generator)
    if not limits.bars:
        return films, moved
    bars = _bar_widths(uniform, limits)
    under_bars = _bar_area(bars[: len(moved)], moved.shape[-1])
    return _draw_bars(films, bars, uniform), moved * ~under_bars


def _uniform_draws(count: int, device: torch.device, generator: torch.Generator) -> _Uniform:
    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        drawn = torch.rand(count, *shape, generator=generator, device=device)
        return low + (high - low) * drawn

    return uniform


def _move(films: torch.Tensor, affine: torch.Tensor) -> torch.Tensor:
    grid = F.affine_grid(affine, list(films.shape), False)
    return F.grid_sample(films, grid, padding_mode="border", align_corners=False)


def _bar_widths(uniform: _Uniform, limits: Augmentation) -> torch.Tensor:
    """The widths of the bars at the top, bottom, left and right, (N, 4), shares of the side."""
    widths = uniform(0, limits.bar_side, 4)
    return torch.where(uniform(0, 1, 4) < limits.bars, widths, 0.0)


def _bar_area(bars: torch.Tensor, size_px: int) -> torch.Tensor:
    """The pixels that bars cover, bool (N, 1, size_px, size_px)."""
    along = (torch.arange(size_px, device=bars.device) + 0.5) / size_px
    top, bottom, left, right = bars.T[:, :, None]
    rows = (along < top) | (along > 1 - bottom)
    columns = (along < left) | (along > 1 - right)
    return (rows[:, :, None] | columns[:, None, :]).unsqueeze(1)


def _draw_bars(films: torch.Tensor, bars: torch.Tensor, uniform: _Uniform) -> torch.Tensor:
    """Films with black or white bars along their sides.

    The rest is a little brighter or darker, as where grey levels are spread over a border too.
    """
    covered = _bar_area(bars, films.shape[-1])
    share = covered.float().mean(dim=(1, 2, 3), keepdim=True)
    white = (uniform(0, 1, 1, 1, 1) < 0.5).float()
    moved = share * uniform(0, 1, 1, 1, 1)  # of the whole scale, as by equalisation over all
    rest = films * (1 - moved) + moved * (1 - white)
    return torch.where(covered, white, rest)


def _expose(
    films: torch.Tensor, uniform: _Uniform, limits: Augmentation, generator: torch.Generator
) -> torch.Tensor:
    """Films of another sharpness, tone, brightness and noise, with patches over them."""
    device = films.device
    blurred = F.avg_pool2d(F.pad(films, (2, 2, 2, 2), mode="replicate"), 5, stride=1)
    films = films.lerp(blurred, uniform(*limits.sharpness, 1, 1, 1)).clamp_(0, 1)
    films = films.pow(uniform(-limits.gamma, limits.gamma, 1, 1, 1).exp())
    films = (films - 0.5) * (1 + uniform(-limits.contrast, limits.contrast, 1, 1, 1)) + 0.5
    films = films + uniform(-limits.brightness, limits.brightness, 1, 1, 1)
    noise = torch.randn(films.shape, generator=generator, device=device)
    films = films + noise * uniform(0, limits.noise, 1, 1, 1)
    for _ in range(limits.patches):
        box = _patch_area(uniform, limits.patch_side, films.shape[-1], device)
        films = torch.where(box, uniform(0, 1, 1, 1, 1), films)
    return films.clamp_(0, 1)


def _affine_matrices(uniform: _Uniform, limits: Augmentation) -> torch.Tensor:
    """Sampling matrices, (N, 2, 3): rotation, scale, aspect, shift, mirroring and shear."""
    across, down = limits.shift if isinstance(limits.shift, tuple) else (limits.shift,) * 2
    angle = uniform(-limits.rotation_degrees, limits.rotation_degrees) * pi / 180
    zoom = 1 / uniform(*limits.scale)
    stretch = uniform(-limits.aspect, limits.aspect).exp()
    mirror = torch.where(uniform(0, 1) < limits.mirrored, -1.0, 1.0)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    x_row = torch.stack(
        [cos * stretch * mirror, -sin * mirror, uniform(-across, across) * 2], dim=1
    )
    y_row = torch.stack([sin, cos / stretch, uniform(-down, down) * 2], dim=1)
    affine = torch.stack([x_row, y_row], dim=1)
    if limits.shear_degrees:  # after the rest, which is then drawn as without it
        shear = uniform(-limits.shear_degrees, limits.shear_degrees, 1) * pi / 180
        first, second = affine[:, :, 0].clone(), affine[:, :, 1].clone()
        affine[:, :, 1] = second * shear.cos() - first * shear.sin()
    return affine


def _patch_area(
    uniform: _Uniform, sides: tuple[float, float], size_px: int, device: torch.device
) -> torch.Tensor:
    """The pixels of one box in each film, bool (N, 1, size_px, size_px)."""
    along = (torch.arange(size_px, device=device) + 0.5) / size_px

    def within() -> torch.Tensor:
        start, side = uniform(-0.1, 1.0, 1), uniform(*sides, 1)
        return (along >= start) & (along < start + side)

    return within()[:, None, :, None] & within()[:, None, None, :]
