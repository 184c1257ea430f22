"""Which questions are whose: dealt out by their ids, so that no process has to know of another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.limits import OptionError
from gradcheck_cli.model.ranks import Ranks

_SPELLED = re.compile(r"(\d{1,6})/(\d{1,6})", re.ASCII)


@dataclass(frozen=True)
class Shard:
    """Share `index` of `count`, counted from 1."""

    index: int = 1
    count: int = 1

    @property
    def text(self) -> str:
        """ "2/8"; "" where it is all there is."""
        return f"{self.index}/{self.count}" if self.count > 1 else ""

    def holds(self, id_: str) -> bool:
        """Whether a question is its own. Nearly the same number falls to each, as a hash deals them out."""
        return int.from_bytes(sha256(id_.encode()).digest()[:8]) % self.count == self.index - 1


def shard_of(text: str) -> Shard:
    """The shard that `--shard` names; all there is for "".

    Raises:
        OptionError: not I/N with I from 1 to N.
    """
    if not text:
        return Shard()
    said = _SPELLED.fullmatch(text)
    index, count = map(int, said.groups()) if said else (0, 0)
    if not 1 <= index <= count:
        raise OptionError(
            "shard", f"--shard must be I/N with I from 1 to N, not {text!r}.", hint="--shard 2/8 is the second of eight"
        )
    return Shard(index, count)


def shard_among(text: str, ranks: Ranks) -> Shard:
    """The shard of a process: what `--shard` names, or by its rank.

    Raises:
        OptionError: not I/N with I from 1 to N.
        UsageError: both at once.
    """
    if ranks.count == 1:
        return shard_of(text)
    if text:
        raise UsageError(
            "--shard and torchrun both deal out the questions.", hint="leave --shard out: each rank is a shard"
        )
    return Shard(ranks.rank + 1, ranks.count)
