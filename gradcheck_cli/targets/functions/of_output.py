"""Is a derivative meant of the result? x (1 - x) of a `sigmoid_derivative(x)` that its file hands sigmoid(z)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.model.syntax import identifier
from gradcheck_cli.targets.functions.spelling import tokens, word_set

# What activations are called: the results of the last layers, as the courses and blogs have them.
_RESULTS = word_set("a act activation activations activated out output outputs yhat pred prediction")


def is_handed_results(tree: ast.AST, fore: str, back: str) -> bool:
    """Whether some call of the derivative is handed what a call of the forward gave, by its own name or as it stands.

    Args:
        tree: the file.
        fore, back: names of the two functions.
    """
    results = {ast.unparse(target) for target in _kept_results(tree, fore)}
    handed = [call.args[0] for call in _calls(tree, back) if call.args]
    return any(
        identifier(getattr(given, "func", None)) == fore or ast.unparse(given) in results or _is_called_so(given)
        for given in handed
    )


def _is_called_so(given: ast.expr) -> bool:
    """`a1`, `self.hidden_output`, `cache["A2"]`, `cache[f"A{l}"]`: by the name alone."""
    inner = given.slice if isinstance(given, ast.Subscript) else given
    inner = inner.values[0] if isinstance(inner, ast.JoinedStr) and inner.values else inner
    name = str(inner.value) if isinstance(inner, ast.Constant) else identifier(inner)
    return bool(_RESULTS & set(tokens(name)))


def _kept_results(tree: ast.AST, fore: str) -> Iterator[ast.expr]:
    """The names under which the file keeps what the forward gave: `a1`, `self.out`, `cache["A1"]`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and identifier(node.value.func) == fore:
            yield from node.targets


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and identifier(node.func) == name)
