"""A `torch.nn.Module`: its parameters are inputs too; what it is made of is applied as in training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, FunctionForm
from gradcheck_cli.targets.functions.constructing import makings
from gradcheck_cli.targets.functions.form import (
    NotAFunctionError,
    Parameter,
    Ran,
    Values,
    as_array,
    in_backward,
    is_real,
    mutated,
)
from gradcheck_cli.targets.functions.inputs.proposals import SIZES
from gradcheck_cli.targets.functions.plain import parameters_of
from gradcheck_cli.targets.functions.tensors import arrays, floating, leaves, tensors, upstream_for
from gradcheck_cli.targets.load import Loaded
from gradcheck_cli.targets.resolve import MODULE


@dataclass(frozen=True)
class ModuleForm:
    """A Module in float64.

    Attributes:
        made: an object for each set of sizes.
        how: how it was made, in words.
        source: the class's text, with that of what it uses.
    """

    made: tuple[Any, ...]
    how: str
    source: str

    @property
    def kind(self) -> FunctionForm:
        """A `torch.nn.Module`."""
        return "module"

    @property
    def title(self) -> str:
        """The class's name."""
        return type(self.made[0]).__name__

    @property
    def why(self) -> str:
        """How it was made and is called."""
        return f"{self.how}, a torch.nn.Module, called as in training; its parameters are inputs too"

    @property
    def backward(self) -> str:
        """The class holds what it is made of."""
        return self.title

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of forward, then those that it learns."""
        own = parameters_of(type(self.made[0]).forward)[1:]
        states = [
            Parameter(
                name, is_state=True, shapes=tuple(tuple(dict(one.named_parameters())[name].shape) for one in self.made)
            )
            for name, value in self.made[0].named_parameters()
            if value.requires_grad
        ]
        return (*own, *states)

    def forward(self, values: Values) -> tuple[Array, ...]:
        """The outputs, with nothing to differentiate."""
        import torch

        with torch.no_grad():
            return arrays(floating(self.call(tensors(values))))

    def call(self, given: Mapping[str, Any]) -> Any:
        """Call with tensors for the arguments and for what it learns."""
        import torch

        module = self._module(given)
        learnt = {name for name, _ in module.named_parameters()}
        states = {name: value for name, value in given.items() if name in learnt}
        arguments = {name: value for name, value in given.items() if name not in learnt}
        return torch.func.functional_call(module, states, (), arguments)

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """Forward and backward as in training."""
        import torch

        from gradcheck_cli.oracles.graph.tensors import pulled_back

        given = tensors(values)
        wanted = leaves(given, [name for name, value in values.items() if is_real(value)])
        results = [part for part in floating(self.call(given)) if part.requires_grad]
        outputs = arrays(results)
        if not results:
            raise NotAFunctionError("run", f"no output of {self.title} requires a gradient")
        grads = upstream_for(results, upstream)
        kept = [grad.clone() for grad in grads]
        with in_backward(outputs):
            found = pulled_back(tuple(results), tuple(grads), tuple(wanted.values()))
        gradients = {
            name: array
            for name, gradient in zip(wanted, found, strict=True)
            if (array := as_array(gradient)) is not None
        }
        same = all(torch.equal(then, now) for then, now in zip(kept, grads, strict=True))
        return Ran(outputs, gradients, mutated=mutated(values, given) + (() if same else ("grad_output",)))

    def _module(self, given: Mapping[str, Any]) -> Any:
        """The one whose parameters have the shapes that are given."""
        for module in self.made:
            shapes = {name: tuple(value.shape) for name, value in module.named_parameters()}
            if all(tuple(np.shape(given[name])) == shape for name, shape in shapes.items() if name in given):
                return module
        return self.made[0]


def module_forms(loaded: Loaded, owner: Any, source: str) -> Iterator[ModuleForm]:
    """As the file makes it, else with lengths for what its constructor wants.

    Raises:
        NotAFunctionError: none could be made.
    """
    own = vars(loaded.module).get(MODULE)
    if not isinstance(owner, type):
        yield ModuleForm((owner.double(),), "as it stands in the file", source)
        return
    if callable(own):
        yield ModuleForm((own().double(),), f"{MODULE}()", source)
        return
    error: BaseException | None = None
    count = 0
    for making in makings(owner):
        try:
            made = [making.instance(sizes).double() for sizes in SIZES]
        except Exception as refusal:
            error = error or refusal
            continue
        count += 1
        yield ModuleForm(tuple(made), making.text, source)
    if not count:
        raise NotAFunctionError("run", f"no object of {owner.__name__} could be made", HINT, error)


HINT = f"make it in the file: a function {MODULE}() that returns the module"
