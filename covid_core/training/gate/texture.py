"""What makes drawn pictures look real: natural spectra, exposure, wear."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from covid_core.prepare.jpeg import compress

SIDE_PX = 192


def clouds(drawing: np.random.Generator, steepness: float) -> np.ndarray:
    """Noise of amplitude 1/f^steepness, float (SIDE_PX, SIDE_PX), mean 0, deviation 1.

    Photographs have a steepness of about 1 (Field 1987).
    """
    spectrum = np.fft.rfft2(drawing.standard_normal((SIDE_PX, SIDE_PX)))
    frequency = np.hypot(np.fft.fftfreq(SIDE_PX)[:, None], np.fft.rfftfreq(SIDE_PX))
    frequency[0, 0] = np.inf
    field = np.fft.irfft2(spectrum / frequency**steepness, (SIDE_PX, SIDE_PX))
    return (field - field.mean()) / field.std()


def exposed(field: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """The grey levels of any field, 0 to 255, by its own range and some tone curve."""
    grey = (field - field.min()) / max(float(np.ptp(field)), 1e-6)
    return 255 * grey ** np.exp(drawing.uniform(-0.6, 0.6))


def uneven_light(drawing: np.random.Generator, strength: float) -> np.ndarray:
    """Uneven light, from -strength to strength, float (SIDE_PX, SIDE_PX)."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX - 0.5
    across, down = drawing.uniform(-strength, strength, 2)
    return x * across + y * down


def worn(levels: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """Grey levels as a camera, a scanner or an export leaves them, uint8 of the same shape.

    They are blurred, noisy and sometimes compressed.
    """
    blurred = gaussian_filter(levels, drawing.uniform(0, 1.5))
    noisy = blurred + drawing.normal(0, drawing.uniform(0, 8), levels.shape)
    kept = np.clip(noisy, 0, 255).astype(np.uint8)
    return kept if drawing.random() < 0.5 else compress(kept, int(drawing.integers(30, 95)))
