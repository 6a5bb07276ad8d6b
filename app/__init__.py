"""The page in the browser: what it shows and says. All science is in covid_core."""

from __future__ import annotations
