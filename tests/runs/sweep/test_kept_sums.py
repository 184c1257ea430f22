"""The sums of a sweep over pictures, in their file."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.runs.sweep.kept_sums import AboutSums, KeptSums, file_of_sums, merged, read_sums, write_sums
from gradcheck_cli.runs.sweep.shares import PictureSums

ABOUT = AboutSums("direct", 0, "l1", "mean", 2, is_exact=True)


def picture(number):
    """Sums of one picture, all unlike."""
    values = (np.full((2, 3), float(10**place * number)) for place in range(len(fields(PictureSums)) - 1))
    return PictureSums(*values, np.ones(()))


def kept(*numbers):
    """Of these pictures."""
    found = KeptSums(ABOUT)
    for number in numbers:
        found = found.with_picture(number, picture(number))
    return found


def same(one, other):
    """Every number of it."""
    assert (one.about, one.numbers, one.shares.keys()) == (other.about, other.numbers, other.shares.keys())
    return all(
        np.array_equal(getattr(one.shares[part], name.name), getattr(other.shares[part], name.name))
        for part in one.shares
        for name in fields(PictureSums)
    )


def test_what_is_written_is_read_again(tmp_path):
    """Every part, with the numbers of its pictures."""
    file = str(tmp_path / "out.jsonl")
    write_sums(file, kept(0, 1, 4))

    assert file_of_sums(file) == str(tmp_path / "out.sums.npz")
    assert same(read_sums(file), kept(0, 1, 4))
    assert [one.name for one in tmp_path.iterdir()] == ["out.sums.npz"]


def test_nothing_is_there_before_it_is_written(tmp_path):
    """Which is no error."""
    assert read_sums(str(tmp_path / "out.jsonl")) is None


def test_several_files_are_one_in_any_order():
    """Part by part, however they were dealt out."""
    assert same(merged([kept(3), kept(0, 2), kept(1)]), kept(0, 1, 2, 3))
    assert same(merged([kept(1), kept(3), kept(0, 2)]), merged([kept(0, 2), kept(1), kept(3)]))
    assert kept().total is None


def test_a_picture_in_two_files_is_refused():
    """It would be added twice."""
    with pytest.raises(UsageError, match="two files hold sums over the same pictures, 1 of them"):
        merged([kept(0, 1), kept(1, 2)])


def test_sums_of_other_shares_are_refused():
    """What three ranks dealt out is not what two did."""
    with pytest.raises(UsageError, match="the sums of these files are not of one kind") as refused:
        merged([kept(0), replace(kept(1), about=replace(ABOUT, parts=3))])
    assert refused.value.hint == "go on with as many ranks as the sweep was begun with"


@pytest.mark.parametrize("content", [b"", b"no sums", b"PK\3\4 cut"])
def test_what_holds_no_sums_is_refused(tmp_path, content):
    """With what to do."""
    Path(tmp_path / "out.sums.npz").write_bytes(content)
    with pytest.raises(UsageError, match="holds no sums of a sweep over pictures") as refused:
        read_sums(str(tmp_path / "out.jsonl"))
    assert "all is asked again" in refused.value.hint


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    """With the system's words."""
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        write_sums(str(tmp_path / "no" / "out.jsonl"), kept(0))
