"""Layer classes, in three steps: built with our weights (`Trained`), run (`Passed`), and read (`Returned`).

Their gradients are returned, kept, handed to an optimiser, or read off an update.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec
from gradcheck_cli.targets.conventions import binding, calling, probes, promised, reading, state
from gradcheck_cli.targets.conventions.backprop import Backprop, Made
from gradcheck_cli.targets.conventions.base import (
    Prepared,
    RefusedError,
    Returned,
    WrongForwardError,
    changed,
    collect,
    to_numpy,
)
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.calling import Calls
from gradcheck_cli.targets.conventions.construct import Constructor, Recipe
from gradcheck_cli.targets.conventions.instance import clear_gradients, quieten, run_updater
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.reading import HANDED, UPDATE, Passed, Trained
from gradcheck_cli.targets.conventions.results import result_names
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.conventions.stand_ins import StandInOptimizer
from gradcheck_cli.targets.conventions.wiring import equip, wire


@dataclass(frozen=True)
class LayerCandidate:
    """One way to build and call a layer class.

    Attributes:
        weight: where the instance keeps F; None where F is handed to its forward.
        rectified: the layer applies max(0, .), undone by a bias so large that every output is positive.
        forward_right: its forward gives exactly O.
        bias_often: but for b, which it adds more than once.
        same: it pads by itself to keep the size.
        adds_up: it adds to the `.grad` of its parameters, which the model is to clear.
        handwritten: its gradients are not all torch's own.
        wanted: the keys of its results that are known to be gradients; empty while it is being recognised.
        blocks: its kernel is as wide as its stride, and cuts nothing but whole blocks.
        forgotten: sentences about gradients that its backward computes and gives to nobody.
    """

    owner: type
    constructor: Constructor
    source: Source
    recipe: Recipe
    form: Form
    calls: Calls
    weight: state.Path | None
    bias: state.Path | None
    rectified: bool = False
    forward_right: bool = False
    bias_often: bool = False
    same: bool = False
    adds_up: bool = False
    handwritten: bool = True
    lr: float = 1.0
    exposure: str = ""
    wanted: frozenset[str] = frozenset()
    forgotten: tuple[str, ...] = ()
    in_text: bool = False
    blocks: bool = False

    @property
    def layout(self) -> Layout:
        """Axis orders of what is passed."""
        return self.form.layout

    @property
    def bias_form(self) -> str:
        """How the layer keeps b; "" without one."""
        return self.form.bias if self.bias or self.takes("bias") else ""

    @property
    def family(self) -> str:
        """Id of the convention."""
        if not self.calls.backward and self.calls.engine is None:
            return "module"
        return {UPDATE: "class-update", "attribute": "class-attribute"}.get(self.exposure, "class")

    @property
    def has_rate(self) -> bool:
        """Whether we could set its learning rate; else the rate is a number in its code."""
        method = binding.parameters(getattr(self.owner, self.calls.backward, self.owner))
        roles = {role for item in method for role in function_roles(item.name)[:1]} | set(self.recipe.roles.values())
        return bool(roles & {"lr", "optimizer"})

    def why(self) -> str:
        """How it was told."""
        agrees = "its forward gives our O exactly" if self.forward_right else "its shapes fit"
        agrees += " but for b, which it adds more than once" if self.bias_often else ""
        how = {
            UPDATE: f"the gradients are read off the update of the weights, (old - new) / {self.lr:g}",
            "attribute": "the gradients are read from its attributes",
            HANDED: "the gradients are what it hands to its optimiser",
        }
        back = f"the way back of {self.calls.engine.own.kind.__name__}" if self.calls.engine else "autograd"
        return f"a class with {self.calls.forward} and {self.calls.backward or back}; {agrees}; " + how.get(
            self.exposure, "the gradients are returned"
        )

    def notes(self) -> tuple[str, ...]:
        """What was done to the layer."""
        notes = []
        if self.rectified:
            notes.append(
                "the layer applies max(0, .): it is asked with a bias that lifts every output above 0, and once without"
            )
        if not self.forward_right:
            notes.append("the class's own forward gives other numbers than a convolution")
        if self.layout.depthwise and "m" not in self.layout.weight and "i" in self.layout.weight:
            notes.append("a depthwise convolution: asked with one filter for each channel, not with several")
        elif self.layout.depthwise:
            notes.append("a depthwise convolution: groups = channels")
        if self.form.bias == "untied":
            notes.append("one bias for each output; its gradient was summed over the outputs of a filter")
        if self.adds_up:
            notes.append("it adds to .grad, as torch does; clear it between steps")
        if not self.handwritten:
            notes.append("torch computes its gradients; nothing hand-written is in it")
        notes += self.forgotten
        return tuple(notes)

    def refuses(self, spec: ConvSpec) -> str:
        """Why it cannot take `spec`; sizes that its constructor fixes show when it is built."""
        form = replace(self.form, pairs=True) if not self.recipe.mode else replace(self.form, pairs=True, mode=True)
        form = replace(form, corners=self.recipe.corners(self.constructor))
        roles = self._roles() | ({"stride"} if self.blocks else set())
        plain = binding.refuses(spec, form, roles, self.same) or binding.square_only(spec, form, [self.source])
        return plain or binding.no_block(spec, self.blocks)

    def takes(self, role: str) -> bool:
        """Whether `forward` itself is handed an array of `role`."""
        return self.weight is None and role in calling.handed(self.owner, self.calls.forward, self.source).values()

    def _roles(self) -> set[str]:
        """What it can be told."""
        roles = set(self.recipe.roles.values())
        roles |= {"stride", "padding"} if "params" in roles else set()
        if self.weight is None:
            settings = binding.parameters(getattr(self.owner, self.calls.forward), 1)
            roles |= {role for item in settings for role in function_roles(item.name)[:1]}
        return roles

    def start(self, case: Case) -> Prepared:
        """An instance with the case's weights; each call runs forward and backward on it.

        Raises:
            RefusedError: the instance has other weights than this geometry asks for.
        """
        if self.calls.engine is not None:  # the nodes that hold its weights add up: each call has its own
            return lambda: self._call(self.build(case), case)
        trained = self.build(case)
        return lambda: self._call(trained, case)

    def start_after(self, other: Case, case: Case) -> Prepared:
        """The same for an instance that has worked on `other` before: what it keeps of that shows.

        Raises:
            RefusedError: see `start`.
        """
        if self.calls.engine is not None:
            return self.start(case)
        trained = self.build(case)
        self._call(trained, other)
        return lambda: self._call(trained, case)

    def build(self, case: Case) -> Trained:
        """An instance for this geometry, with its weights located.

        Raises:
            RefusedError: its constructor fixes sizes.
        """
        try:
            trained = self._locate(case)
        except Exception as error:
            if self.is_uneven(case.spec):
                raise RefusedError("it takes one number for sizes, strides and paddings") from error
            raise
        wanted = self.layout.shape("weight", case.spec.weight_shape, case.spec.groups)
        if trained.weight is not None and trained.weight.array.shape != wanted:
            raise RefusedError(f"its constructor makes weights of shape {trained.weight.array.shape}, not {wanted}")
        return trained

    def _locate(self, case: Case) -> Trained:
        optimizer = StandInOptimizer()
        instance = self.recipe.build(self.constructor, case, optimizer)
        quieten(instance)
        equip(instance, optimizer)
        if self.weight is None:
            return Trained(instance, None, None, optimizer)
        if state.read(instance, self.weight) is None:
            self.wire(instance, case, [self.layout], optimizer)
        places = {place.path: place for place in state.held(instance)}
        if self.weight not in places:
            raise RefusedError("its constructor makes no weights for this geometry")
        return Trained(instance, places[self.weight], places.get(self.bias) if self.bias else None, optimizer)

    def wire(self, instance: Any, case: Case, layouts: Sequence[Layout], optimizer: StandInOptimizer) -> None:
        """Let an instance make its weights: those of one of the layouts.

        Raises:
            Exception: whatever its forward raised, when it does not.
        """
        values = {**self.values(case), "optimizer": optimizer}
        shapes = [layout.shape("weight", case.spec.weight_shape, case.spec.groups) for layout in layouts]

        def run() -> None:
            self._forward(instance, dict(values))
            if not any(place.array.shape in shapes for place in state.held(instance)):
                raise RefusedError("it makes no weights for this geometry")

        wire(instance, run, values, optimizer)

    def values(self, case: Case) -> dict[str, Any]:
        """The value of every role: of the constructor's, in the form in which methods take them."""
        return {**self.recipe.values(case), **binding.values(case, self.form)}

    def is_uneven(self, spec: ConvSpec) -> bool:
        """Pairs that differ, for a class that was recognised with numbers: tried, but never promised."""
        if self.layout.spatial == 1:
            return False
        pairs = (spec.stride, spec.padding, spec.dilation, spec.kernel_size)
        promised = self.recipe.pairs, self.recipe.pairs, self.recipe.pairs, self.recipe.kernel_pair
        return any(len(set(pair)) > 1 and not known for pair, known in zip(pairs, promised, strict=True))

    def _call(self, trained: Trained, case: Case) -> Returned:
        passed = self._run(trained, case)
        items, names = self._read(passed)
        if self.lr != 1.0 and reading.is_whole(case):
            items = {key: reading.snapped(array) if key.startswith(UPDATE) else array for key, array in items.items()}
        if passed.wrong_forward and not promised.are_right(self.layout, items, case):
            raise WrongForwardError(passed.wrong_forward)
        return Returned(items, names, passed.mutated, to_numpy(passed.output))

    def _run(self, trained: Trained, case: Case) -> Passed:
        """Its forward and its backward, once, from a clean state."""
        if self.calls.engine is not None and self.calls.engine.way is None:
            self._find_way_back(self.calls.engine, case)
        given = self.prepare(trained, case)
        clear_gradients(trained.instance)
        reading.clear_beside(trained)
        arrays = {name: np.array(to_numpy(given[name])) for name in ("x", "grad_output")}
        output = self._output(trained, given, case)
        wrong = promised.wrong_forward(self, output, case)
        before = reading.look(trained)
        trained.optimizer.forget()
        result = self._backward(trained.instance, given)
        return Passed(trained, before, given, output, result, changed(arrays, given), wrong)

    def _read(self, passed: Passed) -> tuple[dict[str, Array], dict[str, str]]:
        """The gradients, and what the source calls them: what was returned, then what the instance keeps or stepped."""
        result, given = passed.result, passed.given
        items, names = collect(result), result_names(result, self.source.method(self.calls.backward))
        if self.calls.engine is not None:
            items, names = reading.of_leaves(given["leaves"])
        elif not self.calls.backward:
            items, names = reading.of_tensor(given["x"])
        self._add_kept(passed, items, names)
        return items, names

    def prepare(self, trained: Trained, case: Case) -> dict[str, Any]:
        """Put the case's weights into the instance; the values of every role."""
        if self.rectified:
            case = replace(case, bias=case.bias + probes.lift(case))
        given = binding.values(case, self.form)
        if trained.weight:
            state.write(trained.instance, trained.weight, np.array(to_numpy(given["weight"])))
        if trained.bias:
            bias = np.array(to_numpy(given["bias"]))
            state.write(trained.instance, trained.bias, bias.reshape(trained.bias.array.shape))
        if self.calls.engine is not None:
            given["leaves"] = calling.leaves(self.calls.engine, given, self.weight is None)
        elif not self.calls.backward:
            given["x"].requires_grad_(True)
        given["optimizer"] = trained.optimizer
        return given

    def own_output(self, case: Case) -> Array | None:
        """What the forward of a fresh instance gives for a case, in the layer's layout."""
        trained = self.build(case)
        return to_numpy(self.run_forward(trained, self.prepare(trained, case), case))

    def run_once(self, trained: Trained, given: dict[str, Any], case: Case) -> Any:
        """Its forward and its backward, and nothing else; what the backward gives."""
        self.run_forward(trained, given, case)
        return self._backward(trained.instance, given)

    def run_forward(self, trained: Trained, given: dict[str, Any], case: Case) -> Any:
        """What the layer's forward gives, or keeps; its cache, if any, joins `given`."""
        result = given["made"] = self._forward(trained.instance, given)
        result = self.calls.engine.own.array(result) if self.calls.engine else result
        shape = self.layout.shape("output", case.spec.output_shape, case.spec.groups)
        given["output"], given["cache"] = calling.take_output(result, trained.instance, shape)
        return given["output"]

    def _forward(self, instance: Any, given: dict[str, Any]) -> Any:
        return calling.run_forward(instance, self.calls, self.source, given, self.weight is None)

    def _output(self, trained: Trained, given: dict[str, Any], case: Case) -> Any:
        try:
            return self.run_forward(trained, given, case)
        except Exception as error:
            if self.is_uneven(case.spec):
                raise RefusedError("it takes one number for sizes, strides and paddings") from error
            raise

    def _backward(self, instance: Any, given: dict[str, Any]) -> Any:
        if self.calls.engine is not None:
            made = Made(given["made"], tuple(given["leaves"].values()))
            return self.calls.engine.run(made, given["grad_output"], lambda: made)
        if not self.calls.backward:
            return given["output"].backward(given["grad_output"])
        return calling.run_backward(instance, self.calls, self.source, given)

    def _find_way_back(self, engine: Backprop, case: Case) -> None:
        """On an instance of its own: a way that is tried and not taken leaves gradients behind."""
        trained = self.build(case)

        def make() -> Made:
            given = self.prepare(trained, case)
            self.run_forward(trained, given, case)
            return Made(given["made"], tuple(given["leaves"].values()))

        engine.run(make(), self.prepare(trained, case)["grad_output"], make)

    def _add_kept(self, passed: Passed, items: dict[str, Array], names: dict[str, str]) -> None:
        """Add what the instance keeps, hands over and steps to what was returned."""
        trained, before = passed.trained, passed.before
        reading.add_kept(trained, before, items, names)
        reading.add_updates(trained, before, items, names, self.lr)
        if not _has_weight(names):
            reading.add_handed(trained, before, items, names)
        methods = (self.calls.forward, self.calls.backward)
        if not _has_weight(names) and run_updater(trained.instance, self.source, methods, passed.given["grad_output"]):
            reading.add_updates(trained, before, items, names, self.lr, by_updater=True)
        reading.add_unmoved(trained, items, names, self.wanted)


def _has_weight(names: dict[str, str]) -> bool:
    return "dw" in names.values()
