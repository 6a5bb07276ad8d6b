"""Films spoilt on purpose, as scanners, exports and careless handling spoil them.

Thirteen are those of MedMNIST-C's chest set at its published strengths (Di Salvo, Doerrich and
Ledig 2024, arXiv:2406.17536), which are meant for films of 224 px. Four more are ours. Grey levels
are rounded here, where the published code cuts them off: a difference of one level at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont
from scipy.ndimage import gaussian_filter

from covid_core.prepare.jpeg import compress

STRENGTHS = (1, 2, 3, 4, 5)
_WORDS = ("PORTABLE", "AP ERECT", "SUPINE", "R", "L", "ICU BED", "CHEST PA", "ID")
_LETTER = 0.05  # a burned-in letter's height, of the shorter side

_Spoil = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


@dataclass(frozen=True, slots=True)
class Corruption:
    """One way to spoil a film, at several strengths.

    `spoil`: film, value and random generator to the spoilt film. `values`: one for each strength,
    mild first; `measure` says what they count. `published`: MedMNIST-C's, not ours.
    """

    title: str
    spoil: _Spoil
    values: tuple[float, ...]
    measure: str
    published: bool


def corrupt(film: np.ndarray, name: str, strength: int, seed: int) -> np.ndarray:
    """A film, uint8 (h, w), spoilt: the same size and type. `name`: one of CORRUPTIONS.

    `strength`: 1 to 5. `seed`: the same one draws the same random numbers at every strength, so
    that a film turns the same way and only further.
    """
    corruption = CORRUPTIONS[name]
    generator = np.random.default_rng(seed)
    return corruption.spoil(film, corruption.values[strength - 1], generator)


def _pixelate(film: np.ndarray, factor: float, generator: np.random.Generator) -> np.ndarray:
    height, width = film.shape
    small = Image.fromarray(film).resize(
        (int(width * factor), int(height * factor)), Image.Resampling.BOX
    )
    return np.asarray(small.resize((width, height), Image.Resampling.BOX))


def _jpeg(film: np.ndarray, quality: float, generator: np.random.Generator) -> np.ndarray:
    return compress(film, int(quality))


def _gaussian_noise(film: np.ndarray, std: float, generator: np.random.Generator) -> np.ndarray:
    return _levels(film / 255 + generator.normal(0, std, film.shape))


def _speckle_noise(film: np.ndarray, std: float, generator: np.random.Generator) -> np.ndarray:
    return _levels(film / 255 * (1 + generator.normal(0, std, film.shape)))


def _impulse_noise(film: np.ndarray, amount: float, generator: np.random.Generator) -> np.ndarray:
    drawn = generator.random(film.shape)
    salted = np.where(drawn > 1 - amount / 2, 255, film)
    return np.where(drawn < amount / 2, 0, salted).astype(np.uint8)


def _shot_noise(film: np.ndarray, photons: float, generator: np.random.Generator) -> np.ndarray:
    return _levels(generator.poisson(film / 255 * photons) / photons)


def _gaussian_blur(film: np.ndarray, side_px: float, generator: np.random.Generator) -> np.ndarray:
    radius = (int(side_px) - 1) // 2
    sigma = 0.3 * (radius - 1) + 0.8  # torchvision's and OpenCV's rule
    return _levels(gaussian_filter(film / 255, sigma, mode="mirror", radius=radius))


def _brightness(film: np.ndarray, factor: float, generator: np.random.Generator) -> np.ndarray:
    return np.asarray(ImageEnhance.Brightness(Image.fromarray(film)).enhance(factor))


def _contrast(film: np.ndarray, factor: float, generator: np.random.Generator) -> np.ndarray:
    return np.asarray(ImageEnhance.Contrast(Image.fromarray(film)).enhance(factor))


def _gamma(film: np.ndarray, exponent: float, generator: np.random.Generator) -> np.ndarray:
    return _levels((film / 255) ** exponent)


def _rotation(film: np.ndarray, degrees: float, generator: np.random.Generator) -> np.ndarray:
    turned = Image.fromarray(film).rotate(
        degrees * generator.choice((-1, 1)), Image.Resampling.BILINEAR, fillcolor=0
    )
    return np.asarray(turned)


def _crop(film: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    height, width = film.shape
    box = (width * share, height * share, width * (1 - share), height * (1 - share))
    return np.asarray(
        Image.fromarray(film).resize((width, height), Image.Resampling.BILINEAR, box=box)
    )


def _text(film: np.ndarray, lines: float, generator: np.random.Generator) -> np.ndarray:
    """White words and numbers in the upper and lower fifth, where consoles burn them in."""
    image = Image.fromarray(film)
    height, width = film.shape
    letter_px = max(8, round(min(film.shape) * _LETTER))
    font, draw = ImageFont.load_default(letter_px), ImageDraw.Draw(image)
    for _ in range(int(lines)):
        text = f"{generator.choice(_WORDS)} {generator.integers(10**6):06d}"
        across = generator.uniform(0, max(1.0, width - font.getlength(text)))
        down = (
            generator.uniform(0, 0.2) if generator.random() < 0.5 else generator.uniform(0.75, 0.93)
        )
        draw.text((across, down * height), text, fill=255, font=font)
    return np.asarray(image)


def _border(film: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    """The whole film, smaller, in a black or a white frame, as screenshots have it."""
    height, width = film.shape
    down, across = round(height * share), round(width * share)
    inner = Image.fromarray(film).resize(
        (width - 2 * across, height - 2 * down), Image.Resampling.BILINEAR
    )
    canvas = np.full_like(film, generator.choice((0, 255)))
    canvas[down : height - down, across : width - across] = inner
    return canvas


def _levels(grey: np.ndarray) -> np.ndarray:
    """Grey, 0 to 1 and clipped beyond, to uint8."""
    return np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)


_GREY, _FACTOR, _EXPONENT, _SIDE = "standard deviation", "factor", "exponent", "share of each side"
_UP, _DOWN = (1.1, 1.2, 1.3, 1.4, 1.6), (0.9, 0.8, 0.7, 0.6, 0.4)

_PUBLISHED = {
    "pixelate": ("pixels", _pixelate, (0.30, 0.25, 0.20, 0.15, 0.10), "size, of the film"),
    "jpeg_compression": ("JPEG", _jpeg, (50, 30, 15, 10, 7), "quality"),
    "gaussian_noise": ("Gaussian noise", _gaussian_noise, (0.04, 0.08, 0.12, 0.18, 0.26), _GREY),
    "speckle_noise": ("speckle noise", _speckle_noise, (0.05, 0.15, 0.2, 0.35, 0.45), _GREY),
    "impulse_noise": ("salt and pepper", _impulse_noise, (0.01, 0.03, 0.06, 0.09, 0.17), "share"),
    "shot_noise": ("shot noise", _shot_noise, (60, 25, 18, 10, 5), "photons at white"),
    "gaussian_blur": ("Gaussian blur", _gaussian_blur, (3, 5, 7, 9, 11), "kernel's side, px"),
    "brightness_up": ("brighter", _brightness, (1.1, 1.2, 1.3, 1.4, 1.5), _FACTOR),
    "brightness_down": ("darker", _brightness, (0.9, 0.8, 0.7, 0.6, 0.5), _FACTOR),
    "contrast_up": ("more contrast", _contrast, _UP, _FACTOR),
    "contrast_down": ("less contrast", _contrast, _DOWN, _FACTOR),
    "gamma_corr_up": ("gamma up", _gamma, _UP, _EXPONENT),
    "gamma_corr_down": ("gamma down", _gamma, _DOWN, _EXPONENT),
}
_OWN = {
    "rotation": ("rotation", _rotation, (3, 6, 10, 15, 20), "degrees either way"),
    "crop": ("crop", _crop, (0.02, 0.05, 0.08, 0.12, 0.16), _SIDE),
    "text": ("burned-in text", _text, (1, 2, 4, 7, 11), "lines"),
    "border": ("border", _border, (0.02, 0.04, 0.07, 0.1, 0.14), _SIDE),
}
CORRUPTIONS: dict[str, Corruption] = {
    name: Corruption(title, spoil, tuple(map(float, values)), measure, name not in _OWN)
    for name, (title, spoil, values, measure) in (_PUBLISHED | _OWN).items()
}
