"""reshape-not-transpose: the right numbers in the wrong places."""

from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, OtherCase, Problem, Variant, WrongFormula
from gradcheck_cli.mistakes.pieces import on_other_case, padded, rearranged, window, with_grad_output
from gradcheck_cli.mistakes.shown import Sign
from gradcheck_cli.model import Array, Case, GradientName
from gradcheck_cli.model.syntax import called

# Axes by letters: n image, o filter, i channel, p q row and column of G, u v tap, r c row and column of X. An order is
# written as it lies in memory, the last axis fastest.
G, F, X, COLUMNS = "nopq", "oiuv", "nirc", "niuvpq"
_SPOKEN = dict(zip("noipquvrc", ("n", "f", "c", "h", "w", "kh", "kw", "h", "w"), strict=True))


def reread(array: Array, own: str, stored: str, read: str) -> Array:
    """The numbers of `array` in the order `stored`, read as if they lay in the order `read`.

    Args:
        own: the axes of `array` and of the result, of pictures; the others are orders of the same letters.
    """
    if array.ndim > len(own):
        own, stored, read = _deeper((own, stored, read))
    sizes = dict(zip(own, array.shape, strict=True))
    memory = array.transpose([own.index(axis) for axis in stored])
    renamed = memory.reshape([sizes[axis] for axis in read])
    return np.ascontiguousarray(renamed.transpose([read.index(axis) for axis in own]))


# A volume has its depth before its rows, in every order.
_DEEPER = str.maketrans({"p": "ap", "u": "tu", "r": "dr"})


def _deeper(orders: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(order.translate(_DEEPER) for order in orders)


def _spoken(order: str) -> str:
    return f"({', '.join(_SPOKEN[axis] for axis in order)})"


def _label(name: str, stored: str, read: str) -> str:
    return f"{name} stored as {_spoken(stored)}, read as {_spoken(read)}"


def _result(gradient: GradientName, own: str, stored: str, read: str) -> WrongFormula:
    return rearranged(gradient, lambda right: reread(right, own, stored, read))


def _upstream(stored: str, read: str) -> OtherCase:
    return lambda case: with_grad_output(case, reread(case.grad_output, G, stored, read))


def _kernel(stored: str, read: str) -> OtherCase:
    def prepare(case: Case) -> Case:
        return replace(case, weight=reread(case.weight, F, stored, read))

    return prepare


def folded_columns(stored: str, read: str) -> WrongFormula:
    """dE/dX from the matrix of windows' gradients, F^T @ G, whose axes are taken for others before it is folded."""

    def formula(problem: Problem) -> Array | None:
        spec, case = problem.spec, problem.case
        if spec.groups > 1:
            return None
        columns = np.einsum("oiuv,nopq->niuvpq", case.weight, case.grad_output)
        return window(_folded(reread(columns, COLUMNS, stored, read), problem), spec.padding, spec.input_size)

    return formula


def unfolded_columns(stored: str, read: str, *, with_upstream: bool) -> WrongFormula:
    """dE/dF from the matrix of X's windows, whose axes are taken for others; G's too, where it is reshaped likewise."""

    def formula(problem: Problem) -> Array | None:
        spec, case = problem.spec, problem.case
        if spec.groups > 1 or len(spec.kernel_size) > 2:
            return None
        upstream = reread(case.grad_output, G, G, "onpq") if with_upstream else case.grad_output
        columns = reread(_windows(problem), COLUMNS, stored, read)
        gradient: Array = np.einsum("nopq,niuvpq->oiuv", upstream, columns)
        return gradient

    return formula


def _windows(problem: Problem) -> Array:
    """X under each tap of each output, (n, c, kh, kw, h_out, w_out)."""
    spec, x = problem.spec, padded(problem.case)
    out = np.empty((spec.batch, spec.in_channels, *spec.kernel_size, *spec.output_size), x.dtype)
    (rows, columns), (down, right) = spec.output_size, spec.stride
    for u, v in np.ndindex(*spec.kernel_size):
        top, left = u * spec.dilation[0], v * spec.dilation[1]
        vertical = slice(top, top + down * (rows - 1) + 1, down)
        out[:, :, u, v] = x[:, :, vertical, left : left + right * (columns - 1) + 1 : right]
    return out


def _folded(columns: Array, problem: Problem) -> Array:
    """Each window's gradient added where the window was read, in the padded frame."""
    spec = problem.spec
    out = np.zeros((spec.batch, spec.in_channels, *spec.padded_size), dtype=columns.dtype)
    (rows, columns_out), (down, right) = spec.output_size, spec.stride
    for u, v in np.ndindex(*spec.kernel_size):
        top, left = u * spec.dilation[0], v * spec.dilation[1]
        vertical = slice(top, top + down * (rows - 1) + 1, down)
        horizontal = slice(left, left + right * (columns_out - 1) + 1, right)
        out[:, :, vertical, horizontal] += columns[:, :, u, v]
    return out


# G as a matrix: `G.reshape(-1, c_out)` and `G.reshape(c_out, -1)` where a transpose is due, for arrays with channels
# first and last, and for columns that run over (n, h, w) or (h, w, n).
_UPSTREAM_ORDERS = (
    *((G, read) for read in ("npqo", "onpq", "opqn", "pqno", "noqp")),
    ("noqp", G),
    *(("npqo", read) for read in ("onpq", "opqn", "nopq")),
    *(("onpq", read) for read in ("opqn", "npqo")),
    *(("opqn", read) for read in ("onpq", "npqo", "pqno")),
)
_BIAS_ORDERS = ((G, "npqo"), (G, "onpq"), ("npqo", "onpq"))
_KERNEL_ORDERS = (
    *((F, read) for read in ("iuvo", "iouv", "uvio")),
    *(("uvio", read) for read in ("oiuv", "ouvi", "iuvo", "uvoi")),
)
_WEIGHT_ORDERS = (
    *((stored, F) for stored in ("iuvo", "uvio", "ouvi", "iouv", "uvoi")),
    *((stored, "uvio") for stored in ("ouvi", "oiuv", "iuvo")),
)
_INPUT_ORDERS = (
    *((stored, X) for stored in ("nrci", "inrc", "ircn", "rcin", "rcni")),
    *((stored, "nrci") for stored in ("nirc", "ircn")),
)
_COLUMN_ORDERS = (
    ("npqiuv", "iuvnpq"),
    ("npqiuv", "niuvpq"),
    ("pqniuv", "iuvpqn"),
    ("iuvnpq", "iuvpqn"),
    ("iuvpqn", "iuvnpq"),
    ("iuvnpq", "niuvpq"),
)


def _from_upstream(gradient: GradientName, orders: tuple[tuple[str, str], ...]) -> dict[str, WrongFormula]:
    return {_label("G", *pair): on_other_case(gradient, _upstream(*pair)) for pair in orders}


# (n, c*kh*kw, h*w) made (c*kh*kw, n*h*w) by a reshape, and the other way round.
_WINDOW_ORDERS = (("niuvpq", "iuvnpq"), ("iuvnpq", "niuvpq"), ("npqiuv", "iuvnpq"))
_WINDOWS = {
    f"{_label('the windows of X', *pair)}{', and G likewise' if both else ''}": unfolded_columns(
        *pair, with_upstream=both
    )
    for pair in _WINDOW_ORDERS
    for both in (False, True)
}
_WEIGHT = {
    **{_label("dE/dF", *pair): _result("weight", F, *pair) for pair in _WEIGHT_ORDERS},
    **_from_upstream("weight", _UPSTREAM_ORDERS),
    **_WINDOWS,
}
_INPUT = {
    **{_label("dE/dX", *pair): _result("input", X, *pair) for pair in _INPUT_ORDERS},
    **_from_upstream("input", _UPSTREAM_ORDERS),
    **{_label("F", *pair): on_other_case("input", _kernel(*pair)) for pair in _KERNEL_ORDERS},
    **{_label("F^T @ G", *pair): folded_columns(*pair) for pair in _COLUMN_ORDERS},
}
_FORMS: dict[GradientName, dict[str, WrongFormula]] = {
    "weight": _WEIGHT,
    "input": _INPUT,
    "bias": _from_upstream("bias", _BIAS_ORDERS),
}


def _elsewhere(gradient: GradientName) -> tuple[Variant, ...]:
    """Those that move whole arrays, whatever their axes are of."""
    ways: list[Variant] = []
    for label, formula in _FORMS[gradient].items():
        if label.startswith(("F ", "dE/dF ")):
            ways.append(Variant(label, _where(formula, transposed=False)))
            ways.append(Variant(label.translate(_ROLES_TURNED), _where(formula, transposed=True)))
        elif not label.startswith(("F^T @ G", "the windows of X")):
            ways.append(Variant(label, formula))
    return tuple(ways)


# A transposed layer's F has its channels first, then its filters.
_ROLES_TURNED = str.maketrans({"f": "c", "c": "f"})


def _where(formula: WrongFormula, *, transposed: bool) -> WrongFormula:
    return lambda problem: formula(problem) if problem.spec.transposed == transposed else None


def _reshapes(node: ast.AST) -> bool:
    return called(node) in ("reshape", "view")


MISTAKE = Mistake(
    id="reshape-not-transpose",
    order=150,
    title="reshapes where a transpose is needed, so the right numbers stand in the wrong places",
    formulas={gradient: next(iter(forms.values())) for gradient, forms in _FORMS.items()},
    variants={
        gradient: tuple(Variant(label, formula) for label, formula in forms.items())
        for gradient, forms in _FORMS.items()
    },
    elsewhere={gradient: _elsewhere(gradient) for gradient in _FORMS},
    why=(
        "The product of an im2col matrix comes out with its axes in another order, for example (c_in*kh*kw, c_out), "
        "and G.reshape(-1, c_out) does not bring the filters to the last axis. `reshape` only renames the shape and "
        "keeps the order in memory; `transpose` moves the numbers."
    ),
    hides_when="one of the moved axes has length 1",
    fix=("Reshape to the order that the numbers have in memory, then exchange the axes to the order that is wanted."),
    of_function=(
        "Reshape to the order that the numbers have in memory, then `.transpose(...)` to the order that is wanted."
    ),
    shown_by="--out 2 or more with --k 3 or larger",
    line=_reshapes,
    sign=Sign.RESHAPED,
)
