"""Every word that the page shows, one module for each part of it."""

from __future__ import annotations
