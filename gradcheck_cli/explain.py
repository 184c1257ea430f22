"""The texts of `gradcheck explain`: every mistake with an example worked in numbers, and three topics.

Examples are computed from the catalogue's formulas when they are asked for; nothing is printed here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np

from gradcheck_cli.diagnose.locate import number
from gradcheck_cli.layers import conv
from gradcheck_cli.layers.conv.formula import channel_read
from gradcheck_cli.mistakes import CATALOGUE, Mistake, Problem, padding_words
from gradcheck_cli.model import SYMBOLS, Array, Case, ConvSpec, GradientName, Size
from gradcheck_cli.model.errors import UsageError

WIDTH = 80
TOPICS = ("tolerance", "same-across-channels", "shapes", "calling", "unexplained")
_PLANES = 2


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it: paragraphs, or lines that are laid out already (`fixed`)."""

    heading: str
    body: str
    fixed: bool = False


@dataclass(frozen=True)
class Explanation:
    """One text of `gradcheck explain`."""

    id: str
    title: str
    sections: tuple[Section, ...]

    def text(self) -> str:
        """Plain text for 80 columns."""
        parts = [_fill(f"{self.id}: {self.title}", WIDTH)]
        for section in self.sections:
            body = section.body if section.fixed else _wrapped(section.body)
            parts.append(f"{section.heading}\n{textwrap.indent(body, '  ')}")
        return "\n\n".join(parts)

    def markdown(self) -> str:
        """The same as Markdown, for the docs."""
        parts = [f"## {self.id}", f"{self.title}."]
        for section in self.sections:
            body = f"```text\n{section.body}\n```" if section.fixed else section.body
            parts.append(f"### {section.heading}\n\n{body}")
        return "\n\n".join(parts) + "\n"


def explain(topic: str) -> Explanation:
    """The explanation of a mistake or a topic.

    Raises:
        UsageError: no such id; the hint names the nearest.
    """
    if topic in CATALOGUE:
        return _of_mistake(CATALOGUE[topic])
    topics = {
        "tolerance": _tolerance,
        "same-across-channels": _same_across_channels,
        "shapes": shapes,
        "calling": _calling,
        "unexplained": _unexplained,
    }
    if topic in topics:
        return topics[topic]()
    near = get_close_matches(topic, [*CATALOGUE, *TOPICS], n=3, cutoff=0.4)
    raise UsageError(
        f"There is no explanation of {topic!r}.",
        hint=f"probably {' or '.join(near)}" if near else f"one of {', '.join(TOPICS)} or a finding's id",
        see="gradcheck explain --help",
    )


def _of_mistake(mistake: Mistake) -> Explanation:
    gradients = [symbol for gradient, symbol in SYMBOLS.items() if mistake.forms(gradient)]
    labels = dict.fromkeys(form.label for forms in mistake.variants.values() for form in forms)
    sections = [Section("Why it is wrong", mistake.why)]
    if gradients:
        sections.append(Section("Occurs in", ", ".join(gradients)))
    if labels:
        sections.append(Section("Also seen as", "; ".join(labels)))
    sections += [
        Section("Hides when", mistake.hides_when),
        Section("How to mend it", mistake.fix),
        Section("Shown by", mistake.shown_by),
        _example(mistake),
    ]
    return Explanation(mistake.id, f"the code {mistake.title}", tuple(sections))


def _example(mistake: Mistake) -> Section:
    for shows in (_tells, _differs):
        for gradient, formula in mistake.formulas.items():
            for case in _small_cases():
                problem = Problem(case)
                wrong = formula(problem)
                if wrong is not None and shows(wrong, problem.right(gradient)):
                    return Section("Example, 4x4", _worked(problem, gradient, wrong), fixed=True)
    return Section("Example", "It has no formula of its own: it is recognised by what happens when the code runs.")


def _differs(wrong: Array, right: Array) -> bool:
    """For mistakes that give zeros and nothing else."""
    return not np.array_equal(wrong, right)


def _tells(wrong: Array, right: Array) -> bool:
    """Whether it makes an example: different, and not a kernel or picture of zeros that would hide what happened."""
    return not np.array_equal(wrong, right) and bool(wrong.any() or wrong.size == 0 or wrong.ndim == 1)


def _small_cases() -> Iterator[Case]:
    """4x4 images, the plainest layer first; then fractions and small numbers in G, then numbers beyond 24 bits."""
    specs = [
        ConvSpec(1, 1, 1, 4, 4, (2, 2)),
        ConvSpec(2, 1, 1, 4, 4, (2, 2)),
        ConvSpec(1, 2, 1, 4, 4, (2, 2)),
        ConvSpec(1, 1, 2, 4, 4, (2, 2)),
        ConvSpec(1, 2, 2, 4, 4, (2, 2)),
        ConvSpec(1, 1, 1, 4, 4, (2, 2), stride=(2, 2)),
        ConvSpec(1, 1, 1, 4, 4, (1, 1), stride=(2, 2)),
        ConvSpec(1, 1, 1, 4, 4, (3, 3), padding=(1, 1)),
        ConvSpec(1, 1, 1, 4, 4, (2, 2), dilation=(2, 2)),
        ConvSpec(1, 2, 2, 4, 4, (2, 2), groups=2),
        ConvSpec(1, 1, 1, 4, 4, (3, 2)),
        ConvSpec(1, 1, 1, 4, 4, (2, 2), extra_after=(1, 1)),
        ConvSpec(1, 1, 3, 4, 4, (2, 2)),
    ]
    yield from map(_plain_case, specs)
    plain = _plain_case(specs[0])
    yield replace(plain, grad_output=plain.grad_output / 4)
    yield replace(plain, grad_output=plain.grad_output / 512)
    yield replace(plain, x=plain.x * 2.0**23 + 1)


def _plain_case(spec: ConvSpec) -> Case:
    """Small digits in no obvious order, the same each time."""

    def digits(shape: tuple[int, ...], step: int, modulus: int, low: int) -> Array:
        places = np.arange(1, 1 + int(np.prod(shape)), dtype=np.float64)
        return ((places * step + places // modulus) % modulus + low).reshape(shape)

    return Case(
        spec=spec,
        x=digits(spec.x_shape, 7, 10, 0),
        weight=digits(spec.weight_shape, 3, 5, -2),
        bias=digits((spec.out_channels,), 1, 3, 1),
        grad_output=digits(spec.output_shape, 4, 7, -2),
    )


def _worked(problem: Problem, gradient: GradientName, wrong: Array) -> str:
    """The layer, its arrays, the right and the wrong gradient, plane by plane."""
    case, spec, right = problem.case, problem.spec, problem.right(gradient)
    counts = {"image": spec.batch, "channel": spec.in_channels, "filter": spec.out_channels}
    layer = ", ".join(_count(amount, noun) for noun, amount in counts.items())
    layer += f", kernel {spec.kernel_size[0]}x{spec.kernel_size[1]}, stride {spec.stride[0]}"
    layer += f", padding {padding_words(spec)}, dilation {spec.dilation[0]}, groups {spec.groups}"
    symbol = SYMBOLS[gradient]
    given = [*_planes("X", case.x), *_planes("F", case.weight), *_planes("G", case.grad_output)]
    if wrong.shape != right.shape:
        note = f"shape {_times(wrong.shape)}, right is {_times(right.shape)}"
    else:
        note = f"{int((wrong != right).sum())} of {right.size} entries differ"
    return "\n\n".join(
        (
            _fill(layer, WIDTH - 2),
            _side_by_side(given),
            f"{symbol}, right:\n" + _side_by_side(_planes("", right)),
            f"{symbol}, with this mistake ({note}):\n" + _side_by_side(_planes("", wrong)),
        )
    )


def _planes(name: str, array: Array) -> list[tuple[str, Array]]:
    """The first planes of an array with their names, "X[0,1]"; a vector is one row."""
    if array.ndim == 1:
        return [(name, array[None])]
    names = [(index, array[index]) for index in np.ndindex(*array.shape[:2])]
    return [(f"{name}[{index[0]},{index[1]}]", plane) for index, plane in names[: 2 * _PLANES]]


def _side_by_side(planes: list[tuple[str, Array]]) -> str:
    """Planes next to each other as far as the width allows, then below."""
    blocks = [_block(name, plane) for name, plane in planes]
    rows: list[list[list[str]]] = [[]]
    for block in blocks:
        used = sum(len(other[0]) + 3 for other in rows[-1])
        if rows[-1] and used + len(block[0]) > WIDTH - 2:
            rows.append([])
        rows[-1].append(block)
    return "\n".join(_joined(row) for row in rows)


def _block(name: str, plane: Array) -> list[str]:
    if plane.size == 0:
        return [name, "(empty)".ljust(len(name))]
    cells = [[number(round(float(value), 6)) for value in row] for row in plane]
    width = max(len(cell) for row in cells for cell in row)
    lines = [" ".join(cell.rjust(width) for cell in row) for row in cells]
    return [line.ljust(max(len(name), len(lines[0]))) for line in (name, *lines)]


def _joined(blocks: list[list[str]]) -> str:
    height = max(len(block) for block in blocks)
    full = [block + [" " * len(block[0])] * (height - len(block)) for block in blocks]
    return "\n".join("   ".join(parts).rstrip() for parts in zip(*full, strict=True))


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
    spec = layer or ConvSpec(1, in_channels, out_channels, *size, kernel_size)
    channels, filters = spec.in_channels, spec.out_channels
    depth, taps = spec.weight_shape[1], spec.kernel_size[0] * spec.kernel_size[1]
    outputs = spec.output_size[0] * spec.output_size[1]
    x, g = _times(spec.x_shape[1:]), _times(spec.output_shape[1:])
    pictures, kernels = _times(spec.input_size), _times(spec.kernel_size)
    maps, count = _times(spec.output_size), filters * depth
    table = (
        f"X   {x:<14} {channels} channels\n"
        f"F   {filters} filters of {_times(spec.weight_shape[1:])}, so {filters}x{_times(spec.weight_shape[1:])}\n"
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


def _calling() -> Explanation:
    found = (
        "Your code is tried in three steps: build (the constructor and its wiring), run (which argument is what), read "
        "(where the gradients are). A refusal says at which step it ended and what was tried. Two ways out always work."
    )
    expression = (
        "gradcheck verify FILE.py --returns input,weight,bias \\\n"
        "    --call \"conv_backward(G, (x, w, b, {'stride': s, 'pad': p}))\"\n\n"
        "x, w, b, G    X (n, c, h, w), F (o, i, u, v), b (o,), dE/dO (n, o, p, q)\n"
        "s, p, d, k    stride, padding, dilation, size of the kernel: numbers; layers\n"
        "              whose rows and columns differ are not asked\n"
        "stride, padding, dilation, kernel_size    the same as pairs (rows, columns)\n"
        "groups, in_channels, out_channels         numbers\n"
        "padding_mode  'same' or 'valid'\n"
        "--returns     weight, input, bias in the order of the results; _ for another"
    )
    function = (
        "def gradcheck_call(x, weight, bias, grad_output,\n"
        "                   stride, padding, dilation, groups):\n"
        "    layer = MyConv(weight, bias, stride[0])\n"
        "    layer.forward(x)\n"
        "    dx = layer.backward(grad_output)\n"
        '    return {"input": dx, "weight": layer.dw, "bias": layer.db}'
    )
    layer = (
        "(l := Conv(in_channels, out_channels, k, stride=s), setattr(l, 'W', w),\n"
        " l.forward(x), l.backward(G), l.dW)[-2:]                --returns input,weight\n"
        "(v := [Var(a) for a in (x, w, b)], y := conv2d(*v, s, p), y.backprop(G),\n"
        " [a.grad for a in v])[-1]                          --returns input,weight,bias"
    )
    more = (
        "What the expression does not use (no s, say) is not asked. --convention nhwc hands the arrays over, and takes "
        "the gradients back, in that order of axes. raise NotImplementedError for a layer that your code does not take."
    )
    sections = (
        Section("How it is found", found),
        Section("On the command line; one expression serves a whole folder", expression, fixed=True),
        Section("A layer with a state; a type of your own with gradients", layer, fixed=True),
        Section("In your file", function, fixed=True),
        Section("More", more),
    )
    return Explanation("calling", "how to say how your code is called", sections)


def _unexplained() -> Explanation:
    what = (
        "The numbers are wrong, and neither a mistake of the catalogue, nor a factor, nor a pair of them gives exactly "
        "these numbers on every geometry. No cause is guessed. What is told is where they are wrong, and the smallest "
        "example with the products that an entry should hold and those that it holds."
    )
    how = (
        "Read the terms of the counterexample: a missing product points to a loop that ends early, an extra one to a "
        "window that is too large, a product with another index to a mix-up of indices. Save the example as a script "
        "with --report repro=FILE.py and step through it."
    )
    sections = (Section("What it means", what), Section("How to go on", how))
    return Explanation("unexplained", "wrong, and no mistake of the catalogue gives these numbers", sections)


def _tolerance() -> Explanation:
    forum = ConvSpec(1, 3, 3, 256, 256, (32, 32))
    terms = forum.terms
    single, double = (terms + 2) * 2.0**-24, (terms + 2) * 2.0**-53
    whole = (
        "No tolerance is guessed. First both sides compute the same layer on integers: then every order of summation "
        "gives the same bits, so they must be equal, entry by entry. This decides."
    )
    bound = (
        "An entry is a sum of n = N*P*Q products. Let A be the sum of their absolute values and u the unit roundoff "
        "(2^-24 in float32, 2^-53 in float64). Any order of summation errs by at most (n + 2) u A, so two right "
        "results differ by at most twice that. For the forum's layer "
        f"n = {terms:,}: (n + 2) u is {single:.2g} in float32 and {double:.2g} in float64. The first is too wide "
        "to decide anything, the second very sharp: real data are judged in float64."
    )
    usual = (
        "rtol and atol look at the size of the result. But an entry whose products cancel has a small value and the "
        "full rounding of A: right code fails. And a fixed rtol passes a wrong factor that is close to 1."
    )
    example = (
        "1e8 + 1 - 1e8 in float32:\n"
        f"  computed  {number(float(np.float32(np.float32(1e8) + np.float32(1)) - np.float32(1e8)))}\n"
        "  right     1\n"
        f"  A         {number(2e8 + 1)}, so (n + 2) u A = {5 * 2.0**-24 * (2e8 + 1):.3g}: within the bound"
    )
    words = (
        "In float32 a difference up to sqrt(n) u A is called typical rounding; up to (n + 2) u A it is within the "
        "worst case of float32 and the integers decide; above it, no order of summation can explain it."
    )
    sections = (
        Section("Integers decide", whole),
        Section("Real data have a bound", bound),
        Section("Why not rtol and atol", usual),
        Section("Example", example, True),
        Section("What the words mean", words),
    )
    return Explanation("tolerance", "how much two right gradients may differ", sections)


def _same_across_channels() -> Explanation:
    spec = ConvSpec(1, 2, 2, 4, 4, (2, 2))
    case = _plain_case(spec)
    gray = replace(case, x=np.repeat(case.x[:, :1], 2, axis=1))
    shared = replace(case, grad_output=np.repeat(case.grad_output[:, :1], 2, axis=1))
    method = (
        "dE/dF[o,i] = corr(X[i], G[o]). There is no sum over i and none over o. So the gradients of two channels i and "
        "i' agree when X[i] and X[i'] do, and those of two filters o and o' when G[o] and G[o'] do."
    )
    belief = (
        "A gray picture copied to three channels gives the same gradient for each. The channels of a photograph are "
        "alike, and pictures of the gradients that are each stretched to their own scale look alike too. A sum over "
        "the channels in the code (channels-summed) makes them equal, wrongly."
    )
    filters = (
        "With the loss |O - ref|.mean(), G is sign(O - ref) / numel. Filters that lie below the reference at the same "
        "outputs get the same G and so the same gradient. That depends on the weights, and so on the seed."
    )
    sections = (
        Section("The method", method),
        Section("Example: two channels, two filters", _matrix(case), True),
        Section("The same with equal channels of X", _matrix(gray), True),
        Section("The same with equal G for both filters", _matrix(shared), True),
        Section("Where the belief comes from", belief),
        Section("Across filters", filters),
        Section("Try it", "gradcheck run --in 3 --out 3 --k 32 your-picture.jpg", True),
    )
    return Explanation("same-across-channels", "when kernel gradients are the same, and when not", sections)


def _matrix(case: Case) -> str:
    gradient = conv.grad_weight(case.x, case.grad_output, case.spec)
    rows = [
        _side_by_side([(f"dE/dF[{o},{i}]", gradient[o, i]) for i in range(gradient.shape[1])])
        for o in range(gradient.shape[0])
    ]
    inputs = _side_by_side([*_planes("X", case.x), *_planes("G", case.grad_output)])
    return "\n".join((inputs, *rows))


def _times(numbers: tuple[int, ...]) -> str:
    return "x".join(map(str, numbers))


def _wrapped(text: str) -> str:
    return "\n\n".join(_fill(paragraph, WIDTH - 2) for paragraph in text.split("\n\n"))


def _fill(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_on_hyphens=False)


def _count(amount: int, noun: str) -> str:
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"
