"""Derivatives of single operations as they are remembered wrongly, and other settings of an operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import torch

from gradcheck_cli.model.recording import Node
from gradcheck_cli.oracles.graph import transforms
from gradcheck_cli.oracles.graph.chain import GraphStep


class At(NamedTuple):
    """Where a derivative is taken: the operand, the result, and what the node is given."""

    x: torch.Tensor
    y: torch.Tensor
    g: torch.Tensor


WrongSlope: TypeAlias = Callable[[At], torch.Tensor]
"""A wrong message, before it is added up to the operand's shape."""


def _where(condition: torch.Tensor, array: torch.Tensor) -> torch.Tensor:
    return torch.where(condition, array, torch.zeros_like(array))


_RELU: Mapping[str, WrongSlope] = {
    "the sign of G decides, not that of the input": lambda at: _where(at.g > 0, at.g),
    "the input is handed on, not its mask": lambda at: at.g * at.y,
    "the mask is turned round": lambda at: _where(at.x <= 0, at.g),
}
_TURNED: Mapping[str, WrongSlope] = {"it is reshaped, not turned back": lambda at: at.g.reshape(at.x.shape)}
# op -> name of the slip -> the wrong derivative by its first operand. y is the result.
_OF_FIRST: Mapping[str, Mapping[str, WrongSlope]] = {
    "aten.tanh.default": {
        "1 - y for 1 - y^2": lambda at: at.g * (1 - at.y),
        "1 + y^2 for 1 - y^2": lambda at: at.g * (1 + at.y * at.y),
        "y (1 - y) for 1 - y^2": lambda at: at.g * at.y * (1 - at.y),
        "1 - tanh(y)^2 for 1 - y^2": lambda at: at.g * (1 - at.y.tanh() ** 2),
        "y^2 for 1 - y^2": lambda at: at.g * at.y * at.y,
        "that of a ReLU for 1 - y^2": lambda at: _where(at.x > 0, at.g),
    },
    "aten.sigmoid.default": {
        "y for y (1 - y)": lambda at: at.g * at.y,
        "1 - y for y (1 - y)": lambda at: at.g * (1 - at.y),
        "y (1 + y) for y (1 - y)": lambda at: at.g * at.y * (1 + at.y),
        "1 - y^2 for y (1 - y)": lambda at: at.g * (1 - at.y * at.y),
        "sigmoid(y) (1 - sigmoid(y)) for y (1 - y)": lambda at: at.g * at.y.sigmoid() * (1 - at.y.sigmoid()),
        "x (1 - x) for y (1 - y)": lambda at: at.g * at.x * (1 - at.x),
        "that of a ReLU for y (1 - y)": lambda at: _where(at.x > 0, at.g),
    },
    "aten.relu.default": _RELU,
    "aten.clamp_min.default": _RELU,
    "aten.exp.default": {
        "x exp(x) for exp(x)": lambda at: at.g * at.x * at.y,
        "x for exp(x)": lambda at: at.g * at.x,
    },
    "aten.log.default": {"x for 1 / x": lambda at: at.g * at.x, "log(x) for 1 / x": lambda at: at.g * at.y},
    "aten.sqrt.default": {
        "sqrt(x) / 2 for 1 / (2 sqrt(x))": lambda at: at.g * at.y / 2,
        "1 / (2 x) for 1 / (2 sqrt(x))": lambda at: at.g / (2 * at.x),
        "1 / sqrt(x) for 1 / (2 sqrt(x))": lambda at: at.g / at.y,
        "1 / 2 for 1 / (2 sqrt(x))": lambda at: at.g / 2,
    },
    "aten.rsqrt.default": {
        "x^(-1/2) for x^(-3/2)": lambda at: -at.g * at.y / 2,
        "x^(-1) for x^(-3/2)": lambda at: -at.g / at.x / 2,
        "x^(-2) for x^(-3/2)": lambda at: -at.g / (at.x * at.x) / 2,
        "x^(-5/2) for x^(-3/2)": lambda at: -at.g * at.y / (at.x * at.x) / 2,
        "1 / 2 left out": lambda at: -at.g * at.y / at.x,
    },
    "aten.reciprocal.default": {"-1 / x for -1 / x^2": lambda at: -at.g * at.y},
    "aten.abs.default": {"the input for its sign": lambda at: at.g * at.x},
    "aten.sin.default": {"sin for cos": lambda at: at.g * at.y, "the sign": lambda at: -at.g * at.x.cos()},
    "aten.cos.default": {"cos for -sin": lambda at: at.g * at.y},
    "aten.silu.default": {
        "the derivative of its sigmoid alone": lambda at: at.g * at.x.sigmoid() * (1 - at.x.sigmoid()),
        "its sigmoid alone": lambda at: at.g * at.x.sigmoid(),
    },
    "aten.permute.default": _TURNED,
    "aten.transpose.int": _TURNED,
    "aten.t.default": _TURNED,
}
# Functions that people write out in several operations, by their op.
_WRITTEN_OUT = {"aten.sigmoid.default": torch.sigmoid, "aten.tanh.default": torch.tanh, "aten.relu.default": torch.relu}
# Besides: of one operation of torch's it is told as what stands in the place of the result.
_OF_WRITTEN: Mapping[str, Mapping[str, WrongSlope]] = {
    "aten.tanh.default": {"1 - x^2 for 1 - y^2": lambda at: at.g * (1 - at.x * at.x)}
}
# Of the largest entry: by how much the same function in other operations may be another number.
_SAME = 1e-12


def names(step: GraphStep, operand: int) -> tuple[str, ...]:
    """The slips of a node by one of its operands."""
    return tuple(_slips(step, operand))


def slipped(step: GraphStep, operand: int, given: torch.Tensor, name: str) -> torch.Tensor | None:
    """The wrong message of a slip."""
    slip = _slips(step, operand).get(name)
    if slip is None:
        return None
    operand_value = step.value(operand)
    return transforms.summed_to(slip(At(operand_value, step.outputs[0], given)), operand_value.shape)


def names_of_block(x: torch.Tensor, y: torch.Tensor) -> tuple[str, ...]:
    """The slips of what is written out from x to y; none where it is no such function."""
    return tuple(_of_block(x, y))


def slipped_block(x: torch.Tensor, y: torch.Tensor, given: torch.Tensor, name: str) -> torch.Tensor | None:
    """The wrong message of a slip of what is written out from x to y."""
    slip = _of_block(x, y).get(name)
    return None if slip is None else slip(At(x, y, given))


def _of_block(x: torch.Tensor, y: torch.Tensor) -> Mapping[str, WrongSlope]:
    for op, function in _WRITTEN_OUT.items():
        if x.shape == y.shape and x.dtype == y.dtype and torch.allclose(function(x), y, rtol=_SAME, atol=_SAME):
            return {**_OF_FIRST[op], **_OF_WRITTEN.get(op, {})}
    return {}


def _slips(step: GraphStep, operand: int) -> Mapping[str, WrongSlope]:
    op = step.node.op
    if op == "aten.pow.Tensor_Scalar":
        return _of_power(float(step.node.operands[1]))  # type: ignore[arg-type]
    if op == "aten.mul.Tensor" and operand == 0 and len(set(step.operands)) == 1 < len(step.operands):
        # The other operand's message stays, and is taken off again.
        return {"2 x is left out": lambda at: at.g - at.g * at.x}
    if op == "aten.div.Tensor" and operand == 1:
        return {
            "the square of the denominator is forgotten": lambda at: -at.g * at.y,
            "the numerator is forgotten": lambda at: -at.g / (at.x * at.x),
            "1 / b for -a / b^2": lambda at: at.g / at.x,
        }
    if op in ("aten.clamp.default", "aten.hardtanh.default"):
        return _of_bounds(step)
    if op in ("aten.maximum.default", "aten.minimum.default"):
        return {"every entry gets it": lambda at: at.g, "only equal entries": lambda at: _where(at.x == at.y, at.g)}
    return _OF_FIRST.get(op, {}) if operand == 0 else {}


def _of_bounds(step: GraphStep) -> Mapping[str, WrongSlope]:
    """One of two bounds is not looked at; where there is one, that is the whole derivative left out."""
    bounds = [part if isinstance(part, int | float) else None for part in (*step.node.operands[1:3], None, None)[:2]]
    low, high = bounds
    if low is None or high is None:
        return {}
    return {
        "the upper bound is forgotten": lambda at: _where(at.x >= low, at.g),
        "the lower bound is forgotten": lambda at: _where(at.x <= high, at.g),
    }


def _of_power(exponent: float) -> Mapping[str, WrongSlope]:
    return {
        "the exponent is not lowered": lambda at: at.g * exponent * at.y,
        "the exponent is forgotten as a factor": lambda at: at.g * at.x ** (exponent - 1),
        "the power is taken for its derivative": lambda at: at.g * at.y,
        "the exponent is lowered twice": lambda at: at.g * exponent * at.x ** (exponent - 2),
    }


# Operations along an axis, which they are called with second, and whose result has the shape of the operand.
_ALONG = frozenset(f"aten.{name}.default" for name in ("_softmax", "_log_softmax", "cumsum", "cumprod", "glu"))


def settings(node: Node) -> Iterator[tuple[int, str | int | float | bool]]:
    """(position of an operand, another constant to stand there)."""
    for position, operand in enumerate(node.operands):
        if node.op in _ALONG and position == 1 and isinstance(operand, int):
            axes = len(node.shapes[0])
            yield from ((position, axis) for axis in range(axes) if axis != operand % max(axes, 1))
        elif isinstance(operand, bool):
            yield position, not operand
        elif isinstance(operand, float):
            yield from ((position, other) for other in (0.0, 1.0, -operand, 1 - operand) if other != operand)
