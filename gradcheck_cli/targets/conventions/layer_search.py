"""Finds how a layer class is built and called: its constructor, its weights, the axis orders in which forward runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec
from gradcheck_cli.targets.conventions import calling, layouts, probes, state
from gradcheck_cli.targets.conventions.alike import same_whole
from gradcheck_cli.targets.conventions.backprop import Backprop
from gradcheck_cli.targets.conventions.base import (
    BIAS_FORMS,
    RefusedError,
    TransposedError,
    is_tensor,
)
from gradcheck_cli.targets.conventions.bias_times import with_more_bias
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.calling import Calls
from gradcheck_cli.targets.conventions.construct import Constructor, Recipe, constructor_of, recipes
from gradcheck_cli.targets.conventions.instance import quieten
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.layer_build import wire_weights
from gradcheck_cli.targets.conventions.layout import Layout, turned
from gradcheck_cli.targets.conventions.methods import forward_names, missing_attributes, no_forward
from gradcheck_cli.targets.conventions.other_kinds import grows_with_stride
from gradcheck_cli.targets.conventions.own_types import own_types
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.conventions.stand_ins import StandInOptimizer
from gradcheck_cli.targets.conventions.troubles import Troubles
from gradcheck_cli.targets.conventions.whole_blocks import is_right_on_blocks
from gradcheck_cli.targets.conventions.wiring import equip

# Instances that are made of one class on one geometry: a few seconds where a constructor takes ten milliseconds.
MAX_BUILDS = 300
# Of the ways in which no forward was right, so many are called: they differ in what is nobody's evidence.
MAX_WEAKER = 4
# Arrays of the shape of a bias that are tried as one: gradients and momentum stand beside it.
MAX_BIASES = 4


@dataclass(frozen=True)
class Within:
    """What a search tries: in which layouts, and when it is time to stop. One geometry may take minutes."""

    layouts: Sequence[Layout]
    is_over: Callable[[], bool] = lambda: False


@dataclass
class Search:
    """One class, tried on one case. `troubles`: what went wrong, for the refusal."""

    owner: type
    constructor: Constructor
    source: Source
    backward: str
    orders: Sequence[Layout]
    case: Case
    scope: Mapping[str, Any]
    troubles: Troubles
    engines: Sequence[Backprop] = ()
    seen: set[str] = field(default_factory=set)
    _shapes: dict[Layout, tuple[int, ...]] = field(default_factory=dict)

    @property
    def built(self) -> int:
        """How many different instances were made."""
        return len(self.seen)

    def candidates(self, recipe: Recipe, forward: str) -> Iterator[LayerCandidate]:
        """Ways to call what one recipe builds, those with a right forward first and alone."""
        instance = self._build(recipe)
        for engine in self.engines or (None,) if instance is not None else ():
            yield from self._called(recipe, Calls(forward, self.backward, engine=engine), instance)

    def _called(self, recipe: Recipe, calls: Calls, instance: Any) -> Iterator[LayerCandidate]:
        """The same with known methods."""
        if calling.handed(self.owner, calls.forward, self.source):
            yield from self._handed(recipe, calls)
            return
        found = list(self._kept(recipe, calls, instance, self.orders))
        if not found and "weight" not in recipe.roles.values():
            usual = [order for order in self.orders if layouts.is_usual(order)]
            found = [one for alike in _by_input(usual) for one in self._late(recipe, calls, alike)]
        yield from found

    def is_new(self, recipe: Recipe) -> bool:
        """Whether no recipe so far hands over the same."""
        values = {**recipe.values(self.case), "optimizer": None}
        key = repr([(name, _brief(values[role])) for name, role in recipe.roles.items()]) + f"{recipe.mode}"
        key += recipe.order.weight if "weight" in recipe.roles.values() else ""  # the same shape hides another order
        fresh = key not in self.seen
        self.seen.add(key)
        return fresh

    def _build(self, recipe: Recipe) -> Any:
        try:
            instance = recipe.build(self.constructor, self.case, StandInOptimizer())
        except Exception as error:
            self.troubles.add("build", error)
            return None
        quieten(instance)
        if self.troubles.built is None:
            self.troubles.built = instance
        return instance

    def _kept(self, recipe: Recipe, calls: Calls, instance: Any, orders: Sequence[Layout]) -> Iterator[LayerCandidate]:
        """Candidates for an instance that holds its weights; in unusual layouts only where its forward proves them."""
        places = state.held(instance)
        shapes = {place.array.shape for place in places}
        fitting = [order for order in orders if self._shape(order) in shapes and recipe.hands_over(order)]
        usual = [order for order in fitting if layouts.is_usual(order)]
        found = [one for order in usual for one in self._in_layout(recipe, calls, instance, order)]
        yield from found
        if any(one.forward_right for one in found):
            return
        for order in fitting:
            if order not in usual:
                right = [one for one in self._in_layout(recipe, calls, instance, order) if one.forward_right]
                yield from right
                if right:
                    return

    def _shape(self, order: Layout) -> tuple[int, ...]:
        """The shape that weights have in a layout."""
        if order not in self._shapes:
            self._shapes[order] = order.shape("weight", self.case.spec.weight_shape, self.case.spec.groups)
        return self._shapes[order]

    def _in_layout(self, recipe: Recipe, calls: Calls, instance: Any, layout: Layout) -> Iterator[LayerCandidate]:
        """Candidates in one layout; none where the instance holds no such weights."""
        places = state.held(instance)
        weight = _weight(places, layout, self.case.spec)
        if weight is None:
            return
        bias, bias_form = _bias(places, layout, self.case.spec)
        form = Form(layout, bias_form, pairs=recipe.pairs, mode=recipe.mode, torch=_is_tensor(instance, weight))
        path = bias.path if bias else None
        plain = LayerCandidate(self.owner, self.constructor, self.source, recipe, form, calls, weight.path, path)
        yield from self._judged(plain if bias else self._with_bias(plain, places))

    def _with_bias(self, plain: LayerCandidate, places: Sequence[state.Held]) -> LayerCandidate:
        """The candidate with the array that its forward adds, where no name says which that is."""
        if not np.any(self.case.bias):
            return plain
        for place, form in _unnamed_biases(places, plain, self.case.spec)[:MAX_BIASES]:
            one = replace(plain, bias=place.path, form=replace(plain.form, bias=form))
            output = self._run(one)
            if _fits(one, output, self.case) or _fits(one, output, self._turned_case):
                return one
        return plain

    def _late(self, recipe: Recipe, calls: Calls, orders: Sequence[Layout]) -> Iterator[LayerCandidate]:
        """The same for one that makes its weights when it is first run, or connected."""
        optimizer = StandInOptimizer()
        instance = recipe.build(self.constructor, self.case, optimizer)
        equip(instance, optimizer)
        torch = hasattr(instance, "register_full_backward_hook")  # a Module takes tensors
        form = Form(orders[0], pairs=recipe.pairs, mode=recipe.mode, torch=torch)
        plain = LayerCandidate(self.owner, self.constructor, self.source, recipe, form, calls, (), None)
        try:
            wire_weights(plain, instance, self.case, orders, optimizer)
        except Exception as error:
            self.troubles.add("build" if isinstance(error, RefusedError) else "run", error)
        yield from self._kept(recipe, calls, instance, orders)

    def _handed(self, recipe: Recipe, calls: Calls) -> Iterator[LayerCandidate]:
        """Candidates for an operator that is handed its weights with the input."""
        types = [None] if calls.engine else [None, *(own.kind for own in own_types(self.scope))]
        backends = (False, True) if "torch" in self.scope else (False,)
        for layout in [order for order in self.orders if layouts.is_usual(order)]:
            for torch in backends:
                for variable in types:
                    form = Form(layout, pairs=recipe.pairs, mode=recipe.mode, torch=torch)
                    kept = replace(calls, variable=variable)
                    plain = LayerCandidate(self.owner, self.constructor, self.source, recipe, form, kept, None, None)
                    found = [one for spelled in _spelled(plain) for one in self._judged(spelled)]
                    yield from found
                    if variable is not None:
                        yield from (replace(one, calls=replace(kept, wraps_upstream=True)) for one in found)

    def _judged(self, plain: LayerCandidate) -> Iterator[LayerCandidate]:
        """The candidate with what its own forward tells: right, turned, rectified, or merely of the right shape."""
        spec = self.case.spec
        candidate = replace(plain, same=bool(plain.refuses(spec)))
        if candidate.refuses(spec):
            candidate = replace(plain, blocks=True)
        if candidate.refuses(spec):
            return
        output = self._run(candidate)
        if output is None:
            return
        right = (one for one in _variants(candidate) if _fits(one, output, self.case))
        turned = (one for one in _variants(_turned(candidate)) if _fits(one, output, self._turned_case))
        found = next(right, None) or next(turned, None)
        # What pools behind a stride of 1 is a convolution of blocks of the one size, and of no other.
        if not candidate.blocks or (found is not None and is_right_on_blocks(found)):
            yield found or candidate

    @cached_property
    def _turned_case(self) -> Case:
        """What a true convolution makes of the kernel as it is handed over."""
        return replace(self.case, weight=turned(self.case.weight))

    def _run(self, candidate: LayerCandidate) -> Array | None:
        """O as its forward gives it, in our layout; None where it does not run or has another shape."""
        try:
            output = candidate.own_output(self.case)
        except Exception as error:
            self.troubles.add("run", error)
            return None
        wanted = candidate.layout.shape("output", self.case.spec.output_shape, self.case.spec.groups)
        if output is None or output.shape != wanted:
            self.troubles.shape(None if output is None else output.shape, wanted)
            return None
        return candidate.layout.take("output", output, self.case.spec.output_shape, self.case.spec.groups)


def layer_candidates(
    owner: type,
    source: Source,
    backward: str,
    within: Within,
    case: Case,
    scope: Mapping[str, Any],
    engines: Sequence[Backprop] = (),
) -> Iterator[LayerCandidate]:
    """Ways to build and call the class that run forward on `case`, those whose forward is right first.

    Args:
        backward: the method to judge, "" for autograd's.
        scope: names of the user's module.
        engines: ways back of the file's own types, where no method of the class is one.

    Raises:
        NotRecognisedError: none is found; with the step at which it ended.
    """
    forwards = forward_names(owner, source, backward)
    if not forwards:
        raise no_forward(owner, source)
    forwards.sort(key=lambda name: len(missing_attributes(source, backward, name)))
    constructor = constructor_of(owner, source, scope)
    able = layouts.able(within.layouts, case.spec)
    search = Search(
        owner, constructor, source, backward, able, case, scope, Troubles(owner, constructor, forwards[0]), engines
    )
    kernels = {order.weight for order in within.layouts}
    weaker: list[LayerCandidate] = []
    found = False
    for recipe in recipes(constructor.slots, layouts.LayerKind.of(case.spec)):
        is_odd = "weight" in recipe.roles.values() and recipe.order.weight not in kernels
        if is_odd or recipe.order.refuses(case.spec) or not search.is_new(recipe):
            continue
        right = False
        for candidate in (one for forward in forwards for one in search.candidates(recipe, forward)):
            if candidate.forward_right:
                if not found and not candidate.layout.transposed and grows_with_stride(candidate, case.spec):
                    raise TransposedError
                found = True
                right |= "weight" not in recipe.roles.values() or _comes_back(candidate, case)
                yield candidate
            else:
                weaker.append(candidate)
        if right:
            return
        if search.built > MAX_BUILDS or len(weaker) > MAX_BUILDS or within.is_over():
            break
    yield from weaker[:MAX_WEAKER]
    if not weaker and not found:
        raise search.troubles.refusal()


def _comes_back(candidate: LayerCandidate, case: Case) -> bool:
    """Whether its backward ends: with weights in another order than is meant, a forward may be right by chance."""
    try:
        candidate.start(case)()
    except Exception:  # whatever it raises
        return False
    return True


def _by_input(orders: Sequence[Layout]) -> list[list[Layout]]:
    """The layouts in groups that hand over X alike."""
    return [[order for order in orders if order.x == x] for x in dict.fromkeys(order.x for order in orders)]


def _brief(value: Any) -> Any:
    return value.shape if isinstance(value, np.ndarray) else value


def _spelled(plain: LayerCandidate) -> Iterator[LayerCandidate]:
    """The forms in which an operator may be handed its bias; one where it is handed none."""
    forms = tuple(BIAS_FORMS) if plain.takes("bias") else ("o",)
    yield from (replace(plain, form=replace(plain.form, bias=bias)) for bias in forms)


def _weight(places: Sequence[state.Held], layout: Layout, spec: ConvSpec) -> state.Held | None:
    """Where an instance keeps weights of this layout."""
    wanted = layout.shape("weight", spec.weight_shape, spec.groups)
    fitting = [place for place in places if place.array.shape == wanted and not state.is_gradient(place)]
    fitting.sort(key=lambda place: (not state.is_weight(place), state.is_state(place), len(place.path)))
    return fitting[0] if fitting else None


def _bias(places: Sequence[state.Held], layout: Layout, spec: ConvSpec) -> tuple[state.Held | None, str]:
    named = [place for place in places if state.is_bias(place)]
    for place in named:
        for form, shape in BIAS_FORMS.items():
            if place.array.shape == shape(spec.out_channels):
                return place, form
    untied = layout.shape("output", (1, *spec.output_shape[1:]), spec.groups)
    untied = untied[1:] if layout.output.startswith("n") else untied
    for place in named:
        if place.array.shape == untied:
            return place, "untied"
    return None, "o"


def _unnamed_biases(
    places: Sequence[state.Held], plain: LayerCandidate, spec: ConvSpec
) -> list[tuple[state.Held, str]]:
    """Arrays that may be a bias by their shape alone, with the form of each."""
    free = [place for place in places if place.path != plain.weight and not state.is_gradient(place)]
    forms = {shape(spec.out_channels): form for form, shape in list(BIAS_FORMS.items())[::-1]}
    return [(place, forms[place.array.shape]) for place in free if place.array.shape in forms]


def _is_tensor(instance: Any, place: state.Held) -> bool:
    return is_tensor(state.follow(instance, place.path))


def _turned(candidate: LayerCandidate) -> LayerCandidate:
    return replace(candidate, form=replace(candidate.form, layout=candidate.layout.turned()))


def _variants(candidate: LayerCandidate) -> Iterator[LayerCandidate]:
    """What its forward may be: with its bias, without it, with max(0, .) behind, and with the bias more than once."""
    right = replace(candidate, forward_right=True)
    yield right
    if candidate.bias:
        yield replace(right, bias=None)
        yield replace(right, rectified=True)
        yield replace(right, bias_often=True)


def _fits(candidate: LayerCandidate, output: Array | None, case: Case) -> bool:
    """Whether this is what the candidate's forward gives."""
    biased = case if candidate.bias_form else replace(case, bias=np.zeros_like(case.bias))
    if candidate.bias_often:
        return any(same_whole(output, probes.forward(more)) for _, more in with_more_bias(biased))
    expected = probes.forward(biased)
    expected = np.maximum(expected, 0) if candidate.rectified else expected
    return same_whole(output, expected)
