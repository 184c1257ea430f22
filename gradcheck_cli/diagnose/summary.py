"""When is it wrong? A condition on the geometry that agrees with every result, or an admission that there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from gradcheck_cli.model import ConvSpec

Result = tuple[ConvSpec, bool]
Predicate = Callable[[ConvSpec], bool]

# (phrase when it holds, phrase when it does not, test). The order decides between conditions that fit equally well.
_CONDITIONS: tuple[tuple[str, str, Predicate], ...] = (
    ("batch > 1", "batch = 1", lambda spec: spec.batch > 1),
    ("padding = 0", "padding > 0", lambda spec: max(spec.padding) == 0),
    ("stride > 1", "stride = 1", lambda spec: max(spec.stride) > 1),
    ("a remainder is left over", "no remainder is left over", lambda spec: max(spec.remainder) > 0),
    ("dilation > 1", "dilation = 1", lambda spec: max(spec.dilation) > 1),
    ("groups > 1", "groups = 1", lambda spec: spec.groups > 1),
    ("in channels > 1", "in channels = 1", lambda spec: spec.in_channels > 1),
    ("out channels > 1", "out channels = 1", lambda spec: spec.out_channels > 1),
    ("the kernel is larger than 1x1", "the kernel is 1x1", lambda spec: spec.kernel_size != (1, 1)),
    (
        "the kernel is not square",
        "the kernel is square",
        lambda spec: spec.kernel_size[0] != spec.kernel_size[1],
    ),
    ("the image is not square", "the image is square", lambda spec: spec.height != spec.width),
    (
        "the kernel has an even side",
        "the kernel has odd sides",
        lambda spec: any(side % 2 == 0 for side in spec.kernel_size),
    ),
    ("padding differs from 1", "padding = 1", lambda spec: spec.padding != (1, 1)),
    (
        "padding differs from (kernel - 1) / 2",
        "padding = (kernel - 1) / 2",
        lambda spec: any(2 * p != e - 1 for p, e in zip(spec.padding, spec.extent, strict=True)),
    ),
    (
        "stride or padding differ between rows and columns",
        "stride and padding are the same for rows and columns",
        lambda spec: spec.stride[0] != spec.stride[1] or spec.padding[0] != spec.padding[1],
    ),
    ("in and out channels differ", "in and out channels agree", lambda spec: spec.in_channels != spec.out_channels),
    ("there is more than one output", "there is one output", lambda spec: spec.output_size != (1, 1)),
)


def condition(results: Sequence[Result]) -> str:
    """The condition under which it is wrong ("padding = 0"), true of every result.

    Args:
        results: geometry and whether the gradient is right there.

    Returns:
        "" where it is never wrong, always wrong, or no condition (or pair of them) agrees with all results.
    """
    wrong = [not right for _, right in results]
    if not any(wrong) or all(wrong):
        return ""
    tables = [
        (phrase, [test(spec) == holds for spec, _ in results])
        for yes, no, test in _CONDITIONS
        for phrase, holds in ((yes, True), (no, False))
    ]
    for phrase, table in tables:
        if table == wrong:
            return phrase
    return _pair(tables, wrong)


def _pair(tables: list[tuple[str, list[bool]]], wrong: list[bool]) -> str:
    """Two conditions joined by "and", or by "or"; only those that split the results can help."""
    useful = [(phrase, table) for phrase, table in tables if any(table) and not all(table)]
    for (first, one), (second, other) in combinations(useful, 2):
        if [a and b for a, b in zip(one, other, strict=True)] == wrong:
            return f"{first} and {second}"
    for (first, one), (second, other) in combinations(useful, 2):
        if [a or b for a, b in zip(one, other, strict=True)] == wrong:
            return f"{first} or {second}"
    return ""


def summarise_geometries(results: Sequence[Result]) -> str:
    """Where a backward holds and where not, in one clause that agrees with every result.

    Args:
        results: geometry and whether the gradient is right there; refused geometries left out.

    Returns:
        "right on all 24 geometries", "right, except when padding = 0", "right only when stride = 1",
        "no single cause: wrong on 5 of 24 geometries", ...
    """
    total, failed = len(results), sum(not right for _, right in results)
    if total == 0:
        return "no geometry was compared"
    if failed == 0:
        return f"right on all {total} geometries" if total > 1 else "right on the one geometry compared"
    if failed == total:
        return f"wrong on all {total} geometries" if total > 1 else "wrong on the one geometry compared"
    phrase = condition(results)
    if not phrase:
        return f"no single cause: wrong on {failed} of {total} geometries"
    opposite = condition([(spec, not right) for spec, right in results])
    if 2 * failed > total and opposite:
        return f"right only when {opposite} (wrong on {failed} of {total} geometries)"
    return f"right, except when {phrase} (wrong on {failed} of {total} geometries)"
