"""An object whose one method gives a loss and its gradients at once: `TwoLayerNet.loss(X, y, reg) -> loss, grads`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.model import Array, FunctionForm
from gradcheck_cli.targets.functions.form import outputs_of
from gradcheck_cli.targets.functions.layer import LayerForm
from gradcheck_cli.targets.functions.loss import taken_apart
from gradcheck_cli.targets.functions.methods import Methods
from gradcheck_cli.targets.functions.plain import call_by_name
from gradcheck_cli.targets.functions.reading import entries_of, gradients_among


@dataclass(frozen=True)
class NetMethods(Methods):
    """The one method, as a forward that gives the loss and a backward that gives the rest.

    `names` are of what it returns.
    """

    names: tuple[str, ...] = ()

    @property
    def takes_upstream(self) -> bool:
        """A loss is the end."""
        return False

    def called(self, instance: Any, given: Mapping[str, Any]) -> tuple[tuple[Array, ...], Any]:
        """The loss, and nothing that is handed on.

        Raises:
            TypeError: it gives something else; without labels such a method gives scores.
            Exception: whatever it raises.
        """
        return outputs_of([self._parts(instance, given)[0]]), None

    def call_backward(self, instance: Any, given: Mapping[str, Any], grads: Sequence[Array], kept: Any) -> Any:
        """What stands behind the loss: a dict of gradients, or one after the other."""
        del grads, kept
        _, rest, names = self._parts(instance, given)
        return rest if isinstance(rest, Mapping) else dict(gradients_among(entries_of(rest, names)))

    def _parts(self, instance: Any, given: Mapping[str, Any]) -> tuple[Any, Any, Sequence[str]]:
        return taken_apart(call_by_name(getattr(instance, self.fore), given), self.names, "it")


@dataclass(frozen=True)
class NetForm(LayerForm):
    """It gives the gradients that its author wanted: of what the object holds, not of its data."""

    @property
    def kind(self) -> FunctionForm:
        """As a function that gives a loss and its gradients."""
        return "loss"

    @property
    def why(self) -> str:
        """How it is made and called."""
        return f"{self.making.text}; {self.methods.fore} returns a loss and its gradients"
