"""Operations that torch computes as one, written out in plain ones, so that a path inside them can be lost.

For the diagnosis alone: the truth is the derivative of what ran.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FrameType
from typing import Any, Literal

import torch

from gradcheck_cli.model import Array
from gradcheck_cli.model.recording import CONSTANT, INPUT, Node, Place, Recording, Ref
from gradcheck_cli.oracles.graph.places import Places
from gradcheck_cli.oracles.graph.recorder import Recorder
from gradcheck_cli.oracles.graph.replay import Replay

# What a composition may differ by from the operation: sums in another order.
_SAME = 1e-9


def opened(recording: Recording, values: Mapping[str, Array]) -> Recording:
    """The recording with its composite operations written out; itself where it has none, or they come out otherwise."""
    if not any(node.op in _OPENED for node in recording.nodes):
        return recording
    replay = Replay(recording, values)
    places = _Inside()
    leaves = replay.leaves()
    recorder = Recorder(places)
    for name in recording.inputs:
        recorder.add_input(name, leaves[name])
    try:
        with recorder:
            ran = _run(replay, leaves, places)
    except (RuntimeError, TypeError):
        return recording
    outputs = [None if ref is None else ran[ref.node][ref.output] for ref in recording.outputs]
    found = replace(recorder.finish(outputs), leaves=recording.leaves, layer=recording.layer)
    before, after = replay.outputs(), Replay(found, values).outputs()
    return found if _agree(before, after) else recording


def _agree(before: tuple[Array | None, ...], after: tuple[Array | None, ...]) -> bool:
    pairs = [(one, other) for one, other in zip(before, after, strict=True) if one is not None]
    return all(
        other is not None and bool((abs(one - other) <= _SAME * (1 + abs(one).max(initial=0))).all())
        for one, other in pairs
    )


def _run(replay: Replay, leaves: Mapping[str, torch.Tensor], places: _Inside) -> list[tuple[Any, ...]]:
    ran: list[tuple[Any, ...]] = []

    def value(ref: Ref) -> Any:
        return ran[ref.node][ref.output]

    for node in replay.recording.nodes:
        places.now, places.is_opened = node.place, node.op in _OPENED
        if node.op == INPUT:
            ran.append((leaves[node.name],))
        elif node.op == CONSTANT:
            with torch.utils._python_dispatch._disable_current_modes():
                ran.append(replay.result(node, value))
        else:
            with torch.set_grad_enabled(node.is_followed):
                ran.append(_result(replay, node, value))
    return ran


def _result(replay: Replay, node: Node, value: Callable[[Ref], Any]) -> tuple[Any, ...]:
    if node.op not in _OPENED:
        return replay.result(node, value)
    result = _OPENED[node.op](*replay.operands(node, value))
    return result if isinstance(result, tuple) else (result,)


class _Inside(Places):
    """The place of the node that is being run; of one that is written out, with the name of its part."""

    now: Place | None = None
    is_opened: bool = False

    def of(self, frame: FrameType | None) -> Place | None:
        """The user's line, and the part of the operation."""
        if self.now is None or not self.is_opened:
            return self.now
        while frame is not None and frame.f_code.co_filename != __file__:
            frame = frame.f_back
        if frame is None:
            return self.now
        inner = self._place(frame)
        part, whole = inner.name or inner.expression, self.now.expression or self.now.text
        return replace(self.now, name="" if inner.name else self.now.name, expression=f"{part} of {whole}")


def _softmax(x: torch.Tensor, axis: int, _half: bool) -> torch.Tensor:
    top = x.amax(axis, keepdim=True)
    e = (x - top).exp()
    total = e.sum(axis, keepdim=True)
    return e / total


def _log_softmax(x: torch.Tensor, axis: int, _half: bool) -> torch.Tensor:
    top = x.amax(axis, keepdim=True)
    shifted = x - top
    total = shifted.exp().sum(axis, keepdim=True)
    logarithm = total.log()
    return shifted - logarithm


def _logsumexp(x: torch.Tensor, axes: list[int], keep: Literal[True, False] = False) -> torch.Tensor:
    total = x.exp().sum(axes, keepdim=keep)
    return total.log()


def _layer_norm(
    x: torch.Tensor, shape: list[int], weight: torch.Tensor | None, bias: torch.Tensor | None, eps: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    axes = list(range(-len(shape), 0))
    mean = x.mean(axes, keepdim=True)
    centred = x - mean
    variance = (centred * centred).mean(axes, keepdim=True)
    inverse = (variance + eps).rsqrt()
    normalised = centred * inverse
    scaled = normalised if weight is None else normalised * weight
    return (scaled if bias is None else scaled + bias), mean, inverse


def _silu(x: torch.Tensor) -> torch.Tensor:
    gate = x.sigmoid()
    return x * gate


def _gelu(x: torch.Tensor, _form: str = "none") -> torch.Tensor:
    probability = 0.5 * (1 + (x * (1 / math.sqrt(2))).erf())
    return x * probability


def _addmm(bias: torch.Tensor, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    product = one.mm(other)
    return product + bias


_OPENED: dict[str, Callable[..., Any]] = {
    "aten._softmax.default": _softmax,
    "aten._log_softmax.default": _log_softmax,
    "aten.logsumexp.default": _logsumexp,
    "aten.native_layer_norm.default": _layer_norm,
    "aten.silu.default": _silu,
    "aten.gelu.default": _gelu,
    "aten.addmm.default": _addmm,
}
