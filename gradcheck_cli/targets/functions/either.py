"""Convolution or any function: what the names speak for is tried first, the other where that is not it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from gradcheck_cli.model import GUESSED, TENSORS, Array, InputsFrom
from gradcheck_cli.model.spelled import directions
from gradcheck_cli.targets.conventions import AmbiguousError, NotRecognisedError
from gradcheck_cli.targets.conventions.another_layer import AnotherLayer, AnotherLayerError
from gradcheck_cli.targets.conventions.kinds import reads_windows, speaks_of_pictures
from gradcheck_cli.targets.conventions.methods import class_source, unwritten, unwritten_backward
from gradcheck_cli.targets.edited import Edits
from gradcheck_cli.targets.functions.another_layer import AnotherLayerForm
from gradcheck_cli.targets.functions.bilinear import is_bilinear
from gradcheck_cli.targets.functions.compared import NOTE as COMPARED, as_compared
from gradcheck_cli.targets.functions.constants import constants_notes
from gradcheck_cli.targets.functions.find import (
    forms_of,
    is_of_engine,
    takes_what_its_forward_takes,
)
from gradcheck_cli.targets.functions.form import NotAFunctionError, Values, WrittenFunction, same_numbers
from gradcheck_cli.targets.functions.inputs.as_called import guess_as_called, is_meant_otherwise
from gradcheck_cli.targets.functions.inputs.given import Given, given
from gradcheck_cli.targets.functions.inputs.guess import guess
from gradcheck_cli.targets.functions.inputs.guessed import Guess, NearlyError
from gradcheck_cli.targets.functions.inputs.square_data import symmetric_notes
from gradcheck_cli.targets.functions.inputs.variations import at_default_only
from gradcheck_cli.targets.functions.last_layer import NOTE as LAST_LAYER, as_last_layer
from gradcheck_cli.targets.functions.loss import gives_gradients
from gradcheck_cli.targets.functions.mean_loss import NOTE as MEAN_LOSS, as_mean_loss
from gradcheck_cli.targets.functions.of_convolutions import looks_like_convolution
from gradcheck_cli.targets.functions.other_argument import (
    NOTE as OTHER_ARGUMENT,
    as_other_argument,
    of_one_argument,
)
from gradcheck_cli.targets.functions.outline import ways_out
from gradcheck_cli.targets.functions.owed import owing_what_is_returned
from gradcheck_cli.targets.functions.own_term import NOTE as OWN_TERM, as_with_term
from gradcheck_cli.targets.functions.read_part import NOTE as READ_PART, as_read
from gradcheck_cli.targets.functions.reference import reference_of
from gradcheck_cli.targets.functions.service import DoubtfulError, FunctionReady
from gradcheck_cli.targets.functions.several_losses import refuse_several_losses
from gradcheck_cli.targets.functions.spelled import SEED_IT, WHAT_EACH_IS, SpelledForm, refuse_own_fault, spelled_form
from gradcheck_cli.targets.functions.vector_loss import NOTE as VECTOR_LOSS, ROWS_NOTE as ROWS, as_rows, as_vectors
from gradcheck_cli.targets.lines import Watch
from gradcheck_cli.targets.load import Loaded
from gradcheck_cli.targets.wire import Message

Ready = TypeVar("Ready")

# Of what is guessed, in this order.
_OTHER_SHAPES = ((as_compared, COMPARED), (as_read, READ_PART), (as_rows, ROWS), (as_vectors, VECTOR_LOSS))
# Wherever nothing was tried, nothing is known.
ONLY_AT_DEFAULT = "asked with one value of {} only: what others do is not known"


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes:
        kinds: what the target may be.
        is_spelled: the user said how it is called as a convolution.
        seed: makes every call draw the same.
        number: the seed of the samples.
        seconds: for all tries.
        inputs, input: what the user said of the inputs.
        against: what the forward should be.
        call, returns: a forward and a backward as the user spells them, and what the latter gives; "" where not.
    """

    kinds: tuple[str, ...]
    is_spelled: bool
    seed: Callable[[], None]
    number: int
    seconds: float
    inputs: str = ""
    input: str = ""
    against: str = ""
    call: str = ""
    returns: tuple[str, ...] = ()

    @classmethod
    def of(cls, message: Message, *, is_spelled: bool, seed: Callable[[], None], seconds: float) -> Wanted:
        """What a request to load says."""
        kinds = tuple(map(str, message.get("kinds", ("convolution",))))
        said = {name: str(message.get(name, "")) for name in ("inputs", "input", "against", "call")}
        said["call"] = said["call"] if directions(said["call"])[0] else ""
        returns = tuple(map(str, message.get("returns", ())))
        return cls(kinds, is_spelled, seed, int(message.get("seed", 0)), seconds, returns=returns, **said)


@dataclass(frozen=True)
class AsConvolution(Generic[Ready]):
    """The other way.

    Attributes:
        take: recognises the target as a convolution.
        is_sure: something was right there.
        is_named: no argument's meaning was found by trying it, against its name.
        is_narrow: it is one with one channel alone.
    """

    take: Callable[[], Ready]
    is_sure: Callable[[Ready], bool]
    is_named: Callable[[Ready], bool]
    is_narrow: Callable[[Ready], bool]


def either(loaded: Loaded, wanted: Wanted, convolution: AsConvolution[Ready]) -> Ready | FunctionReady:
    """The target as what it is.

    Raises:
        NotRecognisedError, AmbiguousError: it is neither, and a convolution is what it looks like.
        NotAFunctionError: it is neither, and has a forward of something else.
    """
    if "function" not in wanted.kinds or wanted.is_spelled:
        return convolution.take()
    if wanted.call:
        return as_spelled(loaded, wanted)
    _refuse_unwritten(loaded)
    if wanted.inputs or wanted.input or "convolution" not in wanted.kinds or is_of_engine(loaded):
        return as_function(loaded, wanted)
    if looks_like_convolution(loaded) and not takes_what_its_forward_takes(loaded):
        return _convolution_first(loaded, wanted, convolution)
    try:
        found = as_function(loaded, wanted)
    except NotAFunctionError as error:
        if gives_gradients(loaded.node(loaded.name)):  # a loss beside its own gradients: no convolution returns one
            raise
        return _convolution_after(error, loaded, wanted, convolution)
    if is_bilinear(found.form, found.samples[0].values, reads_windows(loaded)):
        with suppress(NotRecognisedError, AmbiguousError):
            taken = convolution.take()
            if convolution.is_sure(taken) and not convolution.is_narrow(taken):
                return taken
    return found


def _refuse_unwritten(loaded: Loaded) -> None:
    """A class whose backward is there by its name alone: nothing that it does not return is missed.

    Raises:
        NotRecognisedError: it is to be written.
    """
    if isinstance(loaded.target, type):
        method = unwritten_backward(loaded.target, class_source(loaded.target, loaded.node))
        if method:
            raise unwritten(loaded.target, method)


def _convolution_first(loaded: Loaded, wanted: Wanted, convolution: AsConvolution[Ready]) -> Ready | FunctionReady:
    """Its own refusal stands where it is no function either, and so does what is one with one channel alone."""
    try:
        taken = convolution.take()
        if convolution.is_narrow(taken):
            with suppress(NotAFunctionError):
                return as_function(loaded, wanted)
        return taken
    except (NotRecognisedError, AmbiguousError) as refusal:
        try:
            return as_function(loaded, wanted)
        except NotAFunctionError:
            if isinstance(refusal, AnotherLayerError):
                return _as_it_computes(loaded, wanted, refusal.layer)
            raise refusal from None


def _convolution_after(
    error: NotAFunctionError, loaded: Loaded, wanted: Wanted, convolution: AsConvolution[Ready]
) -> Ready | FunctionReady:
    """A target whose names do not speak of a convolution has to prove itself as one: something is right there.

    Without a forward it is a convolution or nothing: then it is enough that its arguments are named as those of one,
    and that it speaks of pictures: `(grad_output, x, weight)` are those of a norm, too. One whose forward runs and is
    none, as a matrix product, is not tried: that takes a thousand calls.
    """
    if isinstance(error, DoubtfulError) and not _may_be_convolution(error.ready, loaded):
        raise error
    has_forward = error.step != "build"
    try:
        found = convolution.take()
    except AnotherLayerError as refusal:
        ready = _as_it_computes(loaded, wanted, refusal.layer)
        if not _hangs_on_its_weight(ready):  # what was put there is no weight of it
            raise error from None
        return ready
    except (NotRecognisedError, AmbiguousError):
        if has_forward or not speaks_of_pictures(loaded):
            raise error from None
        raise
    if convolution.is_sure(found) or (not has_forward and speaks_of_pictures(loaded) and convolution.is_named(found)):
        return found
    raise error


def _hangs_on_its_weight(ready: FunctionReady) -> bool:
    """Does the forward of what is no convolution, by its names neither, give other numbers with another weight?"""
    name, sample = TENSORS["weight"].name, ready.samples[0]
    ready.seed()
    before = ready.form.forward(sample.values)
    ready.seed()
    after = ready.form.forward({**sample.values, name: -sample.array(name)})
    return not all(map(same_numbers, before, after))


def _may_be_convolution(ready: FunctionReady, loaded: Loaded) -> bool:
    """Of a forward that runs on numbers of which nobody knows that it is meant for them: by its text or by these."""
    if speaks_of_pictures(loaded):
        return True
    ready.seed()
    return any(is_bilinear(ready.form, sample.values) for sample in (*ready.samples, *ready.raised))


def as_function(loaded: Loaded, wanted: Wanted) -> FunctionReady:
    """The target as a function, with what it runs on.

    Raises:
        NotAFunctionError: it is none, or runs on nothing.
        DoubtfulError: only its forward runs.
        TargetError: `--inputs` or `--against` names nothing that can be loaded.
    """
    said = _said(loaded, wanted)
    try:
        ready = _on_inputs(loaded, wanted, said, forms_of(loaded))
        is_other = ready.inputs in GUESSED and is_meant_otherwise(ready.form, ready.samples[0], loaded)
        return (_as_called(loaded, wanted) if is_other else None) or ready
    except NotAFunctionError as error:
        called = _as_called(loaded, wanted) if said.source == "guess" else None
        if called is not None:
            return called
        ways = ways_out(loaded)
        error.hint = f"{error.hint}; or {ways}" if error.hint and error.step == "build" else error.hint or ways
        raise


def _as_called(loaded: Loaded, wanted: Wanted) -> FunctionReady | None:
    """On what its file hands it; None where it hands nothing that fits."""
    found = guess_as_called(forms_of(loaded), loaded, wanted.number)
    return None if found is None else _ready(loaded, wanted, found, found.source)


def as_spelled(loaded: Loaded, wanted: Wanted) -> FunctionReady:
    """The target as `--call` spells it: what `--returns` names is judged, and the rest is data.

    Raises:
        NotAFunctionError: the call itself fails, or runs on nothing.
    """
    said = _said(loaded, wanted)
    file = loaded.module.__file__ or ""
    form = spelled_form(wanted.call, wanted.returns, vars(loaded.module), said.names, loaded.tree)
    try:
        ready = _on_inputs(loaded, wanted, said, [form])
    except NotAFunctionError as error:
        refuse_own_fault(form, error.cause, file)
        error.hint = error.hint or WHAT_EACH_IS
        raise
    _refuse_what_the_call_itself_does(form, ready)
    return _owing(ready, wanted.returns) if wanted.returns else ready


def _refuse_what_the_call_itself_does(form: SpelledForm, ready: FunctionReady) -> None:
    """Refuse a call that raises by itself, or whose forward draws other numbers each time.

    Raises:
        NotAFunctionError: so it is.
    """
    values = ready.samples[0].values
    try:
        first, second = (_seeded_forward(ready, values) for _ in range(2))
        ready.form.run(values, [np.ones_like(out) for out in first])
    except Exception as error:  # the code's own is told where it is judged
        refuse_own_fault(form, error, ready.file)
    else:
        if not all(map(same_numbers, first, second)):
            raise NotAFunctionError("run", "FORWARD of --call gives other numbers when it is called again", SEED_IT)


def _seeded_forward(ready: FunctionReady, values: Values) -> tuple[Array, ...]:
    ready.seed()
    return ready.form.forward(values)


def _owing(ready: FunctionReady, names: Collection[str]) -> FunctionReady:
    """Gradients of these are owed, and of nothing else."""
    first = ready.samples[0].differentiated
    samples, raised = (
        tuple(
            replace(each, differentiated=tuple(name for name in each.differentiated if name in names)) for each in found
        )
        for found in (ready.samples, ready.raised)
    )
    data = ", ".join(name for name in first if name not in names)
    notes = (*ready.notes, f"--returns does not name {data}: taken as data, not judged") if data else ready.notes
    return replace(ready, samples=samples, raised=raised, notes=notes)


def _said(loaded: Loaded, wanted: Wanted) -> Given:
    """What the user says of the inputs: `--inputs` is loaded once."""
    if wanted.against:
        reference_of(wanted.against)  # a name that is nothing is told before anything is judged
    return given(loaded, wanted.inputs, wanted.input)


def _on_inputs(loaded: Loaded, wanted: Wanted, said: Given, forms: Iterable[WrittenFunction]) -> FunctionReady:
    """The first of the forms that runs, with what it runs on."""
    wanted.seed()
    file = loaded.module.__file__ or ""
    try:
        found = guess(forms, said, wanted.number, file)
    except NearlyError as error:
        error.hint = error.hint or ways_out(loaded)
        raise DoubtfulError(error, _ready(loaded, wanted, error.guess, "guess")) from error.cause
    return _ready(loaded, wanted, found, found.source if said.source == "guess" else said.source)


def _as_it_computes(loaded: Loaded, wanted: Wanted, layer: AnotherLayer) -> FunctionReady:
    """What is called as a convolution and is none, judged by its own forward."""
    node = loaded.node(getattr(loaded.owner, "__name__", loaded.name))
    form = AnotherLayerForm(layer, loaded.name, ast.unparse(node) if node is not None else "")
    wanted.seed()
    return _ready(loaded, wanted, Guess(form, form.samples(wanted.number), "guess"), "guess")


def _ready(loaded: Loaded, wanted: Wanted, found: Guess, source: InputsFrom) -> FunctionReady:
    file = loaded.module.__file__ or ""
    watch = Watch(loaded.tree, file, found.form.backward)
    edits = Edits(loaded.tree, file)
    form, notes = found.form, [*loaded.notes, *found.notes]
    for known, note in ((as_last_layer, LAST_LAYER), (as_mean_loss, MEAN_LOSS), (as_with_term, OWN_TERM)):
        other = known(form, found.samples[0])
        form, notes = other or form, [*notes, note] if other else notes
    if source in GUESSED:
        refuse_several_losses(form, found.samples[0], loaded)
        found = replace(found, samples=owing_what_is_returned(form, found.samples))
    renamed = as_other_argument(form, found.samples)
    form, notes = renamed or form, [*notes, OTHER_ARGUMENT.format(renamed.argument)] if renamed else notes
    if renamed is not None:
        found = replace(found, samples=tuple(renamed.owing(sample) for sample in found.samples))
    elif source in GUESSED and (of_one := of_one_argument(form, found.samples)) is not None:
        notes.append(of_one[0])
        found = replace(found, samples=of_one[1])
    for other_shapes, note in _OTHER_SHAPES if source in GUESSED else ():
        taken = other_shapes(form, found.samples)
        if taken is not None:
            found = replace(found, samples=taken[1])
            notes.append(note.format(" and ".join(taken[0])))
    if source in GUESSED:
        notes += [*constants_notes(form, found.samples), *symmetric_notes(form, found.samples)]
    unvaried = at_default_only(form.parameters, found.samples) if source in GUESSED else []
    notes += [ONLY_AT_DEFAULT.format(", ".join(unvaried))] if unvaried else []
    return FunctionReady(
        file, form, found.samples, source, wanted.seed, watch, edits, tuple(notes), raised=found.raised
    )
