"""The smallest example that fails, as data: its arrays, and the sum of one wrong entry in letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from gradcheck_cli.model import Array, ConvSpec, Counterexample, FunctionExample, Term
from gradcheck_cli.model.line import number_of_axes, without_rows
from gradcheck_cli.model.text import counted
from gradcheck_cli.model.visible import visibly_apart
from gradcheck_cli.report.numerals import distinct, number, subscript
from gradcheck_cli.report.page.blocks import Column, Example, ExampleArray, PageSection, Table, Text, Tone, plain
from gradcheck_cli.report.words import first, geometry

_SMALLEST = "Smallest example that fails"
# What was asked by --geometry, or could not be made smaller in time.
_AS_ASKED = "An example that fails, as it was asked"
# Nobody is to look up what G is where there are several outputs, or none is called O.
_GIVEN = "G = dE/d(output) is given"
MOST_TERMS = 8
"""Products that a sum in letters names."""
MOST_PRODUCTS = 60
"""Rows of the table of products: what fits two screens; a small example has fewer."""
Marks = dict[tuple[int, ...], str]


def example_of(example: Counterexample | FunctionExample) -> Example:
    """G, the other factor, what is expected beside what came back, and one wrong entry's sum."""
    if isinstance(example, FunctionExample):
        return _of_function(example)
    example = _as_written(example)
    should_hold, holds = _sums(example)
    return Example(
        title=_SMALLEST if example.is_smallest else _AS_ASKED,
        about=f"grad_{example.gradient}; {geometry(example.spec)}",
        arrays=tuple(_arrays(example)),
        entry="" if example.entry is None else f"grad_{example.gradient}{subscript(example.entry)}",
        should_hold=should_hold,
        holds=holds,
        products=_products(example) if example.terms else None,
        source=example,
    )


def _of_function(example: FunctionExample) -> Example:
    """What it was called with, the outputs and their G, and the gradient. No entry has a sum that could be told."""
    given = [(name, value) for name, value in example.values.items() if hasattr(value, "shape")]
    constants = ", ".join(f"{name} = {value}" for name, value in example.values.items() if not hasattr(value, "shape"))
    many = len(example.upstream) > 1
    arrays = [ExampleArray(name, cast("Array", value), None, {}) for name, value in given]
    arrays += [
        ExampleArray(f"G{place}" if many else "G", grad, None, {}) for place, grad in enumerate(example.upstream)
    ]
    arrays += _compared(example, visibly_apart)
    name = f"grad_{example.gradient}"
    return Example(
        title=_SMALLEST if example.is_smallest else _AS_ASKED,
        about="; ".join(part for part in (name, constants, _GIVEN) if part),
        arrays=tuple(arrays),
        entry="" if example.entry is None else f"{name}{subscript(example.entry)}",
        should_hold="",
        holds="",
        products=None,
        source=example,
    )


def example_section(example: Counterexample | None) -> tuple[PageSection, ...]:
    """A section of its own, where there is an example."""
    if example is None:
        return ()
    shown = example_of(example)
    return (PageSection("example", shown.title, (shown,), note=shown.about),)


def _as_written(example: Counterexample) -> Counterexample:
    """The example in the axes of the code: that of a line has no rows."""
    spec = example.spec
    if number_of_axes(spec) > 1:
        return example
    entry = None if example.entry is None else without_rows(example.entry, spec)
    arrays = {name: getattr(example, name) for name in ("x", "weight", "grad_output", "expected", "actual")}
    # What came back in a shape of its own is shown in that.
    shaped = {
        name: array.reshape(without_rows(array.shape, spec))
        for name, array in arrays.items()
        if array is not None and array.shape[2:3] == (1,)
    }
    terms = tuple(_term_as_written(term, spec) for term in example.terms)
    return replace(example, **shaped, entry=entry, terms=terms)


def _term_as_written(term: Term, spec: ConvSpec) -> Term:
    of_g, of_other = (without_rows(index, spec) for index in (term.grad_output_index, term.other_index))
    return replace(term, grad_output_index=of_g, other_index=of_other)


def _arrays(example: Counterexample) -> list[ExampleArray]:
    marks = _marks(example)
    factors = {"x": ("x", example.x), "weight": ("weight", example.weight)}
    usual = "" if example.gradient == "bias" else "x"
    arrays: list[ExampleArray] = []
    if example.other or usual:
        name, array = factors[example.other or usual]
        arrays.append(ExampleArray(name, array, None, marks.get(example.other, {})))
    arrays.append(ExampleArray("G", example.grad_output, None, marks["grad_output"]))
    # Small whole numbers are exact: there is no rounding in them.
    return [*arrays, *_compared(example, _unequal)]


def _compared(
    example: Counterexample | FunctionExample, apart: Callable[[Array, Array], Array]
) -> tuple[ExampleArray, ExampleArray]:
    """What is expected beside what came back: the entries that differ are marked, with the digits that show it."""
    expected, actual = example.expected, example.actual
    entry: Marks = {} if example.entry is None else {example.entry: "entry"}
    differing: list[tuple[int, ...]] = list(entry)
    if actual is not None and actual.shape == expected.shape:
        differing += [tuple(map(int, place)) for place in np.argwhere(apart(actual, expected))]
    marks = dict.fromkeys(differing, "differs") | entry
    told = {place: _told_apart(expected, actual, place) for place in differing}
    right, wrong = ({place: pair[side] for place, pair in told.items() if any(pair)} for side in (0, 1))
    return (
        ExampleArray("expected", expected, None, entry, right),
        ExampleArray("actual", actual, expected, marks, wrong),
    )


def _unequal(actual: Array, expected: Array) -> Array:
    apart: Array = (actual != expected) & ~(np.isnan(actual) & np.isnan(expected))
    return apart


def _told_apart(expected: Array, actual: Array | None, place: tuple[int, ...]) -> tuple[str, str]:
    """Both entries with the digits in which they differ; "" where the usual ones show it, or one is not there."""
    if actual is None or actual.shape != expected.shape:
        return "", ""
    pair = float(expected[place]), float(actual[place])
    return distinct(*pair) if number(pair[0]) == number(pair[1]) else ("", "")


def _marks(example: Counterexample) -> dict[str, Marks]:
    """Array -> index -> "term" or "wrong"; an entry that is in a wrong and in a right term is wrong."""
    marks: dict[str, Marks] = {"grad_output": {}, example.other: {}}
    for term in example.terms:
        mark = "term" if term.expected == term.actual else "wrong"
        for name, place in (("grad_output", term.grad_output_index), (example.other, term.other_index)):
            if marks[name].get(place) != "wrong":
                marks[name][place] = mark
    return marks


def _sums(example: Counterexample) -> tuple[str, str]:
    """Entry by entry: the products that it should hold, and those that it holds."""
    if example.entry is None or not example.terms:
        return "", ""
    expected = [_product(term, term.expected, example.other) for term in example.terms if term.expected]
    should_hold = _joined(expected) + _value(example.expected, example)
    return should_hold, _held(example) + _value(example.actual, example)


def _held(example: Counterexample) -> str:
    """The products of the actual entry, or the one factor by which it differs from the right sum."""
    factors = {(term.actual, term.expected) for term in example.terms}
    if len(factors) == 1 and all(expected == 1 and actual not in (0, 1) for actual, expected in factors):
        return f"{number(next(iter(factors))[0])} times that sum"
    return _joined([_product(term, term.actual, example.other) for term in example.terms if term.actual])


def _value(array: Array | None, example: Counterexample) -> str:
    return "" if array is None else f" = {number(float(array[example.entry]))}"


def _product(term: Term, factor: float, other: str) -> str:
    parts = [f"G{subscript(term.grad_output_index)}"]
    parts += [f"{other}{subscript(term.other_index)}"] if other else []
    product = "*".join(parts)
    if abs(factor) == 1:
        return product if factor == 1 else f"-{product}"
    return f"{number(factor)}*{product}"


def _joined(products: Sequence[str]) -> str:
    if not products:
        return "nothing"
    named = first(products, MOST_TERMS)
    more = [f"{len(products) - len(named)} more"] if len(named) < len(products) else []
    return " + ".join([*named, *more]).replace("+ -", "- ")


def _products(example: Counterexample) -> Table:
    """A row for each product: its factors with their values, how often it should count and how often it does."""
    titles = ["G", "times"] if example.other else ["G"]
    columns = [Column(title) for title in titles]
    columns += [Column("should count", right=True), Column("counts", right=True), Column("so it is")]
    rows = tuple(_row(example, term) for term in example.terms[:MOST_PRODUCTS])
    amount, beyond = counted(len(example.terms), "product"), len(example.terms) - len(rows)
    return Table(f"the {amount} of the entry", tuple(columns), rows, beyond=beyond)


def _row(example: Counterexample, term: Term) -> tuple[Text, ...]:
    cells = [plain(_factor("G", example.grad_output, term.grad_output_index))]
    if example.other:
        array = example.x if example.other == "x" else example.weight
        cells.append(plain(_factor(example.other, array, term.other_index)))
    cells += [plain(number(term.expected)), plain(number(term.actual))]
    return (*cells, _so_it_is(term))


def _so_it_is(term: Term) -> Text:
    if term.expected == term.actual:
        return plain("right", Tone.GOOD)
    return plain("missing" if term.actual == 0 else "surplus" if term.expected == 0 else "misweighted", Tone.BAD)


def _factor(name: str, array: Array, place: tuple[int, ...]) -> str:
    """ "x[0,0,1,1] = 3" """
    inside = len(place) == array.ndim and all(at < length for at, length in zip(place, array.shape, strict=True))
    value = number(float(array[place])) if inside else ""
    return f"{name}{subscript(place)} = {value}" if inside else f"{name}{subscript(place)} (outside)"
