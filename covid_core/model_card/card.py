"""The model card, `weights/README.md`, written from what lies beside the weights and nothing else.

No figure in it is typed by hand: all come from `evaluation` by way of the weights' card, its audit,
the gate's card, and the cards of networks that a source was left out of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from covid_core.findings import CLASSES, Finding, listed_in_words
from covid_core.model.architectures import TITLES
from covid_core.model.audit import AuditFigures
from covid_core.model.card import (
    AS_PUBLISHED,
    LEFT_OUT,
    WeightsCard,
    find_part,
    read_audit,
    read_cards,
)
from covid_core.model.tiers import in_sentence
from covid_core.model_card.audit_words import PAINTED_IN_TRAINING
from covid_core.model_card.baselines import baselines_section
from covid_core.model_card.front_matter import front_matter
from covid_core.model_card.results import left_out_rows, results_section
from covid_core.model_card.tiers import tiers_section
from covid_core.model_card.trust import (
    audit_section,
    calibration_section,
    gate_section,
    reporting_section,
    write_diagram,
)
from covid_core.model_card.within_source import within_source_section
from covid_core.predict.gate import NAME as GATE_NAME
from covid_core.predict.gate import Gate, GateCard
from covid_core.present.markdown import table
from covid_core.sources import provenance
from covid_core.storage.atomic import write_whole

_NO_CLASS = "no class"  # such films train the RSNA categories and the opacity map


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of a network beyond its card.

    `audit`: None where there was none. `left_out`: cards of networks that lacked a source, by that
    source.
    """

    gate: GateCard
    audit: AuditFigures | None = None
    left_out: Mapping[str, WeightsCard] = field(default_factory=dict)


def read_beside(card: WeightsCard, folder: Path) -> Beside:
    """What lies beside a card in a weights folder, and the gate's card.

    Raises WeightsError.
    """
    gate = Gate.load(find_part(folder, GATE_NAME))
    return Beside(gate.card, read_audit(folder, card), read_cards(folder / LEFT_OUT))


def write_model_card(card: WeightsCard, folder: Path) -> None:
    """Write `folder/README.md`, and the picture that it shows. Raises WeightsError."""
    text = model_card(card, read_beside(card, folder))
    write_whole(folder / "README.md", text.encode())
    if card.trust:
        write_diagram(card, folder)


def model_card(card: WeightsCard, beside: Beside) -> str:
    """The card as Markdown, with front matter for model hubs at its top."""
    sections = (
        front_matter(card),
        _head(card),
        _use(),
        _data(card),
        results_section(card),
        within_source_section(card),
        baselines_section(card),
        _left_out(beside.left_out),
        tiers_section(card),
        calibration_section(card),
        audit_section(card, beside.audit, beside.left_out),
        gate_section(beside.gate.measured, beside.gate.never_seen),
        _limits(card),
        _making(card),
        reporting_section(),
    )
    return "\n\n".join(filter(None, sections)) + "\n"


def _head(card: WeightsCard) -> str:
    return f"""# Model card: {card.name}

**Research use only. Not a medical device, not a diagnosis.**

{TITLES[card.architecture]} on one grey channel; answers {_listing(card.classes)}.
{card.preprocess.describe()}
Generated from `{card.recipe}.json`. Figures carry 95% intervals, from 1,000 resamples of
patients, or of sets of same pictures, with replacement."""


def _use() -> str:
    definitions = "\n".join(
        f"- **{finding.display_name}**: {finding.definition}" for finding in CLASSES
    )
    return f"""## Intended use

For researchers and teachers: to study how such a reader behaves, and where it fails. Input is one
frontal chest radiograph. Not for lateral views, CT, or any decision about a patient. A chest
radiograph cannot exclude COVID-19.

{definitions}"""


def _data(card: WeightsCard) -> str:
    splits = list(card.films)
    rows = []
    for source in sorted({source for split in card.films.values() for source in split}):
        for label in (*CLASSES, ""):
            counts = [card.films[split].get(source, {}).get(label, 0) for split in splits]
            if any(counts):
                title = Finding(label).display_name if label else _NO_CLASS
                rows.append([source, title, *map(str, counts)])
    totals = [str(sum(sum(s.values()) for s in card.films[split].values())) for split in splits]
    rows.append(["all", "", *totals])
    sources = sorted({source for split in card.films.values() for source in split})
    terms = "\n".join(f"- `{source}`: {provenance(source)}" for source in sources)
    sides = "Films of one patient, or of the same picture, are on one side of the split only."
    if card.variant == AS_PUBLISHED:
        share = card.results.shared
        sides = (
            f"The study's split, by film: {share:.0%} of the test films share a patient or a"
            " picture with training. Its figures are too good."
        )
    return f"""## Data

{sides}

{table(["Source", "Class", *splits], rows)}

{terms}"""


def _left_out(cards: Mapping[str, WeightsCard]) -> str:
    rows = [
        [f"`{source}`", Finding(label).display_name, *figures, f"`{commit}`"]
        for source, label, *figures, commit in left_out_rows(cards)
    ]
    header = [
        "Source left out",
        "Class against the rest",
        "n",
        "AUROC at home",
        "AUROC in it",
        "By",
    ]
    if not rows:
        return "## One source left out at a time\n\nNo network was trained that way."
    trained = listed_in_words(sorted({TITLES[card.architecture] for card in cards.values()}))
    return f"""## One source left out at a time

{trained} on a small budget, each time without one source and tested within it.

{table(header, rows)}"""


def _limits(card: WeightsCard) -> str:
    painted = f"\n- {PAINTED_IN_TRAINING}" if card.trained_without_lungs else ""
    return f"""## Limits

- Most other pneumonia is of children, all COVID-19 of adults: age helps the model.
- COVID-19 and normal films come mostly from different hospitals: so may scanner, marker and export.
- Probabilities are calibrated to the mix of films that validated them, not to any ward: enter your
  own prevalence, and test on your own films first.
- The prediction sets promise nothing at a hospital unlike those known.
- Grad-CAM shows where the score came from, in coarse cells. It outlines no lesion.{painted}"""


def _making(card: WeightsCard) -> str:
    places = ("data", "out", "run", "resume", "checkpoint_every")
    flags = "; ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in card.training.items()
        if name not in places
    )
    return f"""## Made by

`python train.py` ({flags}), commit `{card.git_commit}`, torch {card.torch_version},
{card.created}. Tensors: SHA-256 `{card.sha256}`."""


def _listing(classes: Sequence[Finding]) -> str:
    titles = [in_sentence(finding) for finding in classes]
    return ", ".join(titles[:-1]) + " or " + titles[-1]
