"""What the first film will need, loaded as soon as the page is shown."""

from __future__ import annotations

from app import session


def load_ahead() -> None:
    """Loads it, so that nobody need wait for it to read the page. Raises WeightsError."""
    import app.reading_panel  # noqa: F401
    import covid_core.read.patient_tags  # noqa: F401

    session.predictor()
    session.lungs()
    session.known()
