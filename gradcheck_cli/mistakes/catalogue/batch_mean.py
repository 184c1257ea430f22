"""batch-mean: the mean over the batch where the sum is due."""

from __future__ import annotations

import ast
import re

from gradcheck_cli.mistakes.mistake import Mistake, Problem, WrongFormula, of_every_form
from gradcheck_cli.mistakes.pieces import each
from gradcheck_cli.mistakes.shown import Sign
from gradcheck_cli.mistakes.source import means
from gradcheck_cli.model import GRADIENTS, Array, GradientName


def _mean_over_batch(gradient: GradientName) -> WrongFormula:
    def formula(problem: Problem) -> Array:
        return problem.right(gradient) / problem.spec.batch

    return formula


_BATCH_SIZE = re.compile(
    r"(N|n|m|B|bs|batch\w*|num_\w+|n_(samples|examples|images)|len\(.*\)|[\w.]+\.shape\[0\]|[\w.]+\.size\(0\))"
)


def _divides_by_batch(node: ast.AST) -> bool:
    """x / N, x /= m, 1 / len(x), a mean."""
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
        divisor = node.right if isinstance(node, ast.BinOp) else node.value
        return _BATCH_SIZE.fullmatch(ast.unparse(divisor)) is not None
    return means(node)


MISTAKE = Mistake(
    id="batch-mean",
    order=10,
    title="divides the gradient by the batch size",
    written_for=of_every_form,
    formulas=each(_mean_over_batch, *GRADIENTS),
    why=(
        "Derivations for fully connected layers often carry a 1/m for the mean loss. That factor belongs to the loss: "
        "G = dE/dO already holds it, so dividing again counts it twice."
    ),
    hides_when="the batch holds one image",
    fix="Sum over the batch and do not divide: G already carries the factor of the loss.",
    of_function="Add up over the batch, and divide only where the forward takes a mean over it.",
    shown_by="two images: gradcheck run a.jpg b.jpg",
    numbers="N = {N}",
    structure=False,
    divides_by=dict.fromkeys(GRADIENTS, ("N",)),
    line=_divides_by_batch,
    sign=Sign.BATCH,
)
