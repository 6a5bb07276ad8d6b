"""What is measured by hand: speeds, memory, choices of method. No test holds a figure from here."""

from __future__ import annotations
