"""The arrays that a backward is given and returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from gradcheck_cli.model.spec import ConvSpec
from gradcheck_cli.model.tensors import GIVEN, GRADIENTS, ArrayName, GradientName

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
else:
    Array = Any

Shape: TypeAlias = tuple[int, ...]
"""The lengths of an array's axes."""


# Equality is the mapping's: the dataclass's own would compare the arrays as one number.
@dataclass(frozen=True, eq=False)
class Case(Mapping[ArrayName, Array]):
    """One backward problem, all that a backward is given: `case["x"]`, in formulas `case.x`.

    `x` (n, c_in, h, w) is not padded, `weight` (c_out, c_in/groups, kh, kw), `bias` (c_out,),
    `grad_output` (n, c_out, h_out, w_out). One dtype for all four. For a layer of another form see `ConvSpec`: its
    shapes are those of the arrays.
    """

    spec: ConvSpec
    x: Array
    weight: Array
    bias: Array
    grad_output: Array

    def __getitem__(self, name: ArrayName) -> Array:
        if name not in GIVEN:
            raise KeyError(name)
        array: Array = getattr(self, name)
        return array

    def __iter__(self) -> Iterator[ArrayName]:
        return iter(GIVEN)

    def __len__(self) -> int:
        return len(GIVEN)

    def with_array(self, name: ArrayName, array: Array) -> Case:
        """The same problem with another array."""
        changes: dict[str, Any] = {name: array}
        return replace(self, **changes)


@dataclass(frozen=True, eq=False)
class Gradients(Mapping[GradientName, Array]):
    """What a backward returned, shaped like weight, x and bias: `gradients["weight"]`.

    A gradient that was not returned is not in it: `gradients.get("bias")` is None then, as `gradients.bias` is.
    """

    weight: Array | None = None
    input: Array | None = None
    bias: Array | None = None

    def __getitem__(self, name: GradientName) -> Array:
        array: Array | None = getattr(self, name) if name in GRADIENTS else None
        if array is None:
            raise KeyError(name)
        return array

    def __iter__(self) -> Iterator[GradientName]:
        return (name for name in GRADIENTS if getattr(self, name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)
