"""What the own forward of a layer gives, held against what its constructor was told to make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.model import TENSORS, Array, Case, ConvSpec
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.alike import same_gradient, same_output
from gradcheck_cli.targets.conventions.base import RefusedError, WrongForwardError, to_numpy
from gradcheck_cli.targets.conventions.bias_times import with_more_bias
from gradcheck_cli.targets.conventions.binding import GEOMETRY
from gradcheck_cli.targets.conventions.construct import Recipe
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.names import constructor_roles


class BuiltLayer(Protocol):
    """A way to build and call a layer, as far as its forward is concerned."""

    @property
    def layout(self) -> Layout:
        """Axis orders of what is passed."""

    @property
    def bias_form(self) -> str:
        """How the layer keeps b; "" without one."""

    @property
    def recipe(self) -> Recipe:
        """What its constructor is told."""

    @property
    def rectified(self) -> bool:
        """Whether it applies max(0, .), undone by a large bias."""

    @property
    def forward_right(self) -> bool:
        """Whether its forward gives exactly O where it was recognised."""

    @property
    def bias_often(self) -> bool:
        """Whether it is O but for b, which it adds more than once."""

    def is_uneven(self, spec: ConvSpec) -> bool:
        """Whether pairs differ that it is handed as one number."""


def wrong_forward(candidate: BuiltLayer, output: Any, case: Case) -> str:
    """What is wrong with numbers of the right shape, "" for nothing.

    Raises:
        RefusedError: another shape, of a layer that does not promise to take this geometry.
        WrongForwardError: another shape, of a layer that is told this geometry.
    """
    spec = case.spec
    array, wanted = to_numpy(output), candidate.layout.shape("output", spec.output_shape, spec.groups)
    if array is None:
        return ""
    if array.shape != wanted:
        if promises(candidate, spec):
            raise WrongForwardError(f"{array.shape} where {wanted} is right")
        raise RefusedError(f"its own forward gives {array.shape} here, not {wanted}")
    if not promises(candidate, spec) or agrees(candidate, array, case):
        return ""
    return f"other numbers than a convolution with {in_words(spec)}"


def promises(candidate: BuiltLayer, spec: ConvSpec) -> bool:
    """It is told this stride, padding, dilation or groups by a clear name, and is right where they are plain."""
    asked, recipe = set(spec.unusual), candidate.recipe
    named = {role for name, role in recipe.roles.items() if _is_clear(name.rpartition(".")[2], role)}
    # asked about nothing but what it is told, and about none of the sizes in which numbers stand for pairs
    is_named = bool(asked) and asked <= named and not candidate.is_uneven(spec) and not recipe.mode
    return is_named and candidate.forward_right


def agrees(candidate: BuiltLayer, output: Array, case: Case) -> bool:
    """Whether an output in the candidate's layout, of O's shape, is O."""
    ours = candidate.layout.take("output", output, case.spec.output_shape, case.spec.groups)
    biased = case if candidate.bias_form else replace(case, bias=np.zeros_like(case.bias))
    if candidate.rectified:
        biased = replace(biased, bias=biased.bias + probes.lift(case))
    allowed = [biased, *(more for _, more in with_more_bias(biased) if candidate.bias_often)]
    return any(same_output(ours, probes.forward(one), one) for one in allowed)


def are_right(layout: Layout, items: Mapping[str, Array], case: Case) -> bool:
    """Whether the convolution's own gradients are among the results: then only the forward is wrong."""
    truth, groups = conv.backward(case), case.spec.groups
    return all(
        any(
            same_gradient(layout.take(TENSORS[name].name, array, right.shape, groups), name, case, right)
            for array in items.values()
            if array.shape == layout.shape(TENSORS[name].name, right.shape, groups)
        )
        for name, right in truth.items()
        if name != "bias"
    )


def _is_clear(name: str, role: str) -> bool:
    """A name that says this and nothing else; a single `d` may be a depth."""
    return role in GEOMETRY and constructor_roles(name) == [role] and name.lower() != "d"


def in_words(spec: ConvSpec) -> str:
    """What a layer is told."""
    stride, padding, dilation = map(spec.own, (spec.stride, spec.padding, spec.dilation))
    return f"stride {stride}, padding {padding}, dilation {dilation}, groups {spec.groups}"
