"""Finite differences output by output, for layers in which moving every output for every entry takes minutes.

E is a sum over outputs, E = scale * sum over n,o,p of f * l(r), and O is linear in F. So the loss is evaluated at both
ends of a step of each output, M = step * max |X|, the largest by which an entry of F moves it,

    slope[n,o,p] = f * (l(r + M) - l(r - M)) / (2 M),    dE/dF[o,i,u] = scale * sum over n,p of slope * X[n,i,r]

with the X that the tap u meets at p. None of the losses has a truncation error within the step: |.| is straight there,
for outputs nearer to the kink are in `kinks`, a square's third derivative is 0, and the others are linear. So this is
the quotient of `numeric` but for rounding, which is bounded by `rounding_bound_by_output`.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from gradcheck_cli.model import Array, ConvSpec, Progress
from gradcheck_cli.oracles.frames import framed
from gradcheck_cli.oracles.gauge import weight_sums
from gradcheck_cli.oracles.numeric_bounds import Residuals, rounding_bound_by_output
from gradcheck_cli.oracles.windows import is_by_rows

# Bands of output rows that are summed by themselves: enough for a few cores, and as many on every machine, so that the
# bits do not depend on it. A band reads the rows of X that the next one begins with too.
BANDS = 4


@dataclass(frozen=True)
class ByOutput:
    """Sums over bands of outputs on their way."""

    known: Residuals
    step: float
    bands: tuple[Future[Array], ...]

    def quotients(self, progress: Progress) -> Array:
        """Differences for all entries, (c_out, c_in/groups, kh, kw)."""
        total = np.zeros(self.known.spec.weight_shape)
        for done, band in enumerate(self.bands, start=1):
            total += band.result()
            progress("finite differences", done / len(self.bands))
        return np.asarray(total * self.known.scale)

    @property
    def bound(self) -> Array:
        """How far rounding may have put them off."""
        return rounding_bound_by_output(self.known, self.step)


def start_by_output(known: Residuals, clear: Residuals, step: float, pool: Executor) -> ByOutput:
    """Begin to differentiate the loss in every output.

    Args:
        known: what is differentiated.
        clear: the same with a residual of 0 at the outputs that have a step of their own.
        step: by which entries of F are moved.
        pool: where the bands are summed.
    """
    bands = tuple(pool.submit(_summed, *band) for band in _bands(clear.x, slopes(clear, step), clear.spec))
    return ByOutput(known, step, bands)


@np.errstate(over="ignore", invalid="ignore", under="ignore")
def slopes(known: Residuals, step: float) -> Array:
    """f * (l(r + M) - l(r - M)) / (2 M) for every output, (n, c_out, h_out, w_out); 0 where no X moves it."""
    move = step * known.largest_x
    ends = np.stack((known.residual + move, known.residual - move))
    if known.loss.name == "l1":
        np.abs(ends, out=ends)
    elif known.loss.name == "mse":
        np.square(ends, out=ends)
    if known.factor is not None:
        ends *= known.factor
    difference = ends[0] - ends[1]
    return np.asarray(np.divide(difference, 2 * move, out=np.zeros_like(difference), where=move > 0))


@np.errstate(over="ignore", invalid="ignore", under="ignore")  # numpy keeps this setting for each thread apart
def _summed(x: Array, factors: Array, spec: ConvSpec) -> Array:
    return weight_sums(x, factors, spec)


def _bands(x: Array, factors: Array, spec: ConvSpec) -> Iterator[tuple[Array, Array, ConvSpec]]:
    """X and the outputs' factors of a few output rows each, with the layer that they are; other forms in one piece."""
    if not is_by_rows(spec):
        yield x, factors, spec
        return
    frame, axis = framed(x, spec), spec.axes[0]
    edges = np.linspace(0, axis.outputs, min(BANDS, axis.outputs) + 1).astype(int).tolist()
    for first, end in pairwise(edges):
        rows = frame[:, :, axis.stride * first : axis.stride * (end - 1) + axis.extent]
        yield rows, factors[:, :, first:end], replace(spec.framed, height=rows.shape[2])
