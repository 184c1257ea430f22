"""`torch.autograd.Function`s: forward on tensors that require a gradient, then backward(G), as autograd does it.

What autograd takes is judged as it arrives at the inputs; what it refuses is judged as the Function returned it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcheck_cli.model import PLAIN, Array, Case, ConvSpec, GradientName, Size
from gradcheck_cli.targets.conventions import binding, meanings, probes, settings
from gradcheck_cli.targets.conventions.alike import same_output
from gradcheck_cli.targets.conventions.assigned import AssignedCandidate
from gradcheck_cli.targets.conventions.base import (
    Prepared,
    RefusedError,
    Returned,
    WrongForwardError,
    changed,
    check_output,
    during,
    to_numpy,
)
from gradcheck_cli.targets.conventions.binding import Assignment, Form, mode_words
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.names import corners
from gradcheck_cli.targets.conventions.promised import are_right, in_words
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.setting_now import forward_setting, setting_now, through_setting

LEAVES = ("x", "weight", "bias")
NAMES: Mapping[str, GradientName] = MappingProxyType({"x": "input", "weight": "weight", "bias": "bias"})
LETTERS = {"x": "x", "weight": "w", "bias": "b"}
REFUSED = "returned an invalid gradient"
# Four margins as torch.nn.functional.pad takes them.
AS_TORCH_PADS = ("padding_w", "padding_w_after", "padding_h", "padding_h_after")
# Every margin is another one, so that each order of them gives other numbers.
TOLD_APART = tuple(
    ConvSpec(batch, channels, channels, 5, 6, (3, 2), padding=(1, 2), extra_after=(2, 2), groups=groups)
    for batch, channels, groups in ((2, 2, 1), (2, 2, 2), (1, 1, 1))
)
# How b may be shaped beside an X of these axes.
BIAS_FORMS = {"nchw": ("o", "1o11", "o11", "1o"), "ncw": ("o", "1o1", "o1", "1o")}


@dataclass(frozen=True)
class AutogradCandidate(AssignedCandidate):
    """A Function whose `apply` is called with tensors; the gradients are read from the leaves.

    `source` is the whole class: what a parameter of `forward` is used for shows in `backward` too.
    """

    target: Any
    forward: Callee
    source: Source
    family: str = field(default="autograd-function", init=False)

    def why(self) -> str:
        """How it was told."""
        return f"it is a torch.autograd.Function; apply is called with ({self.meaning}), then backward(G)"

    def refuses(self, spec: ConvSpec) -> str:
        """Why it cannot take `spec`."""
        plain = binding.refuses(spec, self.form, self.roles_in(self.source), self.same)
        return plain or binding.square_only(spec, self.form, [self.source])

    def start(self, case: Case) -> Prepared:
        """Fresh leaves for each call."""
        return lambda: self._call(case)

    def forward_output(self, case: Case) -> Array | None:
        """What its own forward gives, None where it fails: evidence only."""
        try:
            return to_numpy(self._apply(self.target, binding.values(case, self.form)))
        except Exception:
            return None

    def _call(self, case: Case) -> Returned:
        """One forward and backward, every leaf asking for its gradient as in training."""
        from gradcheck_cli.oracles.graph.tensors import left_in_leaves

        given = binding.values(case, self.form)
        before = {name: np.array(to_numpy(given[name])) for name in binding.ARRAY_ROLES}
        for name in LEAVES:
            given[name].requires_grad_(True)
        # A subclass that is made here is beyond torch.compile.
        recorder, raw = (self.target, []) if setting_now().compile else recorded(self.target)
        with during("forward"):
            output = self._apply(recorder, given)
        check_output(to_numpy(output), self.layout, case.spec, self.same)
        refused = ""
        with during("backward"):
            try:
                if output.requires_grad:
                    left_in_leaves((output,), (given["grad_output"],))
            except RuntimeError as error:
                if REFUSED not in str(error):
                    raise
                refused = " ".join(str(error).split())
        returned = self._as_returned(raw)
        items = returned if refused else self._as_arrived(given)
        summed = [NAMES[role] for role, array in returned.items() if not refused and array.shape != given[role].shape]
        self._check_numbers(to_numpy(output), items, case)
        names = {name: f"d{LETTERS[name]}" for name in self._passed()}  # one that is None is missing, not absent
        return Returned(items, names, changed(before, given), to_numpy(output), refused=refused, summed=tuple(summed))

    def _check_numbers(self, output: Array | None, items: Mapping[str, Array], case: Case) -> None:
        """Of a forward that is told the geometry and is right on a plain one: does it compute the convolution here?

        Gradients of another function are no mistake of the backward's. Of what is told no geometry, a kernel with other
        taps than it is written for is such a thing.

        Raises:
            WrongForwardError: it does not, and the gradients are not the convolution's either.
            RefusedError: the same, of other taps than those with which it computes the convolution.
        """
        is_stated = not self.same and bool(case.spec.unusual)
        if output is None or setting_now() != PLAIN or not (is_stated or self._is_of_other_taps(case.spec)):
            return
        ours = self.layout.take("output", output, case.spec.output_shape, case.spec.groups)
        right = probes.forward(case)
        unbiased = right - case.bias.reshape(-1, *[1] * (right.ndim - 2))
        if any(same_output(ours, one, case) for one in (right, unbiased)):
            return
        if not (self.is_right_when_plain or self.taps) or are_right(self.layout, items, case):
            return
        if not is_stated:
            taps = "x".join(map(str, case.spec.own(case.spec.kernel_size)))
            raise RefusedError(f"its own forward gives other numbers than a convolution with a kernel of {taps}")
        raise WrongForwardError(f"other numbers than a convolution with {in_words(case.spec)}")

    def _is_of_other_taps(self, spec: ConvSpec) -> bool:
        return bool(self.taps) and spec.kernel_size not in self.taps

    @cached_property
    def taps(self) -> frozenset[Size]:
        """The kernels with which its forward gives O on a geometry that is tried first, where it does with some alone.

        Only of code that asks for no side of its kernel: it is written for so many taps.
        """
        if self.source.shape_axes("weight") or self.source.shape_names("weight"):
            return frozenset()
        able = [spec for spec in probes.PROBES if not self.refuses(spec)]
        right = {spec.kernel_size for spec in able if _gives_its_forward(self, spec)}
        return frozenset(right) if right < {spec.kernel_size for spec in able} else frozenset()

    @cached_property
    def is_right_when_plain(self) -> bool:
        """Whether its forward gives O on the first geometry that it takes."""
        spec = next((spec for spec in probes.PROBES if not self.refuses(spec)), None)
        return spec is not None and not spec.unusual and _gives_its_forward(self, spec)

    def _apply(self, target: Any, given: dict[str, Any]) -> Any:
        with forward_setting():
            output = through_setting(lambda *arguments: target.apply(*arguments))(*self._arguments(given))
        return output[0] if isinstance(output, tuple) else output

    def _passed(self) -> list[str]:
        return [name for name in LEAVES if name in self.assignment.values()]

    def _as_arrived(self, given: Mapping[str, Any]) -> dict[str, Array]:
        """What autograd put into the leaves."""
        grads = {name: to_numpy(given[name].grad) for name in self._passed()}
        return {name: array for name, array in grads.items() if array is not None}

    def _as_returned(self, raw: Sequence[Any]) -> dict[str, Array]:
        """What the Function itself returned, in its own shapes, by the places of the inputs."""
        roles = [self.assignment.get(item.name, "") for item in self.forward.parameters]
        grads = {role: to_numpy(item) for role, item in zip(roles, raw, strict=False) if role in LEAVES}
        return {role: np.array(array) for role, array in grads.items() if array is not None}

    def _arguments(self, given: dict[str, Any]) -> list[Any]:
        """`apply` takes positions only; what we have no value for keeps its default."""
        arguments = []
        for item in self.forward.parameters:
            role = self.assignment.get(item.name, "")
            if role == "params":
                arguments.append(settings.settings_of(self.source, item.name, given))
            elif given.get(role) is not None:
                arguments.append(given[role])
            else:
                arguments.append(self.forward.default(item.name))
        return arguments


def recorded(target: Any) -> tuple[Any, list[Any]]:
    """A subclass of a Function that notes what its backward returns, and the list that it is noted in."""
    noted: list[Any] = []
    name = "vjp" if any("vjp" in vars(kind) for kind in _own_kinds(target)) else "backward"

    def note(ctx: Any, *upstream: Any) -> Any:
        returned = getattr(target, name)(ctx, *upstream)
        noted[:] = returned if isinstance(returned, tuple | list) else [returned]
        return returned

    return type(target.__name__, (target,), {name: staticmethod(note), "__module__": target.__module__}), noted


def _own_kinds(target: Any) -> list[type]:
    return [kind for kind in target.__mro__ if not kind.__module__.startswith("torch.")]


def autograd_candidates(
    target: Any, forward: Callee, source: Source, layouts: Sequence[Layout]
) -> Iterator[AutogradCandidate]:
    """Ways to call `target.apply`, the likeliest first."""
    for assigned in meanings.assignments(forward.parameters, ("x", "weight"), source):
        orders = _orders_of_margins(source, assigned)
        for layout in layouts:
            for form in _forms(forward, assigned, layout):
                plain = AutogradCandidate(target, forward, source, assignment=assigned, form=form)
                yield from _with_margins(plain, orders) if orders else (plain,)
                if not {"padding", "padding_h", "params"} & set(assigned.values()):
                    yield replace(plain, same=True)


def _orders_of_margins(source: Source, assigned: Assignment) -> tuple[tuple[str, ...], ...]:
    """Orders of four margins, where the padding is taken apart into four: as the names have it, and as `F.pad` does."""
    for name, role in assigned.items():
        if role == "padding" and source.use(name).unpacked == len(AS_TORCH_PADS):
            names = source.structure(name)
            return tuple(
                dict.fromkeys((corners(tuple(map(str, names)) if isinstance(names, tuple) else ()), AS_TORCH_PADS))
            )
    return ()


def _with_margins(plain: AutogradCandidate, orders: Sequence[tuple[str, ...]]) -> Iterator[AutogradCandidate]:
    """The candidate with the order of margins in which its own forward is right; with each where none is.

    What the backward takes them for is no evidence: that may be the mistake.
    """
    ways = [replace(plain, form=replace(plain.form, corners=order)) for order in orders]
    right = [one for one in ways if any(_gives_its_forward(one, spec) for spec in TOLD_APART if not one.refuses(spec))]
    yield from right or ways


def _gives_its_forward(candidate: AutogradCandidate, spec: ConvSpec) -> bool:
    case = probes.integer_case(spec)
    return probes.gives_forward(candidate.forward_output(case), candidate.layout, case)


def _forms(forward: Callee, assigned: Assignment, layout: Layout) -> Iterator[Form]:
    pair = any(isinstance(item.default, tuple) for item in forward.parameters)
    biases = BIAS_FORMS.get(layout.x, ("o",)) if "bias" in assigned.values() else ("o",)
    sized = {"stride", "padding", "dilation", "kernel_size"} & set(assigned.values())
    for pairs in (True,) if pair else (False, True) if sized else (False,):
        words = mode_words([forward.source])
        yield from (Form(layout, bias=bias, pairs=pairs, words=words, torch=True) for bias in biases)
