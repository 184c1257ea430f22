"""Every form of a convolution as plain ones, of pictures among zeros: for those the fast ways are written.

    transposed      dE/dX is the convolution of G, and O the dE/dX of that convolution: X and O change their roles
    padding modes   X is framed first, by looking up what its padding repeats; dE/dX of the frame is folded back
    three axes      a tap of the depth reads each plane at most once: planes of X lie beside planes of O, as samples

All of it is moving of elements, and adding where a source is read twice. Products are summed by the plain ways alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from gradcheck_cli.model import Array, Axis, ConvSpec

Way: TypeAlias = Callable[[Array, Array, ConvSpec], Array]
"""From two of the layer's arrays to a third: in the order in which `Case` has them."""


@dataclass(frozen=True)
class Lift:
    """Ways for plain layers (`ConvSpec.is_plain`) made to ways for all.

    Attributes:
        plain_forward: (X, F) to the sums of O, without the bias.
        plain_grad_weight: (X, G) to dE/dF.
        plain_grad_input: (F, G) to dE/dX.
    """

    plain_forward: Way
    plain_grad_weight: Way
    plain_grad_input: Way

    def forward(self, x: Array, weight: Array, spec: ConvSpec) -> Array:
        """The sums of O, without the bias, (n, c_out, ...)."""
        if spec.meets_nothing:
            return np.zeros(spec.output_shape, np.result_type(x, weight))
        if spec.is_plain:
            return self.plain_forward(x, weight, spec)
        if spec.transposed:
            return lengthened(self.grad_input(weight, x, spec.mirrored), spec.output_shape)
        if spec.padding_mode != "zeros":
            return self.forward(framed(x, spec), weight, spec.framed)
        output = np.zeros(spec.output_shape, np.result_type(x, weight))
        for plane in planes(spec):
            sums = self.plain_forward(plane.read(x), weight[:, :, plane.tap], plane.spec)
            output[:, :, plane.outputs] += plane.apart(sums)
        return output

    def grad_weight(self, x: Array, grad_output: Array, spec: ConvSpec) -> Array:
        """dE/dF, shaped like the weight."""
        if spec.meets_nothing:
            return np.zeros(spec.weight_shape, np.result_type(x, grad_output))
        if spec.is_plain:
            return self.plain_grad_weight(x, grad_output, spec)
        if spec.transposed:
            return self.grad_weight(shortened(grad_output, spec.mirrored.x_shape), x, spec.mirrored)
        if spec.padding_mode != "zeros":
            return self.grad_weight(framed(x, spec), grad_output, spec.framed)
        gradient = np.zeros(spec.weight_shape, np.result_type(x, grad_output))
        for plane in planes(spec):
            gradient[:, :, plane.tap] = self.plain_grad_weight(plane.read(x), plane.written(grad_output), plane.spec)
        return gradient

    def grad_input(self, weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
        """dE/dX, (n, c_in, ...)."""
        if spec.meets_nothing:
            return np.zeros(spec.x_shape, np.result_type(weight, grad_output))
        if spec.is_plain:
            return self.plain_grad_input(weight, grad_output, spec)
        if spec.transposed:
            return self.forward(shortened(grad_output, spec.mirrored.x_shape), weight, spec.mirrored)
        if spec.padding_mode != "zeros":
            return folded(self.grad_input(weight, grad_output, spec.framed), spec)
        gradient = np.zeros(spec.x_shape, np.result_type(weight, grad_output))
        for plane in planes(spec):
            share = self.plain_grad_input(weight[:, :, plane.tap], plane.written(grad_output), plane.spec)
            gradient[:, :, plane.inputs] += plane.apart(share)
        return gradient


def shortened(array: Array, shape: tuple[int, ...]) -> Array:
    """The beginning of an array; a view."""
    return array[tuple(map(slice, shape))]


def lengthened(array: Array, shape: tuple[int, ...]) -> Array:
    """The array with zeros behind it, on every axis; itself where it is as long."""
    if array.shape == shape:
        return array
    longer = np.zeros(shape, array.dtype)
    shortened(longer, array.shape)[...] = array
    return longer


def framed(x: Array, spec: ConvSpec) -> Array:
    """X with its padding around it, as the padding mode has it: (n, c_in, *spec.padded_size)."""
    for place, axis in enumerate(spec.axes, start=2):
        x = np.take(x, _sources(axis), axis=place)
    return x


def folded(frame: Array, spec: ConvSpec) -> Array:
    """The transposed map of `framed`: every element of the frame is added to the one that it was read from."""
    for place, axis in enumerate(spec.axes, start=2):
        rows = np.moveaxis(frame, place, 0)
        sums = rows[axis.before : axis.before + axis.size].copy()
        sources = _sources(axis)
        for position in (*range(axis.before), *range(axis.before + axis.size, axis.room)):
            sums[sources[position]] += rows[position]
        frame = np.moveaxis(sums, 0, place)
    return np.ascontiguousarray(frame)


def _sources(axis: Axis) -> list[int]:
    found = (axis.source(position) for position in range(axis.room))
    return [source for source in found if source is not None]


@dataclass(frozen=True)
class LiftedPlanes:
    """What one tap of the depth meets: planes `inputs` of X at planes `outputs` of O, as samples of a plain layer."""

    tap: int
    inputs: slice
    outputs: slice
    spec: ConvSpec

    def read(self, x: Array) -> Array:
        """The planes of X, (n * planes, c_in, h, w)."""
        return _as_samples(x[:, :, self.inputs])

    def written(self, grad_output: Array) -> Array:
        """The planes of G, (n * planes, c_out, h_out, w_out)."""
        return _as_samples(grad_output[:, :, self.outputs])

    def apart(self, samples: Array) -> Array:
        """(n * planes, c, h, w) as (n, c, planes, h, w); a view."""
        count = len(range(self.inputs.start, self.inputs.stop, self.inputs.step))
        return samples.reshape(-1, count, *samples.shape[1:]).swapaxes(1, 2)


def planes(spec: ConvSpec) -> Iterator[LiftedPlanes]:
    """The plain layers that a layer of three axes is the sum of; taps that meet zeros alone are left out."""
    axis = spec.axes[0]
    for tap in range(axis.taps):
        place = axis.dilation * tap - axis.before
        first = max(0, -(place // axis.stride))
        last = min(axis.outputs - 1, (axis.size - 1 - place) // axis.stride)
        if first <= last:
            start, stop = axis.stride * first + place, axis.stride * last + place + 1
            layer = _layer_of_planes(spec, last - first + 1)
            yield LiftedPlanes(tap, slice(start, stop, axis.stride), slice(first, last + 1), layer)


def _layer_of_planes(spec: ConvSpec, count: int) -> ConvSpec:
    return ConvSpec(
        spec.batch * count,
        spec.in_channels,
        spec.out_channels,
        spec.height,
        spec.width,
        spec.kernel_size[1:],
        spec.stride[1:],
        spec.padding[1:],
        spec.dilation[1:],
        spec.groups,
        spec.extra_after[1:],
    )


def _as_samples(volumes: Array) -> Array:
    """(n, c, planes, h, w) as (n * planes, c, h, w)."""
    return volumes.swapaxes(1, 2).reshape(-1, volumes.shape[1], *volumes.shape[3:])
