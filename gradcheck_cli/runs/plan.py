"""What of a run is done at full size, decided from its price before anything is read. Nothing is computed here.

Of pictures only the number counts; an array may hold several samples, so it is looked into.

A layer within `MOST_SECONDS` and `MOST_BYTES` is judged whole. A larger one is judged by all checks on a cut: the
same channels, kernel, stride, padding, dilation and groups on fewer pictures and on the middle of them. At full size
it then only meets the exact probe and the adjoint identity, picture by picture, where that is affordable. The limits
are constants, so that the same command is the same run on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from gradcheck_cli import images
from gradcheck_cli.model import Axis, ConvSpec, Dtype, RunOptions, Size
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.files import is_array
from gradcheck_cli.model.options import PICTURE_AXES
from gradcheck_cli.runs.price import (
    GIB,
    LOAD_BYTES,
    START_BYTES,
    Price,
    duration,
    full_price,
    probe_price,
    refuse_beyond_memory,
    unfolded_bytes,
)

# So long somebody waits for an answer; beyond it a cut gives one first.
MOST_SECONDS = 300.0
# Fits a machine of 8 GiB that runs a browser too.
MOST_BYTES = 6 * GIB
# A cut is there to be quick.
CUT_SECONDS = 20.0
# As little as any machine has free.
CUT_BYTES = 2 * GIB
CUT_BATCH = 2
"""Pictures that a cut keeps: with one, mistakes about the batch could not show."""
# A sample of a layer of one axis.
ROW = "row"
WORTH_TELLING = 10.0
"""Seconds from which on the price is told before the start."""


@dataclass(frozen=True)
class Plan:
    """What is done with the layer that was asked for.

    Attributes:
        asked: the layer of the options.
        judged: the layer that all checks run on: `asked`, or a cut of it.
        whole: the price of all checks on `asked`.
        price: the price of all checks on `judged`.
        probe: the price of the exact probe on `asked`, picture by picture.
        noun: what a sample of the batch is.
        at_once: samples that the exact probe takes together: the rows of a picture.
    """

    asked: ConvSpec
    judged: ConvSpec
    whole: Price
    price: Price
    probe: Price
    noun: str = "picture"
    at_once: int = 1

    @property
    def is_cut(self) -> bool:
        """Is the layer judged on a cut?"""
        return self.judged != self.asked

    @property
    def probes_whole(self) -> bool:
        """Is the exact probe run at full size beside the cut?"""
        return self.is_cut and self.probe.fits(MOST_SECONDS, MOST_BYTES)

    @property
    def seconds(self) -> float:
        """About how long the run takes on one core."""
        return self.price.seconds + (self.probe.seconds if self.probes_whole else 0.0)

    @property
    def announcement(self) -> str | None:
        """The price, a sentence or two for the user before the start; None for what is done in seconds."""
        if self.is_cut:
            return f"{self._reason()} This takes about {duration(self.seconds)} on one core."
        return f"this run: {self.price.text} on one core." if self.seconds > WORTH_TELLING else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not done at full size and why; empty for a layer that is judged whole."""
        return (self._reason(),) if self.is_cut else ()

    @property
    def cut_text(self) -> str:
        """The cut in words."""
        size, judged, asked = self.judged.own(self.judged.input_size), self.judged.batch, self.asked.batch
        pictures = f"the first {judged} of {asked} {self.noun}s" if judged < asked else f"the {self.noun}"
        pictures = f"all {self.noun}s" if judged == asked > 1 else pictures
        return f"a cut, the middle {'x'.join(map(str, size))} of {pictures}"

    def _reason(self) -> str:
        note = f"all checks on the whole layer would take {self.whole.text}, so they run on {self.cut_text}"
        if self.probes_whole:
            whole = "picture" if self.noun == ROW else self.noun
            return f"{note}; the whole layer meets the exact probe, {whole} by {whole}."
        return f"{note}. The exact probe on the whole layer would take {self.probe.text} and is not run."


def plan_of(options: RunOptions) -> Plan:
    """Price the run and decide what is done whole; more seeds never make the layer smaller.

    Raises:
        GeometryError: sizes that no convolution can have.
        UsageError: more than this machine's memory, or a kernel too large for any picture.
        ImageError: an array that cannot be read.
    """
    asked, seeds, dtype = with_batch(options).spec, options.seeds, options.dtype
    noun = _noun(options)
    rows = options.size[0] if noun == ROW else 1
    judged = asked if full_price(asked, dtype).fits(MOST_SECONDS, MOST_BYTES) else _cut(asked, dtype, rows)
    plan = Plan(
        asked=asked,
        judged=judged,
        whole=full_price(asked, dtype, seeds),
        price=full_price(judged, dtype, seeds),
        probe=probe_price(asked, dtype, rows),
        noun=noun,
        at_once=rows,
    )
    _refuse(plan, dtype)
    return plan


def _noun(options: RunOptions) -> str:
    """One axis reads the rows of pictures, and three take all of them as one sample."""
    if options.axes == PICTURE_AXES:
        return "picture"
    return ROW if options.takes_pictures and options.axes < PICTURE_AXES else "sample"


def with_batch(options: RunOptions) -> RunOptions:
    """The options with the number of samples that the inputs hold: an array may be a whole batch, a picture move.

    Raises:
        ImageError: an array that cannot be read.
    """
    looked_into = any(map(is_array, options.images)) or options.axes > PICTURE_AXES
    if options.held is not None or not looked_into:
        return options
    return replace(options, held=images.count_samples(options.images, options.axes))


def _cut(asked: ConvSpec, dtype: Dtype, rows: int) -> ConvSpec:
    """Fewer pictures first, then the largest part of them, in steps of the stride, whose price fits.

    `rows` are the samples that a picture gives; where even the smallest part of so many does not fit, fewer are taken.
    """
    few = replace(asked, batch=min(asked.batch, CUT_BATCH * rows))
    if not _fits(with_outputs(few, 1), dtype):
        few = replace(asked, batch=min(asked.batch, CUT_BATCH))
    fewest, most = 1, max(walked(asked))
    if not _fits(with_outputs(few, fewest), dtype):
        raise _too_large(with_outputs(few, fewest), dtype)
    while fewest < most:
        middle = (fewest + most + 1) // 2
        fewest, most = (middle, most) if _fits(with_outputs(few, middle), dtype) else (fewest, middle - 1)
    return with_outputs(few, fewest)


def _fits(spec: ConvSpec, dtype: Dtype) -> bool:
    return full_price(spec, dtype).fits(CUT_SECONDS, CUT_BYTES)


def walked(spec: ConvSpec) -> Size:
    """The positions of the kernel on each axis: its outputs, of a transposed layer its inputs."""
    return spec.input_size if spec.transposed else spec.output_size


def with_outputs(spec: ConvSpec, outputs: int) -> ConvSpec:
    """The layer with at most so many positions of the kernel a side, and an input not larger than it was."""
    if spec.transposed:
        return spec.of_size(tuple(min(size, outputs) for size in spec.input_size))
    return spec.of_size(tuple(_size_for(axis, min(outputs, axis.outputs)) for axis in spec.axes))


def _size_for(axis: Axis, outputs: int) -> int:
    """The smallest input that gives so many outputs, or that its padding can be made from."""
    needed = axis.stride * (outputs - 1) + axis.extent - (axis.room - axis.size)
    widest = max(axis.before, axis.after)
    least = {"reflect": widest + 1, "circular": widest}.get(axis.mode, 1)
    return min(axis.size, max(1, least, needed))


def _too_large(smallest: ConvSpec, dtype: Dtype) -> UsageError:
    return UsageError(
        f"this layer is too large for any picture: with a single output it takes {full_price(smallest, dtype).text}.",
        facts={
            "kernel entries": f"{prod(smallest.weight_shape):,}",
            "limits": f"{CUT_BYTES / GIB:.0f} GiB and {duration(CUT_SECONDS)} for the smallest cut",
        },
        hint="a smaller --k or a smaller --out",
    )


def _refuse(plan: Plan, dtype: Dtype) -> None:
    """What the machine's memory cannot hold: the pictures, then what is computed on them."""
    loaded = START_BYTES + LOAD_BYTES * prod(plan.asked.x_shape)
    pictures = "the picture" if plan.asked.batch == 1 else f"the {plan.asked.batch} pictures"
    refuse_beyond_memory(loaded, f"reading {pictures} at this --size", "a smaller --size, or fewer pictures")
    hint = "a smaller --size, --out or --k, or fewer pictures"
    if dtype == "float64" and unfolded_bytes(plan.judged) > plan.price.bytes / 2:
        hint = "--dtype float32 (torch's float64 convolution unfolds its input), or a smaller --size"
    refuse_beyond_memory(max(plan.price.bytes, plan.probe.bytes if plan.probes_whole else 0), "this run", hint)
