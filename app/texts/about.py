"""What the page 'About this prediction' says: two plain sentences a step, for a clinician."""

from __future__ import annotations

OPEN_FILM = "{name} ({described})"
PHANTOM_OPEN = "A synthetic phantom is open: what the model says of it means nothing."
NO_FILM = (
    "No film is open on the Read page, so this is a synthetic phantom, drawn by this program. What"
    " the model says of it means nothing; the way there is the same as for a patient's film."
)
KIND = "Phantom"
FINDING = "Evidence for"

FILM = "1. The film"
FILM_WORDS = (
    "This is the radiograph as it was read, through the window that its file asks for. Nothing that"
    " names the patient goes any further: the model is given grey levels only."
)
FILM_ALT = "The radiograph as it was read"

SEEN = "2. What the network sees"
SEEN_WORDS = (
    "The film is shrunk to {size} x {size} pixels and its greys are evened out, so that exposure"
    " and scanner matter less. Whatever is lost at this size is lost to the network."
)
SEEN_ALT = "The film as the network gets it, {size} by {size} pixels, its greys evened out"

CELLS = "3. A grid of cells"
CELLS_WORDS = (
    "The network sums its picture up in a grid of cells, and each gets a number: orange speaks for"
    " {name}, purple against it. The strongest cell here is row {row}, column {column}, with"
    " {value}."
)
WITHHELD = "{sentence} Read these cells as the terms of the sum below, not as places in the film."
CELLS_ALT = "The network's picture beside a grid of numbers, the evidence in each cell"
UNIT = "logits"

SUM = "4. Adding up"
SUM_WORDS = (
    "The cells for and the cells against, plus one number that is the same for all films, are the"
    " score: {supporting} {opposing} {bias} = {score}. Nothing else goes into"
    " it: these cells are the whole account of the score, not an illustration."
)
SUM_NAMES = ("Cells for", "Cells against", "Same for all films", "Score")
SUM_ALT = "Bars: cells for, cells against and a constant add up to the score of {score}"
SUM_AXIS = "Evidence, in logits"

CALIBRATION = "5. From score to probability"
CALIBRATION_WORDS = (
    "The scores of all classes are turned into shares of 1, and then corrected, because a network"
    " is more certain than it is right: for {name} from {before} to {after}. On new films of the"
    " sources that trained it ({sources}) the corrected figure holds (blue, along the dotted line);"
    " on a source not used in training (pink) it is right less often than it says."
)
UNCALIBRATED_WORDS = (
    "The scores of all classes are turned into shares of 1, for {name} {after}. Nothing was"
    " measured to correct them by: read them as scores, not as probabilities."
)
BEFORE_AFTER = ("before", "after")
BEFORE_AFTER_ALT = "Each class's share before calibration and its probability after it"
RELIABILITY_ALT = (
    "How often calls were right against how sure the model was, at home and on a source"
    " not used in training"
)
RELIABILITY_AXES = ("predicted probability", "fraction correct")
AT_HOME, AWAY = "at home", "{source}, not used in training"

CALL = "6. From probability to answer"
CALL_WORDS = (
    "The probability of {disease}, {probability}, {reaches} the threshold of the operating point"
    " “{point}”, {threshold:.2f}. A class below its own tick is ruled out. The classes left and"
    " the threshold together make the answer."
)
REACHES, BELOW = "reaches", "stays below"
CALL_RESULT = "So the answer is: {sentence}"
THRESHOLD_ALT = "The probability of {disease} beside the thresholds of the operating points"
SET_ALT = "Each class's probability, and from where on it is in the prediction set"
SET_NAMES = ("in the set", "ruled out")

LIMITS = "7. What it cannot do"
LIMITS_WORDS = (
    "The model was tested on other films of the sources that trained it ({sources}), and on a"
    " source not used in training. The difference reflects what is particular to a hospital's"
    " images: expect the lower figure at yours, or measure it on the Validate page."
)
LIMITS_POINTS = (
    "The grid of cells is coarse, and each cell has looked at its surroundings too. Heat is not"
    " the outline of a lesion.",
    "A chest radiograph cannot exclude COVID-19. In the first days many are normal.",
    "It knows three answers. A tumour, a pneumothorax or heart failure gets one of them, or"
    " “undecided”.",
    "Most other pneumonia that it learnt from is of children, all COVID-19 of adults: do not"
    " rely on it for a child, and mistrust “other pneumonia” in an adult.",
    "It sees one film: no history, no earlier film, no laboratory.",
)
UNRECORDED = "not recorded"
TRANSFER_ALT = "AUROC for COVID-19, with 95% intervals: {figures}"
CHANCE = "chance"
NOT_MEASURED = "How it does on a source not used in training was not measured for these weights."
VALIDATE = "Measure it at your hospital"
