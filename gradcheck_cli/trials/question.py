"""What a target is asked: a value that says which numbers it is asked about, the same in every process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gradcheck_cli.model import PLAIN, ConvSpec, Setting
from gradcheck_cli.targets import Repetition

ProbeName = Literal[
    "narrow", "wide", "fractional", "tiny", "after-another", "digits", "terms", "pictures", "changed", "graded"
]
"""What numbers are asked about.

narrow: integers on which float32 is exact. wide: integers on which float64 is exact and float32 is not. fractional:
numbers with something behind the point, so that what cuts them shows. tiny: numbers near 0, so that what rounds
gradients to decimals shows. after-another: the narrow ones, to an object that has worked on others before: what it
keeps of those shows. digits: 1 to 9, on which a small example is read. terms: these digits with some of them changed,
to read the products off an entry. pictures: the numbers of a run, which its report describes. changed:
numbers that were asked about before, to a target with a change in its text. graded: whole numbers that need more and
more bits, in a setting.
"""

# Twice, so that an answer that differs from call to call shows. The search for an example needs no second one, and on
# pictures it would cost as much as the first.
_CALLS: dict[ProbeName, Repetition] = {
    "after-another": "after another",
    "digits": "once",
    "terms": "once",
    "pictures": "once",
    "changed": "once",
    "graded": "once",
}


@dataclass(frozen=True)
class Question:
    """What is asked; together with the seed it decides every number, but for those of `terms` and `pictures`.

    Attributes:
        target: who is asked, as it was named ("my.py:backward").
        geometry: of the layer.
        probe: see `ProbeName`.
        seed: of the numbers.
        layer: what kind of layer the geometry is one of.
        setting: see `Setting`.
    """

    target: str
    geometry: ConvSpec
    probe: ProbeName = "narrow"
    seed: int = 0
    layer: str = "conv2d"
    setting: Setting = PLAIN

    @property
    def id(self) -> str:
        """The same in every process and on every machine, whatever its separator of paths: to shard and resume by.

        "conv2d/n2-c3-f4-i9x8-k3x3-s1x1-p0x0-d1x1-g1/narrow/float64-cpu/seed0/my.py:backward". The target stands last,
        as it is the only part that may hold a slash itself.
        """
        target = self.target.replace("\\", "/")
        return "/".join(
            (self.layer, geometry_id(self.geometry), self.probe, self.setting.id, f"seed{self.seed}", target)
        )

    @property
    def calls(self) -> Repetition:
        """How the target is called for it."""
        return _CALLS.get(self.probe, "twice")


def geometry_id(spec: ConvSpec) -> str:
    """Every number of a geometry, each behind its letter; the padding after stands behind a + where it is another."""
    after = "" if spec.is_symmetric else f"+{_sides(spec.padding_after)}"
    more = (f"o{_sides(spec.output_padding)}" * any(spec.output_padding), spec.padding_mode.removeprefix("zeros"))
    return "-".join(
        (
            f"n{spec.batch}",
            f"c{spec.in_channels}",
            f"f{spec.out_channels}",
            f"i{_sides(spec.input_size)}",
            f"k{_sides(spec.kernel_size)}",
            f"s{_sides(spec.stride)}",
            f"p{_sides(spec.padding)}{after}",
            f"d{_sides(spec.dilation)}",
            f"g{spec.groups}",
            *filter(None, more),
        )
    )


def _sides(numbers: tuple[int, ...]) -> str:
    return "x".join(str(number) for number in numbers)
