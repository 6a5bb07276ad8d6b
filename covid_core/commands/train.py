"""`train`, as train.py: its options, and what they choose."""

from __future__ import annotations

import math
import runpy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import BadParameter, Option

from covid_core.commands.arguments import ListPassedOver, SkipUnknown
from covid_core.commands.scripts import find_script
from covid_core.training.variant_names import Variant, recipe_names

if TYPE_CHECKING:
    from covid_core.training.recipe import Recipe


def run(options: Options) -> int:
    """Train as train.py does; the exit status."""
    status: int = runpy.run_path(str(find_script("train.py")))["run"](options)
    return status


def parse_stages(text: str) -> tuple[tuple[int, float], ...]:
    """Stages from text: `128:6,224:1.5` gives ((128, 6.0), (224, 1.5)), in px and epochs.

    Raises BadParameter.
    """
    try:
        pairs = [stage.split(":") for stage in text.split(",")]
        stages = tuple((int(size), float(epochs)) for size, epochs in pairs)
    except ValueError:
        stages = ()
    if not stages or any(size < 1 or not 0 < epochs < math.inf for size, epochs in stages):
        raise BadParameter(
            f"{text} is no list of image sizes in px, each with its epochs, such as 128:6,224:1.5"
        )
    return stages


@dataclass(frozen=True, kw_only=True)
class Options:
    """Train on your own radiographs, as train.py does.

    From --init on, options stand in place of what the recipe says.
    """

    data: Annotated[Path, Option("--data", help="folder of radiographs, or a manifest")]
    out: Annotated[Path, Option("--out", help="folder for the weights")] = Path("weights")
    run: Annotated[
        Path | None,
        Option("--run-dir", show_default="runs/RECIPE", help="folder for checkpoints and the log"),
    ] = None
    recipe: Annotated[
        str, Option("--recipe", help=f"{', '.join(recipe_names())}, or a .toml file")
    ] = "densenet121"
    variant: Annotated[
        Variant,
        Option(
            "--variant",
            help="of the recipe: ours, on all radiographs; as its study published it, leaks and"
            " mistakes included; or the study's without these",
        ),
    ] = Variant.OURS
    holdout_source: Annotated[
        list[str],
        Option(
            "--holdout-source",
            default_factory=list,
            show_default=False,
            metavar="NAME",
            help="a source never to train on; may be given several times",
        ),
    ]
    skip_bad: Annotated[
        bool,
        Option(
            "--skip-bad", help="leave damaged files out, and list them in the run's quarantine.csv"
        ),
    ] = False
    skip_unknown: SkipUnknown = False
    list_passed_over: ListPassedOver = False
    seed: Annotated[
        int,
        Option(
            "--seed",
            help="of the split, the first weights, and the order and variation of radiographs",
        ),
    ] = 0
    checkpoint_every: Annotated[
        int,
        Option("--checkpoint-every", metavar="STEPS", help="steps between two checkpoints"),
    ] = 100
    compile: Annotated[
        bool,
        Option(
            "--compile",
            help="compile the network by torch.compile: slower to start, then faster",
        ),
    ] = False
    teacher: Annotated[
        list[Path],
        Option(
            "--teacher",
            default_factory=list,
            show_default=False,
            metavar="DIR",
            help="weights folder whose networks' answers are learnt too, also to radiographs"
            " without a label; may be given several times",
        ),
    ]
    trained_on: Annotated[
        list[Path],
        Option(
            "--trained-on",
            default_factory=list,
            show_default=False,
            metavar="FILE",
            help="the manifest that the weights of --init and --teacher were trained on, where the"
            " radiographs given have another split: proves that none that tunes or tests taught"
            " them; may be given several times",
        ),
    ]
    resume: Annotated[bool, Option("--resume", help="go on from the run's checkpoint")] = False
    init: Annotated[str | None, Option("--init", help="imagenet, random, or a file of weights")] = (
        None
    )
    architecture: Annotated[str | None, Option("--architecture", help="another backbone")] = None
    head_depth: Annotated[
        int | None, Option("--head-depth", help="hidden layers of the head, 0 to 4")
    ] = None
    stages: Annotated[
        Sequence[tuple[int, float]] | None,
        Option(
            "--stages",
            parser=parse_stages,
            metavar="STAGES",
            help="of each phase: image size in px:epochs, such as 128:6,224:1.5; the network is"
            " used at the last size",
        ),
    ] = None
    trained: Annotated[
        Literal["all", "head", "last convolution", "detail"] | None,
        Option(
            "--trained",
            help="in each phase: every layer, the head, the last convolution and the head, or the"
            " detail of the opacity map alone, which the class looks by",
        ),
    ] = None
    fit: Annotated[
        Literal["squash", "pad"] | None, Option("--fit", help="how a radiograph is made square")
    ] = None
    smooth_px: Annotated[
        float | None,
        Option(
            "--smooth-px",
            help="standard deviation of the Gaussian that smooths the resized radiograph",
        ),
    ] = None
    tone: Annotated[
        Literal["stretch", "equalise"] | None,
        Option("--tone", help="how a radiograph's grey levels are spread"),
    ] = None
    borders: Annotated[
        Literal["keep", "cut"] | None,
        Option("--borders", help="whether bars and padding around a radiograph are kept or cut"),
    ] = None
    batch_size: Annotated[int | None, Option("--batch-size", help="radiographs in each step")] = (
        None
    )
    learning_rate: Annotated[
        float | None, Option("--learning-rate", help="the highest learning rate")
    ] = None
    weight_decay: Annotated[
        float | None, Option("--weight-decay", help="how strongly weights are drawn towards 0")
    ] = None
    label_smoothing: Annotated[
        float | None,
        Option(
            "--label-smoothing", help="share of a label that is spread over all classes, 0 to 1"
        ),
    ] = None
    averaging: Annotated[
        float | None,
        Option("--averaging", help="decay of the averaged weights, 0 for none, to below 1"),
    ] = None


def choose_recipe(options: Options) -> Recipe:
    """The recipe, with what the command line gives in its place. Raises TrainingError."""
    from covid_core.model.architectures import TRANSITIONS
    from covid_core.training.recipe import check_outputs  # takes seconds: not for --help
    from covid_core.training.variants import recipe_in

    def given(*names: str) -> dict[str, Any]:
        return {n: getattr(options, n) for n in names if getattr(options, n) is not None}

    recipe = recipe_in(options.variant, options.recipe)
    optimisation = replace(
        recipe.optimisation,
        **given("batch_size", "learning_rate", "weight_decay", "label_smoothing", "averaging"),
    )
    phases = tuple(replace(phase, **given("stages", "trained")) for phase in recipe.phases)
    own = given("init", "architecture", "head_depth", "fit", "smooth_px", "tone", "borders")
    if "head_depth" in own:
        own["head"] = None
    if options.architecture and options.architecture not in TRANSITIONS:
        own["fine_opacity"] = False
    chosen = replace(recipe, phases=phases, optimisation=optimisation, **own)
    check_outputs(chosen)
    return chosen


def default_folder(options: Options, recipe: Recipe) -> Path:
    """The folder of a run that was given none: runs/RECIPE, or runs/RECIPE-VARIANT."""
    variant = "" if options.variant is Variant.OURS else f"-{options.variant}"
    return Path("runs") / f"{recipe.name}{variant}"


def describe_choices(options: Options, recipe: Recipe) -> dict[str, str]:
    """All that the command line or the recipe chose, by name, for the weights' card.

    With what a source held out chose of the weights that training starts from: it stays chosen. Of
    a path only its name is stated, and of the first weights their folder's too: the folders above
    tell strangers about the machine.
    """
    given = ("data", "holdout_source", "seed", "variant", "teacher")
    chosen = {name: getattr(options, name) for name in given} | recipe.choices
    named = {name: _in_words(value) for name, value in chosen.items()}
    named["init"] = "/".join(Path(recipe.init).parts[-2:])
    return named | _inherited_choices(Path(recipe.init))


def _in_words(value: object) -> str:
    """A choice as the card states it; of a path its name."""
    if isinstance(value, list):
        return ", ".join(map(_in_words, value)) or "none"
    return value.resolve().name if isinstance(value, Path) else str(value)


def _inherited_choices(init: Path) -> dict[str, str]:
    """What the card beside the weights `init` says of choices by a source held out, if anything."""
    from covid_core.datasets.split import Split
    from covid_core.model.card import card_of
    from covid_core.model.choices import CHOSEN_BY, list_choices

    card = card_of(init)
    if card is None:  # such as "imagenet"
        return {}
    stated = list_choices(card.training, card.films.get(Split.HELD_OUT.value, {}))
    return {CHOSEN_BY: stated} if stated else {}
