"""What is done to the user's instance around a call: learning rates, clearing, updating."""

from __future__ import annotations

import ast
import contextlib
import re
import types
from collections.abc import Sequence
from typing import Any

from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.names import function_roles, gradient_role
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.conventions.stand_ins import StandInOptimizer

COUNTS = ("t", "step", "epoch", "iteration", "i", "a", "r", "num_examples", "size", "examples")
UPDATERS = ("update", "step", "apply_gradients", "apply_grads", "optimize", "learn", "gradient_step", "apply_gradient")
CLEARING = r"_?(zero|reset|clear|flush|clean)_?\w*grad(ient)?s?\w*"
SILENCED = (
    "reg",
    "weight_decay",
    "l2",
    "lambda",
    "lamda",
    "lmbda",
    "momentum",
    "decay",
    "l2_reg",
    "reg_lambda",
    "l1",
    "mu",
)


def quieten(instance: Any, depth: int = 1) -> None:
    """A learning rate of 1 makes W_old - W_new the gradient, exactly; decay and momentum would blur it."""
    for name, value in list(getattr(instance, "__dict__", {}).items()):
        if isinstance(value, int | float) and not isinstance(value, bool):
            if function_roles(name)[:1] == ["lr"] and isinstance(value, float):  # an integer `rate` spreads the taps
                setattr(instance, name, 1.0)
            elif name.lower().strip("_") in SILENCED:
                setattr(instance, name, 0.0)
        elif depth and not isinstance(value, type | types.ModuleType | StandInOptimizer):
            quieten(value, depth - 1)


def clear_gradients(instance: Any) -> None:
    """Call the layer's own zero_grad, reset_gradients, flush_gradients..., if it has one that needs nothing."""
    for name in dir(instance):
        method = getattr(instance, name, None) if re.fullmatch(CLEARING, name) else None
        if callable(method) and not any(binding.required(item) for item in binding.parameters(method)):
            method()


def run_updater(instance: Any, source: Source, calls: Sequence[str], upstream: Any = None) -> bool:
    """Call the layer's own update with a rate of 1; False when it has none that needs only settings, and perhaps G.

    Args:
        source: its class; a method that assigns to the weights is an update, whatever its name.
        calls: methods that are none: its forward, its backward.
        upstream: G, for `update(grad, rate)`, which computes the gradient by itself.
    """
    named = [*UPDATERS, *(name for name in dir(instance) if name.startswith(("update", "apply_grad")))]
    for name in dict.fromkeys([*named, *_stepping(source)]):
        method = getattr(instance, name, None)
        if name in calls or not callable(method):
            continue
        needed = [item.name for item in binding.parameters(method) if binding.required(item)]
        settings = [_setting(item) for item in needed]
        if None not in settings:
            pass
        elif upstream is not None and _is_upstream(needed, settings, source.method(name)):
            settings = [upstream if setting is None else setting for setting in settings]
        elif settings == [None]:
            settings = [1.0]  # the one thing that every update wants is a rate
        else:
            continue
        with contextlib.suppress(Exception):
            method(*settings)
            return True
    return False


def _is_upstream(names: Sequence[str], settings: Sequence[Any], method: Source) -> bool:
    """Whether one thing is wanted beside settings, and is G: by its name, or beside a rate, which leaves nothing else.

    What the weights are stepped by as it stands is their gradient.
    """
    unknown = [name for name, setting in zip(names, settings, strict=True) if setting is None]
    if len(unknown) != 1 or gradient_role(unknown[0]) in ("weight", "bias"):
        return False
    steps = (node for node in ast.walk(method.node) if _steps(node)) if method.node is not None else ()
    stepped = {each.id for step in steps for each in ast.walk(step) if isinstance(each, ast.Name)}
    return unknown[0] not in stepped and (len(settings) > 1 or function_roles(unknown[0])[:1] == ["grad_output"])


def _stepping(source: Source) -> list[str]:
    """Methods with `self.W -= ...`, or with `self.W = self.W - ...`."""
    body = getattr(source.node, "body", [])
    return [item.name for item in body if isinstance(item, ast.FunctionDef) and any(map(_steps, ast.walk(item)))]


def is_rate(method: Source, name: str) -> bool:
    """Whether weights are stepped by a product with this parameter: `self.W -= speed * dW`."""
    steps = [node for node in method.walk() if _steps(node)]
    products = [each for step in steps for each in ast.walk(step) if isinstance(each, ast.BinOp)]
    products = [each for each in products if isinstance(each.op, ast.Mult)]
    return any(isinstance(side, ast.Name) and side.id == name for each in products for side in (each.left, each.right))


def _steps(node: ast.AST) -> bool:
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Sub):
        return _is_member(node.target)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.Sub):
        return _is_member(node.targets[0]) and ast.unparse(node.targets[0]) == ast.unparse(node.value.left)
    return False


def _is_member(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute | ast.Subscript) and ast.unparse(node).startswith("self.")


def _setting(name: str) -> Any:
    """What an update is given for a parameter, by its name; None for one that is no setting."""
    plain = name.lower().strip("_")
    if "opt" in plain:
        return StandInOptimizer()
    if plain in SILENCED:
        return 0.0
    roles = function_roles(name)
    known = "lr" in roles or "batch" in roles or plain in COUNTS
    return 1.0 if known else None
