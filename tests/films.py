"""Films and files for the tests, drawn and written here: no patient, no binary in the tree."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)
from pydicom.uid import ExplicitVRLittleEndian as Plain
from scipy.ndimage import gaussian_filter

from covid_core.errors import UNREADABLE, RefusedFile
from covid_core.read.radiograph import Radiograph

_BY_GDCM = {
    JPEGLosslessSV1: gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    JPEGLSLossless: gdcm.TransferSyntax.JPEGLSLossless,
    JPEG2000Lossless: gdcm.TransferSyntax.JPEG2000Lossless,
}


def grey_film(height: int = 192, width: int = 160, seed: int = 0) -> np.ndarray:
    """Smooth, lopsided, uint8, from 0 to 255."""
    noise = np.random.default_rng(seed).normal(size=(height, width))
    smooth = gaussian_filter(noise, 12) + np.linspace(0, 0.05, width)
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    return np.rint(smooth * 255).astype(np.uint8)


def clinic(root: Path, films: int, first: int = 0) -> Path:
    """A dataset of one's own: `normal/`, `pneumonia/` and `covid/`, films in turn, 150 px wide.

    `first`: the seed of its first film: another clinic's films are others.
    """
    for i in range(films):
        path = root / ("normal", "pneumonia", "covid")[i % 3] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(grey_film(140, 150, seed=first + i), "PNG"))
    return root


def encode(pixels: np.ndarray | Image.Image, kind: str, **options: Any) -> bytes:
    """A picture file by Pillow."""
    file = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(file, kind, **options)
    return file.getvalue()


def with_pages(tiff: bytes, count: int) -> bytes:
    """A TIFF of ours with `count` more pages, that all show its first one's pixels."""
    start = int.from_bytes(tiff[4:8], "little")
    end = start + 2 + 12 * int.from_bytes(tiff[start : start + 2], "little")
    page = tiff[start:end]
    first = len(tiff) + len(tiff) % 2
    file = bytearray(tiff.ljust(first, b"\0"))
    file[end : end + 4] = first.to_bytes(4, "little")
    for number in range(1, count + 1):
        following = first + number * (len(page) + 4) if number < count else 0
        file += page + following.to_bytes(4, "little")
    return bytes(file)


def dicom_file(
    pixels: np.ndarray,
    *,
    photometric: str = "MONOCHROME2",
    bits_stored: int | None = None,
    syntax: pydicom.uid.UID = Plain,
    modality: str = "DX",
    **tags: Any,
) -> bytes:
    """A real DICOM file: uint8, uint16 or int16, (H, W) or (H, W, 3), compressed as requested."""
    dataset = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=bytes(128))
    dataset.file_meta.TransferSyntaxUID = Plain if syntax in _BY_GDCM else syntax
    dataset.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.Modality = modality
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    if pixels.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = photometric
    dataset.BitsAllocated = 8 * pixels.dtype.itemsize
    dataset.BitsStored = bits_stored or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    if syntax == JPEGBaseline8Bit:
        dataset.PixelData = encapsulate([encode(pixels, "JPEG", quality=98)])
        dataset["PixelData"].VR = "OB"
    else:
        dataset.PixelData = pixels.tobytes()
    for name, value in tags.items():
        setattr(dataset, name, value)
    if syntax == RLELossless:
        dataset.file_meta.TransferSyntaxUID = Plain
        dataset.compress(RLELossless, pixels)
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return _compressed(file.getvalue(), syntax) if syntax in _BY_GDCM else file.getvalue()


def _compressed(data: bytes, syntax: pydicom.uid.UID) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        plain, compressed = Path(folder, "plain"), Path(folder, "compressed")
        plain.write_bytes(data)
        reader = gdcm.ImageReader()
        reader.SetFileName(str(plain))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(_BY_GDCM[syntax]))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(compressed))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return compressed.read_bytes()


def disk_fails(path: Path) -> Radiograph:
    """In place of `read_file`: the file cannot be opened this time."""
    raise RefusedFile(UNREADABLE, "the disk does not give it", "Try again", file=str(path))
