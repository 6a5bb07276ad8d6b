"""The model card's front matter: what Hugging Face's hub lists, searches and compares models by.

The keys are those of its model card specification, `model-index` has the results.
It is YAML, in which every JSON text is valid.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from covid_core.findings import Finding
from covid_core.metrics import Estimate
from covid_core.model.card import WeightsCard
from covid_core.model.results import UNSEEN, Part
from covid_core.sources import PUBLIC

_FENCE = "---"
_TASK = {"type": "image-classification", "name": "Image classification"}
_TAGS = ("medical", "radiology", "chest-x-ray", "covid-19", "grad-cam", "research-use-only")
# Of weights that learnt from the public sets: as weights/LICENSE.md says. Others are their maker's.
_LICENSE = "cc-by-nc-4.0"


def front_matter(card: WeightsCard) -> str:
    """The block at a model card's top, its fences included."""
    sources = {source for part in card.films.values() for source in part}
    public = {"license": _LICENSE} if sources & PUBLIC.keys() else {}
    fields: dict[str, Any] = {
        "language": "en",
        **public,
        "library_name": "pytorch",
        "pipeline_tag": _TASK["type"],
        "tags": [*_TAGS, card.architecture],
        "model-index": [{"name": card.name, "results": list(_results(card))}],
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    return "\n".join([_FENCE, *lines, _FENCE])


def without_front_matter(text: str) -> str:
    """A card's Markdown for people, as it begins below the block; all of it where there is none."""
    fence = f"{_FENCE}\n"
    if not text.startswith(fence):
        return text
    _, _, rest = text.removeprefix(fence).partition(f"\n{fence}")
    return rest.lstrip("\n")


def _results(card: WeightsCard) -> Iterator[dict[str, Any]]:
    """One for each part of films that was measured, the most meaningful first."""
    disease = card.classes[-1]
    for part in card.results.parts:
        own = part.summary.classes.get(disease)
        figures = [
            _metric("accuracy", "Accuracy", part.summary.accuracy),
            _metric("roc_auc", _auroc_of(disease), own.auroc) if own else None,
        ]
        if metrics := [metric for metric in figures if metric]:
            yield {"task": _TASK, "dataset": _dataset(part), "metrics": metrics}


def _dataset(part: Part) -> dict[str, str]:
    said = UNSEEN if part.unseen else "the same sources as training"
    return {"type": part.name, "name": f"{part.name} ({said})", "split": "test"}


def _metric(kind: str, name: str, figure: Estimate) -> dict[str, Any] | None:
    """One figure as the front matter has it; None where it was not measured."""
    if math.isnan(figure.value):
        return None
    interval = f"95% interval {figure.low:.3f} to {figure.high:.3f}, {figure.n} radiographs"
    return {"type": kind, "name": f"{name}; {interval}", "value": round(figure.value, 3)}


def _auroc_of(disease: Finding) -> str:
    return f"AUROC of {disease.display_name} against the rest"
