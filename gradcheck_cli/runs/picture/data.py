"""From options to data, without torch: the geometry, and the pictures as the forum's script read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli import images
from gradcheck_cli.images.refusal import shown
from gradcheck_cli.model import Array, ConvSpec, Experiment, Loss, RunOptions, Size
from gradcheck_cli.model.option import recorded


@dataclass(frozen=True)
class Data:
    """X (n, c_in, h, w), the same pictures as gray (n, 1, h, w), the reference (n or 1, 1, h_out, w_out): float32.

    `notes` tell what was dropped from the pictures, `channel_names` which colours X's channels are.
    """

    spec: ConvSpec
    x: Array
    gray: Array
    reference: Array
    notes: tuple[str, ...] = ()
    channel_names: tuple[str, ...] = ()

    def with_x(self, x: Array) -> Data:
        """The same data with another X."""
        return replace(self, x=x)

    def cut_to(self, spec: ConvSpec) -> Data:
        """The part that the smaller layer `spec` sees: the first pictures, and the middle of each.

        It starts at a whole number of strides, so that its outputs are outputs of the whole and keep their reference.
        """
        firsts = [
            (whole - part) // 2 // stride
            for whole, part, stride in zip(self.spec.input_size, spec.input_size, spec.stride, strict=True)
        ]
        starts = [first * stride for first, stride in zip(firsts, spec.stride, strict=True)]
        inputs, outputs = _window(starts, spec.input_size), _window(firsts, spec.output_size)
        pictures = slice(spec.batch)
        return Data(
            spec=spec,
            x=np.ascontiguousarray(self.x[pictures, :, *inputs]),
            gray=np.ascontiguousarray(self.gray[pictures, :, *inputs]),
            reference=np.ascontiguousarray(self.reference[pictures, :, *outputs]),
            notes=self.notes,
            channel_names=self.channel_names,
        )


def _window(starts: Sequence[int], size: Size) -> tuple[slice, slice]:
    return slice(starts[0], starts[0] + size[0]), slice(starts[1], starts[1] + size[1])


def load_data(options: RunOptions) -> Data:
    """Read the pictures and arrays; raises ImageError, UsageError and GeometryError."""
    spec = options.spec
    pictures = images.read_pictures(options.images)
    common = () if options.reference == "gray" else (images.reference_picture(options.reference, pictures),)
    return Data(
        spec=spec,
        x=images.batch_of(pictures, options.in_channels, options.size, options.unit_range),
        gray=images.gray_batch_of(pictures, options.size, options.unit_range),
        reference=images.references_of(common or pictures, spec.output_size),
        notes=tuple(f"{shown(picture.name)}: {note}" for picture in (*pictures, *common) for note in picture.notes),
        channel_names=images.channel_names(pictures, options.in_channels),
    )


def experiment_of(options: RunOptions, spec: ConvSpec, loss: float | None, threads: int, convention: str) -> Experiment:
    """What was asked for, for the report; `loss` is E as autograd computed it, None where it saw only a cut."""
    taken = {"threads": threads, "convention": convention, "batch": spec.batch, "output_size": spec.output_size}
    taken["padded"] = tuple(zip(spec.padding, spec.padding_after, strict=True))
    outcome = Loss(options.loss, options.reduction, loss)
    return Experiment(images=options.images, loss=outcome, **{**recorded(options), **taken})
