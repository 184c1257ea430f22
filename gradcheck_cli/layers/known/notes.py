"""A derivation is code that takes notes: the numbers that are told are those that were computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

# How a derivation hands over a step: symbol, formula, value, and why it is so. The value comes back.
Note: TypeAlias = Callable[..., Any]


@dataclass(frozen=True)
class DerivationStep:
    """One line of a derivation.

    Attributes:
        symbol: what is computed, "dx_hat".
        formula: how, in one line of plain text, without the symbol.
        value: what comes out, an array or a number.
        why: a sentence or two for the reader; "" where the formula says it.
    """

    symbol: str
    formula: str
    value: Any
    why: str = ""


@dataclass(frozen=True)
class Notes:
    """Keeps every step that a derivation makes."""

    steps: list[DerivationStep] = field(default_factory=list)

    def __call__(self, symbol: str, formula: str, value: Any, why: str = "") -> Any:
        """Write a step down and hand its value back."""
        self.steps.append(DerivationStep(symbol, formula, value, why))
        return value


def silent(symbol: str, formula: str, value: Any, why: str = "") -> Any:  # noqa: ARG001 - the form of a `Note`
    """Nothing is written down: for who wants the gradients alone."""
    return value
