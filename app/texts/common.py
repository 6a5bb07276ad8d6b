"""What more than one page says."""

from __future__ import annotations

READ, COMPARE, VALIDATE, MODEL, ABOUT = (
    "Read",
    "Compare",
    "Validate",
    "Model",
    "About this prediction",
)
PAGE_HELP = {
    READ: "Drop one film or many, and see what the model makes of them.",
    COMPARE: "The recipes whose weights are here, on the film that is open.",
    VALIDATE: "Does the model work at your hospital? Measure it on your own films or scores.",
    MODEL: "The model card: data, results, limits.",
    ABOUT: "How the open film's answer came about, step by step.",
}
WAITING = "Other films came first: position {position} in line."
CHECKS_WAITING = "Checked once other films are read: position {position} in line."
BUSY = "The reader is busy."
DROP_ANYWHERE = "Drop to open"
TRY_AGAIN = "Try again"
LOADING = "Loading the model…"
NOT_READY = "This installation is not ready."
PHANTOM_BUTTONS = ("Clear lungs", "Unilateral", "Bilateral")  # opacities, of each kind
PHANTOM_ALT = "Synthetic phantom, {kind}"
