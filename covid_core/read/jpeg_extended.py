"""JPEG Extended of 12 bits, by gdcm itself: pydicom holds that gdcm can't decode it."""

from __future__ import annotations

import gdcm
import numpy as np

from covid_core.read.picture_header import PictureHeader


def decode_extended(frame: bytes, header: PictureHeader) -> np.ndarray:
    """The numbers of one frame, uint16 or int16 (height, width).

    To be called in a child process, as every codec. Raises ValueError where gdcm fails.
    """
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((header.columns, header.rows, 1))
    image.SetDataElement(element)
    interpretation = gdcm.PhotometricInterpretation.GetPIType(header.photometric)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(interpretation))
    syntax = gdcm.TransferSyntax.GetTSType(str(header.syntax))
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, 12, 11, int(header.signed)))
    # gdcm gives its bytes as text.
    counts = image.GetBuffer().encode("utf-8", "surrogateescape")
    kind = np.int16 if header.signed else np.uint16
    return np.frombuffer(counts, kind).reshape(header.rows, header.columns)
