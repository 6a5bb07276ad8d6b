"""What the app's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.app.serving import served


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of the app, one for each file of tests."""
    with served() as address:
        yield address
