"""Sums over pictures, share by share."""

from dataclasses import fields, replace

import numpy as np
import pytest

from gradcheck_cli.model import Loss
from gradcheck_cli.runs.sweep.shares import PictureSums, averaged, data_parallel, off_by

MEAN, SUM = Loss("l1", "mean"), Loss("l1", "sum")


def share(hand, pictures=1, **changes):
    """Sums whose two sides agree."""
    array = np.array([float(hand), 1.0])
    sums = PictureSums(array, array, np.float64(9), array, array, np.full(2, 1e-9), abs(array), np.float64(pictures))
    return replace(sums, **changes)


def test_two_pictures_against_one_by_hand():
    """Means 3 and 5, average 4; over all three pictures it is (6 + 5) / 3."""
    shares = [share(6, 2), share(5, 1)]

    assert averaged(shares).tolist() == [4.0, 0.75]
    assert off_by(shares) == pytest.approx(np.hypot(4 - 11 / 3, 0.75 - 2 / 3) / np.hypot(11 / 3, 2 / 3))
    assert data_parallel(shares, MEAN) == (
        "Data-parallel over 2 shares of 2, 1 pictures: not the same. The average of their means weighs pictures of "
        f"smaller shares more, and is off by {100 * off_by(shares):.3g} %; weighed by the pictures of each share it is "
        "the same."
    )


def test_equal_shares_are_the_same():
    """Whatever their gradients are."""
    shares = [share(6, 2), share(-50, 2)]
    assert off_by(shares) < 1e-15
    assert data_parallel(shares, MEAN).endswith("is the gradient of one process. The same.")


def test_a_sum_is_averaged_wrongly():
    """Three shares give a third, however equal they are."""
    assert "gets 1/3 of it" in data_parallel([share(1), share(2), share(3)], SUM)


@pytest.mark.parametrize("shares", [[share(1)], [share(1), share(0, 0)]])
def test_one_share_is_not_parallel(shares):
    """A rank without pictures has no mean."""
    assert data_parallel(shares, MEAN) == "There is one share only: nothing is parallel."


def test_samples_of_one_batch_weigh_as_pictures_in_a_mean():
    """Three of them: three times the mean over them, and what rounding that may do; a sum holds them already."""
    mean, total = (share(7).of_samples(3, reduction) for reduction in ("mean", "sum"))

    assert (mean.count, mean.hand.tolist(), mean.autograd.tolist()) == (3, [21.0, 3.0], [21.0, 3.0])
    assert (mean.allowed > 3e-9).all()
    assert (total.count, total.hand.tolist(), total.whole.tolist()) == (3, [7.0, 1.0], [7.0, 1.0])
    assert share(7).of_samples(1, "mean").hand.tolist() == [7.0, 1.0]


@pytest.mark.parametrize("name", ["hand", "autograd", "allowed"])
def test_what_overflowed_shows(name):
    """Two infinities would be no difference."""
    assert share(3).is_finite
    assert not replace(share(3), **{name: np.array([np.inf, 1.0])}).is_finite


def test_sums_add_up_in_any_order():
    """Whole numbers bit for bit."""
    one, two, three = share(1), share(2), share(4)
    for name in (field.name for field in fields(PictureSums)):
        assert np.array_equal(getattr((one + two) + three, name), getattr(three + (two + one), name))


def test_differences_show():
    """One on whole numbers, one on the pictures; and sums that are too large prove nothing."""
    right = share(3)
    assert right.agree_on_integers
    assert right.largest_share == 0
    assert not replace(right, whole=right.whole + 1).agree_on_integers
    assert replace(right, hand=right.hand + 2e-9).largest_share == pytest.approx(2, rel=1e-5)
    assert not replace(right, largest=np.float64(2**53)).agree_on_integers
