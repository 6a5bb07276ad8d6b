"""What the list of films says, and the ways to open films."""

from __future__ import annotations

from datetime import timedelta

from covid_core.findings import counted
from covid_core.model.tiers import Tier
from covid_core.present.change import gap_in_words
from covid_core.present.tiers import tiers_in_words

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
NOT_FETCHED = "The request to the archive failed."
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
TIER = "Answer"
LEAST = "COVID-19 probability from"
FILTER = "Filters"
NAME = "In the name"
WARNED = "Only with warnings"
WARNED_HELP = "Films with a warning beside the answer, and those that were not judged."
UNUSABLE = "Only answers that must not be used"
UNUSABLE_HELP = "Of children's films, and where the score does not come from the lungs."
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
    "tier": "Answer",
    "probability": "COVID-19",
    "opacity": "Opacity",
    "category": "RSNA category",
    "date": "Study date",
    "note": "Note",
}
PROBABILITY_HELP = "Probability of COVID-19. 0.99 stands for that or more, 0.01 for that or less."
OPACITY_HELP = "The highest probability of an opacity in any cell of the film."
CATEGORY_HELP = "How the film looks by the RSNA's consensus."
# Those of the shipped weights, the gravest first.
TIERS = (
    Tier.LIKELY,
    Tier.POSSIBLE,
    Tier.UNLIKELY,
    Tier.NONE_SEEN,
    Tier.UNDECIDED,
    Tier.CHILD,
    Tier.NOT_JUDGED,
    Tier.NOT_READ,
)


def tier_heading(tier: Tier) -> str:
    """A tier as a table and its filter show it."""
    return tier.heading


def summary(tiers: list[Tier], total: int) -> str:
    """How many films came out how: "80 films: COVID-19 likely 12; no pneumonia seen 50"."""
    words = tiers_in_words(tiers)
    films = "1 film" if total == 1 else f"{total} films"
    if len(tiers) < total:
        films = f"{len(tiers)} of {films}"
    return f"{films}: {words}" if words else films


def passed_over(count: int) -> str:
    """How many files of what was given were not taken for films."""
    return f"{counted(count, 'file')} passed over"


def more_passed_over(named: int) -> str:
    """What is said below the names of files that were passed over, where not all are named."""
    return f"Only the first {named:,} are named here. All of them: `{_LIST_PASSED_OVER}`"


def progress(done: int, total: int, left_s: float | None) -> str:
    """How far the list is: "12 of 80, about 20 s left"."""
    words = f"{done} of {total}"
    return words if left_s is None else f"{words}, about {_duration(left_s)} left"


def compare(gap: timedelta) -> str:
    """The button that lays an earlier film of the patient beside the open one."""
    return f"Compare with the film of {gap_in_words(gap)} earlier"


def _duration(seconds: float) -> str:
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    if seconds < 90:
        return f"{5 * round(seconds / 5)} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
