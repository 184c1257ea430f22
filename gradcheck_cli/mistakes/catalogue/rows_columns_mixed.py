"""rows-columns-mixed: a number of the rows stands where that of the columns is due, or the other way round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, OtherCase, Problem, Variant, WrongFormula
from gradcheck_cli.mistakes.other_axis import ways
from gradcheck_cli.mistakes.pieces import (
    Margin,
    correlate,
    frame,
    full_with_margin,
    on_other_case,
    padded_x,
    rearranged,
    spread,
    stepping,
    stripped,
    window,
)
from gradcheck_cli.mistakes.steps import (
    FIELDS,
    OtherSize,
    OtherSteps,
    Steps,
    changing,
    columns_for_both,
    exchanged,
    placed,
    read_with,
    rows_for_both,
    sides_differ,
    visiting,
    with_taps,
    written_with,
)
from gradcheck_cli.model import Array, ConvSpec, GradientName, Size

Counts = Callable[[ConvSpec], Size]

_WAYS: dict[str, OtherSize] = {
    "the {} of the rows for both": rows_for_both,
    "the {} of the columns for both": columns_for_both,
    "the {} of rows and columns exchanged": exchanged,
}


def _all_exchanged(steps: Steps) -> Steps:
    return Steps(exchanged(steps.stride), exchanged(steps.padding), exchanged(steps.dilation))


_STEPS: dict[str, OtherSteps] = {
    **{label.format(field): changing(field, change) for field in FIELDS for label, change in _WAYS.items()},
    "stride, padding and dilation of rows and columns exchanged": _all_exchanged,
}


def _outputs(spec: ConvSpec, axis: int, size: int, extent: int) -> int:
    return (size + spec.padding[axis] + spec.padding_after[axis] - extent) // spec.stride[axis] + 1


def _h_out(size: int, extent: int) -> Counts:
    """h_out from the size of X and the extent of F along these axes."""
    return lambda spec: (_outputs(spec, 0, spec.input_size[size], spec.extent[extent]), spec.output_size[1])


def _w_out(size: int, extent: int) -> Counts:
    return lambda spec: (spec.output_size[0], _outputs(spec, 1, spec.input_size[size], spec.extent[extent]))


# Where the loops over the outputs end. A bound that is too large is an index out of range, as a rule.
_BOUNDS: dict[str, Counts] = {
    "rows and columns of G are visited up to each other's number": lambda spec: exchanged(spec.output_size),
    "the columns of G are visited up to its number of rows": lambda spec: rows_for_both(spec.output_size),
    "the rows of G are visited up to its number of columns": lambda spec: columns_for_both(spec.output_size),
    "h_out computed from the width of X": _h_out(1, 0),
    "h_out computed from the width of F": _h_out(0, 1),
    "h_out computed from both widths": _h_out(1, 1),
    "w_out computed from the height of X": _w_out(0, 1),
    "w_out computed from the height of F": _w_out(1, 0),
    "w_out computed from both heights": _w_out(0, 0),
}
_TAPS: dict[str, OtherSize] = {
    "as many columns of taps as F has rows": rows_for_both,
    "as many rows of taps as F has columns": columns_for_both,
    "height and width of F exchanged": exchanged,
}


def _with_taps(change: OtherSize) -> Callable[[Array], Array]:
    return lambda kernels: with_taps(kernels, change((kernels.shape[2], kernels.shape[3])))


def _kernel_with_taps(change: OtherSize) -> OtherCase:
    return lambda case: replace(case, weight=_with_taps(change)(case.weight))


def _cut_to(change: OtherSize) -> WrongFormula:
    """dX_padded[:, :, p : p + h, p : p + w] with other h and w; a slice ends where the array does."""

    def formula(problem: Problem) -> Array:
        (rows, columns), (top, left) = change(problem.spec.input_size), problem.spec.padding
        return frame(problem)[:, :, top : top + rows, left : left + columns]

    return formula


def _cut_at(change: OtherSize) -> WrongFormula:
    """dX_padded[:, :, p : p + h, p : p + w] with the p of the other axis; a slice ends where the array does."""

    def formula(problem: Problem) -> Array:
        (rows, columns), (top, left) = problem.spec.input_size, change(problem.spec.padding)
        return frame(problem)[:, :, top : top + rows, left : left + columns]

    return formula


def _cut_from(change: OtherSize) -> WrongFormula:
    """dX_padded cut p rows and columns from each edge, with the p of the other axis: the wrong size as well."""
    return lambda problem: stripped(frame(problem), Margin.of(problem.spec, change))


def _margin_of(change: OtherSize, *, in_place: bool) -> WrongFormula:
    """The full convolution with a margin of k - 1 - p, k being the kernel's other side."""

    def formula(problem: Problem) -> Array | None:
        spec = problem.spec
        rows, columns = change(spec.extent)
        margin = Margin.of(spec, lambda zeros: (rows - 1 - zeros[0], columns - 1 - zeros[1]))
        return full_with_margin(problem, margin, spec.input_size if in_place else None)

    return formula


def _half(spec: ConvSpec, change: OtherSize) -> Size:
    """What keeps the size of the image, where a kernel is odd: half of it."""
    rows, columns = spec.extent
    return change((rows // 2, columns // 2))


def _cut_by_half(change: OtherSize) -> WrongFormula:
    """dX_padded without half a kernel at each edge, k being the kernel's other side."""

    def formula(problem: Problem) -> Array | None:
        if problem.spec.transposed:
            return None
        margin = _half(problem.spec, change)
        return stripped(frame(problem), Margin(margin, margin))

    return formula


def _read_by_half(change: OtherSize) -> WrongFormula:
    """X with half a kernel of zeros at each edge, k being the kernel's other side, and as many taps as G leaves."""

    def formula(problem: Problem) -> Array | None:
        spec, case = problem.spec, problem.case
        top, left = _half(spec, change)
        size = (spec.height + 2 * top, spec.width + 2 * left)
        rows, columns = (whole - outputs + 1 for whole, outputs in zip(size, spec.output_size, strict=True))
        if (
            spec.transposed
            or spec.groups > 1
            or (spec.stride, spec.dilation) != ((1, 1), (1, 1))
            or min(rows, columns) < 1
        ):
            return None
        pattern = replace(stepping(spec), kernel_size=(rows, columns), height=rows, width=columns)
        return correlate(window(case.x, (-top, -left), size), case.grad_output, pattern)

    return formula


def _places(count: int, counted: int, step: int) -> Array:
    """Where `count` values lie when step - 1 zeros stand before each of them but the first, up to `counted` values."""
    values = np.arange(count)
    return np.asarray(values + (step - 1) * np.minimum(values, counted - 1))


def _spread_upstream(problem: Problem, change: OtherSize) -> Array:
    """G with the zeros of the stride between its values, as many as other numbers of rows and columns would need."""
    spec = problem.spec
    places = [
        _places(count, counted, step)
        for count, counted, step in zip(spec.output_size, change(spec.output_size), spec.stride, strict=True)
    ]
    return placed(problem.case.grad_output, places[0], places[1])


def _read_spread(change: OtherSize) -> WrongFormula:
    def formula(problem: Problem) -> Array:
        pattern = stepping(problem.spec, stride=(1, 1))
        return correlate(padded_x(problem), _spread_upstream(problem, change), pattern)

    return formula


def _written_spread(change: OtherSize, *, in_place: bool) -> WrongFormula:
    def formula(problem: Problem) -> Array | None:
        spec = problem.spec
        whole = spread(problem.case.weight, _spread_upstream(problem, change), stepping(spec, stride=(1, 1)))
        return stripped(whole, Margin.of(spec), spec.input_size if in_place else None)

    return formula


_ONE_FOR_BOTH: dict[str, OtherSize] = {"rows": rows_for_both, "columns": columns_for_both}
_CUTS: dict[str, OtherSize] = {**_ONE_FOR_BOTH, "each other": exchanged}
_STARTS: dict[str, OtherSize] = {
    "the rows for both": rows_for_both,
    "the columns for both": columns_for_both,
    "each other": exchanged,
}
_IN_PLACE = {"in X's size": True, "in the size that comes out": False}
_HALF = "a padding of half the {} of F on all sides"
_ZEROS = "the zeros between rows and columns of G both counted from its"


def _visited(gradient: GradientName) -> dict[str, WrongFormula]:
    return {label: on_other_case(gradient, visiting(counts)) for label, counts in _BOUNDS.items()}


_WEIGHT: dict[str, WrongFormula] = {
    **_visited("weight"),
    **{label: read_with(change) for label, change in _STEPS.items()},
    **{label: rearranged("weight", _with_taps(change)) for label, change in _TAPS.items()},
    **{f"{_ZEROS} {name}": _read_spread(change) for name, change in _ONE_FOR_BOTH.items()},
    **{_HALF.format(name): _read_by_half(change) for name, change in _ONE_FOR_BOTH.items()},
}
_INPUT: dict[str, WrongFormula] = {
    **_visited("input"),
    **{label: written_with(change) for label, change in _STEPS.items()},
    **{label: on_other_case("input", _kernel_with_taps(change)) for label, change in _TAPS.items()},
    **{f"dX_padded cut to the size of its {name}": _cut_to(change) for name, change in _CUTS.items()},
    **{f"h and w taken from dX_padded at the p of {name}": _cut_at(change) for name, change in _STARTS.items()},
    **{f"p rows and columns cut off with the p of the {name}": _cut_from(change) for name, change in _CUTS.items()},
    **{_HALF.format(name): _cut_by_half(change) for name, change in _ONE_FOR_BOTH.items()},
    **{
        f"{_ZEROS} {name}, {where}": _written_spread(change, in_place=in_place)
        for name, change in _ONE_FOR_BOTH.items()
        for where, in_place in _IN_PLACE.items()
    },
    **{
        f"a margin around G from the {name} of F, {where}": _margin_of(change, in_place=in_place)
        for name, change in _CUTS.items()
        for where, in_place in _IN_PLACE.items()
    },
}
_FORMS: dict[GradientName, dict[str, WrongFormula]] = {"weight": _WEIGHT, "input": _INPUT, "bias": _visited("bias")}

MISTAKE = Mistake(
    id="rows-columns-mixed",
    order=140,
    title="takes a number of one axis where that of another is due: of the rows for the columns, or the like",
    formulas={gradient: next(iter(forms.values())) for gradient, forms in _FORMS.items()},
    variants={
        gradient: tuple(Variant(label, formula) for label, formula in forms.items())
        for gradient, forms in _FORMS.items()
    },
    elsewhere={gradient: tuple(ways(gradient)) for gradient in ("weight", "input")},
    needs_rows=True,
    why=(
        "`H` for `W`, `kh` for `kw`, `shape[2]` for `shape[3]`: the first try has square pictures, square kernels and "
        "one stride for both axes, and there every number is the same for rows and columns."
    ),
    hides_when="sizes, stride, padding and dilation are the same for rows and columns",
    fix="Take each number from its own axis: height, kh and h_out for the rows, width, kw and w_out for the columns.",
    shown_by="--size 48x64 with --k 3x5",
    numbers="image {H}x{W}, kernel {kernel}, outputs {P}x{Q}, stride {stride}, padding {padding}",
    misfits=sides_differ,
)
