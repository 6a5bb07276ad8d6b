"""A film under a map, as a picture that still says what it is when it travels alone."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from covid_core.explain.lung_zones import ATTENTION_NOTE, OPACITY_NOTE
from covid_core.present.overlay import (
    EVIDENCE_COLOURS,
    OPACITY_COLOURS,
    blend,
    clip_to_body,
    heat_layer,
    outline_layer,
    png,
)
from covid_core.present.result import Result
from covid_core.present.sentences import DISCLAIMER

WARNING = f"{DISCLAIMER} {ATTENTION_NOTE}"
OPACITY_WARNING = f"{DISCLAIMER} {OPACITY_NOTE}"
_OPACITY = 0.5
_LEAST_WIDTH_PX = 512  # narrower, the words beneath could not be read
_LETTERS_A_LINE = 70  # of the words beneath, about
_INK, _PAPER = 255, 0


def overlay_png(result: Result) -> bytes:
    """The film under its heat as a PNG file, captioned; nothing else is in the file."""
    return png(captioned_overlay(result))


def opacity_png(result: Result) -> bytes:
    """The film under its opacity map as a PNG file, captioned.

    Raises ValueError where the weights have no such map.
    """
    return png(captioned_opacity(result))


def captioned_overlay(result: Result) -> np.ndarray:
    """The overlay above a strip that says what it shows and what it is not: uint8 (H, W, 3).

    The strip is added below: words burned over the film could hide something.
    """
    picture = overlay(result)
    strip = _strip((answer_in_words(result), result.caption, WARNING), picture.shape[1])
    return np.concatenate([picture, strip])


def captioned_opacity(result: Result) -> np.ndarray:
    """The film under its opacity map, above a strip with the colours' legend: uint8 (H, W, 3).

    Raises ValueError where the weights have no such map.
    """
    picture = opacity_overlay(result)
    width = picture.shape[1]
    caption = f"{result.opacity_caption} Lungs outlined."
    strip = _strip((answer_in_words(result), caption, OPACITY_WARNING), width)
    return np.concatenate([picture, _legend(width, OPACITY_COLOURS), strip])


def captioned_pictures(result: Result) -> np.ndarray:
    """All that is shown of a result in one picture, each map captioned: uint8 (H, W, 3).

    The opacity map, where there is one, stands left of the evidence.
    """
    evidence = captioned_overlay(result)
    if result.opacity is None:
        return evidence
    both = captioned_opacity(result), evidence
    height = max(len(picture) for picture in both)
    filled = [np.pad(one, ((0, height - len(one)), (0, 0), (0, 0))) for one in both]
    return np.concatenate(filled, axis=1)


def answer_in_words(result: Result) -> str:
    """The answer as a heading has it, the gravest of what speaks against it, and how much more."""
    flags = result.flags
    words = [f"{result.prediction.decision.tier.heading}.", *(flag.sentence for flag in flags[:1])]
    if more := len(flags[1:]):
        words.append(f"{more} more reason{'s' * (more > 1)} for caution.")
    return " ".join(words)


def overlay(result: Result) -> np.ndarray:
    """The film with heat, where its class reaches its threshold, and the lungs' outline.

    uint8 (H, W, 3), of the film's size or, where that is small, enlarged.
    """
    film = _enlarged(result.film)
    heat = clip_to_body(result.saliency.heat(*film.shape), result.body)
    opacity = _OPACITY if result.heat_drawn else 0
    return _outlined(blend(film, heat, opacity, EVIDENCE_COLOURS), result.lungs)


def opacity_overlay(result: Result) -> np.ndarray:
    """The film under its opacity map, where that may be drawn, with the lungs' outline.

    uint8 (H, W, 3), of the film's size or, where that is small, enlarged. Raises ValueError where
    the weights have no such map.
    """
    if result.opacity is None:
        raise ValueError("these weights have no opacity map")
    film = _enlarged(result.film)
    heat = clip_to_body(result.opacity.heat(*film.shape), result.body)
    opacity = _OPACITY if result.opacity_drawn else 0
    return _outlined(blend(film, heat, opacity, OPACITY_COLOURS), result.lungs)


def _outlined(mixed: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    outline = outline_layer(lungs, *mixed.shape[:2])
    line = outline[..., 3] > 0
    mixed[line] = outline[line][:, :3]
    return mixed


def _enlarged(film: np.ndarray) -> np.ndarray:
    factor = -(-_LEAST_WIDTH_PX // film.shape[1])
    if factor == 1:
        return film
    size = (film.shape[1] * factor, film.shape[0] * factor)
    return np.asarray(Image.fromarray(film).resize(size, Image.Resampling.BICUBIC))


def _legend(width: int, colours: np.ndarray) -> np.ndarray:
    """The colours from probability 0 to 1 as a bar, its ends named: uint8 (height, width, 3)."""
    size = round(width / _LETTERS_A_LINE * 1.8)
    height, margin = 2 * size, size // 2
    font = ImageFont.load_default(size)
    legend = Image.new("RGB", (width, height + margin), (_PAPER,) * 3)
    draw = ImageDraw.Draw(legend)
    left, right = 2 * size, width // 2
    heat = np.tile(np.linspace(0, 1, right - left, dtype=np.float32), (size, 1))
    layer = Image.fromarray(heat_layer(heat, colours))
    legend.paste(layer, (left, margin), layer)
    for x, text in ((margin, "0"), (right + margin, "1  probability of an opacity")):
        draw.text((x, margin), text, (_INK,) * 3, font)
    return np.asarray(legend)


def _strip(sentences: tuple[str, ...], width: int) -> np.ndarray:
    """Sentences in white on black, each from a new line: uint8 (height, width, 3)."""
    size = round(width / _LETTERS_A_LINE * 1.8)
    font = ImageFont.load_default(size)
    margin = size // 2
    lines = [line for text in sentences for line in _lines(text, font, width - 2 * margin)]
    height = round(1.35 * size)
    strip = Image.new("L", (width, height * len(lines) + 2 * margin), _PAPER)
    draw = ImageDraw.Draw(strip)
    for number, line in enumerate(lines):
        draw.text((margin, margin + number * height), line, _INK, font)
    return np.repeat(np.asarray(strip)[..., np.newaxis], 3, axis=2)


def _lines(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """A text broken between words so that each line fits a width in pixels."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
