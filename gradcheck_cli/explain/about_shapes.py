"""The shapes of a layer of any form, and which correlations make its gradients."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from gradcheck_cli.explain.explanation import Explanation, Section
from gradcheck_cli.explain.grids import times
from gradcheck_cli.model import Axis, ConvSpec, Size
from gradcheck_cli.model.text import counted, plural_of

# numpy's words for torch's padding modes.
_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
_TAPS = "uvw"


def shapes(
    in_channels: int = 5,
    out_channels: int = 10,
    kernel_size: Size = (5, 5),
    size: Size = (100, 100),
    layer: ConvSpec | None = None,
) -> Explanation:
    """Which shapes a layer has, and which correlations make its gradients.

    Args:
        layer: the whole geometry, where stride, padding, dilation, groups or the form matter too; the other arguments
            are then not looked at.

    Raises:
        GeometryError: sizes that no convolution can have.
    """
    spec = layer or ConvSpec(1, in_channels, out_channels, size[0], size[1], kernel_size)
    roles = _Roles.of(spec)
    sections = [
        Section("Shapes", _table(spec), True),
        Section("Why the depths need not match", _why(spec, roles)),
        Section(
            f"The {counted(roles.count, 'correlation')}",
            _correlations(spec, roles),
            True,
        ),
        Section("In numpy", _code(spec, roles), True),
        Section("The other two gradients", _rest(spec)),
    ]
    form = "" if spec.conv == "conv2d" else f" with {spec.conv}"
    title = (
        f"what {counted(spec.out_channels, 'filter')} on {counted(spec.in_channels, 'channel')} "
        f"{'gives' if spec.out_channels == 1 else 'give'}{form}"
    )
    return Explanation("shapes", title, tuple(sections))


@dataclass(frozen=True)
class _Roles:
    """Which of X and G is read by the taps, and which is multiplied as it is: a transposed layer turns them round.

    Attributes:
        read, met: the arrays' names.
        inner, outer: the indices of their planes; that of `inner` counts within a group.
        firsts, seconds: the first two numbers of the weight's shape; it is told by (outer, inner).
        groups: of the layer.
    """

    read: str
    met: str
    inner: str
    outer: str
    firsts: int
    seconds: int
    groups: int

    @classmethod
    def of(cls, spec: ConvSpec) -> _Roles:
        """Those of a form."""
        names = ("G", "X", "o", "i") if spec.transposed else ("X", "G", "i", "o")
        return cls(*names, spec.weight_shape[0], spec.weight_shape[1], spec.groups)

    @property
    def count(self) -> int:
        """How many pairs of planes are correlated."""
        return self.firsts * self.seconds

    @property
    def entry(self) -> str:
        """ "dE/dF[o,i]" """
        return f"dE/dF[{self.outer},{self.inner}]"

    @property
    def place(self) -> str:
        """The plane that is read: "[i]", "[o]", "[2*(o // 3) + i]"."""
        if self.groups == 1:
            return f"[{self.inner}]"
        beside = self.firsts // self.groups
        group = self.outer if beside == 1 else f"{self.outer} // {beside}"
        if self.seconds == 1:
            return f"[{group}]"
        return f"[{self.seconds}*{group if beside == 1 else f'({group})'} + {self.inner}]"


def _table(spec: ConvSpec) -> str:
    x = times((spec.in_channels, *spec.own(spec.input_size)))
    g = times((spec.out_channels, *spec.own(spec.output_size)))
    kernel = times((spec.weight_shape[1], *spec.own(spec.kernel_size)))
    channels = counted(spec.in_channels, "channel")
    of_each = channels if spec.transposed else counted(spec.out_channels, "filter")
    return (
        f"X   {x:<14} {channels}\n"
        f"F   {of_each} of {kernel}, so {spec.weight_shape[0]}x{kernel}\n"
        f"O   {g:<14} one feature map per filter\n"
        f"G   {g:<14} dE/dO, the shape of O"
    )


def _why(spec: ConvSpec, roles: _Roles) -> str:
    text = (
        f"X has depth {spec.in_channels} and G has depth {spec.out_channels}, and no sum runs over either. dE/dF is "
        f"not one convolution of two stacks: it is {counted(roles.count, 'separate correlation')} of one channel of X "
        "with one feature map of G."
    )
    if spec.transposed:
        text += (
            "\n\nThe layer is a convolution read backwards, so the two change their roles: the taps read G, and X is "
            "what they are multiplied by. The kernel has its input channels first."
        )
    return text


def _correlations(spec: ConvSpec, roles: _Roles) -> str:
    terms, taps = prod(axis.outputs for axis in spec.axes), prod(spec.kernel_size)
    pictures, maps = (times(spec.own(size)) for size in (spec.input_size, spec.output_size))
    numbers, noun = roles.count * taps, "image" if spec.conv == "conv2d" else "sample"
    return (
        f"{roles.entry} = corr({roles.read}{roles.place}, {roles.met}[{roles.outer}]),   "
        f"{roles.outer} = 0..{roles.firsts - 1},  {roles.inner} = 0..{roles.seconds - 1}\n\n"
        f"X[i] is {pictures}, G[o] is {maps}, the result {times(spec.own(spec.kernel_size))}.\n"
        f"{roles.firsts} x {roles.seconds} = {counted(roles.count, 'correlation')}, "
        f"{counted(taps, 'tap')} each, {counted(terms, 'product')} per tap:\n"
        f"{counted(numbers, 'number')}, {counted(numbers * terms, 'product')} for one {noun}."
    )


def _rest(spec: ConvSpec) -> str:
    met, outputs = spec.out_channels // spec.groups, prod(spec.output_size)
    text = f"dE/dX[i] sums over the filters that read channel i ({met} here): in it the filters do meet. "
    if spec.transposed:
        text = (
            f"dE/dX[i] is a convolution of G with F[i], without turning the kernel: it sums over the feature maps that "
            f"channel i adds to ({met} here), so in it the filters do meet. "
        )
    if spec.padding_mode != "zeros" and spec.is_padded:
        text += (
            f"Where the padding repeats an element of X ({spec.padding_mode}), what comes to the copy is added to the "
            "element itself: it is folded back, not cut off. "
        )
    noun = "image" if spec.conv == "conv2d" else "sample"
    return (
        f"{text}dE/db[o] is the sum of the {counted(outputs, 'value')} of G[o]. With more than one {noun}, dE/dF and "
        f"dE/db are summed over the {plural_of(noun)}."
    )


def _code(spec: ConvSpec, roles: _Roles) -> str:
    """The definition as loops, with the steps of this layer."""
    kernel, axes = spec.own(spec.kernel_size), spec.own_axes
    letters = ", ".join(_TAPS[: len(kernel)])
    taps = f"for {letters} in np.ndindex{kernel}:" if len(kernel) > 1 else f"for {letters} in range({kernel[0]}):"
    slices = ", ".join(_slice(axis, letter) for axis, letter in zip(axes, _TAPS, strict=False))
    return "\n".join(
        (
            _framed(spec, roles),
            f"dF = np.zeros({(*spec.weight_shape[:2], *kernel)})",
            f"for {roles.outer} in range({roles.firsts}):",
            f"    for {roles.inner} in range({roles.seconds}):",
            f"        {taps}",
            f"            window = {roles.read}p{roles.place}[{slices}]",
            f"            dF[{roles.outer}, {roles.inner}, {letters}] = ({roles.met}[{roles.outer}] * window).sum()",
        )
    )


def _framed(spec: ConvSpec, roles: _Roles) -> str:
    """What is read, with its padding around it; what no tap reaches behind it may stay."""
    sides = [(axis.before, max(axis.after, 0)) for axis in spec.own_axes]
    if not any(map(any, sides)):
        return f"{roles.read}p = {roles.read}"
    mode = "" if spec.padding_mode == "zeros" else f', mode="{_MODES[spec.padding_mode]}"'
    return f"{roles.read}p = np.pad({roles.read}, ((0, 0), {', '.join(map(str, sides))}){mode})"


def _slice(axis: Axis, letter: str) -> str:
    start = letter if axis.dilation == 1 else f"{axis.dilation}*{letter}"
    reach = axis.stride * (axis.outputs - 1) + 1
    return f"{start} : {start} + {reach}" + (f" : {axis.stride}" if axis.stride > 1 else "")
