"""Operations that a forward makes several times, told by where they stand in the source."""

import torch

from gradcheck_cli.oracles.graph.edits import Edit, same_operations
from gradcheck_cli.oracles.graph.recorder import record
from gradcheck_cli.oracles.graph.turns import Turns, crossings, same_turns


def unrolled(x, w):
    """As many products as x has rows."""
    total = x[0] @ w
    for row in x[1:]:
        total = (total + row) @ w
    return total.tanh()


def turns_of(rows):
    """Of a sample with so many rows."""
    inputs = {"x": torch.ones(rows, 3), "w": torch.ones(3, 3)}
    return Turns(record(lambda: unrolled(**inputs), inputs, (__file__,))[1])


def operations(turns, stem):
    """The numbers of the nodes that are such an operation."""
    return [index for index, node in enumerate(turns.recording.nodes) if node.op.startswith(f"aten.{stem}.")]


def test_what_a_loop_makes_in_each_turn_is_one_operation():
    """The sums are one group; the hyperbolic tangent behind the loop is alone."""
    turns = turns_of(4)
    sums, (tanh,) = operations(turns, "add"), operations(turns, "tanh")
    assert len(sums) == 3
    assert tuple(sums) in turns.groups
    assert (tanh,) == turns.group(tanh)


def test_samples_with_another_number_of_turns_do_the_same():
    """They have not the same operations, and each of them has the operations of the other."""
    one, other = turns_of(3), turns_of(5)
    assert not same_operations(one.recording, other.recording)
    assert same_turns(one, other)


def test_an_edit_of_each_turn_is_one_of_each_node():
    """And one of all but the last leaves that out."""
    turns = turns_of(4)
    sums = operations(turns, "add")
    assert sums == [each.node for each in turns.each(Edit("cut", sums[0], 0, turns="every"))]
    assert sums[:-1] == [each.node for each in turns.each(Edit("cut", sums[0], 0, turns="all but the last"))]


def test_an_edit_is_found_again_where_there_are_more_turns():
    """By its place in the source: the first turn, the last, and none in between."""
    short, long = turns_of(4), turns_of(6)
    few, many = operations(short, "add"), operations(long, "add")
    assert many[0] == short.there(Edit("cut", few[0], 0, turns="every"), long).node
    assert many[-1] == short.there(Edit("cut", few[-1], 0), long).node
    assert short.there(Edit("cut", few[1], 0), long) is None


def test_a_value_that_another_line_uses_is_more_than_a_part_of_an_expression():
    """The row of a turn is used beside it, the sum inside the brackets nowhere else."""
    turns = turns_of(2)
    (added,) = operations(turns, "add")
    nodes = {ref.node for ref in crossings(turns.recording)}
    assert added not in nodes
    assert set(operations(turns, "mm") + operations(turns, "mv") + operations(turns, "tanh")) & nodes
