"""Optional parameters whose names tell nothing: what they are, tried by another value, and which stay as they are.

A pass says nothing of a setting that no call has changed. A number may be the stride, the padding or the dilation under
a name of its own: where a gradient or the forward is right so, it is asked as that. Any other setting is changed where
the target is right: it may change nothing, or the forward and the backward alike; where it changes the one and not the
other, the backward is wrong. What is left is said.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from gradcheck_cli.layers import conv
from gradcheck_cli.model import GRADIENTS, Array, Case, ConvSpec, GradientName
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.model.line import LineSpec
from gradcheck_cli.targets.contract import WrongBeside
from gradcheck_cli.targets.conventions import calling, probes
from gradcheck_cli.targets.conventions.alike import same_gradient
from gradcheck_cli.targets.conventions.attempt import Chosen
from gradcheck_cli.targets.conventions.autograd_function import AutogradCandidate
from gradcheck_cli.targets.conventions.base import Candidate
from gradcheck_cli.targets.conventions.binding import required
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.closure import ClosureCandidate
from gradcheck_cli.targets.conventions.construct import LINEAR, STILL
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.own_derivative import OwnDerivative, Point, own_derivative
from gradcheck_cli.targets.conventions.own_forward import float_case, moved, point_of
from gradcheck_cli.targets.conventions.results import take
from gradcheck_cli.targets.conventions.same import HasForward, right_there
from gradcheck_cli.targets.conventions.slots import INITIALIZER, Slot

# What an optional number of an unknown name may be, by its default, and the value that shows it.
BY_DEFAULT: Mapping[int, Mapping[str, int]] = {1: {"stride": 2, "dilation": 2, "groups": 2}, 0: {"padding": 1}}
# A setting is changed on so many of the geometries on which the target is right: plain, padded, strided.
MOST_PROBES = 3
# Of a setting that may have any number, so many others are tried.
MOST_VALUES = 3

# What is changed of a layer that ends in max(0, .).
BELOW_ZERO = "outputs below 0"
# Seconds of the target's own work for all of its settings; what is left then is said to be not varied.
MOST_WORK = 5.0

Wrongs = tuple[WrongBeside, ...]
# The slopes of its own forward, and the gradients that it gives.
Measured = tuple[OwnDerivative, Mapping[GradientName, Array]]

# Of a penalty of half the squares, and of the squares.
PENALTIES = (1, 2)
DECAYS = (
    "with {0} grad_{1} holds {0} times the {1} itself, as the derivative of a penalty on it does; no output shows that "
    "({0}={2:g}: right but for it)"
)


@dataclass(frozen=True)
class FreeParameter:
    """An optional parameter that no role explains. `words`: the strings with which the code compares it.

    `own`: what its author's code has there, where it was handed something plainer.
    """

    name: str
    default: Any
    words: tuple[str, ...] = ()
    own: tuple[Any, ...] = ()

    def others(self) -> list[Any]:
        """Values beside the default; none where nothing says what they might be."""
        if self.own:
            return list(self.own)
        if isinstance(self.default, bool):
            return [not self.default]
        if isinstance(self.default, int):
            return [self.default + 1, 2 * self.default + 3][:MOST_VALUES]
        if isinstance(self.default, float):  # no power of 2: not even a factor is left exact by chance
            return [0.7 * self.default if self.default else 0.7]
        if isinstance(self.default, str):
            return [word for word in self.words if word != self.default][:MOST_VALUES]
        return []


@dataclass(frozen=True)
class Varying:
    """Asks a target with other settings. `seed` comes before every call, `guard` ends one that takes too long."""

    seed: Callable[[], None]
    guard: Callable[[], AbstractContextManager[None]]

    def settled(self, chosen: Chosen) -> Chosen:
        """What is chosen, with roles for settings, what is wrong beside the defaults, and the rest by name."""
        left: list[str] = []
        notes: list[str] = []
        wrong: list[WrongBeside] = []
        end = time.thread_time() + MOST_WORK
        for setting in settings_of(chosen.candidate):
            is_over = time.thread_time() > end
            role = "" if is_over or setting.own else next(self._roles(chosen.candidate, setting), "")
            if role:
                chosen = replace(chosen, candidate=with_role(chosen.candidate, setting.name, role))
                continue
            seen = [] if is_over else self._varied(chosen, setting)
            found = next((found for found in seen if found), ())
            decays = [name for name in {one.gradient: None for one in found} if self._decays(chosen, setting, name)]
            notes += [DECAYS.format(setting.name, name, setting.others()[0]) for name in decays]
            wrong += [one for one in found if one.gradient not in decays]
            left += [] if seen and None not in seen else [setting.name]
        beside = (*wrong, *self._below_zero(chosen))
        return replace(chosen, unvaried=tuple(left), wrong_beside=beside, notes=tuple(notes))

    def _roles(self, candidate: Candidate, setting: FreeParameter) -> Iterator[str]:
        """The roles in which it makes a gradient or the forward right, which is none of its default."""
        if type(setting.default) is not int:
            return
        for role, value in BY_DEFAULT.get(setting.default, {}).items():
            other = with_role(candidate, setting.name, role)
            specs = list(_specs_with(role, value, other))
            if any(not candidate.refuses(spec) for spec in specs):  # another parameter has this role
                continue
            if any(self._is_shown(candidate, other, spec, role) for spec in specs):
                yield role

    def _is_shown(self, candidate: Candidate, other: Candidate, spec: ConvSpec, role: str) -> bool:
        """Whether the forward is right with the role; of a target without a forward that is right, a gradient."""
        plain = replace(spec, **{role: getattr(_plain(spec), role)})
        by_forward = "forward" in self._right(candidate, plain)
        right = self._right(other, spec)
        return "forward" in right if by_forward else bool(right)

    def _right(self, candidate: Candidate, spec: ConvSpec) -> set[str]:
        """What is right there; a bias is so whatever the geometry."""
        return set(right_there(candidate, spec, self.seed, self.guard)) - {"bias"}

    def _varied(self, chosen: Chosen, setting: FreeParameter) -> list[Wrongs | None]:
        """What is wrong with each other value on each geometry where the target is right; None where nobody knows."""
        able = (spec for spec in probes.PROBES if not chosen.candidate.refuses(spec))
        right = {spec: self._right(chosen.candidate, spec) for spec in islice(able, MOST_PROBES)}
        changed = [(value, with_value(chosen.candidate, setting.name, value)) for value in setting.others()]
        return [
            () if found <= self._right(other, spec) else self._beside(chosen, other, spec, f"{setting.name}={value!r}")
            for value, other in changed
            for spec, found in right.items()
            if found
        ]

    def _below_zero(self, chosen: Chosen) -> Wrongs:
        """What is wrong where a layer that ends in max(0, .) is not lifted above 0, as it is everywhere else."""
        candidate = chosen.candidate
        if not isinstance(candidate, LayerCandidate) or not candidate.rectified:
            return ()
        able = (spec for spec in probes.PROBES if not candidate.refuses(spec))
        plain = replace(candidate, rectified=False)
        found = (self._beside(chosen, plain, spec, BELOW_ZERO) for spec in islice(able, MOST_PROBES))
        return next((wrong for wrong in found if wrong), ())

    def _beside(self, chosen: Chosen, other: Candidate, spec: ConvSpec, words: str) -> Wrongs | None:
        """The gradients that are not the slopes of its own forward; None where they are not even at the defaults."""
        try:
            usual = self._misfits(chosen, chosen.candidate, spec)
            misfits = self._misfits(chosen, other, spec)
        except (Exception, SystemExit):  # a value may be forbidden, or no value at all
            return None
        if usual or usual is None or misfits is None:
            return None
        unmasked = self._as_alone(chosen, other, float_case(spec)) if misfits else set()
        return tuple(WrongBeside(words, name, slopes, name in unmasked) for name, slopes in misfits)

    def _decays(self, chosen: Chosen, setting: FreeParameter, name: GradientName) -> bool:
        """Whether it adds so much of the parameter, or twice that, to its gradient, which is right but for that.

        The derivative of a penalty on the parameter, which no output shows.
        """
        value = setting.others()[0]
        if not isinstance(value, float) or name == "input":
            return False
        other = with_value(chosen.candidate, setting.name, value)
        able = (spec for spec in probes.PROBES if not other.refuses(spec))
        for spec in islice(able, MOST_PROBES):
            try:
                measured = self._measured(chosen, other, spec)
            except (Exception, SystemExit):  # a geometry may be refused as it is called
                continue
            array = None if measured is None else measured[1].get(name)
            if measured is None or array is None:
                continue
            own, case = measured[0], float_case(spec)
            penalty = case.weight if name == "weight" else case.bias
            if array.shape != penalty.shape:
                return False
            return any(own.fits(name, array - times * value * penalty) for times in PENALTIES)
        return False

    def _as_alone(self, chosen: Chosen, candidate: Candidate, case: Case) -> set[GradientName]:
        """The gradients that are those of the convolution alone."""
        self.seed()
        with self.guard():
            returned = candidate.start(case)()
        given = take(returned, chosen.plan, case.spec, candidate.layout, candidate.bias_form).gradients
        pairs = ((name, given.get(name), right) for name, right in conv.backward(case).items())
        return {name for name, array, right in pairs if array is not None and same_gradient(array, name, case, right)}

    def _misfits(self, chosen: Chosen, candidate: Candidate, spec: ConvSpec) -> list[tuple[GradientName, str]] | None:
        """The gradients that are no derivative of its own forward, with the slopes; None without a forward."""
        measured = self._measured(chosen, candidate, spec)
        if measured is None:
            return None
        own, found = measured
        return [(name, own.slopes_beside(name, array)) for name, array in found.items() if not own.fits(name, array)]

    def _measured(self, chosen: Chosen, candidate: Candidate, spec: ConvSpec) -> Measured | None:
        """The slopes of its own forward, and the gradients that it gives; None without a forward."""
        case = float_case(spec)

        def forward(point: Point) -> Array:
            self.seed()
            with self.guard():
                output = _output(candidate, moved(case, point))
            if output is None:
                raise NoForwardError
            return candidate.layout.take("output", output, spec.output_shape, spec.groups)

        try:
            own = own_derivative(forward, {**point_of(case), "bias": case.bias}, case.grad_output)
        except NoForwardError:
            return None
        self.seed()
        with self.guard():
            returned = candidate.start(case)()
        taken = take(returned, chosen.plan, spec, candidate.layout, candidate.bias_form)
        given = {name: taken.gradients.get(name) for name in GRADIENTS}
        return own, {name: array for name, array in given.items() if array is not None}


class NoForwardError(Exception):
    """The target has no forward of its own that runs."""


def _output(candidate: Candidate, case: Case) -> Array | None:
    if isinstance(candidate, LayerCandidate):
        return candidate.own_output(case)
    return candidate.forward_output(case) if isinstance(candidate, HasForward) else None


def settings_of(candidate: Candidate) -> list[FreeParameter]:
    """The optional parameters that nothing is handed to, of the target, its forward and its constructor."""
    found: dict[str, FreeParameter] = {}
    for callee, handed in _callees(candidate):
        for item in callee.parameters:
            use = callee.source.use(item.name)
            if not required(item) and item.name not in handed and not (use.known and use.unused):
                found.setdefault(item.name, FreeParameter(item.name, item.default, use.texts))
    return list(found.values()) + (_of_constructor(candidate) if isinstance(candidate, LayerCandidate) else [])


def _callees(candidate: Candidate) -> Iterator[tuple[Callee, Mapping[str, str]]]:
    """The functions that are called by their parameters' names, with the role of each that has one."""
    if isinstance(candidate, FunctionCandidate):
        yield candidate.callee, candidate.assignment
        if candidate.forward is not None:
            yield candidate.forward, candidate.handing.handed_to(candidate.forward)
    elif isinstance(candidate, ClosureCandidate):
        yield candidate.callee, candidate.assignment
    elif isinstance(candidate, LayerCandidate) and candidate.weight is None:
        name = candidate.calls.forward
        method = getattr(candidate.owner, name)
        handed = calling.handed(candidate.owner, name, candidate.source)
        yield Callee(method, name, candidate.source.method(name), 1), {**handed, **dict.fromkeys(calling.TRAINING, "")}
    elif isinstance(candidate, AutogradCandidate):
        yield replace(candidate.forward, source=candidate.source), candidate.assignment


def _of_constructor(candidate: LayerCandidate) -> list[FreeParameter]:
    roles, plain = candidate.recipe.roles, [slot for slot in candidate.constructor.slots if not slot.key]
    # What it begins with is no setting: the weights are those of each question.
    begins = re.compile(INITIALIZER)
    free = [slot for slot in plain if not slot.required and slot.id not in roles and not begins.search(slot.id.lower())]
    found = [FreeParameter(slot.parameter, slot.default, slot.use.texts) for slot in free]
    # What had to be handed over and is known not to be what it was taken for first.
    still = [FreeParameter(slot.parameter, STILL[roles[slot.id]]) for slot in plain if roles.get(slot.id) in STILL]
    return found + still + [_own_activation(slot, candidate) for slot in plain if roles.get(slot.id) == "activation"]


def _own_activation(slot: Slot, candidate: LayerCandidate) -> FreeParameter:
    """An activation that was left out to see the convolution: its default, and the words that the code compares."""
    handed = candidate.recipe.activation
    wanted = () if slot.required or slot.default is None else (slot.default,)
    others = [value for value in (*wanted, *slot.use.texts) if value != handed and value not in LINEAR]
    return FreeParameter(slot.parameter, handed, (), tuple(dict.fromkeys(others))[:MOST_VALUES])


def with_role(candidate: Candidate, name: str, role: str) -> Candidate:
    """The candidate that hands the value of `role` to the parameter `name`."""
    if isinstance(candidate, FunctionCandidate):
        return _function_with_role(candidate, name, role)
    if isinstance(candidate, ClosureCandidate | AutogradCandidate):
        return replace(candidate, assignment={**candidate.assignment, name: role})
    if isinstance(candidate, LayerCandidate):
        recipe = replace(candidate.recipe, roles={**candidate.recipe.roles, name: role})
        return replace(candidate, recipe=recipe)
    return candidate


def _function_with_role(candidate: FunctionCandidate, name: str, role: str) -> FunctionCandidate:
    if _has(candidate.callee, name):
        candidate = replace(candidate, assignment={**candidate.assignment, name: role})
    if candidate.forward is not None and _has(candidate.forward, name):
        meaning = {**candidate.handing.handed_to(candidate.forward), name: role}
        candidate = replace(candidate, meaning=meaning)
    return candidate


def with_value(candidate: Candidate, name: str, value: Any) -> Candidate:
    """The candidate whose parameter `name` has another default."""
    if isinstance(candidate, FunctionCandidate):
        forward = _preset(candidate.forward, name, value) if candidate.forward else None
        return replace(candidate, callee=_preset(candidate.callee, name, value), forward=forward)
    if isinstance(candidate, ClosureCandidate):
        return replace(candidate, callee=_preset(candidate.callee, name, value))
    if isinstance(candidate, AutogradCandidate):
        return replace(candidate, forward=_preset(candidate.forward, name, value))
    if isinstance(candidate, LayerCandidate):
        constructor = replace(candidate.constructor, make=partial(candidate.constructor.make, **{name: value}))
        roles = {key: role for key, role in candidate.recipe.roles.items() if key != name}
        return replace(candidate, constructor=constructor, recipe=replace(candidate.recipe, roles=roles))
    return candidate


def _preset(callee: Callee, name: str, value: Any) -> Callee:
    return replace(callee, function=partial(callee.function, **{name: value})) if _has(callee, name) else callee


def _has(callee: Callee, name: str) -> bool:
    return any(item.name == name for item in callee.parameters)


def _specs_with(role: str, value: int, candidate: Candidate) -> Iterator[ConvSpec]:
    """A geometry or two that the candidate takes, with another value of one setting."""
    return islice((spec for spec in _changed(role, value) if not candidate.refuses(spec)), 2)


def _plain(spec: ConvSpec) -> ConvSpec:
    """The same without stride, padding, dilation and groups."""
    one, none = (1,) * len(spec.stride), (0,) * len(spec.stride)
    return replace(spec, stride=one, dilation=one, padding=none, extra_after=none, groups=1)


def _changed(role: str, value: int) -> Iterator[ConvSpec]:
    for spec in probes.PROBES:
        sides = (0 if role == "padding" else 1, value) if isinstance(spec, LineSpec) else (value,) * len(spec.stride)
        change: dict[str, Any] = {role: value if role == "groups" else sides}
        with suppress(GeometryError):
            yield replace(spec, **change)
