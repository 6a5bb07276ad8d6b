"""What the first film will need, loaded once the page is there."""

from __future__ import annotations

from app import session


def get_ready() -> None:
    """Load it: nobody need wait for it to read the page. Raises WeightsError."""
    import app.reading  # noqa: F401
    import covid_core.read.patient_tags  # noqa: F401

    session.predictor()
    session.lungs()
    session.known()
