"""Tests of the page, mirroring `app`."""

from __future__ import annotations
