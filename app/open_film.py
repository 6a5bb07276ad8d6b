"""An open film: the record that the pages hold, and how a file becomes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from covid_core.read.radiograph import View

if TYPE_CHECKING:
    from covid_core.case.case_reading import Reading
    from covid_core.case.reader import CaseReader
    from covid_core.predict.predictor import Prediction
    from covid_core.read.patient_tags import Study


@dataclass(frozen=True, slots=True, eq=False)
class OpenFilm:
    """One film as the pages hold it.

    `name`: the file's, as the user knows it. `reading`: all that was computed of it. `study`: the
    DICOM tags that are shown on demand; None for other files.
    """

    name: str
    reading: Reading
    study: Study | None
    is_phantom: bool = False

    @property
    def sha256(self) -> str:
        """Of the file's bytes."""
        return self.reading.radiograph.sha256

    @property
    def prediction(self) -> Prediction:
        """What the network made of the film, by its reading."""
        return self.reading.prediction

    @property
    def described(self) -> str:
        """The film in a few words, none of them from its name or its patient's tags."""
        film = self.reading.radiograph
        view = "" if film.view is View.UNKNOWN else f", {film.view} view"
        return f"{film.source_format}, {film.width_px} x {film.height_px} px{view}"


def read_film(
    data: bytes,
    sha256: str,
    reader: CaseReader,
    on_prediction: Callable[[OpenFilm], object] | None = None,
    *,
    name: str,
    is_phantom: bool,
    known: Reading | None = None,
) -> OpenFilm:
    """A file's bytes to a film with its checks.

    `known`: as `reader.read_case` has it. `on_prediction`: is given the film as soon as it is read,
    while the checks are still to be made.

    Raises CovidCoreError: the file can't be read, or the gate abstains.
    """
    from covid_core.case.reader import read_case  # what the empty page can do without
    from covid_core.read.patient_tags import read_study  # with pydicom, as above

    def show(reading: Reading) -> None:
        if on_prediction:
            on_prediction(OpenFilm(name, reading, None, is_phantom))

    reading = read_case(data, reader, sha256=sha256, known=known, on_prediction=show)
    return OpenFilm(name, reading, read_study(data), is_phantom)
