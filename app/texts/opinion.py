"""What the controls for a reader's opinion say."""

from __future__ import annotations

from covid_core.exports.opinions import Verdict
from covid_core.model.tiers import Tier

OPINION = "Your opinion"
OPINION_HELP = (
    "Kept while this page stays connected: save the file before you leave it. It goes into the"
    " Structured Report. You saw the answer first:"
    " labels made this way flatter the model."
)
VERDICTS = {Verdict.AGREE: "Agree", Verdict.DISAGREE: "Disagree"}
RIGHT = "What would you say? (optional)"
TIERS = (Tier.LIKELY, Tier.POSSIBLE, Tier.UNLIKELY, Tier.NONE_SEEN, Tier.UNDECIDED)

BOX = "Box the opacities on the film below: tool Box, or key b."
BOXES = "Boxes on the film: {count}"

CSV = "Opinions: {count} (CSV)"
JSON = "JSON"
FILES_HELP = (
    "Films are identified by SHA-256 only. The Validate page takes the CSV file; beside the films"
    " in one folder, it makes that folder a dataset for train.py."
)
