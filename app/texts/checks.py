"""What the Read page says of the checks that every reading gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

METER = "Shortcut meter"
METER_WORDS = (
    "With the lungs removed there is no lung disease to see: the probability should be low."
)
METER_BARS = ("Whole film", "Lungs only", "Lungs removed")
METER_AXIS = "Probability of {name}"
METER_LINE = "threshold"
METER_ALT = (
    "Probability of {name}: whole film {whole}, lungs only {lungs_only}, lungs removed"
    " {lungs_removed}; threshold {threshold:.2f}"
)

TESTS = "Self-test of the heat for {name}"
TESTS_COLUMNS = ("Test", "Result", "Found")
TESTS_ALT = "Each test of the heat for {name}: whether it passed, and what was found"
PASSED, FAILED = "✓\N{NO-BREAK SPACE}passed", "✗\N{NO-BREAK SPACE}failed"
NO_MAP = "No class other than normal reaches its threshold: there is no heat to test."

ZONES = "Where the heat for {name} lies"
ZONES_COLUMNS = ("Zone", "Patient's right", "Patient's left")
ZONES_LEVELS = ("Upper", "Middle", "Lower")
ZONES_ALT = "Share of the heat for {name} in six zones of the lungs"
ZONES_NOTE = "{note} Arranged as on the radiograph: the patient's right is on the left."

SEEN = "Seen before"

NEAREST = "Nearest training films"
NEAREST_WORDS = (
    "The training films that the model finds most like this one. Where they match it in source,"
    " view or age rather than in the lungs, the answer may rest on that."
)
NEAREST_NONE = "None."
SIMILARITY = "Similarity {similarity:.2f}"
FILM = "{source}, {view}, {age}"
VIEW = "{view} view"
UNKNOWN_VIEW, UNKNOWN_AGE = "view unknown", "age unknown"
COPY_ALT = "A training film: {source}, {finding}"
COPIES_HINT = (
    "Training films are not delivered with this program. Where you have your own copy of a"
    " collection, name its folder in desk.toml, and the films are shown here:"
)
COPIES_EXAMPLE = 'copies = ["/path/to/your/collections"]'


def mix(sources: Sequence[str]) -> str:
    """Where the nearest films come from: "7 of 9 come from radiography, 2 from nih"."""
    (first, most), *others = Counter(sources).most_common()
    verb = "comes" if most == 1 else "come"
    rest = "".join(f", {count} from {source}" for source, count in others)
    return f"{most} of {len(sources)} {verb} from {first}{rest}."
