"""The sums of a sweep over pictures, in a file beside that of its answers, written anew after each picture.

It is written whole or not at all, and says which pictures it holds: a process that is killed loses the picture that it
was at, and no picture is added twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import reduce
from operator import add
from zipfile import BadZipFile

import numpy as np

from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.options import LossName, Reduction
from gradcheck_cli.model.sweep import SweepAnswer
from gradcheck_cli.runs.sweep.lines import made
from gradcheck_cli.runs.sweep.shares import PictureSums


@dataclass(frozen=True)
class AboutSums:
    """What a report says of the sums.

    Attributes:
        target: the code under test, as it was named.
        seed: of the numbers.
        parts: into how many shares the pictures are dealt, see `data_parallel`.
        is_exact: the code under test is exact on whole numbers.
    """

    target: str
    seed: int
    loss: LossName
    reduction: Reduction
    parts: int
    is_exact: bool


@dataclass(frozen=True, eq=False)
class KeptSums:
    """The sums over some pictures: their numbers, and part -> the sum over those of its pictures that are there."""

    about: AboutSums
    numbers: frozenset[int] = frozenset()
    shares: Mapping[int, PictureSums] = field(default_factory=dict)

    @property
    def total(self) -> PictureSums | None:
        """Over all of them; None where there are none."""
        return reduce(add, self.in_order) if self.shares else None

    @property
    def in_order(self) -> tuple[PictureSums, ...]:
        """Those of the parts that have pictures."""
        return tuple(self.shares[part] for part in sorted(self.shares))

    def answers(self, answer: SweepAnswer) -> bool:
        """Its picture is in the sums, or adds nothing to them; what was judged and not added up is asked again."""
        return answer.number in self.numbers or answer.adds_nothing

    def with_picture(self, number: int, sums: PictureSums) -> KeptSums:
        """One picture more."""
        return self.with_others(KeptSums(self.about, frozenset([number]), {number % self.about.parts: sums}))

    def with_others(self, other: KeptSums) -> KeptSums:
        """Those of both; no picture is in both."""
        shares = dict(self.shares)
        for part, sums in other.shares.items():
            shares[part] = shares[part] + sums if part in shares else sums
        return replace(self, numbers=self.numbers | other.numbers, shares=shares)


def merged(kept: Sequence[KeptSums]) -> KeptSums:
    """The sums of several files.

    Raises:
        UsageError: a picture is in two of them, or they are of other shares.
    """
    whole = kept[0]
    for each in kept[1:]:
        if each.about != whole.about:
            raise UsageError(
                "the sums of these files are not of one kind.",
                facts={"one": str(asdict(whole.about)), "another": str(asdict(each.about))},
                hint="go on with as many ranks as the sweep was begun with",
            )
        if twice := whole.numbers & each.numbers:
            raise UsageError(
                f"two files hold sums over the same pictures, {len(twice)} of them.",
                hint="name each file once, and no other sweep's",
            )
        whole = whole.with_others(each)
    return whole


def file_of_sums(file: str) -> str:
    """Beside the file of the answers."""
    return f"{os.path.splitext(file)[0]}.sums.npz"


def write_sums(file: str, kept: KeptSums) -> None:
    """Keep the sums beside the file of the answers, in one step.

    Raises:
        UsageError: it cannot be written.
    """
    arrays = {
        f"{part}.{one.name}": getattr(sums, one.name) for part, sums in kept.shares.items() for one in fields(sums)
    }
    path = file_of_sums(file)
    try:
        with open(f"{path}.new", "wb") as opened:
            np.savez(opened, about=json.dumps(asdict(kept.about)), numbers=sorted(kept.numbers), **arrays)
        os.replace(f"{path}.new", path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def read_sums(file: str) -> KeptSums | None:
    """What stands beside the file of the answers; None where nothing does.

    Raises:
        UsageError: it cannot be read.
    """
    path = file_of_sums(file)
    if not os.path.exists(path):
        return None
    try:
        with open(path, "rb") as opened, np.load(opened) as stored:
            arrays = dict(stored)
        about = made(AboutSums, json.loads(str(arrays.pop("about"))))
        numbers = frozenset(arrays.pop("numbers").tolist())
        parts = sorted({int(name.partition(".")[0]) for name in arrays})
        shares = {part: PictureSums(*(arrays[f"{part}.{one.name}"] for one in fields(PictureSums))) for part in parts}
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise UsageError(
            f"{path} holds no sums of a sweep over pictures.", hint=f"remove it and {file}: all is asked again"
        ) from error
    return KeptSums(about, numbers, shares)
