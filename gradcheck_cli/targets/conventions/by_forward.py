"""Layouts that nobody would guess, told by the function's own forward: it is run in each until it gives O.

The cheap tests come first: how many axes the code takes apart, then one spelling of the sizes and of b at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradcheck_cli.model import Array, Case, ConvSpec
from gradcheck_cli.targets.conventions import layouts, probes
from gradcheck_cli.targets.conventions.binding import Assignment, Backend, Form
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.confirm_function import WithForward
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.function_search import KINDS, forms
from gradcheck_cli.targets.conventions.layout import Layout, turned

# Most layouts raise at once; those that run through take a plain loop some milliseconds on a probe.
MAX_RUNS = 300


def unusual_layouts(callee: Callee, forward: Callee, backends: Sequence[Backend], case: Case) -> Iterator[Layout]:
    """Layouts beside the usual ones in which the file's forward gives O on `case`; at most one, turned or not.

    Args:
        callee: the backward, which shows how many axes its arrays have.
        forward: the forward that belongs to it.
        backends: libraries whose arrays it may want.
        case: where it is run. Sizes that differ tell the axes apart.
    """
    if case.spec.is_padded or case.spec.stride != (1, 1):  # tells nothing of the layout that plain ones do not
        return
    table = unusual(case.spec)
    for meaning in forward.assignments("x", "weight")[:2]:
        if case.spec.groups > 1 and "groups" not in meaning.values():
            table = [layout for layout in table if layout.depthwise]
        axes = _axes(forward, meaning)
        fitting = [layout for layout in table if all(layout.axes(kind) == count for kind, count in axes.items())]
        for form in itertools.islice(_forms(callee, forward, meaning, fitting, backends), MAX_RUNS):
            one = FunctionCandidate(callee, {}, form, forward, "", meaning=meaning)
            if _is_forward(one.forward_output(case), form.layout, case):
                yield form.layout
                return


def proved(candidates: Iterator[WithForward], case: Case) -> Iterator[WithForward]:
    """The first of the candidates whose own forward gives O, turned or not."""
    for one in itertools.islice(candidates, MAX_RUNS):
        if not one.refuses(case.spec) and _is_forward(one.forward_output(case), one.layout, case):
            yield one
            return


def unusual(spec: ConvSpec) -> list[Layout]:
    """Those beside the usual ones in which a target can be tried on `spec`."""
    return [
        layout
        for layout in layouts.able(layouts.every(layouts.LayerKind.of(spec)), spec)
        if not layouts.is_usual(layout)
    ]


def _is_forward(output: Array | None, layout: Layout, case: Case) -> bool:
    """Whether this is O, or what a true convolution makes of the kernel as it was handed over."""
    as_turned = replace(case, weight=turned(case.weight))
    return any(probes.gives_forward(output, layout, one) for one in (case, as_turned))


def _axes(forward: Callee, meaning: Assignment) -> dict[str, int]:
    """kind -> the number of axes into which the forward takes its shape apart, where it does."""
    counts = {KINDS[role]: forward.source.use(name).axes for name, role in meaning.items() if role in KINDS}
    return {kind: count for kind, count in counts.items() if count}


def _forms(
    callee: Callee, forward: Callee, meaning: Assignment, table: Sequence[Layout], backends: Sequence[Backend]
) -> Iterator[Form]:
    """Every layout in its likeliest spelling, then every layout in the next one."""
    spelled: dict[Layout, list[Form]] = {}
    for form in forms(callee, forward, meaning, table, backends):
        spelled.setdefault(form.layout, []).append(form)
    for one_each in itertools.zip_longest(*spelled.values()):
        yield from (form for form in one_each if form is not None)
