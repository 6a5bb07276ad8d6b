"""What the list of films says, and the ways to open films."""

from __future__ import annotations

from collections import Counter

from covid_core.findings import CLASSES, Finding
from covid_core.model.decision import INDETERMINATE, in_sentence

# Ways to open films.
DROP = "Drop radiographs here: PNG, JPEG, TIFF, WebP, DICOM or ZIP"
DROP_HELP = (
    "One film, or many at once for a list. Films stay on the machine that runs this page. DICOM may"
    " have any file name."
)
MORE = "More ways to open films"
FOLDER = "A whole folder of your computer"
FOLDER_LIMIT = (
    "Browsers hang above some 900 files. For more, pack a ZIP file, ask for a folder of the server,"
    " or run: `python -m covid_core predict FOLDER --csv rows.csv`"
)
SERVER = "A folder of the server"
SERVER_NONE = "None"
AGAIN = "Look again"
AGAIN_HELP = "List the folder anew, with the films that have come since."
ARCHIVE = "From the archive: {name}"
PATIENT_ID = "Patient ID"
STUDY_DATE = "Study date"
FIND = "Find studies"
FIND_HELP = "Give a whole patient ID (no * or ?), a study date, or both."
FOUND_NONE = "The archive has no such study."
FOUND = "Studies found: {count}. Tick those to open."
FOUND_ALT = "Studies found in the archive"
STUDY_COLUMNS = ("Date", "Study", "Modalities", "Patient", "Patient ID")
NOT_FETCHED = "The archive sent no films."
FETCH = "Fetch the films"
FETCHING = "Fetching…"
FETCHED = "Archive, study {study}, film {film}"
FORGET = "Close the fetched films"
CLOSE_FILES = "Close what is open"
CLOSE_EARLIER = "Close the films dropped earlier"
TOO_MANY = (
    "Only the first {most:,} films are listed. All of them, without this page:"
    " `python -m covid_core predict FOLDER --csv rows.csv`"
)
_LIST_PASSED_OVER = "python -m covid_core predict FOLDER --list-passed-over"
PHANTOM = "Synthetic phantom: {kind}"

# The list.
STOP = "Stop reading"
GO_ON = "Go on reading"
STOPPED = "Stopped after {done} of {total} films."
DECISION = "Called"
LEAST = "COVID-19 probability from"
FILTER = "Filters"
NAME = "In the name"
WARNED = "Only with warnings"
WARNED_HELP = "Films that could be judged, but that something is odd about."
DATES = "Study dates"
DATES_HELP = "Of DICOM files. What they say of a patient is shown on demand only."
HINT = "Click a film to open it. Tick two to see them side by side."
NONE_LEFT = "No film fits these filters."
TABLE_ALT = "The films, those with the highest probability of COVID-19 first"
DOWNLOAD = "Save as CSV"
UNREAD = "Films not judged or not read: {count}"
PREVIOUS = "Previous"
NEXT = "Next film"
CLOSE = "Close"
POSITION = "Film {number} of {total}"
COLUMNS = {
    "film": "Film",
    "name": "Name",
    "decision": "Called",
    "probability": "COVID-19",
    "opacity": "Opacity",
    "category": "RSNA category",
    "date": "Study date",
    "note": "Note",
}
PROBABILITY_HELP = "Calibrated probability of COVID-19."
OPACITY_HELP = "The highest probability of an opacity in any cell of the film."
CATEGORY_HELP = "How the film looks by the RSNA's consensus."
_DECISIONS = {
    INDETERMINATE: "Indeterminate",
    "abstained": "Not judged",
    "error": "Not read",
}
DECISIONS = {**{str(f): f.display_name for f in CLASSES[::-1]}, **_DECISIONS}
_COUNTED = {
    INDETERMINATE: "indeterminate",
    "abstained": "not judged",
    "error": "not read",
}


def decision_name(decision: str) -> str:
    """A row's decision for a person."""
    return DECISIONS.get(decision) or Finding(decision).display_name


def summary(decisions: list[str], total: int) -> str:
    """How many films came out how: "80 films: 12 called COVID-19, 50 indeterminate"."""
    counts = Counter(decisions)
    ranks = list(DECISIONS)
    order = sorted(counts, key=lambda name: ranks.index(name) if name in ranks else len(ranks))
    parts = [f"{counts[name]} {_COUNTED.get(name) or _called(name)}" for name in order]
    films = "1 film" if total == 1 else f"{total} films"
    if len(decisions) < total:
        films = f"{len(decisions)} of {films}"
    return f"{films}: {', '.join(parts)}" if parts else films


def passed_over(count: int) -> str:
    """How many files of what was given were not taken for films."""
    return f"{count:,} file{'' if count == 1 else 's'} passed over"


def more_passed_over(named: int) -> str:
    """What is said below the names of files that were passed over, where not all are named."""
    return f"Only the first {named:,} are named here. All of them: `{_LIST_PASSED_OVER}`"


def progress(done: int, total: int, left_s: float | None) -> str:
    """How far the list is: "12 of 80, about 20 s left"."""
    words = f"{done} of {total}"
    return words if left_s is None else f"{words}, about {_duration(left_s)} left"


def compare(days: int) -> str:
    """The button that lays an earlier film of the patient beside the open one."""
    return f"Compare with the film of {days} day{'' if days == 1 else 's'} earlier"


def _called(decision: str) -> str:
    return f"called {in_sentence(Finding(decision))}"


def _duration(seconds: float) -> str:
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    if seconds < 90:
        return f"{5 * round(seconds / 5)} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
