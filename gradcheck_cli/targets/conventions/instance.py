"""What is done to the user's instance around a call: late weights, learning rates, clearing, updating."""

from __future__ import annotations

import contextlib
import re
import types
from typing import Any

from gradcheck_cli.model import Array
from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.construct import StandInOptimizer
from gradcheck_cli.targets.conventions.names import function_roles

INITIALIZERS = ("initialize", "init", "init_params", "_init_params", "build", "initialize_weights", "init_weights")
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


def initialize(instance: Any, forward: str, x: Array, form: Form) -> None:
    """Weights that are made late: by the first forward, else by an initialiser.

    Raises:
        Exception: whatever the forward raised, when no initialiser helps.
    """
    try:
        getattr(instance, forward)(binding.as_given(x, form))
        return
    except Exception as error:
        failure = error
    methods = [getattr(instance, name) for name in INITIALIZERS if callable(getattr(instance, name, None))]
    for method in methods:
        required = [item for item in binding.parameters(method) if binding.required(item)]
        for shape in (x.shape, x.shape[1:]):
            with contextlib.suppress(Exception):
                method(*[_initial(item.name.lower(), shape) for item in required])
                getattr(instance, forward)(binding.as_given(x, form))
                return
    raise failure


def _initial(name: str, shape: tuple[int, ...]) -> Any:
    """What an initialiser is given: an optimiser, a switch, the name of a method, else the shape of the input."""
    if "opt" in name:
        return StandInOptimizer()
    if "bias" in name:
        return not name.startswith("no")
    return "he" if name in ("method", "mode", "kind", "init", "initialization", "initializer") else shape


def quieten(instance: Any, depth: int = 1) -> None:
    """A learning rate of 1 makes W_old - W_new the gradient, exactly; decay and momentum would blur it."""
    for name, value in list(getattr(instance, "__dict__", {}).items()):
        if isinstance(value, int | float) and not isinstance(value, bool):
            if function_roles(name)[:1] == ["lr"]:
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


def run_updater(instance: Any) -> bool:
    """Call the layer's own update with a rate of 1; False when it has none."""
    for name in UPDATERS + tuple(name for name in dir(instance) if name.startswith("update")):
        method = getattr(instance, name, None)
        if callable(method):
            required = [item for item in binding.parameters(method) if binding.required(item)]
            if len(required) > 1:
                continue
            method(*[StandInOptimizer() if "opt" in item.name.lower() else 1.0 for item in required])
            return True
    return False
