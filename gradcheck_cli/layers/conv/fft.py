"""The backward of a convolution through the Fourier transform: for large kernels, with an error bound of its own.

A transform mixes all elements, so there is no bound per entry and integers do not stay exact. What holds for each
plane is max |error| <= 2 log2(P) u ||X|| ||G||, with P the points of the transform, u the unit roundoff and Euclidean
norms (for grad_input with F in place of X). One infinite or undefined element spoils every entry of its planes.

The transform is as long as the input that is read: a correlation only wraps around at lags that are not looked at.
"""

from __future__ import annotations

import numpy as np

from gradcheck_cli.layers.conv import rowwise
from gradcheck_cli.layers.conv.geometry import crop, pad, require_shape
from gradcheck_cli.layers.conv.lift import Lift
from gradcheck_cli.model import Array, ConvSpec, Size


def grad_weight(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dF as in `conv.grad_weight`: G, its rows and columns set apart by the stride, correlated with X_padded.

    Args, raises: as `conv.grad_weight`. Returns: the same to within the bound of this module, dtype of the inputs.

    Source: the correlation theorem: correlation is conj(transform) times transform.
    """
    require_shape("x", x, spec.x_shape)
    require_shape("grad_output", grad_output, spec.output_shape)
    return LIFT.grad_weight(x, grad_output, spec)


def _grad_weight(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    (height, width), points = _read_size(spec), transform_size(spec)
    inputs = _transform(pad(x, spec)[..., :height, :width], points)
    gradient = np.empty(spec.weight_shape, dtype=np.result_type(x, grad_output))
    channels, filters = spec.weight_shape[1], spec.out_channels // spec.groups
    lags_h, lags_w = (slice(0, extent, step) for extent, step in zip(spec.extent, spec.dilation, strict=True))
    for o in range(spec.out_channels):
        grads = np.conj(_transform(_set_apart(grad_output[:, o], spec.stride), points))
        for i in range(channels):
            spectrum = (inputs[:, o // filters * channels + i] * grads).sum(axis=0)
            rows = np.fft.ifft(spectrum, axis=-2)[lags_h]
            gradient[o, i] = np.fft.irfft(rows, n=points[1], axis=-1)[:, lags_w]
    return gradient


def grad_input(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dX as in `conv.grad_input`: G, set apart by the stride, convolved with F, set apart by the dilation.

    Args, raises: as `conv.grad_input`. Returns: the same to within the bound of this module, dtype of the inputs.

    Source: the convolution theorem: convolution is transform times transform.
    """
    require_shape("weight", weight, spec.weight_shape)
    require_shape("grad_output", grad_output, spec.output_shape)
    return LIFT.grad_input(weight, grad_output, spec)


def _grad_input(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    (height, width), points = _read_size(spec), transform_size(spec)
    grads = _transform(_set_apart(grad_output, spec.stride), points)
    channels, filters = spec.weight_shape[1], spec.out_channels // spec.groups
    padded = pad(np.zeros(spec.x_shape, dtype=np.result_type(weight, grad_output)), spec)
    for channel in range(spec.in_channels):
        group, i = divmod(channel, channels)
        chosen = slice(group * filters, (group + 1) * filters)
        kernels = _transform(_set_apart(weight[chosen, i], spec.dilation), points)
        spectrum = (grads[:, chosen] * kernels).sum(axis=1)
        rows = np.fft.ifft(spectrum, axis=-2)[:, :height]
        padded[:, channel, :height, :width] = np.fft.irfft(rows, n=points[1], axis=-1)[..., :width]
    return np.ascontiguousarray(crop(padded, spec))


def transform_size(spec: ConvSpec) -> Size:
    """Points of the transform in both directions; their product is the P of the bound."""
    height, width = _read_size(spec)
    return _smooth(height), _smooth(width)


def _read_size(spec: ConvSpec) -> Size:
    """Rows and columns of the padded input that windows reach."""
    height, width = (
        stride * (outputs - 1) + extent
        for stride, outputs, extent in zip(spec.stride, spec.output_size, spec.extent, strict=True)
    )
    return height, width


def _smooth(size: int) -> int:
    """The smallest even number from `size` on with no prime factor above 5: lengths that transform fast."""
    while True:
        rest = size
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1 and size % 2 == 0:
            return size
        size += 1


def _set_apart(planes: Array, step: Size) -> Array:
    """`planes` (..., h, w) with step - 1 zeros between neighbours."""
    if step == (1, 1):
        return planes
    (h, w), (sh, sw) = planes.shape[-2:], step
    apart = np.zeros((*planes.shape[:-2], sh * (h - 1) + 1, sw * (w - 1) + 1), dtype=planes.dtype)
    apart[..., ::sh, ::sw] = planes
    return apart


def _transform(planes: Array, points: Size) -> Array:
    """Transform of real planes (..., h, w), zeros behind them, to (..., points[0], points[1] // 2 + 1).

    Plane by plane: fresh memory costs more than the transform of a plane that is reused.
    """
    transforms = np.empty((*planes.shape[:-2], points[0], points[1] // 2 + 1), np.result_type(planes, np.complex64))
    for index in np.ndindex(planes.shape[:-2]):
        rows = np.fft.rfft(planes[index], n=points[1])
        np.fft.fft(rows, n=points[0], axis=-2, out=transforms[index])
    return transforms


# A forward through the transform is nowhere asked for: what a transposed layer needs of it is summed directly.
LIFT = Lift(rowwise.forward, _grad_weight, _grad_input)
