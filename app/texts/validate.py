"""What the page 'Validate' says."""

from __future__ import annotations

LEAD = (
    "A model that reads well elsewhere may not here: other scanners, other patients. Give films of"
    " yours whose answer is known, and see how well it does, how well its probabilities are"
    " calibrated, and which operating point reaches the required sensitivity at your site."
)

TABLE, FILMS, EARLIER = "A table of scores", "Films in folders", "An earlier profile"

TABLE_WORDS = (
    "One row a film: in column **label** what it is known to show (normal, pneumonia or covid; or 0"
    " and 1), in column **score** or **p_covid** this model's probability of COVID-19, in column"
    " **patient**, where a patient has several films, who it is. A table that this program saved"
    " serves once its column label, which holds the model's own answer, is replaced. Its column"
    " weights_sha256 proves that these weights made the scores."
)
PUBLIC = (
    "Films of public collections may have trained this model, and then flatter it: give films of"
    " your own."
)
TABLE_UPLOAD = "Labels and scores (CSV), or opinions (CSV, JSON)"
TEMPLATE = "Template (CSV)"
MADE_UP = "Try it with made-up scores"
MADE_UP_NOTE = (
    "These scores are made up, drawn by chance: they say nothing about this model. No profile can"
    " be kept of them."
)

UNKNOWN_WEIGHTS = (
    "This table does not say which weights made its scores. What follows, and a profile made of it,"
    " holds only if it was the model in use here. Keep predict's column weights_sha256 to be sure."
)
WEIGHTS_CHANGED = "other weights or rules are in use since these films were measured"
WEIGHTS_CHANGED_REMEDY = "Give the films again, or scores that the weights in use have made"

FILMS_WORDS = (
    "Folders normal, pneumonia (or other) and covid, with films in them; a folder below these is a"
    " patient. The model reads each; nothing is kept on disk."
)
FILMS_UPLOAD = "The folders as a ZIP file"
FOLDER_UPLOAD = "The folder that holds them"
FILMS_MORE = (
    "Browsers hang above some 900 files. For more, pack a ZIP file, or run"
    " `python -m covid_core predict` on the folder and give its table."
)
SERVER = "A folder of the server"
SERVER_NONE = "None"
SERVER_READ = "Read its films"
STOPPED = "Films are read in random order: those read before a stop are a fair sample."
READING = "Reading films: {done} of {total}"
STOP = "Stop reading"
NO_FOLDER = "it lies in no folder called normal, pneumonia, other or covid"
NO_FOLDER_REMEDY = "Put it in the folder of what it shows"
NO_FILMS = "there is no film in what was given"
NO_FILMS_REMEDY = "Give the folders normal, pneumonia and covid, with films in them"
TOO_MANY = "these are more than {most:,} films"
TOO_MANY_REMEDY = (
    "Give a random sample of that size, or the table written by: python -m covid_core predict"
)
FAILED = "{failed} of {total} films gave no score and do not count. Why:"
FAILED_FILE, FAILED_WHY = "File", "Reason"
FAILED_ALT = "Files that gave no score, and the reason for each"

EARLIER_WORDS = "The file that this page gave when the site was last validated."
EARLIER_UPLOAD = "Profile: JSON"
OTHER_WEIGHTS = (
    "This profile was measured with other weights or rules. Its threshold means nothing with these:"
    " validate the site again."
)

REFUSED = "These films can't be measured."
MEASURING = "Measuring…"
ANSWER = "At your site: AUROC {auroc}, {films} films"
ANSWER_MADE_UP = "Made-up scores: AUROC {auroc}, {films} films"
COUNTS = "{positives} films with COVID-19, {negatives} without, of {patients} patients."
COUNTS_ALONE = "{positives} films with COVID-19, {negatives} without."
INTERVAL = "{value:.2f} ({low:.2f} to {high:.2f})"
SHARE = "{value:.0%} ({low:.0%} to {high:.0%})"
NO_FIGURE = "–"
FEW = (
    "Only {fewest} films {kind}: another sample this small could give very different figures. Give"
    " about 100 of each."
)
FEW_KINDS = ("with COVID-19", "without COVID-19")

FITS = "Its probabilities are well calibrated here: off by {error:.2f} on average."
ROUGH = "Its probabilities are off by {error:.2f} on average{direction}."
MISFITS = (
    "Its probabilities are poorly calibrated here: off by {error:.2f} on average{direction}. Go by"
    " the operating point, not by the probability."
)
TOO_HIGH = ", too high: their mean is {expected:.0%}, and {prevalence:.0%} have COVID-19"
TOO_LOW = ", too low: their mean is {expected:.0%}, and {prevalence:.0%} have COVID-19"

ROC = "Discrimination: ROC curve"
ROC_SEE = "The further to the upper left, the better; on the dotted line it is chance."
ROC_ALT = "ROC curve: sensitivity against 1 - specificity"
RELIABILITY = "Calibration"
RELIABILITY_SEE = (
    "On the dotted line, 70% of films given 0.7 have COVID-19. Below it, probabilities are too"
    " high; above it, too low. Larger points stand for more films."
)
RELIABILITY_ALT = "Reliability diagram: share with COVID-19 against the probability given"

POINTS = "Operating points on your films"
POINTS_SEE = (
    "These figures use the threshold alone; the answers on the Read page also depend on the"
    " prediction sets. PPV and NPV:"
    " positive and negative predictive value at a prevalence of {prevalence:.0%}, as among these"
    " films."
)
POINTS_ALT = "Operating points with their thresholds and what they cost, with intervals"
POINTS_COLUMNS = (
    "Operating point",
    "Threshold",
    "Sensitivity",
    "Specificity",
    "PPV",
    "NPV",
)

OWN = "An operating point of your own"
OWN_WORDS = "The highest threshold that reaches this sensitivity with this confidence."
RECALL = "Required sensitivity, %"
RECALL_HELP = "The sensitivity (recall) that is promised."
CONFIDENCE = "Confidence, %"
CONFIDENCE_HELP = (
    "Of 100 sites that choose a threshold this way, at least so many keep the promise. The higher,"
    " the more films it takes."
)
PROMISE = (
    "Threshold {threshold:.3f}: at least {recall:.0%} of films with COVID-19 reach it in patients"
    " like these, with {confidence:.0%} confidence."
)
COST = (
    "On these films: sensitivity {found}, false alarms {alarmed} of the films without COVID-19. The"
    " sensitivity flatters a little, for the same films chose the threshold; the false alarms do"
    " not."
)
ANSWERS = "The answers, which the prediction sets decide too: {calls}"
SETS_OWN = (
    "The prediction sets are fitted to these films too, class by class: what they rule out is yours"
    " as well. A class of fewer than 100 films counts in part, of fewer than 10 not at all."
)
SETS_KEPT = (
    "The prediction sets stay those of the weights: the films need the columns p_normal,"
    " p_pneumonia and p_covid, as `predict --csv` writes them."
)
NAME = "Name of the site"
NAME_PLACEHOLDER = "Ward, hospital or data set"
USE = "Use at this site"
DOWNLOAD = "Profile (JSON)"
DOWNLOAD_NOTE = (
    "The profile holds figures and a threshold, no film and no patient. It serves these weights"
    " only."
)
LASTS_HERE = (
    "In use, it lasts while this page stays connected: a longer break discards it. Keep the file."
)
LASTS_FOR_ALL = "In use, it is kept on the server and counts for everyone who opens this page."

IN_USE = "This site's operating point is in use."
LOADED = "A site's profile is loaded; choose “Site” on the Read page to use its operating point."
FORGET = "Stop using this profile"
FORGET_HELP = (
    "Films are called by the model's own operating points again: here, while this page stays"
    " connected. Nothing is deleted on the server."
)
UNSAVED = "The profile is in use here, but not for everyone: it could not be kept on the server."
OUTDATED = (
    "The site's profile was measured with other weights or rules and is not in use. Validate again."
)
SUMMARY = (
    "{site}, {created}: AUROC {auroc} on {films} films. Threshold {threshold:.3f}, for a"
    " sensitivity of {recall:.0%} with {confidence:.0%} confidence."
)
