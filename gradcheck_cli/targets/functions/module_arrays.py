"""Losses whose weights are arrays of their module, as min-char-rnn has them: each is put there before a call.

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
from gradcheck_cli.targets.functions.plain import PlainFunction
from gradcheck_cli.targets.functions.reading import returned_names
from gradcheck_cli.targets.functions.spelling import belongs_to


def of_module_arrays(form: LossForm, module: MutableMapping[str, Any]) -> Iterator[MadeLossForm]:
    """The loss with these arrays as arguments of their own; none where it returns the gradient of none.

    Args:
        module: what the names of its file mean.
    """
    arrays = _differentiated(form.function, module)
    if arrays:
        function = replace(form.function, call=_with_arrays(form.function.call, list(arrays), module))
        shapes = {name: (array.shape,) * len(SIZES) for name, array in arrays.items()}
        yield MadeLossForm(LossForm(function), PlainFunction(form.function.call, None, "the file"), shapes, {})


def _differentiated(function: PlainFunction, module: Mapping[str, Any]) -> dict[str, Array]:
    """The arrays of the module that a function reads and returns the gradients of."""
    own = {item.name for item in function.parameters()}
    read = {node.id for node in ast.walk(syntax.parse(function.source)) if isinstance(node, ast.Name)} - own
    arrays = {
        name: value
        for name, value in module.items()
        if name in read and isinstance(value, np.ndarray) and value.ndim and value.dtype.kind == "f"
    }
    known = [*own, *arrays]
    owners = {belongs_to(name, known) for name in returned_names(function.node) if name and name not in known}
    return {name: array for name, array in arrays.items() if name in owners}


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
