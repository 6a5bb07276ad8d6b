"""SIGKILL at seeded instants of training and of writing: what is left, and what it comes to.

    python -m benchmarks.kills --kills 40

Half of training's kills fall anywhere, half inside a save of a checkpoint. After each, a checkpoint
must be readable and at most one interval lost, and the run that goes on must end in the very
tensors of one that nobody disturbed. Every kind of file that is made of films is killed while it is
written as often: the file is the old one or the new one.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.utils.tensorboard  # here, and not in each of the forks
from tqdm import tqdm

from benchmarks.arguments import parser_of
from benchmarks.record import RECORDS, Figure, format_record, record
from covid_core.datasets.split import Split
from covid_core.errors import TrainingError
from covid_core.model.networks import Network
from covid_core.prepare.preprocess import Preprocess
from covid_core.read.phantom import draw_phantom
from covid_core.storage.atomic import write_whole
from covid_core.training import loop, progress
from covid_core.training.checkpoint import load_latest
from covid_core.training.films import Films
from covid_core.training.recipe import Optimisation, Phase, Recipe
from covid_core.training.run import Run

FORK = multiprocessing.get_context("fork")  # a training starts at once, with PyTorch loaded
SIZE_PX = 64
FILMS, EVERY = 64, 4  # steps between two checkpoints
RECIPE = Recipe(
    "kills",
    "",
    "cnn4",
    (Phase("three classes", ((SIZE_PX, 3),)),),
    init="random",
    optimisation=Optimisation(batch_size=8, averaging=0.9),
)
_DIGEST = "sha256"
STEP, SAVES, SAVED, DONE = b"s<>="  # what a training reports by its pipe, a byte each


@dataclass(frozen=True, slots=True)
class Kill:
    """One SIGKILL.

    `steps`: done by then; `kept`: of the checkpoint that is left, -1 where none can be read;
    `same`: whether the run that went on ended in the same tensors.
    """

    inside_save: bool
    steps: int
    kept: int
    same: bool

    @property
    def lost(self) -> int:
        """Steps that must be done again."""
        return self.steps - self.kept


@dataclass(frozen=True, slots=True)
class WatchedTraining:
    """A training, by its pipe: bytes as above, each with its time in seconds."""

    process: BaseProcess
    pipe: int

    def __iter__(self) -> Iterator[tuple[int, float]]:
        while said := os.read(self.pipe, 1):
            yield said[0], time.perf_counter()

    def kill(self) -> list[int]:
        """Kill it, and give what it had said until then."""
        self.process.kill()
        return self.rest()

    def rest(self) -> list[int]:
        """What it says from now until its end."""
        said = [said for said, _ in self]
        self.process.join()
        os.close(self.pipe)
        return said


def phantoms() -> Films:
    """FILMS of them in three classes, three of four to train on."""
    labels = np.arange(FILMS) % 3
    kinds = np.where(np.arange(FILMS) % 4 == 0, Split.VALIDATION.value, Split.TRAIN.value)
    drawn = [draw_phantom(size_px=SIZE_PX, seed=seed) for seed in range(FILMS)]
    pictures = np.stack([Preprocess(SIZE_PX).picture(film / np.float32(255)) for film in drawn])
    names = tuple(f"{number}.png" for number in range(FILMS))
    return Films(pictures, labels, np.arange(FILMS), np.full(FILMS, "phantom"), kinds, names)


def started(films: Films, run: Path) -> WatchedTraining:
    """A training in a process of its own, which goes on where a run stopped."""
    reading, writing = os.pipe()
    child = FORK.Process(target=_train, args=(films, run, writing))
    child.start()
    os.close(writing)
    return WatchedTraining(child, reading)


def training_kills(count: int, seed: int, place: Path) -> list[Kill]:
    """Train undisturbed, then kill `count` trainings, every second one inside a save."""
    films, drawing = phantoms(), np.random.default_rng(seed)
    whole = place / "whole"
    times = list(started(films, whole))
    first, last = (next(at for said, at in order if said == STEP) for order in (times, times[::-1]))
    saving = [at for said, at in times if said in (SAVES, SAVED)]
    save_s, saves = float(np.median(np.diff(saving)[::2])), len(saving) // 2
    found: list[Kill] = []
    with tqdm(total=count, desc="kills", unit="kill") as progress:
        while len(found) < count:
            inside = len(found) % 2 == 1
            run = place / f"{len(found)}"
            begins = int(drawing.integers(saves)) if inside else 0
            waits_s = float(drawing.uniform(0, save_s if inside else last - first))
            kill = _one(films, run, SAVES if inside else STEP, begins, waits_s, whole)
            if kill is None or kill.inside_save != inside:
                shutil.rmtree(run)  # it had ended before, or was elsewhere: drawn anew
                continue
            found.append(kill)
            progress.update()
    return found


def _one(
    films: Films, run: Path, sign: int, begins: int, waits_s: float, whole: Path
) -> Kill | None:
    """A kill some seconds after a sign was given for the `begins`-th time; None where too late."""
    training = started(films, run)
    said = list(_until(training, sign, begins))
    time.sleep(waits_s)
    said += training.kill()
    if DONE in said:
        return None
    saving = [one for one in said if one in (SAVES, SAVED)]
    try:
        state = load_latest(run / "phase0.pt")
        kept = state["step"] if state else -1 if SAVED in said else 0
    except TrainingError:
        kept = -1
    started(films, run).rest()
    same = (run / _DIGEST).read_text() == (whole / _DIGEST).read_text()
    return Kill(saving[-1:] == [SAVES], said.count(STEP), kept, same)


def _until(training: WatchedTraining, sign: int, begins: int) -> Iterator[int]:
    for said, _ in training:
        yield said
        begins -= said == sign
        if begins < 0:
            return


def writing_kills(count: int, seed: int, place: Path) -> int:
    """How many of so many kills, while a file was written over and over, left it broken.

    Broken is neither the old one nor the new one; what is left beside it counts too.
    """
    drawing = np.random.default_rng(seed)
    path, whole = place / "file", [bytes([letter]) * 2_000_000 for letter in b"ab"]
    write_whole(path, whole[0])
    broken = 0
    for _ in tqdm(range(count), "writing", unit="kill"):
        child = FORK.Process(target=_write_for_ever, args=(path, whole))
        child.start()
        time.sleep(float(drawing.uniform(0.01, 0.1)))
        child.kill()
        child.join()
        broken += path.read_bytes() not in whole
    write_whole(path, whole[0])
    return broken + len(list(place.glob("*.partial")))


def _write_for_ever(path: Path, whole: Sequence[bytes]) -> None:
    for data in cycle(whole):
        write_whole(path, data)


def _train(films: Films, run: Path, pipe: int) -> None:
    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    loop.train_step = _telling(loop.train_step, pipe, after=STEP)
    saving = progress.save_checkpoint  # type: ignore[attr-defined]
    progress.save_checkpoint = _telling(saving, pipe, before=SAVES, after=SAVED)  # type: ignore[attr-defined]
    torch.manual_seed(0)
    trained = loop.train(
        Network(RECIPE.architecture, 3),
        Run(
            films,
            Preprocess(SIZE_PX),
            RECIPE,
            run,
            seed=0,
            device=torch.device("cpu"),
            resume=True,
            checkpoint_every=EVERY,
        ),
    )
    tensors = b"".join(tensor.numpy().tobytes() for tensor in trained.state_dict().values())
    (run / _DIGEST).write_text(hashlib.sha256(tensors).hexdigest())
    os.write(pipe, bytes([DONE]))


def _telling(
    work: Callable[..., Any], pipe: int, *, after: int, before: int | None = None
) -> Callable[..., Any]:
    def work_and_tell(*arguments: Any, **options: Any) -> Any:
        if before is not None:
            os.write(pipe, bytes([before]))
        made = work(*arguments, **options)
        os.write(pipe, bytes([after]))
        return made

    return work_and_tell


def figures(kills: Sequence[Kill], broken: int) -> list[Figure]:
    count, inside = len(kills), sum(kill.inside_save for kill in kills)
    readable = sum(kill.kept >= 0 for kill in kills)
    same = sum(kill.same for kill in kills)
    lost = max(kill.lost for kill in kills)
    return [
        Figure("Trainings killed, of them inside a save", f"{count}, {inside}"),
        Figure(
            "A checkpoint can be read, or none was due",
            f"{readable}",
            f"{count}",
            readable == count,
        ),
        Figure("Gone on to the same tensors, by SHA-256", f"{same}", f"{count}", same == count),
        Figure("Most steps lost", f"{lost}", f"{EVERY}, one interval", lost <= EVERY),
        Figure(
            f"Files broken or left over by {count} kills while one was written",
            f"{broken}",
            "0",
            broken == 0,
        ),
    ]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RECORDS, help="folder for what is found")
    options = parser.parse_args()
    torch.set_num_threads(1)  # else a fork inherits half a pool of them
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        kills = training_kills(options.kills, options.seed, place)
        broken = writing_kills(options.kills, options.seed, place / "written")
    found = figures(kills, broken)
    command = f"python -m benchmarks.kills --kills {options.kills} --seed {options.seed}"
    raw = [asdict(kill) for kill in kills]
    print(format_record(record("kills", command, found, raw=raw, folder=options.out)))


if __name__ == "__main__":
    main()
