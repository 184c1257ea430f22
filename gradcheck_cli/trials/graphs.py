"""The derivative of a forward from its graph, as the child recorded it. torch is loaded late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradcheck_cli.model import Array, FunctionForm, Sample
from gradcheck_cli.model.recording import Recording
from gradcheck_cli.oracles.blackbox import UNIT, EvaluationError, Jacobian

if TYPE_CHECKING:
    from gradcheck_cli.oracles.graph.replay import Detached, Replay

RECORDED: frozenset[FunctionForm] = frozenset(("autograd-function", "custom-operator", "module"))
"""Forms whose forward is torch's own operations, which the child can write down."""
UNITS = {"float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
"""Unit roundoff of the dtypes below float64."""
# Roundings of a forward on its way to an output, each of a few units: enough to see that it is the same function.
ROUNDINGS = 256.0
# Plain implementations beside that of the sample itself.
NEIGHBOURS = 2
SOURCE = "the recorded forward, differentiated node by node"


def detached_in(form: FunctionForm) -> Detached:
    """Inside a Function nothing is followed by torch, so a detach says nothing there; in a Module it is meant."""
    return "kept" if form == "module" else "followed"


@dataclass(frozen=True)
class GraphOracle:
    """What the recordings of one form tell. Where a forward computes in less than float64, all of it is widened."""

    form: FunctionForm

    def jacobians(self, recording: Recording, sample: Sample, outputs: Sequence[Array]) -> dict[str, Jacobian]:
        """The derivative of a recorded forward, by argument; nothing where torch cannot run it again.

        Args:
            outputs: what the forward gave.
        """
        from gradcheck_cli.oracles.graph.jacobian import jacobians

        try:
            sizes = [part.size for part in outputs if part.dtype.kind == "f"]
            found = jacobians(self._replay(recording, sample), sizes)
        except (RuntimeError, ValueError, KeyError, NotImplementedError):
            return {}
        source = f"{SOURCE}, in float64" if narrowest(recording) else SOURCE
        return {name: Jacobian(source, each.values, each.error) for name, each in found.items()}

    def widened(
        self, recording: Recording, sample: Sample, outputs: Sequence[Array]
    ) -> Callable[[str, Array], tuple[Array, ...]] | None:
        """The forward in float64, for several values of one argument.

        None where it computes in float64 itself, or where float64 gives other outputs than rounding explains.
        """
        narrow = narrowest(recording)
        if not narrow:
            return None

        def evaluate(name: str, values: Array) -> tuple[Array, ...]:
            try:
                ran = [self._replay(recording, sample.replacing(name, value)).outputs() for value in values]
            except (RuntimeError, ValueError) as error:
                raise EvaluationError(str(error)) from error
            return tuple(np.stack([np.asarray(part) for part in parts]) for parts in zip(*ran, strict=True))

        wide = self._replay(recording, sample).outputs()
        allowed = ROUNDINGS * UNITS[narrow]
        same = all(
            one is not None and one.shape == other.shape and _is_near(one, other, allowed)
            for one, other in zip(wide, outputs, strict=False)
        )
        return evaluate if same and len(wide) == len(outputs) else None

    def plain(
        self, recording: Recording, sample: Sample, upstream: Sequence[Array], dtype: str
    ) -> list[dict[str, Array]]:
        """What plain implementations of the forward give in a dtype, by autograd: of the sample, and of its neighbours.

        Neighbours are off by one rounding in every entry: what that changes, the dtype does not tell. [] where torch
        cannot run the forward in this dtype.

        Args:
            dtype: "" for those in which the forward computes by itself.
        """
        from gradcheck_cli.oracles.graph.replay import Replay

        unit = UNITS.get(dtype or narrowest(recording), 0.0)
        found = []
        for seed in range(NEIGHBOURS + 1):
            values = {name: _neighbour(sample.array(name), unit, seed) for name in recording.inputs}
            try:
                found.append(Replay(recording, values, detached_in(self.form), dtype).gradients(upstream))
            except (RuntimeError, ValueError, NotImplementedError):
                return []
            if not unit:
                break
        return found

    def is_in_float64(self, recording: Recording, sample: Sample, outputs: Sequence[Array]) -> bool:
        """Are these the outputs of the recorded forward, computed in float64, to its rounding?"""
        try:
            wide = self._replay(recording, sample).outputs()
        except (RuntimeError, ValueError, NotImplementedError):
            return False
        return len(wide) == len(outputs) and all(
            one is not None and one.shape == other.shape and _is_near(one, other, ROUNDINGS * UNIT)
            for one, other in zip(wide, outputs, strict=True)
        )

    def _replay(self, recording: Recording, sample: Sample) -> Replay:
        from gradcheck_cli.oracles.graph.replay import Replay

        values = {name: sample.array(name) for name in recording.inputs}
        return Replay(recording, values, detached_in(self.form), "float64" if narrowest(recording) else "")


def narrowest(recording: Recording) -> str:
    """The dtype with the fewest bits that the forward computes in; "" where that is float64."""
    used = {dtype for node in recording.nodes for dtype in node.dtypes if dtype in UNITS}
    return max(used, key=lambda dtype: UNITS[dtype], default="")


def _neighbour(array: Array, unit: float, seed: int) -> Array:
    """The array for seed 0, else each entry moved up or down by a rounding."""
    if not seed or array.dtype.kind != "f":
        return array
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], array.shape)
    return np.asarray(array * (1 + 2 * unit * signs))


def _is_near(one: Array, other: Array, allowed: float) -> bool:
    scale = max(1.0, float(np.max(np.abs(one), initial=0.0)))
    return bool(np.all(np.abs(one - other) <= allowed * scale))
