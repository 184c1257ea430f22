"""Layer classes: built, given our weights, run; their gradients are returned, kept, or read off an update."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec
from gradcheck_cli.targets.conventions import binding, probes, state
from gradcheck_cli.targets.conventions.base import (
    RefusedError,
    Returned,
    Session,
    changed,
    collect,
    is_tensor,
    to_numpy,
)
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.construct import Recipe, StandInOptimizer
from gradcheck_cli.targets.conventions.function import Callee, result_names, split_forward
from gradcheck_cli.targets.conventions.instance import clear_gradients, initialize, quieten, run_updater
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.source import Source

# Keys of what was read off an update begin with this.
UPDATE = "update"
TRAINING = ("training", "is_training", "train", "is_train", "train_mode", "training_mode", "cache", "save")


@dataclass(frozen=True)
class Trained:
    """An instance and where its weights are."""

    instance: Any
    weight: state.Held
    bias: state.Held | None


@dataclass(frozen=True)
class LayerCandidate:
    """One way to build and call a layer class.

    `shape_order` is the layout with which the constructor's own weights were recognised; `rectified`: the layer
    applies max(0, .), undone by a bias so large that every output is positive; `forward_right`: its forward gives
    exactly O.
    """

    make: Callable[..., Any]
    source: Source
    parameters: tuple[inspect.Parameter, ...]
    recipe: Recipe
    form: Form
    forward: str
    backward: str
    weight: state.Path
    bias: state.Path | None
    rectified: bool = False
    forward_right: bool = False
    same: bool = False
    lr: float = 1.0
    exposure: str = ""
    prior: int = 0

    @property
    def layout(self) -> Layout:
        """Axis orders of what is passed."""
        return self.form.layout

    @property
    def bias_form(self) -> str:
        """How the layer keeps b; "" without one."""
        return self.form.bias if self.bias else ""

    @property
    def family(self) -> str:
        """Id of the convention."""
        if not self.backward:
            return "module"
        return {UPDATE: "class-update", "attribute": "class-attribute"}.get(self.exposure, "class")

    @property
    def has_rate(self) -> bool:
        """Whether we could set its learning rate; else the rate is a number in its code."""
        method = binding.parameters(getattr(self.make, self.backward, self.make))
        roles = {role for item in method for role in function_roles(item.name)[:1]} | set(self.recipe.roles.values())
        return bool(roles & {"lr", "optimizer"})

    def why(self) -> str:
        """How it was told."""
        agrees = "its forward gives our O exactly" if self.forward_right else "its shapes fit"
        how = {
            UPDATE: f"the gradients are read off the update of the weights, (old - new) / {self.lr:g}",
            "attribute": "the gradients are read from its attributes",
        }
        return f"a class with {self.forward} and {self.backward or 'autograd'}; {agrees}; " + how.get(
            self.exposure, "the gradients are returned"
        )

    def notes(self) -> tuple[str, ...]:
        """What was done to the layer."""
        notes = []
        if self.rectified:
            notes.append("the layer applies max(0, .); the bias was raised so that every output is positive")
        if not self.forward_right:
            notes.append("the class's own forward gives other numbers than a convolution")
        if self.form.bias == "untied":
            notes.append("one bias for each output; its gradient was summed over the outputs of a filter")
        return tuple(notes)

    def refuses(self, spec: ConvSpec) -> str:
        """Why it cannot take `spec`; sizes that its constructor fixes show when it is built."""
        form = replace(self.form, pairs=True) if not self.recipe.mode else replace(self.form, pairs=True, mode=True)
        roles = set(self.recipe.roles.values()) | self._extra()
        return binding.refuses(spec, form, roles, self.same) or binding.square_only(spec, form, [self.source])

    def takes(self, role: str) -> bool:
        """Whether `forward` itself is handed an array of `role`."""
        found = binding.parameters(getattr(self.make, self.forward))
        return any(role in function_roles(item.name)[:1] and binding.required(item) for item in found)

    def _extra(self) -> set[str]:
        return {"stride", "padding"} if "params" in self.recipe.roles.values() else set()

    def start(self, case: Case) -> Session:
        """An instance with the case's weights; each call runs forward and backward on it.

        Raises:
            RefusedError: the instance has other weights or outputs than this geometry asks for.
        """
        trained = self.build(case)
        return lambda: self._call(trained, case)

    def _uneven(self, spec: ConvSpec) -> bool:
        """Pairs that differ, for a class that was recognised with numbers: tried, but never promised."""
        pairs = (spec.stride, spec.padding, spec.dilation, spec.kernel_size)
        promised = self.recipe.pairs, self.recipe.pairs, self.recipe.pairs, self.recipe.kernel_pair
        return any(pair[0] != pair[1] and not known for pair, known in zip(pairs, promised, strict=True))

    def build(self, case: Case) -> Trained:
        """An instance for this geometry, with its weights located."""
        try:
            instance = self.recipe.build(self.make, list(self.parameters), case)
            quieten(instance)
            trained = self._locate(instance, case)
        except Exception as error:
            if self._uneven(case.spec):
                raise RefusedError("it takes one number for sizes, strides and paddings") from error
            raise
        wanted = self.layout.shape("weight", case.spec.weight_shape)
        if trained.weight.array.shape != wanted:
            raise RefusedError(f"its constructor makes weights of shape {trained.weight.array.shape}, not {wanted}")
        return trained

    def _locate(self, instance: Any, case: Case) -> Trained:
        if state.read(instance, self.weight) is None:
            initialize(instance, self.forward, self.layout.give("x", case.x), self.form)
        places = {place.path: place for place in state.held(instance)}
        if self.weight not in places:
            raise RefusedError("its constructor makes no weights for this geometry")
        return Trained(instance, places[self.weight], places.get(self.bias) if self.bias else None)

    def _call(self, trained: Trained, case: Case) -> Returned:
        given = self.prepare(trained, case)
        clear_gradients(trained.instance)
        before = {name: np.array(to_numpy(given[name])) for name in ("x", "grad_output")}
        try:
            output = self.run_forward(trained.instance, given)
        except Exception as error:
            if self._uneven(case.spec):
                raise RefusedError("it takes one number for sizes, strides and paddings") from error
            raise
        self._check_output(output, case)
        earlier = {place.path: place.array for place in state.held(trained.instance)}
        result = self._backward(trained.instance, given)
        mutated = changed(before, given)
        items, names = _returned(result, self.source.method(self.backward))
        if not self.backward:
            items, names = _leaf(given["x"])
        self._add_kept(trained, earlier, items, names)
        if self.lr != 1.0 and _is_whole(case):
            items = {key: _snapped(array) if key.startswith(UPDATE) else array for key, array in items.items()}
        return Returned(items, names, mutated, to_numpy(output))

    def prepare(self, trained: Trained, case: Case) -> dict[str, Any]:
        """Put the case's weights into the instance; the values of every role."""
        if self.rectified:
            case = replace(case, bias=case.bias + _shift(case))
        given = binding.values(case, self.form)
        state.write(trained.instance, trained.weight, np.array(to_numpy(given["weight"])))
        if trained.bias:
            bias = np.array(to_numpy(given["bias"]))
            state.write(trained.instance, trained.bias, bias.reshape(trained.bias.array.shape))
        if not self.backward:
            given["x"].requires_grad_(True)
        given["optimizer"] = StandInOptimizer()
        return given

    def run_forward(self, instance: Any, given: dict[str, Any]) -> Any:
        """What the layer's forward gives; its cache, if any, joins `given`."""
        callee = Callee(getattr(instance, self.forward), self.forward, self.source.method(self.forward))
        assigned = binding.assignments(callee.parameters, ("x",))[0]
        result = callee.function(**_arguments(callee, assigned, given))
        output, given["cache"] = split_forward(result)
        given["output"] = output
        return output

    def _check_output(self, output: Any, case: Case) -> None:
        """G must have the shape of the layer's own output."""
        array, wanted = to_numpy(output), self.layout.shape("output", case.spec.output_shape)
        if array is not None and array.shape != wanted:
            raise RefusedError(f"its own forward gives {array.shape} here, not {wanted}")

    def _backward(self, instance: Any, given: dict[str, Any]) -> Any:
        if not self.backward:
            return given["output"].backward(given["grad_output"])
        callee = Callee(getattr(instance, self.backward), self.backward, self.source.method(self.backward))
        assigned = binding.assignments(callee.parameters, ("grad_output",))[0]
        return callee.function(**_arguments(callee, assigned, given))

    def _add_kept(
        self, trained: Trained, earlier: Mapping[state.Path, Array], items: dict[str, Array], names: dict[str, str]
    ) -> None:
        """Add what the instance keeps, and the update of its weights, to what was returned."""
        _add_attributes(trained, earlier, items, names)
        _add_updates(trained, earlier, items, names, self.lr)
        if not any(names.get(key) == "dw" for key in items) and run_updater(trained.instance):
            _add_updates(trained, earlier, items, names, self.lr)


def _shift(case: Case) -> float:
    """What lifts every output of the case above zero."""
    lowest = float(probes.forward(case).min())
    return float(max(0.0, np.ceil(-lowest)) + 1.0)


def _arguments(callee: Callee, assigned: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    arguments = {}
    for item in callee.parameters:
        role = assigned.get(item.name, "")
        if "opt" in item.name.lower():
            arguments[item.name] = given["optimizer"]
        elif role == "params":
            arguments[item.name] = binding.parameter_dict(callee.source, item.name, given)
        elif item.name in TRAINING and item.default is False:
            arguments[item.name] = True
        elif given.get(role) is not None and (role in ("x", "grad_output", "lr") or binding.required(item)):
            arguments[item.name] = given[role]
    return arguments


def _returned(result: Any, source: Source) -> tuple[dict[str, Array], dict[str, str]]:
    return collect(result), result_names(result, source)


def _leaf(x: Any) -> tuple[dict[str, Array], dict[str, str]]:
    grad = to_numpy(x.grad)
    return ({"0": grad}, {"0": "dx"}) if grad is not None else ({}, {})


def _add_attributes(
    trained: Trained, earlier: Mapping[state.Path, Array], items: dict[str, Array], names: dict[str, str]
) -> None:
    """Named gradients that changed, then unnamed new arrays, then named ones that did not change."""
    own = {trained.weight.path} | ({trained.bias.path} if trained.bias else set())
    ranked = []
    for place in _with_grads(trained.instance):
        if place.path in own:
            continue
        role = state.role_of(place)
        was = earlier.get(place.path)
        moved = was is None or was.shape != place.array.shape or not np.array_equal(was, place.array, equal_nan=True)
        if (moved and not state.is_state(place)) or role in ("weight", "bias"):
            ranked.append((0 if moved and role else 1 if moved else 2, place, role))
    for _, place, role in sorted(ranked, key=lambda item: item[0]):
        items[place.name] = place.array
        names[place.name] = {"weight": "dw", "bias": "db", "input": "dx"}.get(role, "_")


def _with_grads(instance: Any) -> list[state.Held]:
    """Arrays that the instance holds, and the `.grad` of tensors among them."""
    places = state.held(instance)
    for place in list(places):
        grad = getattr(state.follow(instance, place.path), "grad", None)
        array = to_numpy(grad) if grad is not None and is_tensor(grad) else None
        if array is not None:
            places.append(state.Held((*place.path, ("attr", "grad")), np.array(array)))
    return places


def _add_updates(
    trained: Trained, earlier: Mapping[state.Path, Array], items: dict[str, Array], names: dict[str, str], lr: float
) -> None:
    for place, name in ((trained.weight, "dw"), (trained.bias, "db")):
        if place is None or place.path not in earlier:
            continue
        now = state.read(trained.instance, place.path)
        if now is not None and now.shape == earlier[place.path].shape and not np.array_equal(now, earlier[place.path]):
            key = f"{UPDATE}{place.name}"
            items[key] = (earlier[place.path] - now) / lr
            names[key] = name


def _is_whole(case: Case) -> bool:
    """Are the right gradients integers?"""
    return all(np.array_equal(array, np.rint(array)) for array in (case.x, case.weight, case.grad_output))


def _snapped(gradient: Array) -> Array:
    """A gradient of integers that was read off an update, made whole where that is certain (bound below 1/4)."""
    nearest = np.rint(gradient)
    certain = np.abs(gradient).max(initial=0) * 2.0**-40 < 0.25 and np.abs(gradient - nearest).max(initial=0) < 1e-3
    return nearest if certain else gradient
