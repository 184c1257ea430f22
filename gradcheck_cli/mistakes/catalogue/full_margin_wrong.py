"""full-margin-wrong: the wrong margin around G in the full convolution."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradcheck_cli.mistakes.any_form import framed_gradient, part
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Told, Variant, WrongFormula
from gradcheck_cli.mistakes.pieces import Margin, full_with_margin, spread, spread_upstream, stepping, window
from gradcheck_cli.mistakes.steps import is_causal
from gradcheck_cli.model import Array, ConvSpec
from gradcheck_cli.model.line import of_its_axes

Choice = Callable[[int, int], int]  # of the extent - 1 and the padding


def _margin(choose: Choice, *, in_place: bool) -> WrongFormula:
    def formula(problem: Problem) -> Array | None:
        spec = problem.spec
        (rows, columns) = (extent - 1 for extent in spec.extent)
        margin = Margin.of(
            spec, lambda zeros: of_its_axes((choose(rows, zeros[0]), choose(columns, zeros[1])), spec, rows=0)
        )
        if is_causal(spec) and margin.before == margin.after:
            return None  # the frame as it is, which is padding-not-stripped
        other = _for_other_side(spec)
        if not spec.is_symmetric and margin.before == other.before and (in_place or margin.after == other.after):
            return None  # its numbers are those of padding-split-wrong
        return full_with_margin(problem, margin, spec.input_size if in_place else None)

    return formula


def _for_other_side(spec: ConvSpec) -> Margin:
    """What is needed around G, behind in place of in front and the other way round."""
    right = Margin.of(spec, lambda zeros: (spec.extent[0] - 1 - zeros[0], spec.extent[1] - 1 - zeros[1]))
    return Margin(right.after, right.before)


def _same(problem: Problem) -> Array | None:
    """mode='same': as many values as the spread G has, from the middle; an even kernel has its middle at the top."""
    spec = problem.spec
    whole = spread(problem.case.weight, problem.case.grad_output, stepping(spec))
    start = ((spec.extent[0] - 1) // 2, (spec.extent[1] - 1) // 2)
    if not spec.is_symmetric and start == spec.padding_after:
        return None  # as above
    size = [length - extent + 1 for length, extent in zip(whole.shape[2:], spec.extent, strict=True)]
    return window(whole, start, (size[0], size[1])) if min(size) > 0 else None


def _past_the_end(problem: Problem) -> Array | None:
    """Windows by as_strided over G with a margin of p, as many as X has pixels.

    What lies beyond a row is the next row, as in memory; what lies beyond the array is anybody's: NaN.
    """
    case, spec = problem.case, problem.spec
    upstream = spread_upstream(case.grad_output, spec.stride)
    (top, left), (bottom, right) = spec.padding, spec.padding_after
    rows, columns = upstream.shape[2] + top + bottom, upstream.shape[3] + left + right
    around = window(upstream, (-top, -left), (rows, columns))
    if spec.groups > 1 or spec.dilation != (1, 1) or (rows, columns) == _needed(spec):
        return None
    memory = np.concatenate([around.ravel(), np.full(_needed(spec)[0] * columns + _needed(spec)[1], np.nan)])
    first = np.arange(spec.batch * spec.out_channels).reshape(spec.batch, spec.out_channels, 1, 1) * rows * columns
    places = first + np.arange(spec.height)[:, None] * columns + np.arange(spec.width)
    turned = case.weight[..., ::-1, ::-1]
    taps = np.ndindex(*spec.kernel_size)
    return sum(
        (np.einsum("nohw,oi->nihw", memory[places + u * columns + v], turned[:, :, u, v]) for u, v in taps),
        start=np.zeros(spec.x_shape),
    )


def _needed(spec: ConvSpec) -> tuple[int, int]:
    """The rows and columns that windows on all pixels of X reach."""
    return spec.height + spec.kernel_size[0] - 1, spec.width + spec.kernel_size[1] - 1


_MARGINS: dict[str, Choice] = {
    "a margin of p": lambda _, p: p,
    "a margin of p, but k - 1 where p = 0": lambda edge, p: p or edge,
    "a margin of (k - 1) / 2": lambda edge, _: edge // 2,
    "a margin of k // 2": lambda edge, _: (edge + 1) // 2,
    "no margin": lambda _, __: 0,
    "a margin of k - p": lambda edge, p: edge + 1 - p,
    "a margin of k": lambda edge, _: edge + 1,
    "a margin of k - 2": lambda edge, _: edge - 1,
}
# Cut to X's size, a margin that is off by one is a shift by one, which has a name of its own.
_CUT = ("a margin of p", "a margin of p, but k - 1 where p = 0", "a margin of (k - 1) / 2", "no margin")
_FORMS = {
    **{label: _margin(choose, in_place=False) for label, choose in _MARGINS.items()},
    **{f"{label}, in X's size": _margin(_MARGINS[label], in_place=True) for label in _CUT},
}


def _with_three_axes(choose: Choice, *, in_place: bool) -> WrongFormula:
    """The same of a volume among zeros, whose gradient the framed one holds: a margin only says where it begins."""

    def formula(problem: Problem) -> Array | None:
        spec = problem.spec
        if spec.transposed or len(spec.input_size) < 3 or spec.padding_mode != "zeros" or not spec.is_symmetric:
            return None
        edges = [extent - 1 for extent in spec.extent]
        margins = [choose(edge, zeros) for edge, zeros in zip(edges, spec.padding, strict=True)]
        starts = [edge - margin for edge, margin in zip(edges, margins, strict=True)]
        spreads = [step * (size - 1) + 1 for step, size in zip(spec.stride, spec.output_size, strict=True)]
        whole = [spread + 2 * margin - edge for spread, margin, edge in zip(spreads, margins, edges, strict=True)]
        if min(whole) < 1 or tuple(starts) == spec.padding:
            return None
        # The framed gradient has a remainder behind it, where nothing is added: so have the windows that reach beyond.
        room = [(max(0, -start), max(0, start + size)) for start, size in zip(starts, spec.input_size, strict=True)]
        framed = np.pad(framed_gradient(problem), [(0, 0), (0, 0), *room])
        sizes = spec.input_size if in_place else whole
        begins = [start + before for start, (before, _) in zip(starts, room, strict=True)]
        places = (slice(begin, begin + size) for begin, size in zip(begins, sizes, strict=True))
        return np.ascontiguousarray(part(framed, places))

    return formula


_OF_VOLUMES = {
    **{label: _with_three_axes(choose, in_place=False) for label, choose in _MARGINS.items()},
    **{f"{label}, in X's size": _with_three_axes(_MARGINS[label], in_place=True) for label in _CUT},
}

MISTAKE = Mistake(
    id="full-margin-wrong",
    order=430,
    title="puts the wrong margin around G in the full convolution for dE/dX, where k - 1 - p is needed",
    formulas={"input": _FORMS["a margin of p"]},
    variants={
        "input": (
            *(Variant(label, formula) for label, formula in _FORMS.items()),
            Variant("mode='same'", _same),
            Variant(
                "a margin of p, read on past its end by as_strided", _past_the_end, ("not-repeatable", "not-finite")
            ),
        )
    },
    elsewhere={"input": tuple(Variant(label, formula) for label, formula in _OF_VOLUMES.items())},
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
