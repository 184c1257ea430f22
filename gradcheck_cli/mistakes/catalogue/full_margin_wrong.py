"""full-margin-wrong: the wrong margin around G in the full convolution."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake, Problem, Told, Variant
from gradcheck_cli.mistakes.pieces import spread, stepping, window
from gradcheck_cli.model import Array, Size


def _full_with_margin(problem: Problem, margin: Size, size: Size | None) -> Array | None:
    """correlate(G spread by the stride, margin of zeros, turned F); `size` None is the size that comes out."""
    case, spec = problem.case, problem.spec
    whole = spread(case.weight, case.grad_output, stepping(spec))
    edge = (spec.extent[0] - 1, spec.extent[1] - 1)
    start = (edge[0] - margin[0], edge[1] - margin[1])
    natural = tuple(length - 2 * first for length, first in zip(whole.shape[2:], start, strict=True))
    rows, columns = size or (natural[0], natural[1])
    return window(whole, start, (rows, columns)) if min(rows, columns) > 0 else None


def _margin_is_padding(problem: Problem) -> Array | None:
    return _full_with_margin(problem, problem.spec.padding, None)


def _margin_is_padding_in_place(problem: Problem) -> Array | None:
    return _full_with_margin(problem, problem.spec.padding, problem.spec.input_size)


def _margin_half(problem: Problem) -> Array | None:
    """'same': (k - 1) // 2 whatever the padding."""
    spec = problem.spec
    margin = ((spec.extent[0] - 1) // 2, (spec.extent[1] - 1) // 2)
    return _full_with_margin(problem, margin, None)


MISTAKE = Mistake(
    id="full-margin-wrong",
    title="puts a margin of p around G in dE/dX, where k - 1 - p is needed",
    formulas={"input": _margin_is_padding},
    variants={
        "input": (
            Variant("in X's size", _margin_is_padding_in_place),
            Variant("a margin of (k - 1) / 2", _margin_half),
        )
    },
    why=(
        "The full convolution needs G with k - 1 zeros around it, less the p that the forward pass added to X. Using "
        "p itself is right only where p = (k - 1) / 2, which is every 'same' layer."
    ),
    hides_when="p = (k - 1) / 2",
    fix="Pad the spread G by d*(k - 1) - p on each side, then correlate with the turned F.",
    turned=Told(
        fix="Pad the spread G by d*(k - 1) - p on each side, then correlate with F as it stands.",
    ),
    shown_by="--padding 0 with --k 3 or larger, or gradcheck verify (dE/dX)",
    numbers="kernel {kernel}, padding {padding}",
)
