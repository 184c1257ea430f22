"""Where a layer's gradients are: returned, kept in attributes or a growing list, handed to an optimiser, or stepped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Case
from gradcheck_cli.targets.conventions import state
from gradcheck_cli.targets.conventions.base import collect, to_numpy
from gradcheck_cli.targets.conventions.names import gradient_role
from gradcheck_cli.targets.conventions.own_types import Leaf
from gradcheck_cli.targets.conventions.stand_ins import Handed, StandInOptimizer

# Keys of what was read off an update begin with this, of what an optimiser was handed with that.
UPDATE = "update"
# The first step of Adam is rate * g / (|g| + 1e-8): all steps are alike to about 1e-8.
SAME_STEP = 1e-4
HANDED = "handed"
# (old - new) / rate rounds by 2^-53 of a weight over the rate; with rates down to 1e-3 and a few steps less than this.
_UPDATE_ROUNDS = 2.0**-40
# A gradient that is wrong by a mean or a factor is off by more, and is left as it is.
_NEARLY_WHOLE = 1e-3
LABELS = {"weight": "dw", "bias": "db", "input": "dx"}


@dataclass(frozen=True)
class Trained:
    """An instance, where its weights are (None: they are handed over at each call), and the optimiser that it has."""

    instance: Any
    weight: state.Held | None
    bias: state.Held | None
    optimizer: StandInOptimizer

    @property
    def own(self) -> list[tuple[state.Held, str]]:
        """Its weights and its bias, with the label of their gradient."""
        both = ((self.weight, "dw"), (self.bias, "db"))
        return [(place, label) for place, label in both if place is not None]


@dataclass(frozen=True)
class Before:
    """What an instance held before its backward was called."""

    arrays: Mapping[state.Path, Array]
    elements: Mapping[state.Path, tuple[Any, ...]]
    weights: Mapping[state.Path, Any]


@dataclass(frozen=True)
class Passed:
    """What one forward and backward left behind: all that there is to read.

    Attributes:
        trained: the instance, as it is now.
        before: what it held between the two.
        given: what its methods were handed, by role.
        output: what its forward gave, in its own layout.
        result: what its backward returned.
        mutated: arguments that were changed.
        wrong_forward: what is wrong with the output, "" for nothing.
    """

    trained: Trained
    before: Before
    given: Mapping[str, Any]
    output: Any
    result: Any
    mutated: tuple[str, ...]
    wrong_forward: str


def look(trained: Trained) -> Before:
    """Everything that a backward may change, and the weights themselves, which it may replace."""
    arrays = {place.path: place.array for place in state.held(trained.instance)}
    weights = {place.path: state.follow(trained.instance, place.path) for place, _ in trained.own}
    return Before(arrays, state.elements(trained.instance), weights)


def clear_beside(trained: Trained) -> None:
    """Zeros in the `.grad` beside a parameter's value: what adds up there is cleared by the model, as in torch."""
    for place in beside(trained):
        state.write(trained.instance, place, np.zeros_like(place.array))


def beside(trained: Trained) -> list[state.Held]:
    """Gradients that are kept together with their parameter, for a model that clears them.

    In an object of their own, `.W.value` and `.W.grad`, or handed out in pairs with it: `param()` gives [(W, dW)].
    """
    parents = {place.path[:-1] for place, _ in trained.own if len(place.path) > 1}
    held = state.held(trained.instance)
    found = [place for place in held if place.path[:-1] in parents and len(place.path) > 1]
    named = [place for place in found if str(place.path[-1][1]).lower().strip("_") in state.GRADIENT_WORDS]
    partners = _handed_out(trained)
    return named + [place for place in held if _is_among(state.follow(trained.instance, place.path), partners)]


# What the method is called by which a training loop gets at the parameters and their gradients.
_PARAMETERS = ("param", "params", "parameters", "get_params", "get_parameters")


def _handed_out(trained: Trained) -> list[Any]:
    """What the object hands out in pairs with its own weights: the objects themselves, as an identity may come back."""
    call = next((found for name in _PARAMETERS if callable(found := getattr(trained.instance, name, None))), None)
    own = [state.follow(trained.instance, place.path) for place, _ in trained.own]
    try:
        pairs = list(call()) if call is not None else []
    except Exception:  # whatever it raises: it wants something, or hands out nothing yet
        return []
    of_two = [pair for pair in pairs if isinstance(pair, tuple | list) and len(pair) == 2]
    return [grad for weight, grad in of_two if _is_among(weight, own)]


def _is_among(one: Any, others: Sequence[Any]) -> bool:
    """The same object, whatever it is equal to."""
    return any(one is other for other in others)


def add_kept(trained: Trained, before: Before, items: dict[str, Array], names: dict[str, str]) -> None:
    """Named gradients that changed, then unnamed new arrays, then named ones that did not change."""
    own = {place.path for place, _ in trained.own}
    new = _new_elements(trained, before)
    ranked = []
    for place in _with_grads(trained.instance):
        if place.path in own or (place.path[:1] in new and not place.listed):
            continue
        role, moved = state.role_of(place), _moved(place, before)
        if (moved and not state.is_state(place)) or role in ("weight", "bias"):
            ranked.append((0 if moved and role else 1 if moved else 2, len(place.path), place, role))
    for _, _, place, role in sorted(ranked, key=lambda item: item[:2]):
        items[place.name] = place.array
        names[place.name] = LABELS.get(role, "_")
    for name, array, label in _appended(trained, before):
        items[name], names[name] = array, label


def add_updates(
    trained: Trained,
    before: Before,
    items: dict[str, Array],
    names: dict[str, str],
    rate: float,
    *,
    by_updater: bool = False,
) -> None:
    """(old - new) / rate of weights that the call stepped.

    Args:
        by_updater: a method of its own stepped them, which may have cut, scaled or normed what the backward kept.
    """
    for place, label in trained.own:
        now, was = state.read(trained.instance, place.path), before.arrays.get(place.path)
        if now is not None and was is not None and now.shape == was.shape and not np.array_equal(now, was):
            step = (was - now) / rate
            # What is kept without a telling name and is the step is the gradient: it did not lose digits on the way.
            changed = by_updater or says_only_signs(step)
            alike = np.array_equal if not changed else _has_its_signs
            kept = [key for key, one in items.items() if names.get(key) == "_" and alike(one, step)]
            kept.sort(key=lambda key: -float(np.abs(items[key]).sum()))  # a momentum is a part of the gradient
            names |= dict.fromkeys(kept[:1], label)
            if not kept or not changed:
                items[f"{UPDATE}{place.name}"], names[f"{UPDATE}{place.name}"] = step, label


def of_tensor(x: Any) -> tuple[dict[str, Array], dict[str, str]]:
    """The gradient that torch left at x, as (items, names)."""
    grad = to_numpy(x.grad)
    return ({"0": grad}, {"0": "dx"}) if grad is not None else ({}, {})


def of_leaves(leaves: Mapping[str, Leaf]) -> tuple[dict[str, Array], dict[str, str]]:
    """The gradients of what was handed over, under the names of `results`."""
    found = {role: leaf.gradient() for role, leaf in leaves.items()}
    items = {str(number): array for number, array in enumerate(found.values()) if array is not None}
    return items, {str(number): f"d{role[0]}" for number, role in enumerate(found) if str(number) in items}


def is_whole(case: Case) -> bool:
    """Are the right gradients integers?"""
    return all(np.array_equal(array, np.rint(array)) for array in (case.x, case.weight, case.grad_output))


def snapped(gradient: Array) -> Array:
    """A gradient of integers that was read off an update, made whole where that is certain (bound below 1/4)."""
    nearest = np.rint(gradient)
    strays = np.abs(gradient - nearest).max(initial=0)
    certain = np.abs(gradient).max(initial=0) * _UPDATE_ROUNDS < 0.25 and strays < _NEARLY_WHOLE
    return nearest if certain else gradient


def says_only_signs(step: Array) -> bool:
    """Whether every weight is moved as far as every other, as the first step of Adam and RMSprop does."""
    moved = np.abs(step[step != 0])
    return moved.size > 1 and float(np.ptp(moved)) <= SAME_STEP * float(moved.max())


def _has_its_signs(array: Array, step: Array) -> bool:
    return array.shape == step.shape and not says_only_signs(array) and np.array_equal(np.sign(array), np.sign(step))


def add_handed(trained: Trained, before: Before, items: dict[str, Array], names: dict[str, str]) -> None:
    """The arrays that the optimiser was handed, but for the weights themselves."""
    handed = trained.optimizer.handed
    weights = [number for path in before.weights for number in _weights_among(handed, path, before)]
    for number, one in enumerate(handed):
        if number not in weights:
            name = f"{HANDED}[{number}].{one.key}"
            items[name] = one.array
            names[name] = LABELS.get(gradient_role(one.key.rpartition(".")[2]), "_")


def add_unmoved(trained: Trained, items: dict[str, Array], names: dict[str, str], wanted: frozenset[str]) -> None:
    """What is known to hold a gradient and did not change: a gradient of zeros, or the same one once more.

    Args:
        wanted: keys of the results that were recognised as gradients.
    """
    for place, label in trained.own:
        key, now = f"{UPDATE}{place.name}", state.read(trained.instance, place.path)
        if key in wanted and key not in items and now is not None and now.shape == place.array.shape:
            items[key], names[key] = np.zeros(now.shape), label
    for place in _with_grads(trained.instance):
        if place.name in wanted and place.name not in items:
            items[place.name], names[place.name] = place.array, LABELS.get(state.role_of(place), "_")


def _weights_among(handed: Sequence[Handed], path: state.Path, before: Before) -> list[int]:
    """Which of the arrays that were handed over are the weights at `path`, call by call.

    They are told by their memory; a copy by its values, but only beside another array of its shape: a gradient may
    have the values of the weights by chance.
    """
    found: list[int] = []
    for call in dict.fromkeys(one.call for one in handed):
        mine = [number for number, one in enumerate(handed) if one.call == call]
        same = [number for number in mine if _is_one(handed[number].given, before.weights[path])]
        found += same or _copies([(number, handed[number].array) for number in mine], before.arrays.get(path))
    return found


def _is_one(given: Any, weights: Any) -> bool:
    """Whether an array is the weights, a view of them, or one of the list of them."""
    if given is weights:
        return True
    if isinstance(weights, list | tuple | dict):
        return any(_is_one(given, part) for part in (weights.values() if isinstance(weights, dict) else weights))
    mine, theirs = to_numpy(given), to_numpy(weights)
    return mine is not None and theirs is not None and np.shares_memory(mine, theirs)


def _copies(mine: Sequence[tuple[int, Array]], weights: Array | None) -> list[int]:
    """The first array with the values of the weights, where another of its shape stands beside it."""
    alike = [] if weights is None else [(number, array) for number, array in mine if array.shape == weights.shape]
    equal = [number for number, array in alike if weights is not None and np.array_equal(array, weights)]
    return equal[:1] if len(alike) > 1 else []


def _moved(place: state.Held, before: Before) -> bool:
    was = before.arrays.get(place.path)
    return was is None or was.shape != place.array.shape or not np.array_equal(was, place.array, equal_nan=True)


def _new_elements(trained: Trained, before: Before) -> dict[state.Path, list[Any]]:
    """path -> what a list holds that it did not hold before: appended, refilled, or a new list in its place.

    Numbered among themselves they have the same names in every call, however long the list has become.
    """
    own = {place.path for place, _ in trained.own}
    found: dict[state.Path, list[Any]] = {}
    for path, elements in state.elements(trained.instance).items():
        old = {id(item) for item in before.elements.get(path, ())}
        new = [item for index, item in enumerate(elements) if id(item) not in old and not _is_in(path, index, own)]
        if new and path in before.elements:
            found[path] = new
    return found


def _is_in(path: state.Path, index: int, own: Iterable[state.Path]) -> bool:
    """Whether an element of a list is, or holds, weights of the layer."""
    inside = [mine[len(path) : len(path) + 1] for mine in own if mine[: len(path)] == path]
    return any(not step or step[0] == ("item", index) or step[0][0] == "each" for step in inside)


def _appended(trained: Trained, before: Before) -> Iterator[tuple[str, Array, str]]:
    """The arrays among the new elements of lists: (key, array, label)."""
    for path, new in _new_elements(trained, before).items():
        role = gradient_role(str(path[-1][1]))
        for key, array in collect(tuple(new)).items():
            name = "".join(f".{step[1]}" for step in path) + f"[new].{key}"
            yield name, array, LABELS.get(role, "_")


def _with_grads(instance: Any) -> list[state.Held]:
    """Arrays that the instance holds, and the `.grad` of tensors, or of the user's kind of array, among them."""
    places = state.held(instance)
    for place in list(places):
        array = to_numpy(getattr(state.follow(instance, place.path), "grad", None))
        if array is not None:
            places.append(state.Held((*place.path, ("attr", "grad")), np.array(array)))
    return places
