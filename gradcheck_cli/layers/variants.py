"""Neighbours of a geometry: one thing changed, or options taken back. For targets that take few, or lack a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, islice
from typing import Any

from gradcheck_cli.model import ConvSpec, Size
from gradcheck_cli.model.line import LineSpec
from gradcheck_cli.model.spec import changed

# A kind that a target refuses three times, around three of the geometries that it takes, it most likely does not take.
EACH, BASES = 3, 3
# Up to here k // 2, (k + 1) // 3 and the like are the same for too many kernels.
_SMALL = 4


def _differ(name: str) -> Callable[[ConvSpec], bool]:
    def test(spec: ConvSpec) -> bool:
        return len(set(spec.own(getattr(spec, name)))) > 1

    return test


def _has_even_side(spec: ConvSpec) -> bool:
    return any(side % 2 == 0 for side in spec.kernel_size)


def _is_uneven(spec: ConvSpec) -> bool:
    """Whether rows and columns are padded differently, or the two sides of one of them."""
    return len(set(zip(spec.own(spec.padding), spec.own(spec.padding_after), strict=True))) > 1


KINDS: tuple[Callable[[ConvSpec], bool], ...] = (
    lambda spec: spec.batch == 1,
    lambda spec: spec.batch > 1,
    lambda spec: spec.height == spec.width or isinstance(spec, LineSpec),
    lambda spec: spec.height != spec.width,
    _differ("kernel_size"),
    _has_even_side,
    lambda spec: max(spec.kernel_size) > _SMALL,
    _is_uneven,
    _differ("stride"),
    lambda spec: max(spec.stride) > 1,
    lambda spec: spec.is_padded,
    lambda spec: any(spec.remainder),
    lambda spec: spec.groups == 1 < spec.in_channels < spec.out_channels,
)
"""What every target is asked about, if it takes it: a list that holds it only together with what a target refuses says
nothing of the target."""


def of_missing_kinds(taken: Sequence[ConvSpec]) -> Iterator[ConvSpec]:
    """Neighbours of the geometries that a target takes, of every kind that none of these is: `EACH` for each kind."""
    for kind in KINDS:
        if not any(kind(spec) for spec in taken):
            found = (other for spec in taken[:BASES] for other in variants(spec) if kind(other))
            yield from islice(dict.fromkeys(found), EACH)


def variants(spec: ConvSpec) -> Iterator[ConvSpec]:
    """Geometries like this one but for one thing: batch, image, channels, filters, kernel, padding, stride.

    Those that fit no convolution are left out.
    """
    made = (changed(spec, **change) for change in _changes(spec))
    yield from (other for other in made if other is not None)


def _changes(spec: ConvSpec) -> Iterator[dict[str, Any]]:
    step, margin, axes = spec.own(spec.stride)[0], spec.own(spec.padding)[0], len(spec.stride)
    yield {"batch": spec.batch + 2}
    yield {"height": spec.height + 2 * step, "width": spec.width + 2 * step}
    yield {"in_channels": spec.in_channels + spec.groups}
    yield {"out_channels": spec.out_channels + spec.groups}
    yield {"in_channels": spec.in_channels + spec.groups, "out_channels": spec.in_channels + 2 * spec.groups}
    yield {"width": spec.width + 3 * step}
    yield {"height": spec.height + 1, "width": spec.width + 1}
    yield {"stride": (step + 1,) * axes}
    yield {"padding": (margin + 1,) * axes}
    yield {"kernel_size": tuple(taps + 1 for taps in spec.kernel_size)}
    yield {"batch": 1}
    yield {"height": spec.height + 5 * step, "width": spec.width + 4 * step}
    yield from _uneven(spec)


def _uneven(spec: ConvSpec) -> Iterator[dict[str, Any]]:
    """Rows and columns told apart; taps and margin together, so that code that keeps the size keeps it."""
    if len(spec.stride) > 2:
        return
    (kh, kw), (ph, pw), (sh, sw) = spec.kernel_size, spec.padding, spec.stride
    yield {"kernel_size": (kh, kw + 1)}
    yield {"kernel_size": (kh + 2, kw), "padding": (ph + spec.dilation[0], pw)}
    yield {"kernel_size": (kh, kw + 2), "padding": (ph, pw + spec.dilation[1])}
    yield {"kernel_size": (kh + 1, kw + 1), "padding": (ph + 1, pw + 1)}
    yield {"padding": (ph, pw + 1)}
    yield {"stride": (sh, sw + 1)}
    yield {"height": spec.width}


def _all(number: int, spec: ConvSpec) -> Size:
    return (number,) * len(spec.stride)


def _evened(name: str) -> Callable[[ConvSpec], dict[str, Any]]:
    def change(spec: ConvSpec) -> dict[str, Any]:
        value = getattr(spec, name)
        return {name: (value[0],) * len(value)}

    return change


_OPTIONS: Mapping[str, tuple[Callable[[ConvSpec], bool], Callable[[ConvSpec], dict[str, Any]]]] = {
    "padding": (lambda spec: spec.is_padded, lambda spec: {"padding": _all(0, spec), "extra_after": _all(0, spec)}),
    "groups": (lambda spec: spec.groups > 1, lambda _: {"groups": 1}),
    "dilation": (lambda spec: max(spec.dilation) > 1, lambda spec: {"dilation": _all(1, spec)}),
    "stride": (lambda spec: max(spec.stride) > 1, lambda spec: {"stride": _all(1, spec)}),
    "output padding": (lambda spec: any(spec.output_padding), lambda spec: {"output_padding": _all(0, spec)}),
    "uneven padding": (_differ("padding"), _evened("padding")),
    "uneven dilation": (_differ("dilation"), _evened("dilation")),
    "uneven stride": (_differ("stride"), _evened("stride")),
    "uneven kernel": (_differ("kernel_size"), _evened("kernel_size")),
}
"""Option -> whether a geometry uses it, and what takes it back."""

_TRAITS: Mapping[str, Callable[[ConvSpec], bool]] = {
    "even kernel": _has_even_side,
    "uneven sides": lambda spec: not spec.is_symmetric,
    "several channels": lambda spec: spec.in_channels > spec.groups,
    "depth multiplier": lambda spec: spec.out_channels > spec.in_channels == spec.groups > 1,
    "gaps": lambda spec: any(step > extent for step, extent in zip(spec.stride, spec.extent, strict=True)),
}
"""What is no option and shows mistakes of its own all the same."""


def kind_of(spec: ConvSpec) -> frozenset[str]:
    """What a target must be able to be told, and what else is special: {"stride", "uneven kernel", "gaps"}."""
    options = {name for name, (uses, _) in _OPTIONS.items() if uses(spec)}
    return frozenset(options | {name for name, has in _TRAITS.items() if has(spec)})


def in_layout(spec: ConvSpec, layout: str) -> ConvSpec:
    """The same geometry for code whose arrays have no axis for the batch, or none for the channels: "CHW", "HW"."""
    axes = layout.upper()
    change: dict[str, Any] = {} if "N" in axes else {"batch": 1}
    change |= {} if "C" in axes else {"in_channels": 1, "out_channels": 1, "groups": 1}
    return replace(spec, **change) if change else spec


def squared(spec: ConvSpec) -> ConvSpec:
    """The same geometry with as many columns as rows, of whichever there are more."""
    return spec.of_size((max(spec.input_size),) * len(spec.input_size))


def plainer(spec: ConvSpec) -> Iterator[ConvSpec]:
    """The same geometry with one of its options taken back, then with two of them, and so on.

    A target that is refused for one option has not been asked about the others that stand beside it.
    """
    used = [name for name, (uses, _) in _OPTIONS.items() if uses(spec)]
    seen = {spec}
    for count in range(1, len(used) + 1):
        for names in combinations(used, count):
            other = _without(names, spec)
            if other and other not in seen:
                seen.add(other)
                yield other


def _without(names: Sequence[str], spec: ConvSpec) -> ConvSpec | None:
    made: ConvSpec | None = spec
    for name in names:
        made = made and changed(made, **_OPTIONS[name][1](made))
    return made
