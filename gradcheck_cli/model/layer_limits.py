"""What no layer can be, from its options alone: numbers for other axes, paddings that do not fit, arrays too large."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from gradcheck_cli.model.errors import GeometryError, OptionError, UsageError
from gradcheck_cli.model.files import is_array
from gradcheck_cli.model.options import PER_AXIS, PICTURE_AXES, RunOptions, spelling
from gradcheck_cli.model.padding import SAME, SIDES, WORDS, fits, typed_padding
from gradcheck_cli.model.spec import ConvSpec
from gradcheck_cli.model.text import counted, visible

LARGEST_ARRAY = 2**31
"""Entries of one array: 8 GiB in float32."""


def check_form(options: RunOptions) -> None:
    """Refuse what the options of one layer cannot mean together.

    Raises:
        OptionError: numbers for other axes, or what the form of the layer does not have.
        UsageError: pictures and arrays together, where they are taken differently.
    """
    _check_axes(options)
    _check_form(options)
    _check_padding(options)


def _check_axes(options: RunOptions) -> None:
    """A number for each axis of the layer, or one for all of them."""
    for name in (*PER_AXIS, "size"):
        numbers = getattr(options, name)
        axes = PICTURE_AXES if name == "size" and options.takes_pictures else options.axes
        if len(numbers) != axes:
            what = "a picture" if name == "size" and options.takes_pictures else options.conv
            raise OptionError(
                name,
                f"{spelling(name)} {'x'.join(map(str, numbers))} does not fit {what}: it has {counted(axes, 'axis')}.",
                hint=f"one number for all, or one for each, as in {'x'.join('345'[:axes])}"
                if axes > 1
                else "one number",
            )


def _check_form(options: RunOptions) -> None:
    """What some forms have and others have not."""
    if any(options.output_padding) and not options.is_transposed:
        raise OptionError("output_padding", f"--output-padding is of transposed layers, and {options.conv} is none.")
    if options.padding_mode != "zeros" and options.is_transposed:
        raise OptionError(
            "padding_mode",
            f"--padding-mode {options.padding_mode} does not fit {options.conv}: torch has zeros alone there.",
            hint="its padding is cut off the output, where nothing can be repeated",
        )
    kinds = {is_array(name) for name in options.inputs}
    if len(kinds) > 1 and options.axes != PICTURE_AXES:
        raise UsageError(
            f"{options.conv} takes pictures or arrays, not both.", hint=_HOW_IT_TAKES_PICTURES[options.axes]
        )


_HOW_IT_TAKES_PICTURES = {
    1: "it takes every row of a picture as a sample; an array is (n, c, l)",
    3: "it takes pictures one behind the other; an array is (n, c, d, h, w)",
}


def _check_padding(options: RunOptions) -> None:
    """A word that is none, a side that is missing, and 'same' where torch refuses it too."""
    padding, axes = options.padding, options.axes
    said, one_each = f"--padding {typed_padding(padding)}", "x".join("123"[:axes])
    if isinstance(padding, str) and padding not in WORDS:
        words = f"--padding {visible(padding)!r} is none."
        raise OptionError("padding", words, hint=f"1, 1x2, the sides {SIDES[axes]} as 0,1,0,1, {' or '.join(WORDS)}")
    if not fits(padding, axes):
        raise OptionError(
            "padding",
            f"{said} does not fit {options.conv}: it has {counted(axes, 'axis')}.",
            hint=f"one number for all, {f'{one_each} for each axis, ' if axes > 1 else ''}or each side: {SIDES[axes]}",
        )
    if isinstance(padding, str) and options.is_transposed:
        raise OptionError("padding", f"{said} does not fit {options.conv}, as torch has numbers alone there.")
    if padding == SAME and set(options.stride) != {1}:
        raise OptionError(
            "padding",
            f"--padding same goes with --stride 1 only, not {'x'.join(map(str, options.stride))}.",
            hint="as torch has it; --padding top,bottom,left,right says each side in numbers",
        )


def check_memory(spec: ConvSpec) -> None:
    """Refuse arrays of more than `LARGEST_ARRAY` entries.

    Raises:
        GeometryError: with the array, its shape and its size in float32.
    """
    shapes: dict[str, Sequence[int]] = {
        "input": spec.x_shape,
        # Of a transposed layer the padding is cut off the output.
        "uncut output" if spec.transposed else "padded input": (
            spec.batch,
            spec.out_channels if spec.transposed else spec.in_channels,
            *spec.padded_size,
        ),
        "kernel": spec.weight_shape,
        "output": spec.output_shape,
    }
    for name, shape in shapes.items():
        if prod(shape) > LARGEST_ARRAY:
            raise GeometryError(
                f"the {name} would have {prod(shape):,} entries; {LARGEST_ARRAY:,} are the most.",
                facts={"shape": " x ".join(map(str, shape)), "float32": f"{prod(shape) * 4 / 2**30:,.0f} GiB"},
                hint="a smaller --size, --k or --out would do",
            )


def check_stride(spec: ConvSpec) -> None:
    """A stride beyond the padded input is that input's size in disguise: one output either way.

    Raises:
        OptionError: with both numbers.
    """
    if spec.transposed:
        return
    for axis in spec.axes:
        if axis.stride > axis.room:
            raise OptionError(
                "stride",
                f"--stride {axis.stride} is larger than the padded input, whose {axis.name} is {axis.room}.",
                hint=f"--stride {axis.room} gives the same outputs",
            )
