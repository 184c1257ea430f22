"""Code that pads by itself to keep the size: which rule it follows, and which geometries that rule pads for.

For odd kernels the usual rules agree wherever size - 1 is a multiple of the stride. For all other sizes, and for even
kernels, a target is only asked under the rules by which it was seen to be right once. Most of them differ in where they
put the odd one of an odd number of zeros: behind the image, in front of it, or on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import lru_cache, partial
from typing import Protocol, runtime_checkable

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.model import GRADIENTS, Array, Case, ConvSpec, Size
from gradcheck_cli.model.line import LineSpec, number_of_axes
from gradcheck_cli.model.padding import Sides
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.alike import same_whole
from gradcheck_cli.targets.conventions.base import Candidate
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.results import plan, take

Total = Callable[[int, int, int], int]
MarginRule = Callable[[int, int, int], Sides | None]


def _taps(_size: int, extent: int, _stride: int) -> int:
    return extent - 1


def _tensorflow(size: int, extent: int, stride: int) -> int:
    return max((-(-size // stride) - 1) * stride + extent - size, 0)


def _keep(size: int, extent: int, stride: int) -> int:
    return (size - 1) * stride + extent - size


def _upsampling(_size: int, extent: int, stride: int) -> int:
    return extent - stride


def _shared(total: Total, share: Callable[[int], Sides | None]) -> MarginRule:
    """So many zeros, shared out between the two sides; None where the kernel is too small for them."""

    def margin(size: int, extent: int, stride: int) -> Sides | None:
        zeros = total(size, extent, stride)
        return share(zeros) if zeros >= 0 else None

    return margin


def _even(zeros: int) -> Sides | None:
    return None if zeros % 2 else (zeros // 2, zeros // 2)


def _more_after(zeros: int) -> Sides:
    return zeros // 2, zeros - zeros // 2


def _more_before(zeros: int) -> Sides:
    return zeros - zeros // 2, zeros // 2


def _less_on_both(zeros: int) -> Sides:
    return zeros // 2, zeros // 2


def _more_on_both(zeros: int) -> Sides:
    return -(-zeros // 2), -(-zeros // 2)


def _all_before(zeros: int) -> Sides:
    return zeros, 0


RULES: Mapping[str, MarginRule] = {
    "floor": _shared(_taps, _less_on_both),
    "floor-before": _shared(_taps, _more_after),
    "half": _shared(_taps, _more_on_both),
    "half-before": _shared(_taps, _more_before),
    "tensorflow": _shared(_tensorflow, _even),
    "tensorflow-more-after": _shared(_tensorflow, _more_after),
    "tensorflow-more-before": _shared(_tensorflow, _more_before),
    "keep": _shared(_keep, _even),
    "keep-more-after": _shared(_keep, _more_after),
    "keep-more-before": _shared(_keep, _more_before),
    "keep-more-on-both": _shared(_keep, _more_on_both),
    "causal": _shared(_taps, _all_before),
    "upsampling": _shared(_upsampling, _even),
    "upsampling-more-after": _shared(_upsampling, _more_after),
    "upsampling-more-before": _shared(_upsampling, _more_before),
}
"""(size, extent of the kernel, stride) -> zeros before and after. "keep" keeps the size at every stride, the others
divide it by it. torch's own 'same' is "floor-before" at stride 1; SAME of TensorFlow and SAME_UPPER of ONNX are
"tensorflow-more-after", SAME_LOWER is "tensorflow-more-before". "causal" is code for lines, where no output may see
what comes later. "upsampling" is of transposed layers: so much is cut that n become stride*n, as Keras does."""

KEEPING = frozenset(name for name in RULES if name.startswith("keep"))
OF_LINES = frozenset(("causal",))
OF_TRANSPOSED = frozenset(name for name in RULES if name.startswith("upsampling"))
DIVIDING = frozenset(RULES) - KEEPING - OF_LINES - OF_TRANSPOSED


@lru_cache(256)
def rules_of(spec: ConvSpec) -> frozenset[str]:
    """The rules under which code would pad by the padding of `spec`."""
    if any(spec.output_padding):
        return frozenset()
    sides = list(zip(spec.padding, spec.padding_after, strict=True))
    return frozenset(name for name in RULES if _margins(name, spec) == sides)


def _margins(name: str, spec: ConvSpec) -> list[Sides | None]:
    is_of_its_kind = spec.transposed == (name in OF_TRANSPOSED) and (name not in OF_LINES or number_of_axes(spec) == 1)
    if not is_of_its_kind:
        return [None, None]
    return [RULES[name](*numbers) for numbers in zip(spec.input_size, spec.extent, spec.stride, strict=True)]


def padded_by(rule: str, spec: ConvSpec) -> ConvSpec | None:
    """`spec` with the padding that the rule gives it; None where it gives none."""
    rows, columns = _margins(rule, spec)
    if rows is None or columns is None:
        return None
    extra = (rows[1] - rows[0], columns[1] - columns[0])
    return replace(spec, padding=(rows[0], columns[0]), extra_after=extra)


def followed(spec: ConvSpec, known: frozenset[str]) -> bool:
    """Whether a target that follows the rules `known` pads by the padding of `spec`.

    Of one that follows none that we know, only what all the usual rules agree on is expected.
    """
    rules = rules_of(spec)
    dividing, others = known & DIVIDING, known - DIVIDING
    if others and not dividing:
        return bool(rules & others)
    return rules >= DIVIDING or bool(rules & dividing)


# (image, kernel, stride): together they tell their rule from all the others. Code without a forward takes the size of
# its output from G, so that zeros which no window of G reaches are not seen: there it follows two rules, rightly.
_EVEN_KERNEL: tuple[Size, int, int] = ((7, 5), 4, 1)
_STRIDED: tuple[Size, int, int] = ((9, 6), 5, 3)
_ODD_TOTAL: tuple[Size, int, int] = ((8, 6), 3, 2)
_KEPT: tuple[Size, int, int] = ((7, 5), 3, 2)
_KEPT_ODD_TOTAL: tuple[Size, int, int] = ((7, 5), 2, 2)
_DOUBLED: tuple[Size, int, int] = ((4, 3), 4, 2)
_DOUBLED_ODD: tuple[Size, int, int] = ((3, 4), 5, 2)
_DECIDING: Mapping[str, tuple[tuple[Size, int, int], ...]] = {
    "floor": (_EVEN_KERNEL, _STRIDED),
    "floor-before": (_EVEN_KERNEL, _STRIDED),
    "half": (_EVEN_KERNEL, _STRIDED),
    "half-before": (_EVEN_KERNEL, _STRIDED),
    "tensorflow": (_STRIDED,),
    "tensorflow-more-after": (_STRIDED, _EVEN_KERNEL, _ODD_TOTAL),
    "tensorflow-more-before": (_STRIDED, _EVEN_KERNEL, _ODD_TOTAL),
    "keep": (_KEPT,),
    "keep-more-after": (_KEPT, _EVEN_KERNEL, _KEPT_ODD_TOTAL),
    "keep-more-before": (_KEPT, _EVEN_KERNEL, _KEPT_ODD_TOTAL),
    "keep-more-on-both": (_KEPT, _EVEN_KERNEL, _KEPT_ODD_TOTAL),
    "causal": (_EVEN_KERNEL, ((8, 7), 3, 1)),
    "upsampling": (_DOUBLED,),
    "upsampling-more-after": (_DOUBLED, _DOUBLED_ODD),
    "upsampling-more-before": (_DOUBLED, _DOUBLED_ODD),
}
# What tells by which rule it pads, the surest first.
_PARTS = ("forward", "weight", "input")
# (batch, in channels, out channels): the first that its layout takes.
COUNTS = ((2, 3, 4), (1, 3, 4), (2, 1, 4), (1, 1, 4), (2, 1, 1), (1, 1, 1))


@runtime_checkable
class HasForward(Protocol):
    """A candidate whose file has a forward, also where its backward is called without it."""

    def forward_output(self, case: Case) -> Array | None:
        """What that gives; None where it does not run."""


def rules_followed(
    candidate: Candidate, seed: Callable[[], None], guard: Callable[[], AbstractContextManager[None]]
) -> frozenset[str]:
    """The rules by which the target is right where they tell.

    Its own forward says which, if it is right by any; else grad_weight, for which X is padded once more; else
    grad_input, which is only cut, and so may be cut by another rule than X is padded.
    """
    right: dict[str, frozenset[str]] = {}
    for name in RULES:
        taken = [spec for spec in _deciding(name, candidate.layout) if not candidate.refuses(spec)]
        seen = [right_there(candidate, spec, seed, guard) for spec in taken]
        right[name] = frozenset.intersection(*seen) if seen else frozenset()
    found = (frozenset(name for name, parts in right.items() if part in parts) for part in _PARTS)
    return next((rules for rules in found if rules), frozenset())


def _deciding(rule: str, layout: Layout) -> Iterator[ConvSpec]:
    if layout.spatial > 2 or layout.transposed != (rule in OF_TRANSPOSED):
        return
    kind = partial(ConvSpec if layout.spatial > 1 else LineSpec, conv=layout.conv)
    for image, side, step in _DECIDING[rule]:
        specs = [padded_by(rule, kind(*counts, image[0], image[1], (side, side), (step, step))) for counts in COUNTS]
        yield from [spec for spec in specs if spec is not None and not layout.refuses(spec)][:1]


def right_there(
    candidate: Candidate, spec: ConvSpec, seed: Callable[[], None], guard: Callable[[], AbstractContextManager[None]]
) -> frozenset[str]:
    """Which of `_PARTS` are right.

    What raises or gives other numbers there does not follow the rule; whether it should is not asked here.
    """
    case = probes.integer_case(spec)
    truth = conv.backward(case)
    seed()
    found = set()
    try:
        with guard():
            output = candidate.forward_output(case) if isinstance(candidate, HasForward) else None
        if _forward_is_right(output, candidate.layout, case):
            found.add("forward")
        with guard():
            returned = candidate.start(case)()
        if _forward_is_right(returned.output, candidate.layout, case):
            found.add("forward")
        keys = plan(returned, spec, candidate.layout, candidate.bias_form, truth)
        gradients = take(returned, keys, spec, candidate.layout, candidate.bias_form).gradients
    except (Exception, SystemExit):
        return frozenset(found)
    pairs = {name: (gradients.get(name), truth.get(name)) for name in GRADIENTS if name in _PARTS}
    found |= {name for name, (actual, right) in pairs.items() if same_whole(actual, right)}
    return frozenset(found)


def _forward_is_right(output: Array | None, layout: Layout, case: Case) -> bool:
    """Up to one number for each filter: a bias that is left out, or was raised for the sake of max(0, .)."""
    right = probes.forward(case)
    if output is None or output.shape != layout.shape("output", right.shape, case.spec.groups):
        return False
    rest = layout.take("output", output, right.shape, case.spec.groups) - right
    return same_whole(rest, np.broadcast_to(rest[:1, :, :1, :1], rest.shape))
