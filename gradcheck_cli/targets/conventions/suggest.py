"""The words of `--call` for a target that was not recognised: as its author would call it, as far as names tell.

Shown by a refusal. It is tried before it is shown: one that does not run is shown as an outline.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from gradcheck_cli.targets.conventions import binding, probes
from gradcheck_cli.targets.conventions.as_closure import engines
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.call import CallCandidate, Expression
from gradcheck_cli.targets.conventions.callees import callee_of
from gradcheck_cli.targets.conventions.construct import constructor_of
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.methods import backward_name, class_source, forward_names
from gradcheck_cli.targets.conventions.names import function_roles, gradient_role
from gradcheck_cli.targets.conventions.own_types import says_gradient
from gradcheck_cli.targets.conventions.slots import Slot
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.load import Loaded

# What stands for a value of which nothing is known: the reader is to fill it in.
UNKNOWN = "..."
WORDS: Mapping[str, str] = {
    "x": "x", "weight": "w", "bias": "b", "grad_output": "G", "stride": "s", "padding": "p", "dilation": "d",
    "groups": "groups", "in_channels": "in_channels", "out_channels": "out_channels", "kernel_size": "k",
    "kernel_h": "kernel_size[0]", "kernel_w": "kernel_size[1]", "stride_h": "stride[0]", "stride_w": "stride[1]",
    "padding_h": "padding[0]", "padding_w": "padding[1]", "w_shape": "w.shape", "x_shape": "x.shape",
    "b_shape": "b.size",
    "input_shape": "x.shape[1:]", "in_h": "x.shape[2]", "in_w": "x.shape[3]", "batch": "x.shape[0]",
    "in_size": "x.shape[2]", "params": "{'stride': s, 'pad': p}", "cache": "(x, w, b, {'stride': s, 'pad': p})",
    "lr": "1.0", "random": "np.random.RandomState(0)", "use_bias": "True", "activation": "None", "name": "'conv'",
}  # fmt: skip
PAIRED: Mapping[str, str] = {"s": "stride", "p": "padding", "d": "dilation", "k": "kernel_size"}
ORDER = ("input", "weight", "bias")


@dataclass(frozen=True)
class Suggestion:
    """An expression for `--call`, and the roles for `--returns`."""

    text: str
    returns: tuple[str, ...]

    @property
    def words(self) -> str:
        """As they are typed."""
        return f'--call "{self.text}" --returns {",".join(self.returns)}'


def hint(loaded: Loaded, guard: Callable[[], AbstractContextManager[None]]) -> str:
    """How to say how the target is called; "" where nothing can be made up.

    Args:
        guard: ends a try that takes too long.
    """
    with suppress(Exception):
        found = _suggestion(loaded)
        if found is not None:
            how = _how(found, loaded, guard)
            return f"{how}: {found.words}, or gradcheck_call() in the file (gradcheck explain calling)"
    return ""


def _how(found: Suggestion, loaded: Loaded, guard: Callable[[], AbstractContextManager[None]]) -> str:
    """Whether it gives arrays on a small case in our layout, and if not, what is wrong with it."""
    expression = Expression(found.text, found.returns, vars(loaded.module))
    if UNKNOWN in found.text or expression.missing():
        return "say how; an outline to be filled in"
    raised: Exception | None = None
    for spec in (probes.PROBES[0], probes.PROBES[2]):
        for torch in (False, True) if expression.takes_tensors else (False,):
            try:
                with guard():
                    CallCandidate(expression, Form(Layout(), torch=torch)).start(probes.integer_case(spec))()
                    return "say how"
            except Exception as error:
                raised = raised or error
    return f"say how; an outline to be changed, as it stands it raises {type(raised).__name__}"


def _suggestion(loaded: Loaded) -> Suggestion | None:
    owner = loaded.target if isinstance(loaded.target, type) else loaded.owner
    if owner is None:
        return _of_function(loaded)
    source = class_source(owner, loaded.node)
    backward = loaded.name if loaded.owner is not None else backward_name(owner, source)
    if loaded.owner is not None and any(engines(loaded, source)):
        return _of_operation(loaded, f"v[0].{loaded.name}", _arguments(loaded, owner, loaded.name)[1:])
    return _of_class(loaded, owner, source, backward)


def _of_function(loaded: Loaded) -> Suggestion | None:
    callee = callee_of(loaded, None, loaded.name)
    given = _arguments(loaded, None, loaded.name)
    if not given:
        return None
    if "G" in given:
        return Suggestion(f"{loaded.name}({', '.join(given)})", _returned(callee.source))
    return _of_operation(loaded, loaded.name, given) if any(engines(loaded, callee.source)) else None


def _of_operation(loaded: Loaded, called: str, given: Sequence[str]) -> Suggestion | None:
    """An operation on a type of the file's own."""
    engine = next(engines(loaded, Source(None)))
    arrays = [word for word in ("x", "w", "b") if word in given or word == "x"]
    inside = ", ".join(f"v[{arrays.index(word)}]" if word in arrays else word for word in given)
    kind, slot = engine.own.kind.__name__, _slot(engine.own.kind)
    text = (
        f"(v := [{kind}(a) for a in ({', '.join(arrays)},)], y := {called}({inside}), y.backward(G), "
        f"[a.{slot} for a in v])[-1]"
    )
    return Suggestion(text, ORDER[: len(arrays)])


def _slot(kind: type) -> str:
    init = inspect.getsource(kind)
    return "grad" if ".grad" in init else next((word for word in ("g", "gradient", "d") if f".{word} " in init), "grad")


def _of_class(loaded: Loaded, owner: type, source: Source, backward: str) -> Suggestion | None:
    """Made, given its weights, run forward and backward; then what it returned and keeps is listed."""
    forwards = forward_names(owner, source, backward)
    if not forwards or not backward:
        return None
    slots = constructor_of(owner, source, vars(loaded.module)).slots
    made = ", ".join(_constructor_arguments(slots))
    handed = {role for slot in slots if slot.required for role in slot.roles()[:1]}
    steps = [f"c := {owner.__name__}({made})", *_weights_set(source, handed)]
    steps.append(f"c.{forwards[0]}({', '.join(_arguments(loaded, owner, forwards[0], 1)) or 'x'})")
    back = f"c.{backward}({', '.join(_arguments(loaded, owner, backward, 1)) or 'G'})"
    kept = _gradients_kept(source.method(backward))
    if not kept:
        return Suggestion(f"({', '.join([*steps, back])})[-1]", _returned(source.method(backward)))
    listed = [f"c.{name}" for name in kept.values()]
    return Suggestion(f"({', '.join([*steps, back, *listed])})[-{len(kept) + 1}:]", ("input", *kept))


def _returned(source: Source) -> tuple[str, ...]:
    """The roles of what is returned, where the names there tell all of them."""
    names = [gradient_role(name) for name in source.returns()]
    return tuple(names) if all(names) and names else ORDER


def _weights_set(source: Source, handed: set[str]) -> Iterator[str]:
    """`setattr(c, 'W', w)` for what no constructor is handed."""
    names = [name for method in getattr(source.node, "body", []) for name in _stored(method)]
    for role in ("weight", "bias"):
        mine = [name for name in names if function_roles(name)[:1] == [role]]
        if role not in handed and mine:
            yield f"setattr(c, {mine[0]!r}, {WORDS[role]})"


def _gradients_kept(method: Source) -> dict[str, str]:
    """Role -> attribute of the gradients that a backward keeps."""
    found = {gradient_role(name): name for name in _stored(method.node)}
    stored = [node for node in method.walk() if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)]
    for node in stored:
        if isinstance(node.value, ast.Attribute) and says_gradient(node.attr):  # self.weight.grad
            found |= dict.fromkeys(function_roles(node.value.attr)[:1], f"{node.value.attr}.{node.attr}")
    return {role: found[role] for role in ("weight", "bias") if role in found}


def _stored(node: ast.AST | None) -> list[str]:
    """X of every `self.X = ...`."""
    return [
        item.attr
        for item in (ast.walk(node) if node is not None else ())
        if isinstance(item, ast.Attribute) and isinstance(item.ctx, ast.Store) and ast.unparse(item.value) == "self"
    ]


def _constructor_arguments(slots: Sequence[Slot]) -> Iterator[str]:
    """The required ones, and those of the geometry by their names."""
    for slot in slots:
        roles = slot.roles()
        word = WORDS.get(roles[0], UNKNOWN) if roles else UNKNOWN
        word = PAIRED.get(word, word) if isinstance(slot.default, tuple) else word
        if slot.required:
            yield word
        elif roles and roles[0] in binding.GEOMETRY and not slot.key:
            yield f"{slot.parameter}={word}"


def _arguments(loaded: Loaded, owner: type | None, name: str, skip: int = 0) -> list[str]:
    """The words for the parameters of a function or a method; those with a default are told where they say a size."""
    callee = callee_of(loaded, owner, name, skip)
    words: list[str] = []
    for item in callee.parameters:
        roles = callee.source.roles(item.name) or (["x"] if item.name == "self" else [])
        word = WORDS.get(roles[0], UNKNOWN) if roles else UNKNOWN
        word = PAIRED.get(word, word) if isinstance(item.default, tuple) else word
        if binding.required(item):
            words.append(word)
        elif roles and roles[0] in (*binding.GEOMETRY, "bias"):
            words.append(word if not any("=" in other for other in words) else f"{item.name}={word}")
        else:
            break
    return words
