"""What the page 'Model' says."""

from __future__ import annotations

SUMMARY, PLOTS, RECIPES, CARD = "Summary", "Plots", "Recipes", "Full card"

WEIGHTS = "Weights SHA-256 {sha256}, made by commit {commit} on {created}."
UNSEEN = "On {source}, a source not used in training, {use}"
KNOWN = "On new films of the sources that trained it"
AUROC, SENSITIVITY, SPECIFICITY = "AUROC", "Sensitivity", "Specificity"
METRIC_HELP = (
    "COVID-19 against the rest, {films} films. AUROC: by the probability, with no threshold; the"
    " others: each film given its most probable class. 95% interval: {low:.2f} to {high:.2f}."
)
INTERVAL = "{low:.2f} to {high:.2f}"
BEWARE = (
    "Expect the first line at your hospital. The second flatters: there the source often gives the"
    " answer away."
)

TRAINED = "What it was trained on"
TRAINED_WORDS = (
    "{films} films trained it, {tuned} chose its thresholds; on the others it was measured. A class"
    " that comes from few sources can be recognised by them, without looking at the lungs."
)
TRAINED_ALT = "Films by source, class and use"
SOURCE, CLASS = "Source", "Class"
NO_CLASS = "No class"
SPLITS = ("train", "validation", "test", "held out")
SPLIT_TITLES = ("Trained", "Tuned", "Tested", "Unseen")

GOALS = "What it set out to reach"
GOALS_WORDS = "{met} of {all} goals are met. Those that are not stand first."
GOALS_NONE = "These weights have not been audited, so that most goals are not measured."
GOALS_ALT = "Goals, what was required and measured, and whether each was met"
GOALS_COLUMNS = ("Met", "Goal", "Required", "Measured")
MET = {  # by verdict, in the order of the table
    "missed": "no",
    "undecided": "undecided",
    "not measured": "not measured",
    "met": "yes",
}

LIMITS = "Limits"

BY_SOURCE = "AUROC of each class, by source"
BY_SOURCE_SEE = (
    "The uppermost source never trained the model: there COVID-19 reaches {unseen}, against {known}"
    " on the sources that did. The lines are 95% intervals."
)
BY_SOURCE_ALT = "AUROC of each class with its interval, a line for each source"

ACCURACY = "Accuracy"
ACCURACY_HELP = (
    "All classes, {films} films, each given its most probable class. 95% interval:"
    " {low:.2f} to {high:.2f}."
)
BASELINE = "Best baseline: {accuracy:.2f} by {by}"
BASELINES = "Beside baselines that do not see the lungs"
BASELINES_SEE = (
    "Baselines: simple models that learnt from the same films, but were shown only the file's"
    " header, only the film's outer frame without its lungs, or only a thumbnail of 32 px. A figure"
    " that is not clearly above them may come from the same shortcuts. Lines are 95% intervals."
)
BASELINES_ABOVE = "Accuracy and AUROC are clearly above every baseline."
BASELINES_NONE = "Its baselines were not measured: `python -m covid_core baselines`."
BASELINES_FIGURE = "Figure beside baselines"
BASELINES_NAMES = {"accuracy": "Accuracy", "auroc": "AUROC of COVID-19"}
BASELINES_ALT = "{figure} of the network and of each baseline, with intervals, by source"

WITHIN = "Within one hospital: films of both kinds"
WITHIN_SEE = (
    "Films with the disease and without it from the same hospitals, as radiologists read them:"
    " here no scanner and no marker gives the answer away. {words}"
)
WITHIN_ALT = "AUROC within one source, with intervals, a line for each pair of readings"
BOXES = "Whether the map points at opacities"
BOXES_SEE = (
    "A map is worth looking at where its hottest point lies in a radiologist's box more often than"
    " a point that knows nothing of the film. {words}"
)
BOXES_ALT = (
    "How often the map's hottest point lies in a radiologist's box, beside a point at random, the"
    " best fixed point and random weights"
)

CALIBRATION = "Calibration"
CALIBRATION_SEE = (
    "{part}: off by {error:.3f} on average, and by {before:.3f} before it was calibrated. On the"
    " dotted line it is as often right as it is sure."
)
CALIBRATION_ALT = "Reliability diagram, {part}: how often calls were right against how sure"

CONFUSION = "Confusion matrix"
CONFUSION_SEE = "{part}: {missed} of {films} films with COVID-19 are called something else."
CONFUSION_ALT = "Confusion matrix, {part}: films by label and by call"

GROUPS = "Results by view, sex and age"
GROUPS_FIGURE = "Figure"
GROUPS_SEE = (
    "By view, sex and age, on the source that never trained it: from {low:.2f} ({lowest}) to"
    " {high:.2f} ({highest}). Where intervals overlap, these films do not settle whether the groups"
    " differ."
)
GROUPS_NONE = "No group of these films is large enough."
GROUPS_ALT = "{figure} by view, sex and age, with intervals"
GROUPS_NAMES = {"auroc": "AUROC", "sensitivity": "Sensitivity", "specificity": "Specificity"}

GOES_BY = "Shortcuts"
PROBES_SEE = (
    "{part}: {films} films with parts taken away. Where no lung is to be seen there is no disease"
    " to tell: where the whole interval is above the line, in red, it uses something else."
)
PROBES_PARTS = {
    "test": "Sources that trained it",
    "held out": "The source that never trained it",
}
PROBES_ALT = "AUROC of COVID-19 with parts of the film taken away, {part}"
ZONES_ALT = "How the heat by lung zone goes with radiologists' scores, beside area and brightness"

ROBUST = "Robustness"
ROBUST_SEE = (
    "AUROC lost when {films} films are spoilt, the stronger the further right; blue gains, red"
    " loses. Worst: {worst} at strength {strength}, {drop:.2f} lost."
)
ROBUST_ALT = "AUROC lost by corruption and strength"
ABSTAINS_SEE = "Films without an answer: the more it is spoilt, the more often it should abstain."
ABSTAINS_ALT = "Share of films without an answer, by the strength of corruption"

TRAINING = "How it was trained"
TRAINING_SEE = (
    "At the end of each of {epochs} epochs. Losses that still fall while the unseen source gains"
    " nothing mean that more training would learn the sources, not the disease."
)
TRAINING_ALT = "Losses, accuracy and AUROC by epoch"
NOT_AUDITED = "These weights have not been audited: `python -m covid_core audit`."

RECIPES_WORDS = (
    "Each recipe trained in three variants: to the letter as its study published it, leaks and"
    " mistakes included; the same without these; and ours, on the clean split of one manifest, the"
    " same for all. The first figure is what such studies report; a source never seen is what it is"
    " worth."
)
RECIPES_SEE = (
    "Accuracies on test films, and in brackets on a second source; AUROC for COVID-19. A study's"
    " own split shares patients or pictures with what it trained on. Beside an accuracy stands what"
    " calling everything the commonest class would give."
)
RECIPES_COLUMNS = (
    "Recipe",
    "Accuracy reported",
    "As published",
    "Shared with training",
    "Corrected",
    "Ours, clean",
    "Always commonest",
    "AUROC, as published",
    "AUROC, clean",
    "AUROC, unseen",
)
RECIPES_SHORT_ALT = "Each recipe: what its study reports, and accuracy and AUROC as measured here"
RECIPES_FULL = "All figures, with intervals"
RECIPES_ALT = (
    "The recipes and their figures in each variant, on their own test films and on another source"
)

CARD_WORDS = "As it lies beside the weights, in weights/README.md."
CARD_NONE = "There is no model card beside these weights: `python -m covid_core card` writes it."
NO_FIGURE = "–"
ALL_KNOWN = "Sources that trained it"
