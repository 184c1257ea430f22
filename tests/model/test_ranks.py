"""What torchrun says in the environment."""

import pytest

from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.ranks import Ranks

MEETING = {"MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}


@pytest.mark.parametrize(
    "said", [{}, {"RANK": "0"}, {"RANK": "x", "WORLD_SIZE": "2"}, {"RANK": "0", "WORLD_SIZE": "1"}]
)
def test_where_torchrun_says_nothing_there_is_one_process(said):
    """Nor where somebody else uses one of its words."""
    assert Ranks.of(said) == Ranks(0, 1)


def test_each_rank_knows_its_number_and_how_many_there_are():
    """From 0."""
    assert Ranks.of({"RANK": "1", "WORLD_SIZE": "3", **MEETING}) == Ranks(1, 3)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"RANK": "5", "WORLD_SIZE": "2", **MEETING}, "the environment has RANK=5 with WORLD_SIZE=2, which"),
        ({"RANK": "0", "WORLD_SIZE": "2"}, "RANK=0 with WORLD_SIZE=2 and no MASTER_ADDR and no MASTER_PORT, which"),
    ],
)
def test_ranks_that_could_not_meet_are_refused_at_once(said, sentence):
    """Not after the work."""
    with pytest.raises(UsageError, match=sentence):
        Ranks.of(said)
