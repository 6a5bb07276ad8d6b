"""The files that are timed: a phantom as PNG, as JPEG, and as a digital radiograph's DICOM.

One with opacities on both sides, whose answer is clear: films too close to call take longer, and
are counted by their share.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

from covid_core.read.phantom import KINDS, draw_phantom

_SMALL_PX, _LARGE_PX = 1024, 3000
_BITS = 12


def files() -> dict[str, bytes]:
    """The bytes of each file, by what it is."""
    small = draw_phantom(KINDS[-1], size_px=_SMALL_PX)
    large = draw_phantom(KINDS[-1], size_px=_LARGE_PX).astype(np.uint16) << (_BITS - 8)
    return {
        f"{_SMALL_PX} px PNG": _picture(small, "PNG"),
        f"{_SMALL_PX} px JPEG": _picture(small, "JPEG"),
        f"{_LARGE_PX} px DICOM": _dicom(large),
    }


def _picture(pixels: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def _dicom(values: np.ndarray) -> bytes:
    """Uncompressed, as most archives give them out."""
    dataset = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=bytes(128))
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.PhotometricInterpretation = "DX", "MONOCHROME2"
    dataset.Rows, dataset.Columns = values.shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, _BITS, _BITS - 1
    dataset.WindowCenter, dataset.WindowWidth = 1 << (_BITS - 1), 1 << _BITS
    dataset.PixelData = values.tobytes()
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()
