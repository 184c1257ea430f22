"""A `torch.autograd.Function`: applied as in training, and its raw return looked at before autograd repairs it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcheck_cli.model import PLAIN, Array, FunctionForm
from gradcheck_cli.model.circumstances import Circumstances
from gradcheck_cli.targets.functions.circumstances import filled_memory, in_format, in_setting, laid_out
from gradcheck_cli.targets.functions.constants import constants_among
from gradcheck_cli.targets.functions.form import (
    NotAFunctionError,
    Parameter,
    Ran,
    Values,
    as_array,
    entry_of,
    in_backward,
    is_real,
    mutated,
)
from gradcheck_cli.targets.functions.plain import parameters_of
from gradcheck_cli.targets.functions.reading import names_of_rest, written_as_none
from gradcheck_cli.targets.functions.tensors import arrays, floating, leaves, tensors, upstream_for
from gradcheck_cli.targets.setting_now import computing_in, forward_setting
from gradcheck_cli.targets.torch_classes import has_setup_context

REFUSED = ("returned an incorrect number of gradients", "returned an invalid gradient", "expected Variable or None")
"""What autograd says of a return that it does not take; the return itself is then what is judged."""


@dataclass(frozen=True)
class AutogradForm:
    """A Function.

    Attributes:
        owner: the class.
        source: its text, with that of what it uses in its file.
    """

    owner: Any
    source: str

    @property
    def kind(self) -> FunctionForm:
        """A `torch.autograd.Function`."""
        return "autograd-function"

    @property
    def title(self) -> str:
        """Its name."""
        return str(self.owner.__name__)

    @property
    def why(self) -> str:
        """How it is called."""
        names = ", ".join(item.name for item in self.parameters)
        return f"it is a torch.autograd.Function; apply is called with ({names}), then backward(dE/dO)"

    @property
    def backward(self) -> str:
        """The class holds it."""
        return self.title

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of forward, without ctx."""
        found = parameters_of(self.owner.forward)
        found = found if has_setup_context(self.owner) else found[1:]
        found = found or tuple(map(Parameter, names_of_rest(self.source, self.title)))
        without = written_as_none(self.source, self.title)
        found = tuple(replace(item, has_no_gradient=place in without) for place, item in enumerate(found))
        constants = constants_among(self.owner, self.source, found)
        return tuple(replace(item, is_data=item.name in constants) for item in found)

    def forward(self, values: Values) -> tuple[Array, ...]:
        """What apply gives, with nothing to differentiate."""
        return arrays(floating(self._applied(self.owner, tensors(values))))

    def call(self, given: Mapping[str, Any]) -> Any:
        """Apply to tensors, for who records the forward."""
        return self._applied(self.owner, given)

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """As in training; where autograd takes the return, the gradients are still those that the Function gave."""
        return self.run_in(Circumstances(), values, upstream)

    def run_in(self, circumstances: Circumstances, values: Values, upstream: Sequence[Array]) -> Ran:
        """The same in other circumstances."""
        memory = filled_memory() if circumstances.filled else contextlib.nullcontext()
        with computing_in(circumstances.setting), memory:
            return self._run(circumstances, values, upstream)

    def run_twice(self, values: Values, upstream: Sequence[Array], directions: Values) -> Ran:
        """The derivative of sum(directions * gradients), where the backward lets itself be differentiated.

        G needs a gradient too, as it does where it comes from a loss.

        Raises:
            BackwardError: it refuses.
        """
        from gradcheck_cli.oracles.graph.tensors import left_in_leaves, pulled_back

        given = tensors(values)
        wanted = leaves(given, list(directions))
        results = floating(self._applied(self.owner, self._writable(given)))
        able = [
            (result, grad.requires_grad_())
            for result, grad in zip(results, upstream_for(results, upstream), strict=True)
            if result.requires_grad
        ]
        with in_backward(()):
            firsts = pulled_back(
                tuple(out for out, _ in able), tuple(grad for _, grad in able), tuple(wanted.values()), order=2
            )
            weights = tensors(directions)
            weighed = [
                (first, weights[name])
                for name, first in zip(wanted, firsts, strict=True)
                if first is not None and first.requires_grad
            ]
            # Into the leaves, as a penalty's own backward does: what only raises there is not passed over.
            left_in_leaves(tuple(first for first, _ in weighed), tuple(part for _, part in weighed))
        seconds = {name: leaf.grad for name, leaf in wanted.items()}
        return Ran((), {name: array for name, second in seconds.items() if (array := as_array(second)) is not None})

    def _run(self, circumstances: Circumstances, values: Values, upstream: Sequence[Array]) -> Ran:
        raw: list[Any] = []
        setting = circumstances.setting
        cast = {name: in_setting(value, setting) for name, value in tensors(values).items()}
        given = {name: laid_out(value, circumstances.inputs) for name, value in cast.items()}
        asked = circumstances.wanted
        wanted = leaves(given, [name for name, value in values.items() if is_real(value) and _is_in(name, asked)])
        with self._watched(raw) as owner:
            with forward_setting():
                results = floating(self._applied(owner, self._writable(given)))
            outputs = arrays(results)
            if not any(result.requires_grad for result in results):
                raise NotAFunctionError("run", f"no output of {self.title} requires a gradient")
            grads = [in_format(grad, setting) for grad in upstream_for(results, upstream)]
            grads = [laid_out(grad, circumstances.upstream) for grad in grads]
            kept = [grad.clone() for grad in grads]
            with in_backward(outputs):
                for _ in range(circumstances.passes):
                    _back_propagate(results, grads, list(wanted.values()), raw)
        # In another setting every array is another one.
        written = mutated(values, given) if setting == PLAIN else ()
        changed = written + (() if _same(kept, grads) else ("grad_output",))
        return self._read(raw[-1:], values, outputs, changed)

    @contextlib.contextmanager
    def _watched(self, raw: list[Any]) -> Iterator[Any]:
        """The same Function, which keeps what its backward returns in `raw`."""
        yield _spied(self.owner, raw)

    def _writable(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Copies in the graph for what says that it writes into its arguments: nobody may write into a leaf."""
        if "mark_dirty" not in self.source:
            return dict(given)
        return {name: value.clone() if hasattr(value, "clone") else value for name, value in given.items()}

    def _read(self, raw: Sequence[Any], values: Values, outputs: tuple[Array, ...], changed: tuple[str, ...]) -> Ran:
        """One entry for each argument, by place."""
        entries = list(raw[0]) if raw and isinstance(raw[0], tuple | list) else list(raw[:1])
        names = [*values, *([""] * len(entries))][: len(entries)]
        gradients = {
            name: array
            for name, entry in zip(names, entries, strict=True)
            if name and is_real(values[name]) and (array := as_array(entry)) is not None
        }
        returned = tuple(entry_of(name, entry) for name, entry in zip(names, entries, strict=True))
        return Ran(outputs, gradients, returned, len(values), changed)

    def _applied(self, owner: Any, given: Mapping[str, Any]) -> Any:
        """By position, as apply takes no names; with every default, of which `ctx.needs_input_grad` speaks too."""
        return owner.apply(*self._by_place(given))

    def _by_place(self, given: Mapping[str, Any]) -> list[Any]:
        return [given.get(item.name, item.default) for item in self.parameters]


def _spied(owner: Any, raw: list[Any]) -> Any:
    """The same Function, which keeps what its backward returns in `raw`."""

    def backward(ctx: Any, *grads: Any) -> Any:
        returned = owner.backward(ctx, *grads)
        raw.append(returned)
        return returned

    return type(owner.__name__, (owner,), {"backward": staticmethod(backward)})


def _back_propagate(results: Sequence[Any], grads: Sequence[Any], wanted: Sequence[Any], raw: list[Any]) -> None:
    """Run the backward. A return that autograd does not take has been seen all the same."""
    from gradcheck_cli.oracles.graph.tensors import pulled_back

    able = [(result, grad) for result, grad in zip(results, grads, strict=True) if result.requires_grad]
    try:
        pulled_back(tuple(one for one, _ in able), tuple(grad for _, grad in able), tuple(wanted))
    except RuntimeError as error:
        if not raw or not any(words in str(error) for words in REFUSED):
            raise


def _is_in(name: str, asked: tuple[str, ...] | None) -> bool:
    return asked is None or name in asked


def _same(before: Sequence[Any], after: Sequence[Any]) -> bool:
    # bfloat16 is read as float32: numpy has none.
    pairs = [(as_array(then), as_array(now)) for then, now in zip(before, after, strict=True)]
    return all(
        then is not None and now is not None and np.array_equal(then, now, equal_nan=True) for then, now in pairs
    )
