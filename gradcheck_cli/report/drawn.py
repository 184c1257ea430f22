"""Which gradient the pictures of a run show, and its planes from both sides: the same for all renderers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradcheck_cli.model import TENSORS, Array, Experiment, Figure, GradientName, RunReport, Verdict

Place = tuple[int, ...]
"""Which plane of a gradient: its first two indices, and the depth of a layer of three axes."""


@dataclass(frozen=True)
class Drawn:
    """One gradient as planes, (first, second, rows, columns): filters and channels, pictures and channels, or one row.

    That of a layer of three axes has its depth before the rows. Everything is float64. `wrong`: a check of this
    gradient failed, so both sides are worth a look. `ran` is the layer.
    """

    gradient: GradientName
    wrong: bool
    hand: Array
    autograd: Array
    allowed: Array
    ran: Experiment

    @property
    def symbol(self) -> str:
        """ "dE/dF"."""
        return TENSORS[self.gradient].gradient

    @property
    def places(self) -> list[Place]:
        """Where its planes are, in order."""
        return list(np.ndindex(*self.hand.shape[:-2]))

    @cached_property
    def difference(self) -> Array:
        """hand - autograd; not a number where both are infinite."""
        with np.errstate(invalid="ignore", over="ignore"):
            gap: Array = self.hand - self.autograd
        return gap

    @cached_property
    def shares(self) -> Array:
        """The difference in units of what is allowed; 0 where there is none, whatever is allowed."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            shares: Array = np.where(self.difference == 0, 0.0, self.difference / self.allowed)
        return shares

    def ratio(self, place: Place) -> float:
        """The largest share of a plane; infinite where an entry is not a number."""
        plane = np.abs(self.shares[place])
        return math.inf if np.isnan(plane).any() else float(plane.max(initial=0.0))

    def worst_first(self) -> list[Place]:
        """All places, that with the largest share first, then that with the largest difference."""
        return sorted(self.places, key=lambda place: (-self.ratio(place), -largest([self.difference[place]]), place))

    def label(self, place: Place) -> str:
        """What a plane is: "filter 2, channel 0"."""
        if self.gradient == "bias":
            return "one entry per filter"
        if self.gradient == "weight":
            return plane_label(self.ran, place)
        return f"{'picture' if self.ran.conv == 'conv2d' else 'sample'} {place[0]}, channel {place[1]}{_depth(place)}"

    def name(self, place: Place) -> str:
        """How a plane is written: "grad_weight[2, 0]"."""
        return f"grad_{self.gradient}" + ("" if self.gradient == "bias" else f"[{', '.join(map(str, place))}]")


def plane_label(ran: Experiment, place: Place) -> str:
    """What a plane of grad_weight is: "filter 2, channel 0", "filter 2, channel 0, depth 1"."""
    filter_, channel = roles(ran, place)
    return f"filter {filter_}, channel {channel}{_depth(place)}"


def _depth(place: Place) -> str:
    return "".join(f", depth {at}" for at in place[2:])


def roles(ran: Experiment, place: Place) -> tuple[int, int]:
    """(filter, channel of its group) of a plane of grad_weight; a transposed layer has its channels first."""
    if not ran.conv.startswith("conv_transpose"):
        return place[0], place[1]
    group, channel = divmod(place[0], ran.in_channels // ran.groups)
    return group * (ran.out_channels // ran.groups) + place[1], channel


def drawn(report: RunReport) -> Drawn:
    """The planes of the gradient that is wrong on these very data, else those of grad_weight."""
    gradient = _shown(report)
    figure: Figure = report.figures.gradients[gradient]
    wrong = any(check.gradient == gradient and check.verdict is Verdict.FAIL for check in report.checks)
    hand, autograd, allowed = map(planes_of, (figure.hand, figure.autograd, figure.allowed))
    return Drawn(gradient, wrong, hand, autograd, allowed, report.experiment)


def planes_of(array: Array) -> Array:
    """`array` in float64 as planes, (first, second, rows, columns): what has fewer axes is one row, or one plane."""
    wide = np.asarray(array, np.float64)
    return wide.reshape((1,) * (4 - wide.ndim) + wide.shape)


def _shown(report: RunReport) -> GradientName:
    """Of those that failed on the pictures, else elsewhere, the one that the first finding is about."""
    failed = [check for check in report.checks if check.verdict is Verdict.FAIL]
    on_pictures = [check.gradient for check in failed if check.name == "hand-vs-autograd"]
    wrong = on_pictures or [check.gradient for check in failed]
    told = [finding.gradient for finding in report.findings if finding.gradient in wrong]
    kept = {name: name for name in report.figures.gradients}
    return next((kept[name] for name in (*told, *wrong) if name in kept), "weight")


def largest(planes: Sequence[Array]) -> float:
    """The largest finite |entry|."""
    return max((float(np.abs(plane[np.isfinite(plane)]).max(initial=0.0)) for plane in planes), default=0.0)
