"""The shapes of a layer, and which 2-D correlations make its gradients."""

from __future__ import annotations

from gradcheck_cli.explain.explanation import Explanation, Section
from gradcheck_cli.explain.grids import times
from gradcheck_cli.layers.conv.formula import channel_read
from gradcheck_cli.model import ConvSpec, Size


def shapes(
    in_channels: int = 5,
    out_channels: int = 10,
    kernel_size: Size = (5, 5),
    size: Size = (100, 100),
    layer: ConvSpec | None = None,
) -> Explanation:
    """Which shapes a layer has, and which 2-D correlations make its gradients.

    Args:
        layer: the whole geometry, where stride, padding, dilation or groups matter too; the other arguments are
            then not looked at.

    Raises:
        GeometryError: sizes that no convolution can have.
    """
    spec = layer or ConvSpec(1, in_channels, out_channels, size[0], size[1], kernel_size)
    channels, filters = spec.in_channels, spec.out_channels
    depth, taps = spec.weight_shape[1], spec.kernel_size[0] * spec.kernel_size[1]
    outputs = spec.output_size[0] * spec.output_size[1]
    x, g = times(spec.x_shape[1:]), times(spec.output_shape[1:])
    pictures, kernels = times(spec.input_size), times(spec.kernel_size)
    maps, count = times(spec.output_size), filters * depth
    table = (
        f"X   {x:<14} {channels} channels\n"
        f"F   {filters} filters of {times(spec.weight_shape[1:])}, so {filters}x{times(spec.weight_shape[1:])}\n"
        f"O   {g:<14} one feature map per filter\n"
        f"G   {g:<14} dE/dO, the shape of O"
    )
    why = (
        f"X has depth {channels} and G has depth {filters}, and no sum runs over either. dE/dF is not one convolution "
        f"of two stacks: it is {count} separate correlations of one channel of X with one feature map of G."
    )
    which = (
        f"dE/dF[o,i] = corr({channel_read(spec)}, G[o]),   o = 0..{filters - 1},  i = 0..{depth - 1}\n\n"
        f"X[i] is {pictures}, G[o] is {maps}, the result {kernels}.\n"
        f"{filters} x {depth} = {count} correlations, {taps} taps each, {outputs:,} products per tap:\n"
        f"{count * taps:,} numbers, {count * taps * outputs:,} products for one image."
    )
    rest = (
        f"dE/dX[i] sums over the filters that read channel i ({filters // spec.groups} here): in it the filters do "
        f"meet. dE/db[o] is the sum of the {outputs:,} values of G[o]. With more than one image, dE/dF and dE/db "
        "are summed over the images."
    )
    code = _code(spec, filters, depth)
    sections = [Section("Shapes", table, True), Section("Why the depths need not match", why)]
    sections += [Section(f"The {count} correlations", which, True), Section("In numpy", code, True)]
    sections.append(Section("The other two gradients", rest))
    return Explanation("shapes", f"what {filters} filters on {channels} channels give", tuple(sections))


def _code(spec: ConvSpec, filters: int, depth: int) -> str:
    """The definition as loops, with the steps of this layer."""
    rows, columns = (_slice(spec, axis) for axis in (0, 1))
    lines = [f"dF = np.zeros({spec.weight_shape})", f"for o in range({filters}):", f"    for i in range({depth}):"]
    lines.append(f"        for u, v in np.ndindex{spec.kernel_size}:")
    lines.append(f"            window = Xp{channel_read(spec)[1:]}[{rows}, {columns}]")
    lines.append("            dF[o, i, u, v] = (G[o] * window).sum()")
    vertical, horizontal = zip(spec.padding, spec.padding_after, strict=True)
    head = f"Xp = np.pad(X, ((0, 0), {vertical}, {horizontal}))" if spec.is_padded else "Xp = X"
    return "\n".join((head, *lines))


def _slice(spec: ConvSpec, axis: int) -> str:
    letter, step, count = "uv"[axis], spec.stride[axis], spec.output_size[axis]
    start = letter if spec.dilation[axis] == 1 else f"{spec.dilation[axis]}*{letter}"
    reach = step * (count - 1) + 1
    return f"{start} : {start} + {reach}" + (f" : {step}" if step > 1 else "")
