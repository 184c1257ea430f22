"""Backwards that hold the 1/m of the cost: their dE/dO is of the sum over the samples, their dW and db of the mean.

So does the code of deeplearning.ai's course ("Building your deep neural network", `linear_backward`: dW = 1/m dZ A^T
beside dA = W^T dZ) and what was made of it. Its samples are columns. Code whose samples are rows divides in the loss,
so that there the same factor is a mistake.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

from gradcheck_cli.model import Array, syntax

OF_THE_MEAN = "its samples are columns, and the gradients of the parameters are those of their mean: times their number"


# A backward is asked thousands of times.
@lru_cache(maxsize=256)
def averages_over_columns(source: str) -> bool:
    """Does a backward count columns, `m = A_prev.shape[1]`, and divide by their number?

    Args:
        source: of the backward and of what it calls.
    """
    nodes = syntax.nodes_in(source)
    counts = {name for node in nodes if (name := _count_of_columns(node))}
    divisors = [node.right for node in nodes if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)]
    by_name = any(isinstance(divisor, ast.Name) and divisor.id in counts for divisor in divisors)
    return by_name or any(map(_is_count_of_columns, divisors))


def method_averages(source: str, name: str) -> bool:
    """Does a method of a class do so?

    Args:
        source: the text of the class.
    """
    methods = (node for node in syntax.nodes_in(source) if isinstance(node, ast.FunctionDef) and node.name == name)
    return any(averages_over_columns(ast.unparse(method)) for method in methods)


def without_the_mean(gradients: Mapping[str, Array], arguments: Mapping[str, Array], output: Array) -> dict[str, Array]:
    """The gradients of the sum: those of the parameters, which have no axis of samples, are multiplied by m.

    Args:
        output: (features, m).
    """
    samples = output.shape[-1] if output.ndim > 1 else 1
    return {
        name: array if arguments[name].shape[-1:] == (samples,) and samples > 1 else array * samples
        for name, array in gradients.items()
    }


def _count_of_columns(node: ast.AST) -> str:
    """The name that gets `x.shape[1]`."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return ""
    return node.targets[0].id if _is_count_of_columns(node.value) else ""


def _is_count_of_columns(value: ast.expr) -> bool:
    """`x.shape[1]`."""
    return (
        isinstance(value, ast.Subscript)
        and isinstance(value.slice, ast.Constant)
        and value.slice.value == 1
        and getattr(value.value, "attr", "") == "shape"
    )
