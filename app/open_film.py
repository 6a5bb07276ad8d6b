"""An open film: the record that the pages hold, and how a file becomes one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from covid_core.read.radiograph import Radiograph, View

if TYPE_CHECKING:
    from covid_core.case.case_reading import Reading
    from covid_core.case.reader import CaseReader
    from covid_core.findings import Finding
    from covid_core.predict.prediction import Prediction
    from covid_core.read.patient_tags import Study

Key = TypeVar("Key")
Value = TypeVar("Value")


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
        """The SHA-256 of the file's bytes."""
        return self.reading.radiograph.sha256

    @property
    def key(self) -> tuple[str, str]:
        """The key by which a session keeps it: SHA-256 of the file's bytes, and of the weights."""
        return self.sha256, self.prediction.weights_sha256

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
    on_film: Callable[[Radiograph], object] | None = None,
    *,
    name: str,
    is_phantom: bool,
    known: Reading | None = None,
) -> OpenFilm:
    """A file's bytes to a film with its answer; its checks are still to be made.

    `known`: the reading of these bytes by these weights that a list kept without its film: no
    network reads it again. `on_film`: is given the film as soon as it is decoded, while the answer
    is still to come.

    Raises CovidCoreError: the file can't be read, or the gate abstains.
    """
    from covid_core.read.patient_tags import read_study  # what the empty page can do without
    from covid_core.read.reading import read_radiograph

    radiograph = read_radiograph(data, sha256)
    if on_film:
        on_film(radiograph)
    reading = known.with_film(radiograph) if known else reader.read(radiograph)
    return OpenFilm(name, reading, read_study(data), is_phantom)


def unchecked(reading: Reading, *findings: Finding) -> tuple[Finding, ...]:
    """The classes whose maps are shown, and these, if a check of the film or of a map is missing.

    In the order of the answers; empty where nothing is missing.
    """
    wanted = {reading.prediction.label, *reading.due, *findings}
    if wanted <= reading.map_checks.keys():
        return ()
    return tuple(finding for finding in reading.prediction.answers if finding in wanted)


def keep_latest(kept: OrderedDict[Key, Value], key: Key, value: Value, most: int) -> None:
    """Put a value last, and drop the first ones beyond `most`."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
