"""The truth on one integer case: the definition's sum and torch.autograd, which must agree with it bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

import numpy as np

from gradcheck_cli.model import GRADIENTS, Case, Gradients
from gradcheck_cli.oracles import reference


@dataclass(frozen=True)
class Truth:
    """The right gradients of a case, and whether autograd gives them too."""

    gradients: Gradients
    autograd_agrees: bool


def load_oracles() -> None:
    """Import torch, which takes a second, once and before anything is timed."""
    import_module("gradcheck_cli.oracles.autograd")


def truth_of(case: Case) -> Truth:
    """Sum by the definition and ask autograd.

    Args:
        case: whole numbers, float64.
    """
    from gradcheck_cli.oracles import autograd

    exact = Gradients(
        weight=reference.grad_weight(case.x, case.grad_output, case.spec).astype(np.float64),
        input=reference.grad_input(case.weight, case.grad_output, case.spec).astype(np.float64),
        bias=reference.grad_bias(case.grad_output).astype(np.float64),
    )
    returned = autograd.backward(case, autograd.LayerSettings("float64"))
    agrees = all(np.array_equal(exact.named(name), returned.named(name)) for name in GRADIENTS)  # type: ignore[arg-type]
    return Truth(exact, agrees)
