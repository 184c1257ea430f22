"""Which questions are whose."""

import pytest

from gradcheck_cli.model.limits import OptionError
from gradcheck_cli.runs.sweep.shard import Shard, shard_of

IDS = [f"conv2d/n{number}/narrow/seed0/a.py" for number in range(400)]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_every_question_falls_to_exactly_one_shard(count):
    """However many there are."""
    shards = [Shard(index, count) for index in range(1, count + 1)]
    assert all(sum(shard.holds(id_) for shard in shards) == 1 for id_ in IDS)


def test_no_shard_has_much_more_than_its_share():
    """A hash deals them out: of 400 in 4 shares, 100 each and not more than 5 standard deviations off."""
    assert all(57 <= sum(Shard(index, 4).holds(id_) for id_ in IDS) <= 143 for index in range(1, 5))


def test_a_question_stays_with_its_shard_on_every_machine():
    """By the text alone: no seed of the process comes into it."""
    assert [Shard(1, 3).holds(id_) for id_ in IDS[:8]] == [True, True, False, True, True, False, False, True]


def test_a_shard_is_said_as_one_of_many():
    """I/N; nothing is all."""
    assert shard_of("2/8") == Shard(2, 8)
    assert (shard_of("2/8").text, shard_of("").text) == ("2/8", "")


@pytest.mark.parametrize("text", ["0/4", "5/4", "2", "a/b", "1/0", "-1/2", "1/2/3"])
def test_a_shard_that_cannot_be_is_refused(text):
    """With what would be one."""
    with pytest.raises(OptionError) as refused:
        shard_of(text)
    assert refused.value.sentence == f"--shard must be I/N with I from 1 to N, not {text!r}."
