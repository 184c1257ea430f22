"""Sums of gradients over pictures, share by share; and what data-parallel training makes of them. No torch here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from gradcheck_cli.model import Array, Loss
from gradcheck_cli.model.options import Reduction
from gradcheck_cli.numbers.magnitudes import FLOAT64_LIMIT
from gradcheck_cli.numbers.rounding import UNIT_ROUNDOFF


@dataclass(frozen=True, eq=False)
class PictureSums:
    """What is added up over pictures, of grad_weight in float64; sums of shares are the sum of all.

    Attributes:
        whole: the code under test on whole numbers.
        whole_autograd: autograd on the same.
        largest: not below the largest sum of absolute products of those, one number.
        hand: the code under test on the pictures.
        autograd: autograd on the pictures.
        allowed: what rounding allows between the two.
        sizes: the sum of |hand|, by which adding up in float64 is bounded.
        pictures: how many, one number; each sample of an array counts.
    """

    whole: Array
    whole_autograd: Array
    largest: Array
    hand: Array
    autograd: Array
    allowed: Array
    sizes: Array
    pictures: Array

    def __add__(self, other: PictureSums) -> PictureSums:
        """Of both."""
        return PictureSums(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def of_samples(self, count: int, reduction: Reduction) -> PictureSums:
        """Of so many samples that were one batch: in a mean over all pictures each of them weighs as one picture."""
        if count == 1:
            return self
        weight = count if reduction == "mean" else 1
        weighed = {name: weight * getattr(self, name) for name in ("hand", "autograd", "allowed", "sizes")}
        # Rounding what is weighed, on both sides.
        weighed["allowed"] = weighed["allowed"] + 2 * UNIT_ROUNDOFF["float64"] * weighed["sizes"]
        return replace(self, **weighed, pictures=np.asarray(float(count)))

    @property
    def count(self) -> int:
        """How many pictures."""
        return int(self.pictures)

    @property
    def is_exact(self) -> bool:
        """Are sums of the whole numbers exact in every order, so the same whoever adds up what?"""
        return bool(self.largest < FLOAT64_LIMIT)

    @property
    def agree_on_integers(self) -> bool:
        """Bit for bit."""
        return self.is_exact and np.array_equal(self.whole, self.whole_autograd)

    @property
    def is_finite(self) -> bool:
        """No picture overflowed, on either side."""
        return all(bool(np.isfinite(array).all()) for array in (self.hand, self.autograd, self.allowed))

    @property
    def largest_share(self) -> float:
        """The largest difference on the pictures, as a share of what is allowed; 1 is the limit.

        It says nothing where not all `is_finite`.
        """
        summing = 2 * self.count * UNIT_ROUNDOFF["float64"] * self.sizes
        off, allowed = np.abs(self.hand - self.autograd), self.allowed + summing
        return float(np.divide(off, allowed, out=np.where(off > 0, np.inf, 0.0), where=allowed > 0).max())


def averaged(shares: Sequence[PictureSums]) -> Array:
    """What data-parallel training steps with: the mean, over the shares, of each share's mean over its pictures."""
    return np.asarray(np.mean([share.hand / share.count for share in shares], axis=0))


def off_by(shares: Sequence[PictureSums]) -> float:
    """How far that is from the mean over all pictures: ||a - b|| / ||b||."""
    total = sum(shares[1:], shares[0])
    right = total.hand / total.count
    size = float(np.linalg.norm(right))
    return float(np.linalg.norm(averaged(shares) - right)) / size if size else 0.0


def data_parallel(shares: Sequence[PictureSums], loss: Loss) -> str:
    """Does data-parallel training over these shares give the gradient of one process? In words, with the number."""
    given = [share for share in shares if share.count]
    if not given:
        return "No picture was added up."
    if len(given) < 2:
        return "There is one share only: nothing is parallel."
    counts = ", ".join(str(share.count) for share in given)
    who = f"{len(given)} shares of {counts} pictures"
    if loss.reduction == "sum":
        return (
            f"Data-parallel over {who}: the shares' gradients add up to that of one process. A trainer that averages "
            f"them, as DistributedDataParallel does, gets 1/{len(given)} of it, since the loss is a sum."
        )
    if len({share.count for share in given}) == 1:
        return f"Data-parallel over {who}: the average of their means is the gradient of one process. The same."
    return (
        f"Data-parallel over {who}: not the same. The average of their means weighs pictures of smaller shares more, "
        f"and is off by {100 * off_by(given):.3g} %; weighed by the pictures of each share it is the same."
    )
