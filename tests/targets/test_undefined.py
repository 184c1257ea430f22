"""Names that nothing has: what to do about them, and that no call is proposed which ends in the same way."""

import numpy as np
import pytest

from gradcheck_cli.targets.undefined import is_undefined, mend_of_undefined
from helpers import verified

LAYER = """
class Layer:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.w = np.{}((out_channels, in_channels, kernel_size, kernel_size))

    def forward(self, x):
        self.x = x
        return x

    def backward(self, g):
        self.dw = self.w * g.sum()
        return g
"""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NameError("name 'np' is not defined"), "Add `import numpy as np` at the top of the file."),
        (NameError("name 'stirde' is not defined"), "Define `stirde`, or correct the name."),
        (
            AttributeError("module 'numpy' has no attribute 'mat'"),
            f"`numpy` of the installed numpy {np.__version__} has no `mat`: correct the name, or write what has taken "
            "its place, `np.asmatrix`.",
        ),
        (UnboundLocalError("cannot access local variable 'x' where it is not associated with a value"), ""),
        (AttributeError("'Layer' object has no attribute 'x'"), ""),
        (ValueError("name 'np' is not defined"), ""),
        (None, ""),
    ],
)
def test_a_name_that_nothing_has_is_what_to_mend(error, expected):
    """A variable without a value and an attribute of an object may come of the way in which the code was called."""
    assert mend_of_undefined(error) == expected
    assert is_undefined(error) == bool(expected)


@pytest.mark.parametrize(
    ("head", "made", "hint"),
    [("", "ones", "Add `import numpy as np`"), ("import numpy as np\n", "onse", "has no `onse`: correct the name")],
)
def test_a_constructor_that_knows_a_name_not_is_told_to_have_it_mended(tmp_path, head, made, hint):
    """A call in other words would raise the same."""
    (target,) = verified(tmp_path, head + LAYER.format(made), "Layer", file="layer.py").targets
    assert hint in target.error
    assert "--call" not in target.error
