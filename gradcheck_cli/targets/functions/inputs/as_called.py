"""A search on what the file itself hands to its function.

It is the last one: where no input that was guessed fits, or where a gradient is wrong on what was guessed and the file
hands over things of another kind.
"""

from __future__ import annotations

import ast
import inspect
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any, TypeAlias

import numpy as np

from gradcheck_cli.model import Sample, Value, syntax
from gradcheck_cli.targets.functions.find import layers_as_made
from gradcheck_cli.targets.functions.form import NotAFunctionError, WrittenFunction
from gradcheck_cli.targets.functions.inputs.beside import beside_known
from gradcheck_cli.targets.functions.inputs.given import Given, as_value
from gradcheck_cli.targets.functions.inputs.guessed import Guess
from gradcheck_cli.targets.functions.inputs.meant import is_derivative
from gradcheck_cli.targets.functions.inputs.own_calls import MOST_CALLS, CallInFile, by_name, entries, own_calls
from gradcheck_cli.targets.functions.inputs.search import InputSearch
from gradcheck_cli.targets.functions.inputs.variations import with_equal_lengths
from gradcheck_cli.targets.functions.layer import LayerForm
from gradcheck_cli.targets.functions.loss import LossForm
from gradcheck_cli.targets.functions.making import Copied, Making
from gradcheck_cli.targets.functions.nested import NestedArrays, is_one_of, nested_in, with_nested
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.load import Loaded

NOTE = "asked on what line {} of its file hands it; on other sizes it was not"
DATA = "the arrays in {} are taken as data, not judged"
# The derivative is taken number by number.
_MOST_ENTRIES = 3_000
# Seeds of the draws of a demo: what it draws is drawn twice, so that two samples are judged.
_DRAWS = (0, 1)

WrittenCall: TypeAlias = tuple[int, list[Mapping[str, Any]]]
"""The line of a call, and its arguments by name in each draw."""


@dataclass(frozen=True)
class _File:
    """What a call may rest on: the file, and the texts of what it defines by name."""

    loaded: Loaded
    texts: Mapping[str, str]

    @classmethod
    def of(cls, loaded: Loaded) -> _File:
        nodes = ((name, loaded.node(name)) for name in vars(loaded.module))
        return cls(loaded, {name: ast.unparse(node) for name, node in nodes if node is not None})

    def handed(self, is_called: Callable[[ast.expr], bool], signature: inspect.Signature) -> Iterator[WrittenCall]:
        """The line of each call that can be evaluated, and its arguments in each draw."""
        for call in islice(own_calls(self.loaded.tree, is_called), MOST_CALLS):
            drawn = [self._drawn(call, number, signature) for number in _DRAWS]
            draws = [found for found in drawn if found is not None]
            if draws and entries(list(draws[0].values())) <= _MOST_ENTRIES:
                yield call.line, draws

    def _drawn(self, call: CallInFile, number: int, signature: inspect.Signature) -> Mapping[str, Any] | None:
        random.seed(number)
        np.random.seed(number)
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.default_generator.manual_seed(number)
        return call.arguments(vars(self.loaded.module), signature, self.texts, number)


def guess_as_called(forms: Iterable[WrittenFunction], loaded: Loaded, seed: int) -> Guess | None:
    """The first form that fits on what a call in its file hands it; None where none does.

    Args:
        forms: ways to take the target.
        loaded: the target and its file.
        seed: of what an object holds.
    """
    file = _File.of(loaded)
    handed: dict[str, list[WrittenCall]] = {}  # a class has a form for each way to make one, and is called in one way
    with suppress(NotAFunctionError):
        for form in chain(_layers(file), forms):
            if form.title not in handed:
                handed[form.title] = list(_handed(form, file))
            for line, calls in handed[form.title]:
                place = loaded.module.__file__ or ""
                ways = (_fitting(*each, calls, seed, place) for each in _opened(form, calls[0]))
                found = next((each for each in ways if each is not None), None)
                if found is not None:
                    notes = (*found.notes, NOTE.format(line), *_of_data(found))
                    return replace(found, source="own call", notes=notes)
    return None


def is_meant_otherwise(form: WrittenFunction, sample: Sample, loaded: Loaded) -> bool:
    """Is a gradient wrong on a sample, and does its file hand it things of another kind?

    A list of layers for an array, a row for rows. Where the kinds are the same, what is wrong there is wrong.
    """
    if is_derivative(form, sample):
        return False
    _, calls = next(_handed(form, _File.of(loaded)), (0, [{}]))
    shared = [(calls[0][name], value) for name, value in sample.values.items() if name in calls[0]]
    return any(_kind(written) != _kind(guessed) for written, guessed in shared)


def _kind(value: Any) -> int | str:
    """The axes of an array or a number; what else it is."""
    if hasattr(value, "shape"):
        return len(value.shape)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0
    return "parts" if _has_array(_plain(value)) else "other"


def _handed(form: WrittenFunction, file: _File) -> Iterator[WrittenCall]:
    """What the calls of a form hand it; of a loss of what a forward gives, what one of each of the two does."""
    module = vars(file.loaded.module)
    parts = [name for name in re.findall(r"\w+", form.title) if inspect.isfunction(module.get(name))]
    if len(parts) < 2:
        yield from file.handed(_called(form), _signature(form, module))
        return
    found = [next(file.handed(by_name(name), inspect.signature(module[name])), None) for name in parts]
    whole = [each for each in found if each is not None]
    if len(whole) == len(parts):
        draws = zip(*(calls for _, calls in whole), strict=False)
        yield whole[0][0], [{name: value for call in calls for name, value in call.items()} for calls in draws]


def _opened(form: WrittenFunction, call: Mapping[str, Any]) -> Iterator[tuple[WrittenFunction, list[NestedArrays]]]:
    """The form, and the one that takes the arrays in lists and dicts one by one: a gradient may be given of each."""
    yield form, []
    names = {item.name for item in form.parameters}
    nested = nested_in({name: value for name, value in call.items() if name in names})
    if isinstance(form, PairForm | LossForm) and nested:
        yield with_nested(form, nested), nested


def _fitting(
    form: WrittenFunction, nested: Sequence[NestedArrays], calls: Sequence[Mapping[str, Any]], seed: int, file: str
) -> Guess | None:
    try:
        given = [_arguments(form, nested, call) for call in calls]
        said = Given(tuple(given[:1] if _are_same(given) else given), source="own call")
        found = InputSearch(form, said, seed, file, 0.0).run()
    except NotAFunctionError:  # arguments of which nothing is known, or that are none of this form
        return None
    if found is None:
        return None
    beside = (*with_equal_lengths(found.form, found.samples[0]), *beside_known(found.form, found.samples[0]))
    return replace(found, samples=(*found.samples, *beside))


def _arguments(form: WrittenFunction, nested: Sequence[NestedArrays], call: Mapping[str, Any]) -> Mapping[str, Value]:
    """One call's by the names of the form.

    Raises:
        NotAFunctionError: one is of a kind of which nothing is known.
    """
    opened = {name: array for each in nested for name, array in (each.arrays(call[each.name]) or {}).items()}
    whole = {name: value for name, value in call.items() if name not in {each.name for each in nested}}
    parts = _of_form({name: _plain(value) for name, value in whole.items()}, form)
    return {name: as_value(value) for name, value in {**opened, **parts}.items()}


def _of_data(found: Guess) -> Iterator[str]:
    """Arrays inside a list or a dict are handed on as they are: no gradient is owed of them."""
    sample = found.samples[0]
    inside = [name for name, value in sample.values.items() if isinstance(value, tuple | Mapping) and _has_array(value)]
    if inside:
        yield DATA.format(" and ".join(inside))


def _has_array(value: Any) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple | list) else ()
    return hasattr(value, "shape") or any(map(_has_array, inner))


def _layers(file: _File) -> Iterator[WrittenFunction]:
    """A class's objects as its file makes them: what it hands to their methods fits no others."""
    owner = file.loaded.target if isinstance(file.loaded.target, type) else file.loaded.owner
    if owner is None:
        return
    with suppress(TypeError, ValueError):
        made = [draws[0] for _, draws in file.handed(by_name(owner.__name__), inspect.signature(owner))]
        makings = [Making(owner, {name: Copied(value) for name, value in each.items()}) for each in made]
        yield from layers_as_made(file.loaded, makings)


def _are_same(given: Sequence[Mapping[str, Any]]) -> bool:
    return len({repr(each) for each in given}) == 1


def _signature(form: WrittenFunction, namespace: Mapping[str, Any]) -> inspect.Signature:
    """As the file calls it; a form may take the parts of a parameter one by one."""
    function = namespace.get(form.title)
    if inspect.isfunction(function):
        return inspect.signature(function)
    own = sorted((item for item in form.parameters if not item.is_state), key=lambda item: item.has_default)
    kind, empty = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
    return inspect.Signature(
        [inspect.Parameter(item.name, kind, default=item.default if item.has_default else empty) for item in own]
    )


def _plain(value: Any, above: tuple[Any, ...] = ()) -> Any:
    """The fields of an object as a dict, at any depth; anything else as it is.

    What refers back to what holds it, as `child.parent`, has no end: `...`, of which nothing is known.
    """
    if is_one_of(value, above):
        return ...
    around = (*above, value)
    if isinstance(value, Mapping):
        return {key: _plain(inner, around) for key, inner in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(value._asdict(), around)
    if isinstance(value, list | tuple):
        return [_plain(inner, around) for inner in value]
    held = getattr(value, "__dict__", None)
    is_object = held is not None and not hasattr(value, "shape") and not callable(value)
    return {name: _plain(inner, around) for name, inner in held.items()} if held is not None and is_object else value


def _of_form(arguments: Mapping[str, Any], form: WrittenFunction) -> Mapping[str, Any]:
    """The arguments by the names of the form: of what it takes part by part, the parts."""
    names = {item.name for item in form.parameters}
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        found |= {name: value} if name in names or not isinstance(value, Mapping) else _parts(value)
    # A loss that is put together is handed what the forward gives by the forward.
    return {name: value for name, value in found.items() if name in names} if "(" in form.title else found


def _parts(value: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found |= _parts(inner, f"{before}{key}_") if isinstance(inner, Mapping) else {before + key: inner}
    return found


def _called(form: WrittenFunction) -> Callable[[ast.expr], bool]:
    """What stands for the form where it is called: its name, `Name.apply` of a Function, a method of any object."""
    name, method = form.title.rpartition(".")[2], form.methods.fore if isinstance(form, LayerForm) else ""

    def is_called(called: ast.expr) -> bool:
        if isinstance(form, LayerForm):
            return isinstance(called, ast.Name) if method == "__call__" else _is_method(called, method)
        if form.kind == "autograd-function":
            return isinstance(called, ast.Attribute) and called.attr == "apply" and ast.unparse(called.value) == name
        return syntax.is_name(called, name)

    return is_called


def _is_method(called: ast.expr, method: str) -> bool:
    return isinstance(called, ast.Attribute) and called.attr == method
