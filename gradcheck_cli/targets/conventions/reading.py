"""Where a layer's gradients are: returned, kept in attributes or a growing list, handed to an optimiser, or stepped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.conventions import state
from gradcheck_cli.targets.conventions.base import collect, is_tensor, to_numpy
from gradcheck_cli.targets.conventions.names import gradient_role
from gradcheck_cli.targets.conventions.stand_ins import StandInOptimizer

# Keys of what was read off an update begin with this, of what an optimiser was handed with that.
UPDATE = "update"
HANDED = "handed"
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
    lengths: Mapping[state.Path, int]


def look(trained: Trained) -> Before:
    """Everything that a backward may change."""
    arrays = {place.path: place.array for place in state.held(trained.instance)}
    return Before(arrays, state.lengths(trained.instance))


def clear_beside(trained: Trained) -> None:
    """Zeros in the `.grad` beside a parameter's value: what adds up there is cleared by the model, as in torch."""
    for place in beside(trained):
        state.write(trained.instance, place, np.zeros_like(place.array))


def beside(trained: Trained) -> list[state.Held]:
    """Gradients that an object of their own keeps together with the parameter: `.W.value` and `.W.grad`."""
    parents = {place.path[:-1] for place, _ in trained.own if len(place.path) > 1}
    found = [place for place in state.held(trained.instance) if place.path[:-1] in parents and len(place.path) > 1]
    return [place for place in found if str(place.path[-1][1]).lower().strip("_") in state.GRADIENT_WORDS]


def add_kept(trained: Trained, before: Before, items: dict[str, Array], names: dict[str, str]) -> None:
    """Named gradients that changed, then unnamed new arrays, then named ones that did not change."""
    own = {place.path for place, _ in trained.own}
    grown = {path for path, length in state.lengths(trained.instance).items() if before.lengths.get(path) != length}
    ranked = []
    for place in _with_grads(trained.instance):
        if place.path in own or place.path[:1] in grown:
            continue
        role, moved = state.role_of(place), _moved(place, before)
        if (moved and not state.is_state(place)) or role in ("weight", "bias"):
            ranked.append((0 if moved and role else 1 if moved else 2, len(place.path), place, role))
    for _, _, place, role in sorted(ranked, key=lambda item: item[:2]):
        items[place.name] = place.array
        names[place.name] = LABELS.get(role, "_")
    for name, array, label in _appended(trained, before):
        items[name], names[name] = array, label


def add_updates(trained: Trained, before: Before, items: dict[str, Array], names: dict[str, str], rate: float) -> None:
    """(old - new) / rate of weights that the call stepped."""
    for place, label in trained.own:
        now, was = state.read(trained.instance, place.path), before.arrays.get(place.path)
        if now is not None and was is not None and now.shape == was.shape and not np.array_equal(now, was):
            items[f"{UPDATE}{place.name}"] = (was - now) / rate
            names[f"{UPDATE}{place.name}"] = label


def add_handed(trained: Trained, before: Before, items: dict[str, Array], names: dict[str, str]) -> None:
    """The arrays that the optimiser was handed, but for the weights themselves."""
    weights = [before.arrays[place.path] for place, _ in trained.own if place.path in before.arrays]
    for number, (key, array) in enumerate(trained.optimizer.handed):
        if any(array.shape == weight.shape and np.array_equal(array, weight) for weight in weights):
            continue
        name = f"{HANDED}[{number}].{key}"
        items[name] = array
        names[name] = LABELS.get(gradient_role(key.rpartition(".")[2]), "_")


def _moved(place: state.Held, before: Before) -> bool:
    was = before.arrays.get(place.path)
    return was is None or was.shape != place.array.shape or not np.array_equal(was, place.array, equal_nan=True)


def _appended(trained: Trained, before: Before) -> Iterator[tuple[str, Array, str]]:
    """What one call appended to a list: (key, array, label)."""
    for path, length in state.lengths(trained.instance).items():
        if length != before.lengths.get(path, 0) + 1 or path not in before.lengths:
            continue
        place = state.Held((*path, ("item", length - 1)), np.zeros(0))
        role = gradient_role(str(path[-1][1]))
        for key, array in collect((state.follow(trained.instance, place.path),)).items():
            name = "".join(f".{step[1]}" for step in path) + f"[new].{key}"
            yield name, array, LABELS.get(role, "_")


def _with_grads(instance: Any) -> list[state.Held]:
    """Arrays that the instance holds, and the `.grad` of tensors among them."""
    places = state.held(instance)
    for place in list(places):
        grad = getattr(state.follow(instance, place.path), "grad", None)
        array = to_numpy(grad) if grad is not None and is_tensor(grad) else None
        if array is not None:
            places.append(state.Held((*place.path, ("attr", "grad")), np.array(array)))
    return places
