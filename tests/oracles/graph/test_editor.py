"""An edit of a graph on another sample than the one that it was made for."""

import numpy as np
import torch

from gradcheck_cli.oracles.graph.chain import Chain
from gradcheck_cli.oracles.graph.editor import Editor
from gradcheck_cli.oracles.graph.listing import Listing
from gradcheck_cli.oracles.graph.recorder import record
from gradcheck_cli.oracles.graph.replay import Replay


def edited(rows, columns):
    """An editor of a forward that folds its rows: with 4 of them an operand has the shape of the result."""
    tensor = torch.from_numpy(np.random.default_rng(1).standard_normal((rows, columns)))
    _, recording = record(lambda: torch.sin(tensor.reshape(4, -1).exp()), {"x": tensor})
    return Editor(Chain(Replay(recording, {"x": tensor.numpy()})), (np.ones((4, rows * columns // 4)),))


def test_an_edit_that_fits_one_sample_by_chance_changes_nothing_on_another():
    """An array taken for another has no meaning where the two have other shapes."""
    here, there = edited(4, 3), edited(2, 6)
    of_values = [edit for stage in Listing(here).stages() for edit in stage if edit.kind == "value"]
    lost = [edit for edit in of_values if here.effect(edit) is not None and there.effect(edit) is None]
    assert lost
