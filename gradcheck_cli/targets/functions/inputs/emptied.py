"""Samples so short that an array of the code has no entries there: what is computed with it is not asked.

A penalty on `np.diff(position)` of a single position is 0, and so is its derivative, right or wrong.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from types import FrameType

import numpy as np

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice, drawn
from gradcheck_cli.targets.functions.inputs.proposals import SIZES
from gradcheck_cli.targets.functions.inputs.running import runs

# Neighbours along an axis: of a single row there are none, also where no name holds them.
_OF_NEIGHBOURS = re.compile(r"\bdiff\(|\[(?:[^\[\]]*,\s*)?(?:[1-9]:|:\s*-[1-9])\s*[\],]")
# A lag of the shortest lengths, and two neighbours beyond it.
_LONGER = 4


def with_entries(form: WrittenFunction, choice: ProposalChoice, seed: int, file: str) -> Iterator[Sample]:
    """One in which every array of the code has entries, where the usual one leaves some empty, or takes neighbours.

    Args:
        file: the user's.
    """
    is_of_neighbours = _OF_NEIGHBOURS.search(form.source) is not None
    if not is_of_neighbours and not is_emptied(form, drawn(choice, SIZES[0], seed), file):
        return
    for sizes in _lengthened(choice):
        sample = drawn(choice, sizes, seed + 1)
        if runs(form, sample) and not is_emptied(form, sample, file):
            yield sample
            return


def _lengthened(choice: ProposalChoice) -> Iterator[Mapping[str, int]]:
    """One letter longer at a time, the first first: a window that grows with its data leaves as little."""
    letters = dict.fromkeys(letter for each in choice.values() for letter in re.findall("[a-z]", each.axes))
    yield from ({**SIZES[0], letter: SIZES[0][letter] + _LONGER} for letter in letters)


def is_emptied(form: WrittenFunction, sample: Sample, file: str) -> bool:
    """Does a function of the file, on the way there or back, hold an array that has no entries as it returns?"""
    look = _Look(file)
    before = sys.getprofile()
    sys.setprofile(look)
    try:
        runs(form, sample)
    finally:
        sys.setprofile(before)
    return look.found


class _Look:
    """Is told of every call and return."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.found = False

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "return" and frame.f_code.co_filename == self._file:
            held = frame.f_locals.values()
            self.found = self.found or any(isinstance(value, np.ndarray) and not value.size for value in held)
