"""How often a map passes its test of itself.

Maps of the shipped weights, of randomised weights, and of weights that are added up over the wrong
channels.

    python -m benchmarks.map_check MANIFEST [--films 60] [--draws 10]

The limits (`map_tests.LIMITS`) were chosen on the validation part; the test part and the held-out
source had no say in them. Randomised are the head alone, the head and the last block, everything
(drawn anew as at the start of a training, normalisation fitted to films), and everything by
shuffling each layer's own numbers, which keeps their sizes. The wrong channels are a shuffle of the
shipped head's for the map alone, while the answer stays right.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.arguments import parser_of
from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import MEASURED, Split
from covid_core.engines.engine import Engine
from covid_core.engines.exported import ExportedNetwork
from covid_core.engines.torch import TorchEngine
from covid_core.evaluation.faithfulness import STAGES, randomised
from covid_core.evaluation.sample import Sample, draw_sample
from covid_core.explain.map_tests import LIMITS, MapCheck, check_map
from covid_core.findings import CLASSES, Finding
from covid_core.metrics import mean
from covid_core.model.card import WEIGHTS, WeightsCard
from covid_core.model.head import Head, summed
from covid_core.model.network_files import load_weights
from covid_core.model.networks import Network
from covid_core.model.saliency import Saliency
from covid_core.predict.lungs import Lungs
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.present import markdown
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.read.radiograph import Radiograph

PARTS = (Split.VALIDATION, *MEASURED)
SHUFFLED = "everything, shuffled"
KINDS_DRAWN = len(STAGES) + 1
HEADER = ("Map of", "Films", "Passed all (95% interval)", *(f"Passed {name}" for name in LIMITS))
_FITTED = 8  # films that normalisation is fitted to


@dataclass(frozen=True, slots=True, eq=False)
class Films:
    """An entry a film: where its lungs are, bool (128, 128), and the group that it belongs to."""

    radiographs: tuple[Radiograph, ...]
    masks: Sequence[np.ndarray]
    groups: np.ndarray

    def some(self, chosen: np.ndarray) -> Films:
        """Those at some places, int (n,), counted round."""
        chosen = chosen % len(self.radiographs)
        films = tuple(self.radiographs[i] for i in chosen)
        return Films(films, [self.masks[i] for i in chosen], self.groups[chosen])


class Mismatched(Predictor):
    """The right answers, and maps whose weights belong to other channels."""

    draw = 0

    def explain(self, prediction: Prediction, finding: Finding) -> Saliency:
        """The evidence, added up over the wrong channels."""
        output = prediction.answers.index(finding)
        weights = self.head.weights(prediction.feature_map, output)
        mixed = np.random.default_rng(self.draw).permutation(weights)
        cells = summed(mixed, prediction.feature_map)
        return replace(super().explain(prediction, finding), cells=cells)


def of_sample(sample: Sample) -> Films:
    films = [
        Radiograph(film.astype(np.float32) / 255, f"{i:064x}", "sample")
        for i, film in enumerate(sample.films)
    ]
    return Films(tuple(films), list(sample.masks), sample.groups)


def phantoms(count: int, lungs: Lungs) -> Films:
    films = [
        Radiograph(
            draw_phantom(KINDS[i % len(KINDS)], size_px=512, seed=i).astype(np.float32) / 255,
            f"{i:064x}",
            "phantom",
        )
        for i in range(count)
    ]
    return Films(tuple(films), [lungs.inside(film) for film in films], np.arange(count))


def checks(predictor: Predictor, films: Films) -> list[MapCheck]:
    """Of the likeliest class's map of each film."""
    found = []
    for radiograph, mask in zip(films.radiographs, films.masks, strict=True):
        prediction = predictor.predict(radiograph)
        saliency = predictor.explain(prediction, prediction.label)
        found.append(check_map(predictor, prediction, saliency, mask))
    return found


def called(predictor: Predictor, films: Films) -> np.ndarray:
    """The likeliest class of each film, index into CLASSES, int (N,)."""
    labels = [predictor.predict(film).label for film in films.radiographs]
    return np.array([CLASSES.index(label) for label in labels])


def row(title: str, found: Sequence[MapCheck], groups: np.ndarray) -> list[str]:
    passed = np.array([check.passed for check in found])
    tests = np.array([[test.passed for test in check.tests] for check in found])
    return [
        title,
        str(len(found)),
        str(mean(passed, groups)),
        *(f"{one:.3f}" for one in tests.mean(axis=0)),
    ]


def shuffled(network: Network, seed: int) -> Network:
    """A copy, each of its tensors of weights in an order drawn at random."""
    copied = copy.deepcopy(network)
    drawing = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in copied.parameters():
            flat = tensor.flatten()
            mixed = flat[torch.randperm(len(flat), generator=drawing)]
            tensor.copy_(mixed.reshape(tensor.shape))
    return copied.eval()


def drawn_predictors(
    network: Network, card: WeightsCard, engine: Engine, films: Films, draws: int
) -> Iterator[tuple[str, Predictor]]:
    """Predictors of randomised weights: `draws` of each kind.

    Where only the head is drawn, the shipped engine stays.
    """
    pictures = np.stack([card.preprocess.picture(film) for film in films.radiographs[:_FITTED]])
    x = card.preprocess.tensor(pictures)
    for seed in range(draws):
        for stage in STAGES:
            drawn = randomised(network, x[:1] if stage == "head" else x, stage, seed=seed)
            runs = engine if stage == "head" else _engine(drawn)
            yield stage, Predictor(runs, _head(drawn), card)
        mixed = shuffled(network, seed)
        yield (
            SHUFFLED,
            Predictor(_engine(mixed), _head(mixed), card),
        )


def _engine(network: Network) -> TorchEngine:
    return TorchEngine(ExportedNetwork(network, network.engine_outputs))


def _head(network: Network) -> Head:
    tensors = network.head.state_dict()
    named = {f"head.{name}": tensor.numpy() for name, tensor in tensors.items()}
    return Head.of(named, network.head.plan)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--films", type=int, default=60, help="of each part")
    parser.add_argument("--draws", type=int, default=10, help="of randomised weights")
    parser.add_argument("--each", type=int, default=2, help="phantoms, and films, of each draw")
    options = parser.parse_args()
    table, lungs = read_manifest(options.manifest), Lungs.load()
    network, _card = load_weights(options.weights)
    predictor = Predictor.load(options.weights, gated=False)
    right, times = {}, []
    print(markdown.table(HEADER, []))
    for part in PARTS:
        sample = draw_sample(table, part, lungs, count=options.films, seed=0, workers=2)
        films = of_sample(sample)
        right[part] = films.some(np.nonzero(called(predictor, films) == sample.labels)[0])
        started = time.process_time()
        found = checks(predictor, right[part])
        times.append((time.process_time() - started) / len(found))
        say(f"shipped weights, {part}, called right", found, right[part].groups)
    print(f"\nSeconds of a core, prediction and test: {np.mean(times):.2f}\n", flush=True)
    if options.draws:
        print(markdown.table(HEADER, []))
        of_meaningless_weights(network, predictor, right, lungs, options)


def of_meaningless_weights(
    network: Network,
    predictor: Predictor,
    right: dict[Split, Films],
    lungs: Lungs,
    options: argparse.Namespace,
) -> None:
    each, outcome = options.each, dict[str, list[MapCheck]]()
    mismatched = Mismatched(predictor.engine, predictor.head, predictor.card)
    tried = {
        "test films": right[Split.TEST].some,
        "phantoms": phantoms(each * options.draws, lungs).some,
    }
    drawn = drawn_predictors(
        network, predictor.card, predictor.engine, right[Split.VALIDATION], options.draws
    )
    for number, (kind, randomised_predictor) in enumerate(drawn):
        few = number // KINDS_DRAWN * each + np.arange(each)
        for name, some in tried.items():
            found = checks(randomised_predictor, some(few))
            outcome.setdefault(f"randomised {kind}, {name}", []).extend(found)
    for mismatched.draw in range(options.draws):
        found = checks(mismatched, tried["test films"](mismatched.draw * each + np.arange(each)))
        outcome.setdefault("wrong channels, test films", []).extend(found)
    for name, found in sorted(outcome.items()):
        say(name, found, np.arange(len(found)) // each)  # films of one draw are no two trials


def say(title: str, found: Sequence[MapCheck], groups: np.ndarray) -> None:
    print("| " + " | ".join(row(title, found, groups)) + " |", flush=True)


if __name__ == "__main__":
    main()
