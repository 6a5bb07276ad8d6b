"""What the controls for a reader's opinion say."""

from __future__ import annotations

from covid_core.exports.opinions import Verdict
from covid_core.model.tiers import Tier

OPINION = "Your opinion"
OPINION_HELP = (
    "Kept until the page is closed, and exported below and in the Structured Report. Whoever has"
    " seen the answer leans towards it: labels made so flatter the model."
)
VERDICTS = {Verdict.AGREE: "Agree", Verdict.DISAGREE: "Disagree"}
RIGHT = "What would you say? (optional)"
TIERS = (Tier.LIKELY, Tier.POSSIBLE, Tier.UNLIKELY, Tier.NONE_SEEN, Tier.UNDECIDED)

BOX = "Box opacities on the film below: its tool Box, or the key b."
BOXES = "Boxes on the film: {count}"

CSV = "Opinions: {count} (CSV)"
JSON = "JSON"
FILES_HELP = (
    "Films go by their SHA-256. The Validate page takes the CSV file; beside the films in one"
    " folder, it makes that folder a dataset for train.py."
)
