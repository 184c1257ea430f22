"""unpad-empty: `[p:-p]` is empty when p is 0, or the p of the other end."""

from __future__ import annotations

from gradcheck_cli.mistakes.any_form import part
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant
from gradcheck_cli.mistakes.shown import Sign
from gradcheck_cli.mistakes.source import unpads_by_name
from gradcheck_cli.model import Array
from gradcheck_cli.model.line import of_its_axes


def _sliced(problem: Problem) -> Array:
    zeros = of_its_axes(problem.spec.padding_after, problem.spec, rows=1)
    rows, columns = (slice(None) if count else slice(0) for count in zeros)
    return problem.grad_input[:, :, rows, columns]


def _sliced_elsewhere(problem: Problem) -> Array | None:
    spec = problem.spec
    if spec.transposed or spec.padding_mode != "zeros":
        return None
    places = [
        slice(None) if zeros or size == 1 else slice(0)
        for zeros, size in zip(spec.padding_after, spec.input_size, strict=True)
    ]
    return part(problem.grad_input, places)


MISTAKE = Mistake(
    id="unpad-empty",
    order=370,
    title="strips the padding with [p:-p], which is empty for p = 0",
    formulas={"input": _sliced},
    elsewhere={"input": (Variant("", _sliced_elsewhere),)},
    why="`a[p:-p]` drops p entries at each end for p > 0. For p = 0 it is `a[0:0]`: nothing at all.",
    hides_when="padding > 0",
    fix="Take the rows p : p + H and the columns p : p + W of dX_padded, which holds for p = 0 too.",
    shown_by="--padding 0, or gradcheck verify (dE/dX)",
    numbers="padding {padding}",
    sign=Sign.EMPTY_SLICE,
    line=unpads_by_name,
)
