"""Code that pads by itself to keep the size: which rule it follows, and which geometries that rule pads for.

For odd kernels the usual rules agree wherever size - 1 is a multiple of the stride. For all other sizes, and for even
kernels, a target is only asked under the rules by which it was seen to be right once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.model import Array, ConvSpec, Size
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.base import Candidate, Returned
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.results import plan, take

Margin = Callable[[int, int, int], int | None]


def _whole_half(total: int) -> int | None:
    """Half of what is added on both sides; None where the sides differ, which no geometry of ours can say."""
    return total // 2 if total >= 0 and total % 2 == 0 else None


def _tensorflow(size: int, extent: int, stride: int) -> int | None:
    return _whole_half(max((-(-size // stride) - 1) * stride + extent - size, 0))


def _keep(size: int, extent: int, stride: int) -> int | None:
    return _whole_half((size - 1) * stride + extent - size)


RULES: Mapping[str, Margin] = {
    "floor": lambda _size, extent, _stride: (extent - 1) // 2,
    "half": lambda _size, extent, _stride: extent // 2,
    "tensorflow": _tensorflow,
    "keep": _keep,
}
"""(size, extent of the kernel, stride) -> margin. "keep" keeps the size at every stride, the others divide it by it."""

DIVIDING = frozenset(("floor", "half", "tensorflow"))


def rules_of(spec: ConvSpec) -> frozenset[str]:
    """The rules under which code would pad by the padding of `spec`."""
    return frozenset(name for name, rule in RULES.items() if _margins(rule, spec) == spec.padding)


def _margins(rule: Margin, spec: ConvSpec) -> tuple[int | None, ...]:
    pairs = zip(spec.input_size, spec.extent, spec.stride, strict=True)
    return tuple(rule(*numbers) for numbers in pairs)


def followed(spec: ConvSpec, known: frozenset[str]) -> bool:
    """Whether a target that follows the rules `known` pads by the padding of `spec`.

    Of one that follows none that we know, only what all the usual rules agree on is expected.
    """
    rules = rules_of(spec)
    dividing = known & DIVIDING
    if "keep" in known and not dividing:
        return "keep" in rules
    return rules >= DIVIDING or bool(rules & dividing)


# (image, kernel, stride, padding): together they tell their rule from all the others, also where code without a forward
# takes the size of its output from G, so that only the margin before the image is seen.
_TELLING: Mapping[str, tuple[tuple[Size, int, int, Size], ...]] = {
    "floor": (((7, 5), 4, 1, (1, 1)), ((9, 6), 5, 3, (2, 2))),
    "half": (((7, 5), 4, 1, (2, 2)), ((9, 6), 5, 3, (2, 2))),
    "tensorflow": (((9, 6), 5, 3, (1, 1)),),
    "keep": (((7, 5), 3, 2, (4, 3)),),
}
# (batch, in channels, out channels): the first that its layout takes.
_COUNTS = ((2, 3, 4), (1, 3, 4), (2, 1, 4), (1, 1, 4), (2, 1, 1), (1, 1, 1))


def rules_followed(
    candidate: Candidate, seed: Callable[[], None], guard: Callable[[], AbstractContextManager[None]]
) -> frozenset[str]:
    """The rules by which the target is right where they tell: in its own forward, in grad_weight or in grad_input."""
    found = []
    for name in RULES:
        taken = [spec for spec in _telling(name, candidate.layout) if not candidate.refuses(spec)]
        if taken and all(_right_somehow(candidate, spec, seed, guard) for spec in taken):
            found.append(name)
    return frozenset(found)


def _telling(rule: str, layout: Layout) -> Iterator[ConvSpec]:
    for (height, width), side, step, margin in _TELLING[rule]:
        specs = [ConvSpec(*counts, height, width, (side, side), (step, step), margin) for counts in _COUNTS]
        yield from [spec for spec in specs if not layout.refuses(spec)][:1]


def _right_somehow(
    candidate: Candidate, spec: ConvSpec, seed: Callable[[], None], guard: Callable[[], AbstractContextManager[None]]
) -> bool:
    """What raises or gives other numbers there does not follow the rule; whether it should is not asked here."""
    case = probes.integer_case(spec)
    truth = conv.backward(case)
    seed()
    try:
        with guard():
            returned = candidate.start(case)()
        if _forward_is_right(returned, candidate.layout, probes.forward(case)):
            return True
        keys = plan(returned, spec, candidate.layout, candidate.bias_form, truth)
        gradients = take(returned, keys, spec, candidate.layout, candidate.bias_form).gradients
    except (Exception, SystemExit):
        return False
    pairs = [(gradients.named(name), truth.named(name)) for name in ("weight", "input")]
    return any(actual is not None and right is not None and _close(actual, right) for actual, right in pairs)


def _forward_is_right(returned: Returned, layout: Layout, right: Array) -> bool:
    """Up to one number for each filter: a bias that is left out, or was raised for the sake of max(0, .)."""
    if returned.output is None:
        return False
    rest = layout.take("output", returned.output, right.shape) - right
    return _close(rest, np.broadcast_to(rest[:1, :, :1, :1], rest.shape))


def _close(actual: Array, right: Array) -> bool:
    return actual.shape == right.shape and bool(np.allclose(actual, right, rtol=1e-5, atol=1e-3))
