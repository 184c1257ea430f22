"""How the oracles walk over the padded input, by hand."""

import numpy as np
import pytest

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.oracles import windows

SPEC = ConvSpec(2, 3, 1, 4, 7, (2, 3), (1, 2), (0, 0), (1, 2))


def test_windows_of_a_row_are_its_columns():
    """Element [.., v, q] is column 2q + 2v of that row."""
    x = np.arange(2 * 3 * 4 * 7).reshape(SPEC.x_shape)
    view = windows.windows_of_row(x, 1, SPEC)
    assert [[0, 2], [2, 4], [4, 6]] == (view[1, 2] - x[1, 2, 1, 0]).tolist()
    assert view.shape == (2, 3, 3, 2)


def test_windows_of_a_row_cannot_be_written_to():
    """They overlap, and may lie in the caller's own array."""
    view = windows.windows_of_row(np.zeros(SPEC.x_shape), 0, SPEC)
    with pytest.raises(ValueError, match="read-only"):
        view[...] = 1
