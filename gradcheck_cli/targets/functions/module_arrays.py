"""Losses and pairs whose weights are arrays of their module, as min-char-rnn has them: each is put there before a call.

`def lossFun(inputs, targets, hprev)` reads `Wxh` and returns `dWxh`: their shapes are those of the file.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, syntax
from gradcheck_cli.targets.functions.inputs.proposals import SIZES
from gradcheck_cli.targets.functions.loss import LossForm
from gradcheck_cli.targets.functions.made_loss import MadeLossForm
from gradcheck_cli.targets.functions.made_pair import MadePairForm
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction
from gradcheck_cli.targets.functions.reading import returned_names
from gradcheck_cli.targets.functions.spelling import belongs_to


def of_module_arrays(form: LossForm, module: MutableMapping[str, Any]) -> Iterator[MadeLossForm]:
    """The loss with these arrays as arguments of their own; none where it returns the gradient of none.

    Args:
        module: what the names of its file mean.
    """
    arrays = _differentiated(form.function, form.function, module)
    if arrays:
        function = replace(form.function, call=_with_arrays(form.function.call, list(arrays), module))
        maker = PlainFunction(form.function.call, None, "the file")
        yield MadeLossForm(LossForm(function), maker, _shapes(arrays), {})


def pair_of_module_arrays(form: PairForm, module: MutableMapping[str, Any]) -> Iterator[MadePairForm]:
    """The pair with the arrays that its forward reads, and its backward gives gradients of, as arguments; else none."""
    arrays = _differentiated(form.fore, form.back, module)
    if arrays:
        fore, back = (
            replace(each, call=_with_arrays(each.call, list(arrays), module)) for each in (form.fore, form.back)
        )
        yield MadePairForm(fore, back, is_of_result=form.is_of_result, made_by="the file", shapes=_shapes(arrays))


def _shapes(arrays: Mapping[str, Array]) -> dict[str, tuple[tuple[int, ...], ...]]:
    return {name: (array.shape,) * len(SIZES) for name, array in arrays.items()}


def _differentiated(function: PlainFunction, back: PlainFunction, module: Mapping[str, Any]) -> dict[str, Array]:
    """The arrays of the module that a function reads, and a backward returns the gradients of: one by one or by key."""
    own = {item.name for each in (function, back) for item in each.parameters()}
    read = {node.id for node in syntax.nodes_in(function.source) if isinstance(node, ast.Name)} - own
    arrays = {
        name: value
        for name, value in module.items()
        if name in read and isinstance(value, np.ndarray) and value.ndim and value.dtype.kind == "f"
    }
    known = [*own, *arrays]
    names = [*returned_names(back.node), *_keys(back.node)]
    owners = {belongs_to(name, known) for name in names if name and name not in known}
    return {name: array for name, array in arrays.items() if name in owners}


def _keys(node: ast.AST | None) -> list[str]:
    """The keys of the dicts that a function writes out, and the names that stand there: `{"W": dW}`."""
    dicts = [each for each in ast.walk(node) if isinstance(each, ast.Dict)] if node is not None else []
    keys = [getattr(key, "value", None) for each in dicts for key in each.keys]
    names = [getattr(value, "id", None) for each in dicts for value in each.values]
    return [text for text in (*keys, *names) if isinstance(text, str)]


def _with_arrays(call: Callable[..., Any], names: list[str], module: MutableMapping[str, Any]) -> Callable[..., Any]:
    """The function with keyword arguments that are put into its module for the time of a call."""

    def called(*args: Any, **given: Any) -> Any:
        before = {name: module[name] for name in names}
        module.update({name: given.pop(name) for name in names if name in given})
        try:
            return call(*args, **given)
        finally:
            module.update(before)

    signature = inspect.signature(call)
    more = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
    called.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *more])  # type: ignore[attr-defined]
    return called
