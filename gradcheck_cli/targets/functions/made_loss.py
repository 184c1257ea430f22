"""A loss with its gradients whose parameters another function makes: `initialize(dim)`, `propagate(w, b, X, Y)`.

What it makes has the shapes that its author meant: none of them is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradcheck_cli.model import Array
from gradcheck_cli.targets.functions.form import Parameter, Ran, Values
from gradcheck_cli.targets.functions.inputs.proposals import Proposal
from gradcheck_cli.targets.functions.loss import LossForm
from gradcheck_cli.targets.functions.network_wiring import (
    fitting_first,
    initializes,
    known_parameters,
    layouts_of,
    shapes_made,
)
from gradcheck_cli.targets.functions.plain import PlainFunction
from gradcheck_cli.targets.functions.spelling import is_target
from gradcheck_cli.targets.functions.wrapped import WrappedForm


@dataclass(frozen=True)
class MadeLossForm(WrappedForm[LossForm]):
    """A loss on one layout of its data.

    Attributes:
        making: makes its parameters.
        shapes: of each of these, on each set of sizes on which it can be made.
        known: what its data and its labels are, by name.
    """

    making: PlainFunction
    shapes: Mapping[str, tuple[tuple[int, ...], ...]]
    known: Mapping[str, Proposal]

    @property
    def why(self) -> str:
        """Who makes what."""
        return f"{self.inner.why}; {self.making.name} makes {', '.join(self.shapes)}"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its own, with what is known of them."""
        return known_parameters(self.inner.parameters, self.shapes, self.known)

    def forward(self, values: Values) -> tuple[Array, ...]:
        """The loss."""
        return self.inner.forward(values)

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """One call."""
        return self.inner.run(values, upstream)


def made_losses(loss: LossForm, functions: Mapping[str, PlainFunction]) -> Iterator[MadeLossForm]:
    """The layouts on which it runs, the most gradients that fit first; none where nothing makes its parameters."""
    for making in (functions[name] for name in functions if initializes(name) and name != loss.title):
        yield from fitting_first(_on_each_layout(loss, making))


def _on_each_layout(loss: LossForm, making: PlainFunction) -> Iterator[MadeLossForm]:
    needed = [item.name for item in loss.parameters if not item.has_default]
    for axes, target, made in layouts_of(making):
        rest = [name for name in needed if name not in made[0]]
        labels = [name for name in rest if is_target(name)]
        data = [name for name in rest if name not in labels]
        if not set(made[0]) < set(needed) or (len(labels), len(data)) != (1, 1):
            return
        known = {data[0]: Proposal("real", axes, is_owed=False), labels[0]: target}
        yield MadeLossForm(loss, making, shapes_made(made), known)
