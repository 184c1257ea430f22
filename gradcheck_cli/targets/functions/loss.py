"""One function that gives a loss and its gradients at once: `softmax_loss(x, y) -> loss, dx`."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradcheck_cli.model import Array, FunctionForm
from gradcheck_cli.targets.functions.form import Parameter, Ran, Values, fresh, mutated, outputs_of
from gradcheck_cli.targets.functions.objectives import gives_number_and_gradient
from gradcheck_cli.targets.functions.pair import float_arrays
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.reading import (
    claimed,
    entries_of,
    gradients_among,
    owners,
    parameter_names,
    rejoined,
    returned_names,
    returns_a_total,
    unstacked,
)
from gradcheck_cli.targets.functions.spelling import (
    LOSS_WORDS,
    belongs_to,
    goes_backward,
    is_cache,
    is_upstream,
    looks_like_gradient,
    tokens,
    word_set,
)

# What a loss is called in formulas; beside gradients a single letter says enough.
_LETTERS = word_set("j l e c")
# What says nothing against a gradient where a function is called a loss: an expression, and a letter.
_NAMELESS = ("", "g")
# What joins a loss and its gradient in one name: loss_and_grad, cost_with_gradient, kosten_und_ableitung.
_BOTH = word_set("and with y et und e ve i n plus fun value val")
# What says that the second of two things is a derivative: "and its gradient", "value, dV/dx".
_AND_GRADIENT = re.compile(
    r"(?:\band|&|,)\s+(?:also\s+)?(?:the\s+|its\s+|their\s+|analytic(?:al)?\s+)*"
    r"(?:gradients?\b(?!\s+(?:descent|norm|step|check|history))|derivatives?\b|sensitivit(?:y|ies)\b|d\w*\s?/\s?d\s?\w+)",
    re.IGNORECASE,
)
# And by which one: "d/d lam".
_BY_ONE = re.compile(r"\bd\w*\s?/\s?d\s?(\w+)")
# What a gradient is called that says of nothing what it is the gradient of.
_BARE = ("grad", "gradient", "grads", "gradients")


def gives_gradients(node: ast.AST | None) -> bool:
    """Does a function return something and gradients beside it, by what it or its return statement calls them?"""
    names = returned_names(node)
    if loss_comes_last(names):
        return True
    if len(names) < 2 or looks_like_gradient(names[0]):
        return False
    words = set(tokens(getattr(node, "name", "")))
    # `kl_gradient` says of what its two matrices are the gradient, and no more than that.
    is_gradient_alone = goes_backward(getattr(node, "name", "")) and not words & _BOTH and not returns_a_total(node)
    is_loss = bool(LOSS_WORDS & words) and not (is_gradient_alone and not any(names))
    given = parameter_names(node)
    are_gradients = [
        looks_like_gradient(name) or (is_loss and name in _NAMELESS) or belongs_to(name, given) not in ("", name)
        for name in names[1:]
    ]
    # Behind several gradients a loss may give its last state: `return loss, dWxh, dWhh, hs, ys`.
    count = are_gradients.index(False) if False in are_gradients else len(are_gradients)
    if _says_so(node, names):
        return True
    is_whole = all(are_gradients) or (is_loss and count > 1 and not any(are_gradients[count:]))
    of_loss = bool(LOSS_WORDS & set(tokens(names[0]))) and _has_gradients_among(names[1:], node)
    return is_whole or of_loss or gives_number_and_gradient(node)


def _says_so(node: ast.AST | None, names: Sequence[str]) -> bool:
    """Does a function that is handed no gradient say what it returns: "cost and its gradient", "m(x), and dm/dx"?"""
    text = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
    given = parameter_names(node)
    is_handed = any(is_upstream(name) or is_cache(name) for name in given)
    is_first = bool(names[0]) and belongs_to(names[0], given) == ""
    return (
        text is not None and len(names) == 2 and is_first and not is_handed and _AND_GRADIENT.search(text) is not None
    )


def _has_gradients_among(names: Sequence[str], node: ast.AST | None) -> bool:
    """Is one of these the gradient of an argument, or of what the function's own name promises one?

    So `return loss_sum, count, d_scores` and, of `pairwise_loss_grad`, `return loss, grad, margins`.
    """
    given = parameter_names(node)
    is_promised = bool(set(_BARE) & set(tokens(getattr(node, "name", ""))))
    gradients = [name for name in names if looks_like_gradient(name)]
    return any(belongs_to(name, given) not in ("", name) or (is_promised and name in _BARE) for name in gradients)


def loss_comes_last(names: Sequence[str]) -> bool:
    """`return grads, cost`, `return dw, db, J`: gradients, and behind them what is called a loss."""
    if len(names) < 2 or not all(looks_like_gradient(name) for name in names[:-1]):
        return False
    words = set(tokens(names[-1]))
    return bool(words & (LOSS_WORDS | _LETTERS)) and not looks_like_gradient(names[-1])


def taken_apart(result: Any, names: Sequence[str], title: str) -> tuple[Any, Any, Sequence[str]]:
    """(loss, gradients, their names) of what such a function returned, in either order.

    Args:
        names: of what is returned, as its return statement says them.

    Raises:
        TypeError: it gives something else; without labels such a function gives scores.
    """
    if not isinstance(result, tuple | list) or len(result) < 2:
        raise TypeError(f"{title} gives a {type(result).__name__} where a loss and its gradients are expected")
    is_last = loss_comes_last(names)
    loss, rest = (result[-1], result[:-1]) if is_last else (result[0], result[1:])
    one = rest[0] if len(rest) == 1 and isinstance(rest[0], Mapping) else tuple(rest)
    return loss, one, names[:-1] if is_last else names[1:]


@dataclass(frozen=True)
class LossForm:
    """A function that returns its loss and the gradients, or a dict of them, in either order."""

    function: PlainFunction

    @property
    def kind(self) -> FunctionForm:
        """One function that returns the loss and its gradients."""
        return "loss"

    @property
    def title(self) -> str:
        """Its name."""
        return self.function.name

    @property
    def why(self) -> str:
        """What its return is taken as."""
        meant = f"; {self.function.meaning}" if self.function.meaning else ""
        return f"{self.title} returns a loss and its gradients{meant}"

    @property
    def backward(self) -> str:
        """The function gives both."""
        return self.function.name

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its own."""
        found = self.function.parameters()
        names = [item.name for item in found]
        returned = {belongs_to(name, names) for name in returned_names(self.function.node) if looks_like_gradient(name)}
        returned |= set(_BY_ONE.findall(self.function.source)) & set(names)
        return tuple(replace(item, is_returned=item.name in returned) for item in found)

    @property
    def source(self) -> str:
        """Its text."""
        return self.function.source

    def forward(self, values: Values) -> tuple[Array, ...]:
        """The loss."""
        return outputs_of([self._parts(call_by_name(self.function.call, fresh(values)))[0]])

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """One call; it is handed no G, as the loss is the end."""
        del upstream
        given = fresh(values)
        result = call_by_name(self.function.call, given)
        loss, rest, said = self._parts(result)
        arguments = float_arrays(values)
        entries = rejoined(unstacked(gradients_among(entries_of(rest, said)), arguments), arguments)
        names = owners(entries, arguments)
        gradients, returned = claimed(names, entries)
        return Ran(outputs_of([loss]), gradients, returned, mutated=mutated(values, given))

    def _parts(self, result: Any) -> tuple[Any, Any, Sequence[str]]:
        return taken_apart(result, returned_names(self.function.node), self.title)
