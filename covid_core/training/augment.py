"""What else the same film could have looked like: drawn anew each time, a batch at once.

The geometry is that of positioning; the photometry that of other scanners, exposures and exports,
strong on purpose, so that one hospital's processing is no clue; the patches cover markers.
"""

from __future__ import annotations

from math import pi

import torch
from torch.nn import functional as F

ROTATION_DEGREES = 12.0
SCALE = (0.85, 1.12)
ASPECT = 0.10  # films reach us squashed by different amounts
SHIFT = 0.06  # of the side
GAMMA = 0.45  # exponent within e^±
CONTRAST = 0.25
BRIGHTNESS = 0.12
SHARPNESS = (-0.8, 1.0)  # below 0 sharpens, above 0 blurs
NOISE = 0.04
PATCHES = 2
PATCH_SIDE = (0.05, 0.25)  # of the side


def augment(pictures: torch.Tensor, size_px: int, generator: torch.Generator) -> torch.Tensor:
    """uint8 (N, S, S) to float32 (N, 1, size_px, size_px), 0 to 1; one draw for each film."""
    device = pictures.device
    count = len(pictures)

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        drawn = torch.rand(count, *shape, generator=generator, device=device)
        return low + (high - low) * drawn

    films = pictures.unsqueeze(1).to(torch.float32) / 255
    films = F.grid_sample(
        films,
        F.affine_grid(_affine(uniform), [count, 1, size_px, size_px], align_corners=False),
        padding_mode="border",
        align_corners=False,
    )
    blurred = F.avg_pool2d(F.pad(films, (2, 2, 2, 2), mode="replicate"), 5, stride=1)
    films = films.lerp(blurred, uniform(*SHARPNESS, 1, 1, 1)).clamp_(0, 1)
    films = films.pow(uniform(-GAMMA, GAMMA, 1, 1, 1).exp())
    films = (films - 0.5) * (1 + uniform(-CONTRAST, CONTRAST, 1, 1, 1)) + 0.5
    films = films + uniform(-BRIGHTNESS, BRIGHTNESS, 1, 1, 1)
    noise = torch.randn(films.shape, generator=generator, device=device)
    films = films + noise * uniform(0, NOISE, 1, 1, 1)
    for _ in range(PATCHES):
        films = torch.where(_patch(uniform, size_px, device), uniform(0, 1, 1, 1, 1), films)
    return films.clamp_(0, 1)


def _affine(uniform) -> torch.Tensor:  # type: ignore[no-untyped-def]
    """Sampling matrices, (N, 2, 3): rotation, scale, aspect, shift and left-right mirroring."""
    angle = uniform(-ROTATION_DEGREES, ROTATION_DEGREES) * pi / 180
    zoom = 1 / uniform(*SCALE)
    stretch = uniform(-ASPECT, ASPECT).exp()
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    x_row = torch.stack([cos * stretch * mirror, -sin * mirror, uniform(-SHIFT, SHIFT) * 2], dim=1)
    y_row = torch.stack([sin, cos / stretch, uniform(-SHIFT, SHIFT) * 2], dim=1)
    return torch.stack([x_row, y_row], dim=1)


def _patch(uniform, size_px: int, device: torch.device) -> torch.Tensor:  # type: ignore[no-untyped-def]
    """A box a film, true inside, (N, 1, size_px, size_px)."""
    along = (torch.arange(size_px, device=device) + 0.5) / size_px

    def within() -> torch.Tensor:
        start, side = uniform(-0.1, 1.0, 1), uniform(*PATCH_SIDE, 1)
        return (along >= start) & (along < start + side)

    return within()[:, None, :, None] & within()[:, None, None, :]
