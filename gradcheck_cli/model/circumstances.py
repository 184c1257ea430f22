"""Other circumstances of one call: how its arrays lie in memory, which gradients are asked for, what memory holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np

from gradcheck_cli.model.case import Array
from gradcheck_cli.model.functions import Sample
from gradcheck_cli.model.setting import PLAIN, Setting

MemoryLayout = Literal["contiguous", "transposed", "sliced", "expanded"]
"""How an array lies in memory: row by row; column by column; as a part of a larger array whose other entries are NaN;
as one entry that is read for all, with strides of 0 (what `.sum().backward()` hands over)."""


@dataclass(frozen=True)
class Circumstances:
    """What is other than in a plain call. The numbers are the same, and so is the right gradient.

    Attributes:
        upstream: layout of G.
        inputs: layout of the inputs.
        wanted: the arguments that need a gradient; None for all.
        filled: new memory is filled with NaN before the code gets it.
        passes: backward through the same graph once or twice; the last counts.
        configuration: with which of its configurations an autotuned kernel runs, counted from 0.
        setting: in which it computes; in the plain one every array is of the dtype that the sample has.
    """

    upstream: MemoryLayout = "contiguous"
    inputs: MemoryLayout = "contiguous"
    wanted: tuple[str, ...] | None = None
    filled: bool = False
    passes: int = 1
    configuration: int = 0
    setting: Setting = PLAIN

    @property
    def about(self) -> str:
        """ "G is transposed in memory"."""
        if self.upstream != "contiguous":
            return f"G is {_LAYOUTS[self.upstream]}"
        if self.inputs != "contiguous":
            return f"the inputs are {_LAYOUTS[self.inputs]}"
        if self.wanted is not None:
            return f"only {' and '.join(self.wanted)} needs a gradient"
        if self.setting != PLAIN:
            return f"it is asked in {self.setting.text}"
        if self.filled:
            return "new memory is filled with NaN first"
        if self.configuration:
            return f"autotuned kernels run with configuration {self.configuration + 1}"
        return "it is called twice on one graph" if self.passes > 1 else "nothing is special"

    def fits(self, upstream: Sequence[Array]) -> bool:
        """Whether a G can lie so: one entry stands for all only where all are equal."""
        return self.upstream != "expanded" or all(part.size and np.ptp(part) == 0 for part in upstream)

    def message(self) -> dict[str, Any]:
        """What the wire carries."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Circumstances:
        """The probe of a message."""
        wanted = message["wanted"]
        upstream, inputs = (next(each for each in get_args(MemoryLayout) if each == message[key]) for key in _LAID_OUT)
        names = None if wanted is None else tuple(str(name) for name in wanted)
        counts = int(message["passes"]), int(message["configuration"])
        return cls(upstream, inputs, names, bool(message["filled"]), *counts, Setting.from_message(message["setting"]))


_LAID_OUT = ("upstream", "inputs")
_LAYOUTS = {
    "transposed": "transposed in memory",
    "sliced": "a part of a larger array",
    "expanded": "one entry that is read for all, with strides of 0",
}


def every_circumstance(sample: Sample) -> list[Circumstances]:
    """What is tried of a sample."""
    found = [Circumstances(upstream=layout) for layout in ("transposed", "sliced", "expanded")]
    found += [Circumstances(inputs=layout) for layout in ("transposed", "sliced")]
    if len(sample.differentiated) > 1:
        found += [Circumstances(wanted=(name,)) for name in sample.differentiated]
    return [*found, Circumstances(filled=True), Circumstances(passes=2)]
