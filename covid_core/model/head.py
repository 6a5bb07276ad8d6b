"""A network's head in NumPy: from feature map to logits, and back to the evidence on the film.

Mean over the cells, hidden layers if any, one linear layer: a few thousand products. Done here in
float64 from the feature map that is shown, a logit and the evidence that adds up to it are the same
numbers whatever engine made the map, and neither needs PyTorch. Some studies' heads see each part
of the map for itself (`HeadPlan.cells`): millions of products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from covid_core.model.head_plan import HeadPlan

_EPSILON = 1e-5  # of batch normalisation, as PyTorch adds it to the variance


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The layers after the mean over the cells, or over each part of them.

    `layers`: weight, float64 (outputs, inputs), and bias, float64 (outputs,), of each in order;
    all but the last are followed by a ReLU. `slopes`: of these, below zero. `cells`: a side, of the
    map's parts, as `HeadPlan` has it.
    """

    layers: tuple[tuple[np.ndarray, np.ndarray], ...]
    slopes: tuple[float, ...] = ()
    cells: int = 1

    @classmethod
    def of(cls, tensors: Mapping[str, np.ndarray], plan: HeadPlan) -> Head:
        """The head of a network's tensors by name, as `network_files` stores them, and its plan.

        Raises KeyError, and ValueError where they make no head.
        """
        names = [f"head.hidden.{place}" for place in plan.places]
        head = cls.of_layers(tensors, *names, "head.linear")
        if sum(name.startswith("head.hidden.") for name in tensors) != sum(
            _TENSORS[layer.normalised] for layer in plan.hidden
        ):
            raise ValueError("its hidden layers are others")
        if head.layers[0][0].shape[1] % plan.cells**2:
            raise ValueError(f"its inputs are not of {plan.cells} x {plan.cells} cells")
        layers = list(head.layers)
        for i, (layer, place) in enumerate(zip(plan.hidden, plan.places, strict=True)):
            if layer.normalised:
                layers[i] = _normalised(layers[i], tensors, f"head.hidden.{place + 1}")
        return cls(tuple(layers), tuple(layer.slope for layer in plan.hidden), plan.cells)

    @classmethod
    def of_layers(cls, tensors: Mapping[str, np.ndarray], *names: str) -> Head:
        """The head made of the linear layers of these names, in this order.

        Raises KeyError, and ValueError where they make no head.
        """
        layers = [(tensors[f"{name}.weight"], tensors[f"{name}.bias"]) for name in names]
        inputs = layers[0][0].shape[-1:]
        for weight, bias in layers:
            if weight.dtype.kind != "f" or weight.shape != bias.shape + inputs or bias.ndim != 1:
                raise ValueError(f"a layer of {weight.dtype} {weight.shape} after {inputs}")
            if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
                raise ValueError("NaN or infinity")
            inputs = bias.shape
        return cls(
            tuple((weight.astype(np.float64), bias.astype(np.float64)) for weight, bias in layers)
        )

    @property
    def bias(self) -> np.ndarray:
        """The last layer's bias, float64 (outputs,)."""
        return self.layers[-1][1]

    def logits(self, feature_map: np.ndarray) -> np.ndarray:
        """Feature map, float32 (channels, h, w), to logits, float64 (outputs,)."""
        *hidden, (weight, bias) = self.layers
        values = _pooled(feature_map, self.cells)
        for (step, shift), slope in zip(hidden, self.slopes, strict=True):
            values = _leaky(step @ values + shift, slope)
        return weight @ values + bias

    def evidence(self, feature_map: np.ndarray, output: int) -> np.ndarray:
        """Grad-CAM of an output before it is clipped and stretched: float32 (h, w), in logits.

        Selvaraju et al. 2017. The gradient of a logit with respect to a cell is the same in all
        cells of a channel, so its mean comes from the head alone; where a head sees the map's parts
        for themselves, the mean over these. For one linear layer on the mean over the map the
        cells' sum plus the bias is the logit.
        """
        return summed(self.weights(feature_map, output), feature_map)

    def weights(self, feature_map: np.ndarray, output: int) -> np.ndarray:
        """What each channel counts in a cell for an output, in logits: float64 (channels,)."""
        channels, height, width = feature_map.shape
        gradient = self._gradient(_pooled(feature_map, self.cells), output)
        return gradient.reshape(channels, -1).sum(axis=1) / (height * width)

    def _gradient(self, pooled: np.ndarray, output: int) -> np.ndarray:
        """The gradient of an output's logit by what the head is given, float64 (inputs,)."""
        *hidden, (weight, _) = self.layers
        steepness, values = [], pooled
        for (step, shift), slope in zip(hidden, self.slopes, strict=True):
            values = step @ values + shift
            steepness.append(np.where(values > 0, 1.0, slope))
            values = _leaky(values, slope)
        gradient = weight[output]
        for (step, _), steep in zip(reversed(hidden), reversed(steepness), strict=True):
            gradient = (gradient * steep) @ step
        return gradient


def summed(weights: np.ndarray, feature_map: np.ndarray) -> np.ndarray:
    """The evidence in each cell of a feature map: float32 (h, w).

    `weights`: how much each channel counts, (channels,). `feature_map`: (channels, h, w).
    """
    return np.einsum("c,chw->hw", weights, feature_map, dtype=np.float64).astype(np.float32)


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """The probabilities of log odds: float32 of the same shape, 0 to 1."""
    return np.asarray(1 / (1 + np.exp(-log_odds.astype(np.float64))), np.float32)


_TENSORS = {False: 2, True: 7}  # of a hidden layer without normalisation and with it


def _normalised(
    layer: tuple[np.ndarray, np.ndarray], tensors: Mapping[str, np.ndarray], name: str
) -> tuple[np.ndarray, np.ndarray]:
    """A linear layer with the batch normalisation after it. Raises as `Head.of` does."""
    weight, bias = layer
    gain, shift, mean, variance = (
        tensors[f"{name}.{part}"].astype(np.float64)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    if not gain.shape == shift.shape == mean.shape == variance.shape == bias.shape:
        raise ValueError("a normalisation of another size")
    if not (variance >= 0).all():
        raise ValueError("a variance below zero, or NaN")
    scale = gain / np.sqrt(variance + _EPSILON)
    folded = weight * scale[:, np.newaxis], (bias - mean) * scale + shift
    if not all(np.isfinite(values).all() for values in folded):
        raise ValueError("NaN or infinity")
    return folded


def _pooled(feature_map: np.ndarray, cells: int) -> np.ndarray:
    """The means of cells x cells parts of each channel, float64 (channels x cells x cells,).

    The parts are those of PyTorch's adaptive pooling: they overlap where they don't fit evenly.
    """
    if cells == 1:
        return feature_map.mean(axis=(1, 2), dtype=np.float64)
    down, across = (_parts(side, cells) for side in feature_map.shape[1:])
    return np.einsum("ih,chw,jw->cij", down, feature_map, across, optimize=True).ravel()


def _parts(side: int, cells: int) -> np.ndarray:
    """What each of a side's places counts in the mean of each part: float64 (cells, side)."""
    i = np.arange(cells)[:, np.newaxis]
    start, end = i * side // cells, -(-(i + 1) * side // cells)
    place = np.arange(side)
    inside = (place >= start) & (place < end)
    return inside / inside.sum(axis=1, keepdims=True)


def _leaky(values: np.ndarray, slope: float) -> np.ndarray:
    return np.where(values > 0, values, slope * values)
