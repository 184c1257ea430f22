"""extra-taps: the correlation of X with the spread G is larger than the kernel, and is not cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant
from gradcheck_cli.model import Array, ConvSpec


def _uncut(problem: Problem) -> Array:
    """conv2d(X, G, stride=d, dilation=s): the rows and columns of the remainder become taps that F does not have."""
    spec = problem.spec
    if _extra(spec) == (0, 0):
        return problem.grad_weight
    kernel = tuple(count + extra for count, extra in zip(spec.kernel_size, _extra(spec), strict=True))
    larger = replace(spec, kernel_size=(kernel[0], kernel[1]))
    return conv.grad_weight(problem.case.x, problem.case.grad_output, larger)


def _extra(spec: ConvSpec) -> tuple[int, int]:
    rows, columns = (rest // step for rest, step in zip(spec.remainder, spec.dilation, strict=True))
    return rows, columns


def _last_taps(problem: Problem) -> Array:
    """Cut to the kernel's size at the top and left, so the extra taps at the bottom and right are what is left."""
    rows, columns = problem.spec.kernel_size
    return _uncut(problem)[:, :, -rows:, -columns:]


def _squeezed(problem: Problem) -> Array | None:
    """The taps stretched over the kernel by the nearest neighbour, as `interpolate` does to make the sizes fit."""
    whole = _uncut(problem)
    rows, columns = (
        np.arange(count) * size // count for count, size in zip(problem.spec.kernel_size, whole.shape[2:], strict=True)
    )
    return np.ascontiguousarray(whole[:, :, rows][:, :, :, columns])


MISTAKE = Mistake(
    id="extra-taps",
    order=320,
    title="does not cut the correlation of X with the spread G to the kernel's size, so it has more taps than F",
    formulas={"weight": _uncut},
    variants={
        "weight": (
            Variant("cut at the wrong end: the first taps are lost, the extra ones kept", _last_taps),
            Variant("resized to the kernel by its nearest taps", _squeezed),
        )
    },
    why=(
        "When (H + 2p - k) is no multiple of s, the last rows of X are in no window. The correlation with the spread G "
        "still slides over them, and gives one more tap for each: numbers that belong to no weight."
    ),
    hides_when="(H + 2p - k) is a multiple of the stride",
    fix="Keep the first kh rows and the first kw columns of taps.",
    shown_by="--stride 2 with a remainder (--k 3 --stride 2 on the default size)",
    numbers="kernel {kernel}, remainder {remainder}",
)
