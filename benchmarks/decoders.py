"""How long other decoders of PNG and JPEG take, beside the one that reads radiographs here.

    python -m benchmarks.decoders

Each by turns, on a drawn radiograph of 1,024 px with a detector's noise: Pillow, which is used; the
decoders of imagecodecs (libpng, libspng, libpng with APNG, libjpeg-turbo); and Pillow at
half the size, as JPEG's own scaling allows, whose pixels are others than those of the page.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from statistics import median

import imagecodecs
import numpy as np
from PIL import Image

from covid_core.present import markdown
from covid_core.read.phantom import draw_phantom

SIDE_PX, ROUNDS = 1024, 50
Decode = Callable[[bytes], object]


def by_pillow(data: bytes) -> np.ndarray:
    """The pixels, uint8 (h, w)."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def by_pillow_at_half_size(data: bytes) -> np.ndarray:
    """The pixels of a JPEG file at half its size, by the format's own scaling."""
    with Image.open(io.BytesIO(data)) as image:
        image.draft("L", (SIDE_PX // 2, SIDE_PX // 2))
        return np.asarray(image)


DECODERS: Mapping[str, Mapping[str, Decode]] = {
    "PNG": {
        "Pillow": by_pillow,
        "libpng": imagecodecs.png_decode,
        "libspng": imagecodecs.spng_decode,
        "libpng with APNG": imagecodecs.apng_decode,
    },
    "JPEG": {
        "Pillow": by_pillow,
        "libjpeg-turbo": imagecodecs.jpeg8_decode,
        "Pillow, half size": by_pillow_at_half_size,
    },
}


def encoded() -> dict[str, bytes]:
    """The radiograph in each format."""
    noise = np.random.default_rng(0).integers(-4, 5, (SIDE_PX, SIDE_PX))
    film = np.clip(draw_phantom(size_px=SIDE_PX) + noise, 0, 255).astype(np.uint8)
    files = {}
    for kind in DECODERS:
        file = io.BytesIO()
        Image.fromarray(film).save(file, kind)
        files[kind] = file.getvalue()
    return files


def measured(data: bytes, decoders: Mapping[str, Decode]) -> dict[str, float]:
    """The median time of each decoder, in ms, measured by turns."""
    seconds: dict[str, list[float]] = {name: [] for name in decoders}
    for _ in range(ROUNDS):
        for name, decode in decoders.items():
            began = time.perf_counter()
            decode(data)
            seconds[name].append(time.perf_counter() - began)
    return {name: 1000 * median(taken) for name, taken in seconds.items()}


def main() -> None:
    rows = []
    for kind, data in encoded().items():
        found = measured(data, DECODERS[kind])
        usual = found["Pillow"]
        rows += [
            (kind, name, f"{taken:.1f}", f"{taken / usual:.2f}") for name, taken in found.items()
        ]
    print(markdown.table(("Format", "Decoder", "ms", "of Pillow's time"), rows))


if __name__ == "__main__":
    main()
