"""What a network's head is made of, for whoever reads cards and recipes: no PyTorch is needed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated

from pydantic import Field

LEAK = 0.1  # slope below zero of this project's leaky ReLU
_WIDTHS = (512, 128, 64, 32)  # of the hidden layers of this project's heads
_DROPOUT = 0.25
_MOST_ON_THE_MAP = (
    2**16
)  # weights for each channel: no card may ask for more memory than it is worth

Dropout = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True, slots=True)
class HiddenLayer:
    """One linear layer and its ReLU. `slope`: of the ReLU below zero.

    `normalised`: by batch normalisation, before the ReLU. `dropout`: of what the layer gives.
    """

    width: Annotated[int, Field(ge=1, le=1024)]
    slope: Annotated[float, Field(ge=0, le=1)] = LEAK
    dropout: Dropout = 0.0
    normalised: bool = False


@dataclass(frozen=True, slots=True)
class HeadPlan:
    """A head: what it sees of the feature map, its hidden layers, and one linear layer at the end.

    `cells`: a side; the map is averaged to so many squares, each with weights of its own: 1 is the
    mean over the map, and the map's own side the whole of it. `dropout`: of what the head is given.
    """

    cells: Annotated[int, Field(ge=1, le=64)] = 1
    dropout: Dropout = 0.0
    hidden: Annotated[tuple[HiddenLayer, ...], Field(max_length=8)] = ()

    def __post_init__(self) -> None:
        if self.cells**2 * (self.hidden[0].width if self.hidden else 1) > _MOST_ON_THE_MAP:
            raise ValueError("its first layer is too large")

    @property
    def places(self) -> tuple[int, ...]:
        """Where each hidden layer begins among the modules of `networks.PooledHead.hidden`.

        A normalisation follows its linear layer.
        """
        modules = [3 + layer.normalised for layer in self.hidden]  # linear, ReLU and dropout
        return tuple(accumulate(modules[:-1], initial=0)) if modules else ()


def deep_head(depth: int) -> HeadPlan:
    """The head of this project, with 0 to 4 hidden layers. Raises ValueError for another depth."""
    if not 0 <= depth <= len(_WIDTHS):
        raise ValueError(f"a head can't be {depth} deep: give 0 to {len(_WIDTHS)}")
    return HeadPlan(hidden=tuple(HiddenLayer(width, LEAK, _DROPOUT) for width in _WIDTHS[:depth]))
