"""A `torch.nn.Module` and a free function that is its backward: `RMSNorm` and `rmsnorm_backward(dout, x, w)`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from gradcheck_cli.targets.functions.form import Parameter
from gradcheck_cli.targets.functions.made_pair import MadePairForm
from gradcheck_cli.targets.functions.module import ModuleForm, module_forms
from gradcheck_cli.targets.functions.on_tensors import TensorPairForm, handed_tensors
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.spelling import bases_of, tokens
from gradcheck_cli.targets.load import Loaded
from gradcheck_cli.targets.torch_classes import is_module


@dataclass(frozen=True)
class ModulePairForm(MadePairForm, TensorPairForm):
    """The module's forward, and the function; what the module learns is made by it, and handed to both by name."""


def module_for(backward: str, names: Iterable[str]) -> str:
    """The class that is called as a backward is but for its direction: "RMSNorm" for "rmsnorm_backward"; "" for none.

    Args:
        names: of the modules of a file.
    """
    wanted = {"".join(base) for base in bases_of(backward)}
    found = [name for name in names if "".join(tokens(name)) in wanted]
    return found[0] if len(found) == 1 else ""


def module_pairs(loaded: Loaded, backward: PlainFunction, text: Callable[[str], str]) -> Iterator[ModulePairForm]:
    """The pair for each way in which the module can be made; none where the file has none.

    Args:
        text: from a name to its text, with that of what it uses.

    Raises:
        NotAFunctionError: the module cannot be made.
    """
    modules = {name: kind for name, kind in vars(loaded.module).items() if isinstance(kind, type) and is_module(kind)}
    name = module_for(backward.name, [name for name in modules if loaded.node(name) is not None])
    if not name:
        return
    for form in module_forms(loaded, modules[name], text(name)):
        learnt = {item.name: item.shapes for item in form.parameters if item.is_state}
        node = loaded.node(f"{name}.forward")
        fore = handed_tensors(PlainFunction(_called(form), node, name, form.source))
        yield ModulePairForm(fore, handed_tensors(_with_settings(backward, form)), made_by=form.how, shapes=learnt)


def _with_settings(backward: PlainFunction, form: ModuleForm) -> PlainFunction:
    """The backward with the numbers that the module holds under the names of its parameters, as an eps."""
    held = {name: value for name, value in vars(form.made[0]).items() if isinstance(value, int | float)}
    settings = {item.name: held[item.name] for item in backward.parameters() if item.name in held}
    signature = inspect.signature(backward.call)
    left = [item for name, item in signature.parameters.items() if name not in settings]

    def call(*args: Any, **given: Any) -> Any:
        handed = inspect.Signature(left).bind(*args, **given).arguments
        return call_by_name(backward.call, {**handed, **settings})

    call.__signature__ = inspect.Signature(left)  # type: ignore[attr-defined]
    return replace(backward, call=call) if settings else backward


def _called(form: ModuleForm) -> Callable[..., Any]:
    def call(**given: Any) -> Any:
        return form.call(given)

    call.__signature__ = inspect.Signature([_parameter(item) for item in form.parameters])  # type: ignore[attr-defined]
    return call


def _parameter(item: Parameter) -> inspect.Parameter:
    default = item.default if item.has_default else inspect.Parameter.empty
    return inspect.Parameter(item.name, inspect.Parameter.KEYWORD_ONLY, default=default)
