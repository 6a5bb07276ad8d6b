"""What else the same film could have looked like: drawn anew each time, a batch at once.

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
    """How far a film may be changed; each draw is uniform within these.

    `rotation_degrees`: either way. `scale`: of the chest in the film. `aspect`: exponent within
    e^±, for films reach us squashed by different amounts. `shift`: of the side. `mirrored`: how
    often, 0 to 1. `gamma`: exponent within e^±. `sharpness`: below 0 sharpens, above 0 blurs.
    `patch_side`: of the side.
    """

    rotation_degrees: float = 12.0
    scale: tuple[float, float] = (0.85, 1.12)
    aspect: float = 0.10
    shift: float = 0.06
    mirrored: float = 0.5
    gamma: float = 0.45
    contrast: float = 0.25
    brightness: float = 0.12
    sharpness: tuple[float, float] = (-0.8, 1.0)
    noise: float = 0.04
    patches: int = 2
    patch_side: tuple[float, float] = (0.05, 0.25)


def augment(
    pictures: torch.Tensor, size_px: int, by: Augmentation, generator: torch.Generator
) -> torch.Tensor:
    """uint8 (N, S, S) to float32 (N, 1, size_px, size_px), 0 to 1; one draw for each film."""
    uniform = _draws(len(pictures), pictures.device, generator)
    films = pictures.unsqueeze(1).to(torch.float32) / 255
    return _exposed(_placed(films, size_px, uniform, by), uniform, by, generator)


def augment_with_masks(
    pictures: torch.Tensor, masks: torch.Tensor, by: Augmentation, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Films as `augment` gives them, of the same size, and masks, uint8 (N, S, S) 0 or 255, moved
    with them: float32 (N, 1, S, S), 0 to 1."""
    uniform = _draws(len(pictures), pictures.device, generator)
    both = torch.stack([pictures, masks], dim=1).to(torch.float32) / 255
    both = _placed(both, pictures.shape[-1], uniform, by)
    return _exposed(both[:, :1], uniform, by, generator), both[:, 1:]


def _draws(count: int, device: torch.device, generator: torch.Generator) -> _Uniform:
    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        drawn = torch.rand(count, *shape, generator=generator, device=device)
        return low + (high - low) * drawn

    return uniform


def _placed(films: torch.Tensor, size_px: int, uniform: _Uniform, by: Augmentation) -> torch.Tensor:
    count, channels = films.shape[:2]
    return F.grid_sample(
        films,
        F.affine_grid(_affine(uniform, by), [count, channels, size_px, size_px], False),
        padding_mode="border",
        align_corners=False,
    )


def _exposed(
    films: torch.Tensor, uniform: _Uniform, by: Augmentation, generator: torch.Generator
) -> torch.Tensor:
    device = films.device
    blurred = F.avg_pool2d(F.pad(films, (2, 2, 2, 2), mode="replicate"), 5, stride=1)
    films = films.lerp(blurred, uniform(*by.sharpness, 1, 1, 1)).clamp_(0, 1)
    films = films.pow(uniform(-by.gamma, by.gamma, 1, 1, 1).exp())
    films = (films - 0.5) * (1 + uniform(-by.contrast, by.contrast, 1, 1, 1)) + 0.5
    films = films + uniform(-by.brightness, by.brightness, 1, 1, 1)
    noise = torch.randn(films.shape, generator=generator, device=device)
    films = films + noise * uniform(0, by.noise, 1, 1, 1)
    for _ in range(by.patches):
        box = _patch(uniform, by.patch_side, films.shape[-1], device)
        films = torch.where(box, uniform(0, 1, 1, 1, 1), films)
    return films.clamp_(0, 1)


def _affine(uniform: _Uniform, by: Augmentation) -> torch.Tensor:
    """Sampling matrices, (N, 2, 3): rotation, scale, aspect, shift and left-right mirroring."""
    angle = uniform(-by.rotation_degrees, by.rotation_degrees) * pi / 180
    zoom = 1 / uniform(*by.scale)
    stretch = uniform(-by.aspect, by.aspect).exp()
    mirror = torch.where(uniform(0, 1) < by.mirrored, -1.0, 1.0)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    x_row = torch.stack(
        [cos * stretch * mirror, -sin * mirror, uniform(-by.shift, by.shift) * 2], dim=1
    )
    y_row = torch.stack([sin, cos / stretch, uniform(-by.shift, by.shift) * 2], dim=1)
    return torch.stack([x_row, y_row], dim=1)


def _patch(
    uniform: _Uniform, sides: tuple[float, float], size_px: int, device: torch.device
) -> torch.Tensor:
    """A box a film, true inside, (N, 1, size_px, size_px)."""
    along = (torch.arange(size_px, device=device) + 0.5) / size_px

    def within() -> torch.Tensor:
        start, side = uniform(-0.1, 1.0, 1), uniform(*sides, 1)
        return (along >= start) & (along < start + side)

    return within()[:, None, :, None] & within()[:, None, None, :]
