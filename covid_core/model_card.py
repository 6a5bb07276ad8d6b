"""The model card, `weights/README.md`, written from the weights' card and nothing else.

No figure in it is typed by hand: all come from `evaluation.evaluate` by way of the card.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from covid_core.datasets.layouts import provenance
from covid_core.findings import CLASSES
from covid_core.weights import WeightsCard

_TITLES = {finding.value: finding.display_name for finding in CLASSES}


def write_model_card(card: WeightsCard, folder: Path) -> None:
    """Write `folder/README.md`."""
    (folder / "README.md").write_text(model_card(card), encoding="utf-8")


def model_card(card: WeightsCard) -> str:
    """The card as Markdown."""
    sections = (_head(card), _use(), _data(card), _results(card), _limits(card), _making(card))
    return "\n\n".join(sections) + "\n"


def _head(card: WeightsCard) -> str:
    return f"""# Model card: {card.name}

**Research use only. Not a medical device, not a diagnosis.**

DenseNet-121 with every layer trained, on one grey channel; answers {_listing(card.classes)}.
{card.preprocess.describe()}
Generated from `{card.architecture}.json`; figures are percent-free shares with 95% intervals
(patients or sets of same pictures resampled 1,000 times)."""


def _use() -> str:
    definitions = "\n".join(
        f"- **{finding.display_name}**: {finding.definition}" for finding in CLASSES
    )
    return f"""## Intended use

For researchers and teachers: to study how such a reader behaves, and where it fails. Input is one
frontal chest radiograph. Not for lateral views, CT, or any decision about a patient. A normal film
does not exclude COVID-19.

{definitions}"""


def _data(card: WeightsCard) -> str:
    splits = list(card.films)
    rows = []
    for source in sorted({source for split in card.films.values() for source in split}):
        for label in card.classes:
            counts = [card.films[split].get(source, {}).get(label, 0) for split in splits]
            if any(counts):
                rows.append([source, _TITLES[label], *map(str, counts)])
    totals = [str(sum(sum(s.values()) for s in card.films[split].values())) for split in splits]
    rows.append(["all", "", *totals])
    sources = sorted({source for split in card.films.values() for source in split})
    terms = "\n".join(f"- `{source}`: {provenance(source)}" for source in sources)
    return f"""## Data

Films of one patient, and films that are the same picture, are on one side of the split only.

{_table(["Source", "Class", *splits], rows)}

{terms}"""


def _results(card: WeightsCard) -> str:
    test = card.results["test"]
    blocks = [
        f"""## Results

### Locked test part, all sources together ({test["films"]} films, {test["groups"]} independent)

Sources and classes go together here, so these figures flatter: read them beside the next section.

{_summary(test)}"""
    ]
    for key, title in (
        ("test_by_source", "Test films of one source at a time"),
        ("held_out", "A source never trained on"),
    ):
        for source, summary in card.results[key].items():
            blocks.append(
                f"### {title}: `{source}` ({summary['films']} films)\n\n{_summary(summary)}"
            )
    change = card.results["storage_change"]
    blocks.append(f"Largest change of any test probability by storing in float16: {change:.5f}.")
    return "\n\n".join(blocks)


def _limits(card: WeightsCard) -> str:
    return """## Limits

- Other pneumonia is nearly all of children, COVID-19 all of adults: age helps the model.
- COVID-19 and normal films come mostly from different hospitals: so may scanner, marker and export.
- Probabilities are the network's softmax, not calibrated to any population; training saw the three
  classes equally often.
- There is no gate yet: a picture that is no frontal chest radiograph gets an answer all the same.
- Grad-CAM shows where the score came from, in cells of a 7 x 7 grid. It outlines no lesion."""


def _making(card: WeightsCard) -> str:
    flags = " ".join(
        f"--{name.replace('_', '-')} {value}"
        for name, value in card.training.items()
        if name in ("init", "seed", "batch_size", "learning_rate")
    )
    return f"""## Made by

`python train.py` ({flags}; stages {card.training.get("stages", "")}; held out
{card.training.get("hold_out", "none")}), commit `{card.git_commit}`, torch {card.torch_version},
{card.created}. Tensors: SHA-256 `{card.sha256}`."""


def _summary(summary: dict[str, Any]) -> str:
    figures = [
        [_TITLES[label], *(_figure(per[name]) for name in ("auroc", "sensitivity", "specificity"))]
        for label, per in summary["classes"].items()
    ]
    header = ["Class against the rest", "AUROC", "Sensitivity", "Specificity"]
    confusion = [
        [f"{title} (label)", *map(str, row)]
        for title, row in zip(_TITLES.values(), summary["confusion"], strict=True)
        if any(row)
    ]
    called = ["", *(f"{title} (called)" for title in _TITLES.values())]
    return f"""{_table(header, figures)}

Accuracy {_figure(summary["accuracy"])}.

{_table(called, confusion)}"""


def _figure(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _listing(classes: tuple[str, ...]) -> str:
    titles = [_TITLES[label].lower() if label != "covid" else _TITLES[label] for label in classes]
    return ", ".join(titles[:-1]) + " or " + titles[-1]
