"""Finite differences for every kernel entry: an oracle that knows the forward and the loss, and no backward formula.

O is linear in F, so F[o,i,u,v] +- step only moves the plane O[:,o], by +- step * X_padded[:, i, s*p + d*u, s*q + d*v].
No convolution is run again: the loss of the moved plane is evaluated at both ends,

    dE/dF[o,i,u,v] = (E(+step) - E(-step)) / (2 step),   E(+-step) = scale * sum over n,p,q of f * l(r +- step * x),

with r = O - reference (l1, mse) or O, a factor f for each output, and l one of |.|, (.)^2 and the identity. How far
such a quotient may be from the gradient is in `numeric_bounds`; outputs next to a kink of |.| are in `kinks`. Where
moving every output for every entry would take long, `numeric_outputs` forms the same quotients output by output.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Protocol

import numpy as np

from gradcheck_cli.model import Array, ConvSpec, LossName, Progress, no_progress
from gradcheck_cli.oracles import losses
from gradcheck_cli.oracles.forward import forward
from gradcheck_cli.oracles.frames import as_weight, framed, window
from gradcheck_cli.oracles.kinks import Kinks, find_kinks
from gradcheck_cli.oracles.layer import Layer
from gradcheck_cli.oracles.numeric_bounds import Residuals, choose_step, rounding_bound
from gradcheck_cli.oracles.numeric_outputs import start_by_output
from gradcheck_cli.oracles.windows import is_by_rows

# Numbers in a block: its arrays fit a core's cache of 2 MiB, and calls are so few that two threads do not wait for
# one another (measured: 0.61 s for the forum layer with two, 1.09 s with a quarter of this).
BLOCK = 65536
# Products of one pass up to which every output is moved for every entry, about 2 ns each: 2 s of work.
MOST_MOVES = 10**9
# Numbers copied at a time: 8 MiB, however large the layer.
LARGEST_COPY = 2**20


@dataclass(frozen=True)
class NumericResult:
    """Central differences with their own bound.

    Attributes:
        grad_weight: (c_out, c_in/groups, kh, kw), float64.
        bound: how far each entry may be from the exact gradient; same shape; not finite where something overflowed.
        step: the ends are F - step and F + step; a power of 2.
        kinks: outputs whose residual cannot be told from 0; they are left out, and the bound allows for any slope.
        grad_output: G of the same residuals, (n, c_out, h_out, w_out), float64.
        output: O, same shape, float64.
        loss: E.
    """

    grad_weight: Array
    bound: Array
    step: float
    kinks: int
    grad_output: Array
    output: Array
    loss: float


@contextmanager
def workers(count: int) -> Iterator[Executor]:
    """So many threads; work that has not begun when the block is left is dropped."""
    pool = ThreadPoolExecutor(max_workers=count)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


class Quotients(Protocol):
    """The differences on their way, whichever way they are formed."""

    def quotients(self, progress: Progress) -> Array:
        """Of all entries, (c_out, c_in/groups, kh, kw), when they are there; `progress` is told how far they are."""

    @property
    def bound(self) -> Array:
        """How far rounding may have put them off, same shape."""


@dataclass(frozen=True)
class Started:
    """Finite differences on their way."""

    known: Residuals
    kinks: Kinks
    step: float
    output: Array
    loss: float
    pending: Quotients

    @np.errstate(over="ignore", invalid="ignore", under="ignore")
    def result(self, progress: Progress = no_progress) -> NumericResult:
        """Wait for what is left; `progress` is told how far it is."""
        return NumericResult(
            grad_weight=self.pending.quotients(progress) + self.kinks.grad_weight,
            bound=self.pending.bound + self.kinks.bound * (1 + 1e-6),
            step=self.step,
            kinks=self.kinks.unknown,
            grad_output=self.known.grad_output,
            output=self.output,
            loss=self.loss,
        )


@np.errstate(over="ignore", invalid="ignore", under="ignore")
def start(layer: Layer, pool: Executor) -> Started:
    """Begin to differentiate the loss numerically in every kernel entry.

    Args:
        layer: the inputs; widened to float64.
        pool: where it is worked on, in parts that do not depend on it: how many threads it has changes no number.

    Returns:
        Its `result`: the differences, their bound, and the O and G that they belong to; judge a backward on this G.
    """
    output = forward(layer.x, layer.weight, layer.bias, layer.spec)
    known = Residuals.of(layer, output)
    step = choose_step(known)
    kinks = find_kinks(known, step)
    clear = known.without(kinks.outputs)
    begin = start_by_output if prod(layer.spec.weight_shape) * layer.spec.terms > MOST_MOVES else start_by_entry
    loss = losses.value(output, layer.reference, layer.loss, layer.seed)
    return Started(known, kinks, step, output, loss, begin(known, clear, step, pool))


@dataclass(frozen=True)
class ByEntry:
    """Every output moved for every entry: a task of the pool is one column of the kernel of one channel."""

    known: Residuals
    step: float
    columns: tuple[Future[Array], ...]

    def quotients(self, progress: Progress) -> Array:
        """(E(+step) - E(-step)) / (2 step) for all entries."""
        spec = self.known.spec
        group_in, group_out = spec.in_channels // spec.groups, spec.out_channels // spec.groups
        gradient = np.empty((spec.groups, group_out, group_in, *spec.kernel_size))
        # A column of taps, or of three axes and transposed layers one tap.
        rows = spec.kernel_size[0] if is_by_rows(spec) else 1
        by_column = gradient.reshape(*gradient.shape[:3], rows, -1)
        for done, ((channel, v), sums) in enumerate(zip(_columns(spec), self.columns, strict=True), start=1):
            by_column[channel // group_in, :, channel % group_in, :, v] = sums.result().T
            progress("finite differences", done / len(self.columns))
        return np.asarray(as_weight(gradient, spec) * self.known.scale / (2 * self.step))

    @property
    def bound(self) -> Array:
        """How far rounding may have put them off."""
        return rounding_bound(self.known, self.step)


def start_by_entry(known: Residuals, clear: Residuals, step: float, pool: Executor) -> ByEntry:
    """Begin to evaluate the loss at both ends for every entry.

    Args:
        known: what is differentiated.
        clear: the same with a residual of 0 at the outputs that have a step of their own.
        step: by which entries of F are moved.
        pool: where the columns are worked on.
    """
    spec = clear.spec
    # A tap of a transposed layer meets a part of O, where another meets a part of X.
    moves = (clear.x if spec.transposed else framed(clear.x, spec)) * step
    planes, work = _by_filter(clear), _column if is_by_rows(spec) else _tap
    columns = tuple(pool.submit(work, clear, moves, planes, column) for column in _columns(spec))
    return ByEntry(known, step, columns)


def _columns(spec: ConvSpec) -> list[tuple[int, ...]]:
    """(channel, kernel column v), or of three axes and transposed layers (channel, tap)."""
    return list(np.ndindex(spec.in_channels, spec.kernel_size[1] if is_by_rows(spec) else prod(spec.kernel_size)))


@dataclass(frozen=True)
class LossPlanes:
    """Residuals and, where they differ, factors as (c_out, n, h_out * w_out).

    Of a transposed layer their axes stay, and zeros stand around them where the padding cuts something off. There
    nothing moves: |.| and squares are even around a residual of 0, and a linear loss has a factor of 0.
    """

    residual: Array
    factor: Array | None

    def part(self, *index: slice) -> LossPlanes:
        """Views of both."""
        return LossPlanes(self.residual[index], None if self.factor is None else self.factor[index])

    def met(self, tap: int, spec: ConvSpec) -> LossPlanes:
        """What a tap of a transposed layer meets, as (filters, n, places)."""
        shape = (*self.residual.shape[:2], -1)
        residual = window(self.residual, tap, spec).reshape(shape)
        return LossPlanes(residual, None if self.factor is None else window(self.factor, tap, spec).reshape(shape))


def _by_filter(known: Residuals) -> LossPlanes:
    spec = known.spec
    if spec.transposed:
        factor = np.ones(spec.output_shape) if known.loss.name == "sum" else known.factor
        framed_factor = None if factor is None else framed(factor, spec).swapaxes(0, 1)
        return LossPlanes(framed(known.residual, spec).swapaxes(0, 1), framed_factor)
    shape = (spec.out_channels, spec.batch, -1)
    residual = np.ascontiguousarray(known.residual.swapaxes(0, 1)).reshape(shape)
    if known.factor is None:
        return LossPlanes(residual, None)
    return LossPlanes(residual, np.ascontiguousarray(known.factor.swapaxes(0, 1)).reshape(shape))


@np.errstate(over="ignore", invalid="ignore", under="ignore")
def _tap(known: Residuals, moves: Array, planes: LossPlanes, column: tuple[int, ...]) -> Array:
    """(E(+step) - E(-step)) / scale for one tap of a channel: (1, filters of its group). For any form of a layer."""
    spec, (channel, tap) = known.spec, column
    filters = spec.out_channels // spec.groups
    first = channel // (spec.in_channels // spec.groups) * filters
    part, move = planes.part(slice(first, first + filters)), moves[:, channel]
    if spec.transposed:
        part = part.met(tap, spec)
    else:
        move = window(move, tap, spec)
    move, differences = move.reshape(spec.batch, -1), np.zeros((1, filters))
    workspace = np.empty(2 * BLOCK)
    for block in blocks_of(part.residual.shape):
        ends = workspace[: 2 * part.residual[block].size].reshape(2, *part.residual[block].shape)
        differences[0, block[0]] += difference_of_loss(known.loss.name, part.part(*block), move[block[1:]], ends)
    return differences


@np.errstate(over="ignore", invalid="ignore", under="ignore")  # numpy keeps this setting for each thread apart
def _column(known: Residuals, moves: Array, planes: LossPlanes, column: tuple[int, ...]) -> Array:
    """(E(+step) - E(-step)) / scale for kernel column v of a channel: (kh, filters of its group).

    `moves` is step * X_padded. The samples are taken a few at a time, so that what is copied stays small.
    """
    spec, (channel, v) = known.spec, column
    filters = spec.out_channels // spec.groups
    first = channel // spec.weight_shape[1] * filters
    differences = np.zeros((spec.kernel_size[0], filters))
    workspace = np.empty(2 * BLOCK)
    samples = max(1, LARGEST_COPY // (moves.shape[2] * spec.output_size[1]))
    for n in range(0, spec.batch, samples):
        part = planes.part(slice(first, first + filters), slice(n, n + samples))
        shifts = shifts_of(moves[n : n + samples, channel], v, spec)
        for block in blocks_of(part.residual.shape):
            ends = workspace[: 2 * part.residual[block].size].reshape(2, *part.residual[block].shape)
            for u, shift in enumerate(shifts):
                differences[u, block[0]] += difference_of_loss(
                    known.loss.name, part.part(*block), shift[block[1:]], ends
                )
    return differences


def difference_of_loss(loss: LossName, planes: LossPlanes, move: Array, ends: Array) -> Array:
    """Sum of f * l(r + move) - f * l(r - move) over samples and outputs: the loss at both ends, (filters,)."""
    np.add(planes.residual, move, out=ends[0])
    np.subtract(planes.residual, move, out=ends[1])
    if loss == "l1":
        np.abs(ends, out=ends)
    elif loss == "mse":
        np.square(ends, out=ends)
    if planes.factor is not None:
        np.multiply(ends, planes.factor, out=ends)
    np.subtract(ends[0], ends[1], out=ends[0])
    return np.asarray(np.add.reduce(ends[0], axis=(1, 2)))


def shifts_of(moves: Array, v: int, spec: ConvSpec) -> list[Array]:
    """For each kernel row u, step * x at all outputs, (n, h_out * w_out): views of one copy of the column's pixels."""
    (stride_h, stride_w), (dilation_h, dilation_w) = spec.stride, spec.dilation
    h_out, w_out = spec.output_size
    columns = moves[:, :, dilation_w * v : dilation_w * v + stride_w * (w_out - 1) + 1 : stride_w]
    met = {dilation_h * u % stride_h for u in range(spec.kernel_size[0])}
    phases = {phase: np.ascontiguousarray(columns[:, phase::stride_h]) for phase in met}
    shifts = []
    for u in range(spec.kernel_size[0]):
        start, phase = divmod(dilation_h * u, stride_h)
        shifts.append(phases[phase][:, start : start + h_out].reshape(moves.shape[0], -1))
    return shifts


def blocks_of(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice, slice]]:
    """Cut (filters, samples, outputs) into blocks of at most `BLOCK` numbers, whole planes where they fit."""
    filters, samples, outputs = shape
    pieces = -(-outputs // BLOCK)
    length = -(-outputs // pieces)
    some_samples = min(samples, max(1, BLOCK // length))
    some_filters = min(filters, max(1, BLOCK // (length * some_samples)))
    for o in range(0, filters, some_filters):
        for n in range(0, samples, some_samples):
            for start in range(0, outputs, length):
                yield slice(o, o + some_filters), slice(n, n + some_samples), slice(start, start + length)
