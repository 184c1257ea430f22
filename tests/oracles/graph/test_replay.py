"""The replayed steps of a forward, where torch's own derivative of a step is not to be had."""

import numpy as np
import pytest
import torch

from gradcheck_cli.oracles.graph.chain import Chain
from gradcheck_cli.oracles.graph.editor import Editor
from gradcheck_cli.oracles.graph.recorder import record
from gradcheck_cli.oracles.graph.replay import Replay


@pytest.mark.parametrize(
    "scattered",
    [
        lambda x, s, index: x.scatter_add(1, index, s),
        lambda x, s, index: x.scatter(1, index, s),
        lambda x, s, index: x.scatter_reduce(1, index, s, "sum"),
    ],
)
def test_a_source_larger_than_its_index_gets_nothing_where_it_is_not_read(scattered):
    """One column of two is put into the first and the last place of a row; torch raises at that derivative."""
    x, source = torch.zeros(2, 3, dtype=torch.float64), torch.ones(2, 2, dtype=torch.float64)
    index = torch.tensor([[0], [2]])
    _, recording = record(lambda: scattered(x, source, index), {"x": x, "source": source})

    editor = Editor(
        Chain(Replay(recording, {"x": x.numpy(), "source": source.numpy()})), (np.array([[2.0, 3, 4], [5, 6, 7]]),)
    )

    assert editor.right["source"].tolist() == [[2, 0], [7, 0]]
