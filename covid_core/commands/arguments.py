"""What commands are told in numbers."""

from __future__ import annotations

import argparse


def as_share(text: str) -> float:
    """0 to 1. Raises ArgumentTypeError."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError("a share lies from 0 to 1")
    return number


def as_count(text: str) -> int:
    """1 or more. Raises ArgumentTypeError."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("one at least")
    return number
