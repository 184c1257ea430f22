"""From options to data, without torch: the geometry, and the pictures as the forum's script read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from gradcheck_cli import images
from gradcheck_cli.images.refusal import shown
from gradcheck_cli.model import Array, ConvSpec, Experiment, Loss, RunOptions, Size
from gradcheck_cli.model.option import recorded


@dataclass(frozen=True)
class Data:
    """X (n, c_in, ...), the same pictures as gray (n, 1, ...), the reference (n or 1, 1, ...) shaped as O: float32.

    `notes` tell what was dropped from the pictures, `channel_names` which colours X's channels are, `gray_name` what
    `gray` is: of arrays the mean of their channels.
    """

    spec: ConvSpec
    x: Array
    gray: Array
    reference: Array
    notes: tuple[str, ...] = ()
    channel_names: tuple[str, ...] = ()
    gray_name: str = "gray picture"

    def with_x(self, x: Array) -> Data:
        """The same data with another X."""
        return replace(self, x=x)

    def cut_to(self, spec: ConvSpec) -> Data:
        """The part that the smaller layer `spec` sees: the first samples, and the middle of each.

        It starts at a whole number of strides, so that its outputs are outputs of the whole and keep their reference.
        What is in steps of the stride is the input, of a transposed layer the output.
        """
        steps = [1] * len(spec.stride) if spec.transposed else spec.stride
        firsts = [
            (whole - part) // 2 // step
            for whole, part, step in zip(self.spec.input_size, spec.input_size, steps, strict=True)
        ]
        strided = [first * stride for first, stride in zip(firsts, spec.stride, strict=True)]
        at_input, at_output = (firsts, strided) if spec.transposed else (strided, firsts)
        inputs, outputs = _window(at_input, spec.input_size), _window(at_output, spec.output_size)
        samples = slice(spec.batch)
        return Data(
            spec=spec,
            x=np.ascontiguousarray(self.x[samples, :, *inputs]),
            gray=np.ascontiguousarray(self.gray[samples, :, *inputs]),
            reference=np.ascontiguousarray(self.reference[samples, :, *outputs]),
            notes=self.notes,
            channel_names=self.channel_names,
            gray_name=self.gray_name,
        )


def _window(starts: Sequence[int], size: Size) -> tuple[slice, ...]:
    return tuple(slice(start, start + length) for start, length in zip(starts, size, strict=True))


def load_data(options: RunOptions) -> Data:
    """Read the pictures and arrays; raises ImageError, UsageError and GeometryError."""
    spec, axes, as_samples = options.spec, options.axes, partial(images.as_samples, pictures=options.takes_pictures)
    pictures = images.read_pictures(options.images, axes)
    common = () if options.reference == "gray" else (images.reference_picture(options.reference, pictures, axes),)
    return Data(
        spec=spec,
        x=as_samples(images.batch_of(pictures, options.in_channels, options.size, options.unit_range), axes),
        gray=as_samples(images.gray_batch_of(pictures, options.size, options.unit_range), axes),
        reference=_reference(options, spec, common or pictures),
        notes=tuple(f"{shown(picture.name)}: {note}" for picture in (*pictures, *common) for note in picture.notes),
        channel_names=images.channel_names(pictures, options.in_channels),
        gray_name="gray picture" if options.takes_pictures else "mean of the channels",
    )


def _reference(options: RunOptions, spec: ConvSpec, pictures: Sequence[images.LoadedInput]) -> Array:
    """Gray, as large as O; of one axis the rows of pictures that are as high as the inputs."""
    size = spec.own(spec.output_size)
    asked = (*options.size[:-1], *size)[-2:] if options.takes_pictures else size
    planes = images.references_of(pictures, asked)
    return images.as_references(planes, size, spec.batch, pictures=options.takes_pictures)


def experiment_of(options: RunOptions, spec: ConvSpec, loss: float | None, **taken: int | str) -> Experiment:
    """What was asked for, for the report.

    Args:
        loss: E as autograd computed it; None where it saw only a cut.
        taken: `threads`, `convention` and `name` of the experiment.
    """
    sizes = {"input_size": spec.own(spec.input_size), "output_size": spec.own(spec.output_size)}
    padded = tuple(zip(spec.own(spec.padding), spec.own(spec.padding_after), strict=True))
    worked_out = {"batch": spec.batch, "padded": padded, **sizes}
    outcome = Loss(options.loss, options.reduction, loss)
    return Experiment(images=options.images, loss=outcome, **{**recorded(options), **worked_out, **taken})
