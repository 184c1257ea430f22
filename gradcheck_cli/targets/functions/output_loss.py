"""An object whose backward is handed what its output is compared with: `forward(X)`, `backward(X, y)`.

Which loss its gradients are of follows from them: of its own method that is called a loss, or of one of the usual ones,
that whose slopes they are. Where none is, nothing is judged.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, FunctionForm, Sample
from gradcheck_cli.targets.functions.form import NotAFunctionError, Parameter, as_array
from gradcheck_cli.targets.functions.inputs.drawing import drawn
from gradcheck_cli.targets.functions.inputs.options import chosen, options_of, state_of
from gradcheck_cli.targets.functions.inputs.proposals import SIZES, Proposal, ProposalKind
from gradcheck_cli.targets.functions.layer import LayerForm, MadeObject
from gradcheck_cli.targets.functions.methods import Methods, parameters_of_method
from gradcheck_cli.targets.functions.plain import PlainFunction
from gradcheck_cli.targets.functions.slopes import is_slope
from gradcheck_cli.targets.functions.spelling import LOSS_WORDS, RATES, is_cache, is_target, tokens
from gradcheck_cli.targets.functions.usual_losses import USUAL, OutputLoss

# How X lies: a sample in each row, in each column, or a single one.
_DATA = ("n d", "d n", "d 1", "d")
# Of what is tried: ways to make the object, and ways in which its data lie.
_MOST = 24
# Of those on which its gradients are compared with each loss.
_ENOUGH = 4


@dataclass(frozen=True)
class ComparedMethods(Methods):
    """A forward that gives an output and a backward that is handed its target.

    Attributes:
        target: what the backward calls it.
        known: what X and the target are.
        loss: of the output and the target.
    """

    target: str = ""
    known: Mapping[str, Proposal] | None = None
    loss: OutputLoss = USUAL[0]

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """Those of the forward, and the target."""
        known = self.known or {}
        own = (*super().arguments, Parameter(self.target))
        return tuple(replace(item, known=known.get(item.name)) for item in own)

    @property
    def takes_upstream(self) -> bool:
        """A loss is the end."""
        return False

    def output(self, instance: Any, given: Mapping[str, Any]) -> tuple[Array, Any]:
        """What the forward gives, and the last of it.

        Raises:
            Exception: whatever the forward raises.
        """
        outputs, kept = super().called(instance, {n: value for n, value in given.items() if n != self.target})
        return outputs[0], kept

    def called(self, instance: Any, given: Mapping[str, Any]) -> tuple[tuple[Array, ...], Any]:
        """The loss, and what a backward may be handed of the forward.

        Raises:
            Exception: whatever the forward or the loss raises.
        """
        output, kept = self.output(instance, given)
        found = self.loss.of(instance, output.copy(), given[self.target])
        return (np.asarray(found).reshape(()),), (output, kept)

    def call_backward(self, instance: Any, given: Mapping[str, Any], grads: Sequence[Array], kept: Any) -> Any:
        """With the target, X and the output where it wants them, and the rate."""
        del grads
        output, last = kept
        handed: dict[str, Any] = {}
        data = [value for name, value in given.items() if name != self.target]
        for item in parameters_of_method(self.owner, self.back):
            if item.name == self.target or item.name in given:
                handed[item.name] = given[item.name]
            elif item.name.lower() not in RATES and not item.has_default:
                is_data = bool(set(tokens(item.name)) & {"x", "input", "inputs", "data"}) and data
                handed[item.name] = last if is_cache(item.name) else data[0] if is_data else output
        return self.with_rates(instance, handed)


@dataclass(frozen=True)
class ComparedForm(LayerForm):
    """The gradients of a loss that its backward has in mind.

    Attributes:
        matched: those that are its slopes.
        wanted: all of them.
        others: losses of its own that its gradients are not of.
    """

    methods: ComparedMethods
    matched: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Of the entries of all gradients, how many are in those that are its slopes."""
        entries = {name: float(np.prod(self.states[0].get(name, ()))) for name in self.wanted}
        return sum(entries[name] for name in self.matched) / sum(entries.values())

    @property
    def kind(self) -> FunctionForm:
        """A loss, of which every gradient of what the object holds is owed."""
        return "loss-class"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Weights that leave what it gives unsaturated."""
        return tuple(replace(item, numbers="small") if item.is_state else item for item in super().parameters)

    @property
    def why(self) -> str:
        """How it is made and called, and how the loss is known."""
        loss, methods = self.methods.loss, self.methods
        how = f"{self.making.text}; {methods.fore}, then {methods.back}, as the gradients of {loss.name}"
        if loss.is_own:
            return how
        beside = f"; not of {' or '.join(self.others)}" if self.others else ""
        return f"{how}, whose slopes {len(self.matched)} of its {len(self.wanted)} gradients are{beside}"


def target_of(owner: Any, fore: str, back: str) -> str:
    """The argument of a backward that an output is compared with, where the forward is not handed it; "" for none."""
    own = {item.name for item in parameters_of_method(owner, fore)}
    wanted = [item.name for item in parameters_of_method(owner, back) if not item.has_default]
    targets = [name for name in wanted if is_target(name)]
    return targets[0] if len(targets) == 1 and targets[0] not in own and not any(map(is_target, own)) else ""


def compared_forms(
    methods: Methods,
    target: str,
    made: Iterator[MadeObject],
    said: tuple[Sequence[str], str],
    losses: Sequence[PlainFunction],
) -> Iterator[ComparedForm]:
    """The form with the loss that most of its gradients are the slopes of; with its own loss where they are of none.

    Args:
        methods: its forward and its backward.
        target: see `target_of`.
        made: the ways to make it.
        said: what its backward's return statement calls its entries, and the text of the class.
        losses: the functions of its file that are called as losses.

    Raises:
        NotAFunctionError: no loss is known that they are of.
    """
    own = [*_of_methods(methods.owner), *map(_own_loss, losses)]
    found: list[ComparedForm] = []
    layouts = 0
    ways = ((each, axes) for each in made for axes in _data_of(each))
    for each, axes in itertools.islice(ways, _MOST):
        first = ComparedMethods(methods.owner, methods.fore, methods.back, target=target)
        base = ComparedForm(each.making, each.states, first, tuple(said[0]), said[1], each.switches)
        before = len(found)
        with suppress(Exception):  # whatever the user's code raises on a layout that it is not meant for
            found += _on_layout(base, axes, own)
        layouts += len(found) > before
        if layouts == _ENOUGH or any(one.share == 1 for one in found):
            break
    if not found:
        return
    best = max(found, key=lambda one: (one.share, one.methods.loss.is_own))
    if not best.share and not best.methods.loss.is_own:
        raise NotAFunctionError(
            "read",
            f"{best.methods.back} is handed {target}, no loss of it stands in the file, and its gradients are those of "
            "none of the usual ones (squares, cross entropy)",
            "write the loss as a method, loss(self, output, target), or compare with --against",
        )
    yield replace(best, others=tuple(one.name for one in own if not best.methods.loss.is_own))


def _data_of(made: MadeObject) -> Sequence[str]:
    """How its data may lie: with a length of what it holds, where its constructor is told none."""
    held = () if made.making.has_lengths else {length for shape in made.states[0].values() for length in shape}
    return [*(f"n {length}" for length in sorted(held, reverse=True) if length > 1), *_DATA]


def _on_layout(base: ComparedForm, axes: str, own: Sequence[OutputLoss]) -> Iterator[ComparedForm]:
    """The form with each loss, for each way in which the target may be written.

    Raises:
        Exception: whatever the user's code raises.
    """
    first = next(item.name for item in base.methods.arguments if not item.has_default)
    data = Proposal("real", axes, is_owed=False)
    shape = _output_shape(_with(base, {first: data}, USUAL[0]))
    for proposal in _targets(shape, axes):
        known = {first: data, base.methods.target: proposal}
        with suppress(Exception):
            calls = list(_calls(_with(base, known, USUAL[0])))
            for loss in (*own, *USUAL):
                judged = _with(base, known, loss)
                with suppress(Exception):
                    yield replace(judged, matched=_matched(judged, calls), wanted=tuple(calls[0][1]))


def _calls(form: ComparedForm) -> Iterator[tuple[Sample, Mapping[str, Array]]]:
    """A sample of each set of sizes that it takes, with its gradients: on one of them two means may be the same.

    Raises:
        Exception: whatever the user's code raises on the first.
    """
    for number in range(len(SIZES)):
        try:
            sample = _drawn(form, number)
            yield sample, form.run(sample.values, ()).gradients
        except Exception:
            if not number:
                raise


def _matched(form: ComparedForm, calls: Sequence[tuple[Sample, Mapping[str, Array]]]) -> tuple[str, ...]:
    """The gradients that are the slopes of a loss on all samples; what is 0 everywhere says nothing.

    Raises:
        Exception: whatever the loss raises.
    """

    def is_matched(sample: Sample, gradients: Mapping[str, Array], name: str) -> bool:
        gradient = gradients[name]
        fits = gradient.shape == sample.array(name).shape and np.any(gradient)
        return bool(fits) and is_slope(form, sample, name, gradient)

    return tuple(name for name in calls[0][1] if all(is_matched(*call, name) for call in calls))


def _with(base: ComparedForm, known: Mapping[str, Proposal], loss: OutputLoss) -> ComparedForm:
    return replace(base, methods=replace(base.methods, known=known, loss=loss))


def _drawn(form: ComparedForm, number: int = 0) -> Sample:
    """On one set of sizes; what the object holds as it was made, but random."""
    listed = options_of(form, {})
    choice = chosen(form, listed, [0] * len(listed))
    states = {item.name: state_of(item, number) for item in form.parameters if item.is_state}
    return drawn({**choice, **states}, SIZES[number], 0)


def _output_shape(form: ComparedForm) -> tuple[int, ...]:
    values = {name: value for name, value in _drawn(form).values.items() if name != form.methods.target}
    instance, given = form.prepared(values)
    return tuple(form.methods.output(instance, given)[0].shape)


def _targets(shape: tuple[int, ...], data: str) -> list[Proposal]:
    """What is compared with an output of this shape: one-hot, any numbers, labels."""
    letters = {length: letter for letter, length in reversed(list(SIZES[0].items()))} | {1: "1"}
    axes = " ".join(letters.get(length, str(length)) for length in shape)
    are_columns = data.startswith("d") and len(shape) == 2
    real = Proposal("unit", axes, is_owed=False)
    classes = shape[0 if are_columns else -1] if shape else 1
    if classes < 2:
        return [real, replace(real, axes=axes.replace("1", "").strip())]
    kind: ProposalKind = "one-hot-columns" if are_columns else "one-hot"
    label = Proposal("index", "n" if len(shape) == 2 else "", letters.get(classes, classes))
    return [Proposal(kind, axes, is_owed=False), label]


def _of_methods(owner: Any) -> list[OutputLoss]:
    """Its own methods that are called losses."""
    names = [name for kind in owner.__mro__ for name in vars(kind) if set(tokens(name)) & LOSS_WORDS]
    return [
        _own_loss(PlainFunction(getattr(owner, name), None, name), True)
        for name in names
        if callable(getattr(owner, name))
    ]


def _own_loss(function: PlainFunction, is_method: bool = False) -> OutputLoss:
    def of(instance: Any, output: Array, target: Any) -> Array:
        wanted = [item.name for item in function.parameters() if not item.has_default]
        call: Callable[..., Any] = function.call
        if is_method and wanted and wanted[0] == "self":
            call, wanted = getattr(instance, function.name), wanted[1:]
        found = as_array(call(**{name: target if is_target(name) else output for name in wanted}))
        if found is None or found.size != 1 or len(wanted) != 2:
            raise TypeError(f"{function.name} gives no loss of an output and its target")
        return found

    return OutputLoss(f"its {function.name}", of, is_own=True)
