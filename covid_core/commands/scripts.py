"""The two programs beside `covid_core`, `streamlit_app.py` and `train.py`: where they lie."""

from __future__ import annotations

from pathlib import Path

from covid_core.errors import CovidCoreError

_BESIDE = Path(__file__).parent.parent.parent
# A clone has them at its top, the wheel in a folder of their own, so that no `app` is installed.
FOLDERS = (_BESIDE / "chest_reader", _BESIDE)


def find_script(name: str) -> Path:
    """The file of a program. Raises CovidCoreError where this installation lacks it."""
    for folder in FOLDERS:
        if (folder / name).is_file():
            return folder / name
    raise CovidCoreError(
        f"{name} is not there", "Install chest-radiograph-reader again, or run it in a clone"
    )
