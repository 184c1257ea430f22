"""A layer that is called as a convolution and computes something else, which one of its gradients fits.

It has an activation, a norm or a factor on top, or a kernel in an order that is nobody's. Its meaning is known all the
same: arrays, strides and paddings were told by trying it, and a gradient that is the derivative of its own forward
proves that they were told rightly. So it is judged by that forward, as a function is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from gradcheck_cli.model import Array, Case, ConvSpec, Gradients
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.base import Candidate, NotRecognisedError, Returned
from gradcheck_cli.targets.conventions.results import Keys, Taken, take


@dataclass(frozen=True)
class AnotherLayer:
    """How it is asked.

    Attributes:
        candidate: the way in which it is called.
        keys: where its gradients are.
        forward: its O of a case, (n, c_out, h_out, w_out); raises what it raises.
    """

    candidate: Candidate
    keys: Keys
    forward: Callable[[Case], Array]

    @cached_property
    def specs(self) -> tuple[ConvSpec, ...]:
        """Geometries that it takes; small ones, as a derivative from the forward alone asks once for each number."""
        return _small(spec for spec in probes.PROBES if not self.candidate.refuses(spec))

    @property
    def has_bias(self) -> bool:
        """It holds or is handed b."""
        return bool(self.candidate.bias_form)

    def backward(self, case: Case) -> Returned:
        """What its backward leaves of a case."""
        return self.candidate.start(case)()

    def gradients(self, case: Case) -> Gradients:
        """Those that its backward leaves of a case, in our layout."""
        return self.taken(case, self.backward(case)).gradients

    def taken(self, case: Case, returned: Returned) -> Taken:
        """What a call left, in our layout."""
        return take(returned, self.keys, case.spec, self.candidate.layout, self.candidate.bias_form)


class AnotherLayerError(NotRecognisedError):
    """It is no convolution; `layer` is how it is asked all the same."""

    def __init__(self, layer: AnotherLayer, tail: str) -> None:
        super().__init__("run", f"{NO_CONVOLUTION}; {tail}", TRIED)
        self.layer = layer


NO_CONVOLUTION = "its forward is not a convolution: something comes on top, an activation, a norm or a factor"
TRIED = "its own output against the convolution's, and its gradients against the slopes of its own output"


def _small(specs: Iterable[ConvSpec]) -> tuple[ConvSpec, ...]:
    """The geometries, each behind the same with fewer samples and smaller pictures, where those are more than a tap."""
    found: dict[ConvSpec, None] = {}
    for spec in specs:
        sides = tuple(min(side, extent + 1) for side, extent in zip(spec.input_size, spec.extent, strict=True))
        with suppress(GeometryError):
            found[spec.of_size(sides, batch=min(spec.batch, MOST_SAMPLES))] = None
        found[spec] = None
    return tuple(found)


# One sample hides a mean over the batch.
MOST_SAMPLES = 2
