"""The one table of layouts: every order of the axes of X with every order and flattening of those of F.

The likeliest come first. What a target takes is decided by its own forward where it has one; where it has none, only
the usual ones are tried. Rows stand before columns in all of them: an image and a kernel that are both turned make the
same convolution, and a kernel that is turned alone makes another one.

Code for one axis has the same orders without the rows, code for three has the depth before the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations

from gradcheck_cli.model import ConvSpec, PaddingMode
from gradcheck_cli.model.line import number_of_axes
from gradcheck_cli.targets.conventions.layout import Layout, is_pointwise

# (X, O): first what courses, frameworks and blogs have, by how often strangers' code had it; then the rest.
IMAGES: tuple[tuple[str, str], ...] = (
    ("nchw", "nopq"),
    ("nhwc", "npqo"),
    ("chw", "opq"),
    ("hwc", "pqo"),
    ("nhw", "nopq"),
    ("nhw", "npqo"),
    ("nhw", "npq"),
    ("hw", "pqo"),
    ("hw", "opq"),
    ("hw", "pq"),
    ("hwc", "opq"),
    ("chw", "pq"),
    ("hwc", "pq"),
    ("chwn", "opqn"),
    ("hwcn", "pqon"),
    ("cnhw", "onpq"),
    ("nhwc", "nopq"),
    ("n(chw)", "n(opq)"),
    ("n(hwc)", "n(pqo)"),
    ("n(chw)", "nopq"),
    ("n(hwc)", "npqo"),
    ("nc(hw)", "no(pq)"),
    ("n(hw)c", "n(pq)o"),
)
# How F is kept beside images of each kind: (usual, seen).
FIRST = (("oiuv",), ("iouv", "uvio", "ouvi", "o(iuv)", "(iuv)o", "(uvi)o", "ouv"))
LAST = (("uvio", "ouvi"), ("oiuv", "uvoi", "(uvi)o", "(iuv)o", "o(uvi)", "uvo"))
SINGLE = (("ouv", "uv", "uvo"), ("oiuv", "iuv", "o(uv)"))
DEPTHWISE = (
    ("uvgm", "gmuv", "(gm)iuv", "mguv", "(mg)iuv", "guv", "uvg", "giuv", "uvgi", "uv(gm)"),
    ("uv(mg)", "(gm)uv", "(mg)uv", "uvmg", "guvm", "muvg", "guvi", "iguv", "uvig", "g(uv)", "(uv)g", "gm(uv)"),
)
# Of the images, how many are common, and how many of these have depthwise code that is.
COMMON_IMAGES, DEPTHWISE_IMAGES = 15, 4


@dataclass(frozen=True)
class LayerKind:
    """What a table of layouts is for: so many axes, transposed or not, what its padding repeats, one tap or not."""

    spatial: int = 2
    transposed: bool = False
    mode: PaddingMode = "zeros"
    pointwise: bool = False

    @classmethod
    def of(cls, spec: ConvSpec) -> LayerKind:
        """That of a geometry."""
        return cls(number_of_axes(spec), spec.transposed, spec.padding_mode, is_pointwise(spec))

    def layout(self, picture: Layout) -> Layout | None:
        """The layout of this kind that is like one of pictures; None where there is none."""
        if (self.transposed or self.pointwise) and picture.depthwise:
            return None
        made = without_rows(picture) if self.spatial == 1 else with_depth(picture) if self.spatial == 3 else picture
        weight = made.weight.translate(_EXCHANGED) if self.transposed else made.weight
        return replace(made, weight=weight, transposed=self.transposed, modes=(self.mode,), pointwise=self.pointwise)


# A transposed layer's F is kept as that of a convolution with the roles of its channels and filters turned.
_EXCHANGED = str.maketrans("io", "oi")
PICTURES, LINES = LayerKind(), LayerKind(1)
# As recurrent code has it: (time, batch, features). Pictures have nothing like it.
TIME_FIRST = tuple(Layout("wnc", kernel, "qno") for kernel in ("vio", "ovi", "oiv"))
# A kernel of one tap may be kept as a matrix.
MATRICES = ("oi", "io")


@cache
def usual(kind: LayerKind | None = None) -> tuple[Layout, ...]:
    """Those that are tried where no forward decides, the most frequent first; with a batch axis before without."""
    return tuple(layout for layout in every(kind) if is_usual(layout))


@cache
def is_usual(layout: Layout) -> bool:
    """Whether people write so, or almost."""
    kind = LayerKind(layout.spatial, layout.transposed, layout.modes[0], layout.pointwise)
    return _tier(layout) < 2 if kind == PICTURES else replace(layout, flipped=False) in _usual_of(kind)


@cache
def _usual_of(kind: LayerKind) -> frozenset[Layout]:
    made = (kind.layout(layout) for layout in _of_pictures() if is_usual(layout))
    found = [layout for layout in made if layout is not None]
    return frozenset((*found, *(TIME_FIRST if kind == LINES else ()), *_as_matrices(found)))


@cache
def every(kind: LayerKind | None = None) -> tuple[Layout, ...]:
    """All of a kind, the most frequent first; without one those of pictures, and after them those of lines."""
    if kind is None:
        return (*every(PICTURES), *every(LINES))
    made = (kind.layout(layout) for layout in _of_pictures())
    more = TIME_FIRST if kind == LINES else ()
    found = (*dict.fromkeys(layout for layout in made if layout is not None), *more)
    return tuple(sorted((*found, *_as_matrices(found)), key=lambda layout: not is_usual(layout)))


def _as_matrices(layouts: Sequence[Layout]) -> list[Layout]:
    """Of pointwise layouts those that keep the kernel as a matrix."""
    images = dict.fromkeys(
        replace(layout, weight="") for layout in layouts if layout.pointwise and {"o", "i"} <= set(layout.weight)
    )
    return [replace(image, weight=matrix) for image in images for matrix in MATRICES]


def with_depth(layout: Layout) -> Layout:
    """The same order in code for three axes: "uvio" is "tuvio"."""
    deeper = str.maketrans({"h": "dh", "u": "tu", "p": "rp"})
    x, weight, output = (letters.translate(deeper) for letters in (layout.x, layout.weight, layout.output))
    return replace(layout, x=x, weight=weight, output=output)


def without_rows(layout: Layout) -> Layout:
    """The same order in code for one axis: "uvio" is "vio"."""
    return replace(layout, x=_left(layout.x), weight=_left(layout.weight), output=_left(layout.output))


def _left(letters: str) -> str:
    """Without the letters of the rows, and without brackets around what is one axis then."""
    return re.sub(r"\((\w)\)", r"\1", re.sub("[hup]", "", letters))


@cache
def _of_pictures() -> tuple[Layout, ...]:
    found = [(layout, number) for number, (x, output) in enumerate(IMAGES) for layout in _of_images(x, output)]
    found.sort(key=lambda item: (_tier(item[0]), item[1], _place(item[0])))
    return tuple(dict.fromkeys(layout for layout, _ in found))


def able(layouts: Sequence[Layout], spec: ConvSpec) -> list[Layout]:
    """Those in which a target can be tried on `spec`.

    With a single channel nothing is told of depthwise code; with one filter for each channel, nothing of several.
    """
    return [layout for layout in layouts if not layout.refuses(spec) and not _hidden(layout, spec)]


def _hidden(layout: Layout, spec: ConvSpec) -> bool:
    several = spec.out_channels > spec.groups
    return layout.depthwise and (spec.groups == 1 or ("m" in layout.weight) != several)


def _of_images(x: str, output: str) -> Iterator[Layout]:
    channels, filters = "c" in x, "o" in output
    letters = [("iuv" if channels else "") or "uv"] if not filters else ["oiuv"] if channels else ["ouv", "oiuv"]
    for axes in letters:
        for order in permutations(axes):
            if order.index("u") < order.index("v"):
                yield from (Layout(x, kernel, output) for kernel in _flattened("".join(order)))
    if channels and filters:  # an image of one channel keeps its axis, and the kernel does without
        yield from (Layout(x, kernel, output) for kernel in ("ouv", "uvo"))
    if not filters and not channels:  # the kernel may keep the axis of its one filter
        yield from (Layout(x, kernel, output) for kernel in ("uv", "ouv"))
    for kernel in sum(DEPTHWISE, ()) if channels and filters else ():
        yield Layout(x, kernel, output)
        if "m" in kernel:
            yield Layout(x, kernel, output.replace("o", "(mg)" if "(" not in output else "mg"))


def _flattened(order: str) -> Iterator[str]:
    """An order with each way to join neighbours: "oiuv", "o(iuv)", "oi(uv)", ..."""
    for joined in range(1 << (len(order) - 1)):
        parts = [order[0]]
        for place, letter in enumerate(order[1:]):
            if joined >> place & 1:
                parts[-1] += letter
            else:
                parts.append(letter)
        yield "".join(part if len(part) == 1 else f"({part})" for part in parts)


def _tier(layout: Layout) -> int:
    """0 for what is usual, 1 for what was seen often, 2 for the rest."""
    images = (layout.x, layout.output.replace("(mg)", "o"))
    if layout.depthwise:
        often = images in IMAGES[:DEPTHWISE_IMAGES] and layout.weight in DEPTHWISE[0]
        return 1 if often and not _needs_forward(layout) else 2
    if images not in IMAGES[:COMMON_IMAGES]:
        return 2
    common, seen = _kernels(layout)
    return 0 if layout.weight in common else 1 if layout.weight in seen else 2


def _needs_forward(layout: Layout) -> bool:
    """Whether filters are counted m*C + c where no axes of the kernel say so: only a forward tells that from a mistake.

    A kernel whose own axes are (multiplier, channel) is flattened to that order; all others count c*M + m, as torch.
    """
    by_multiplier = "mg" in layout.output and "mg" not in layout.weight
    return "(mg)" in layout.weight or by_multiplier


def _place(layout: Layout) -> tuple[int, int, int]:
    """Its place within a tier, among those of the same images."""
    listed = sum(DEPTHWISE, ()) if layout.depthwise else sum(_kernels(layout), ())
    known = listed.index(layout.weight) if layout.weight in listed else len(listed)
    return known, layout.weight.count("("), int("mg" in layout.output)


def _kernels(layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if "c" not in layout.x:
        return SINGLE
    if "o" not in layout.output and "g" not in layout.output:
        return (("iuv",), ()) if layout.x.startswith("c") else (("uvi",), ())
    if layout.x.endswith("n"):
        return (("iuvo",), ()) if layout.x == "chwn" else (("uvio",), ())
    return LAST if layout.x.endswith(("c", "c)")) else FIRST
