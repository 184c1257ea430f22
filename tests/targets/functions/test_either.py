"""Whether a target is tried as a convolution where its backward runs on nothing that was guessed."""

import pytest

from gradcheck_cli.targets import resolve
from gradcheck_cli.targets.conventions import NotRecognisedError
from gradcheck_cli.targets.functions.either import AsConvolution, Wanted, either
from gradcheck_cli.targets.functions.service import DoubtfulError
from gradcheck_cli.targets.load import load
from gradcheck_cli.targets.seeding import seed_all

FORWARDS = {
    "a matrix product": ("a @ b", False),
    "no product": ("np.tanh(a) + np.sin(b)", False),
    "a product of windows": ("np.stack([b @ a[at : at + len(b)] for at in range(len(a) - len(b) + 1)])", True),
    "a product of all with all": ("a[:, None] * b", True),
}


@pytest.mark.parametrize("name", FORWARDS)
def test_a_forward_that_is_no_convolution_is_not_tried_as_one(tmp_path, name):
    """Where it may be one it is, and refused as a function all the same where it is none."""
    forward, is_tried = FORWARDS[name]
    file = tmp_path / "user.py"
    file.write_text(
        f"import numpy as np\n\ndef mix_forward(a, b):\n    return {forward}, (a, b)\n\n"
        "def mix_backward(dout, cache):\n    a, b = cache\n    return a[99, 99, 99], b\n"
    )
    tried = []

    def take():
        tried.append(name)
        raise NotRecognisedError("run", "it is none")

    loaded = load(resolve([f"{file}:mix_backward"])[0])
    wanted = Wanted(("convolution", "function"), is_spelled=False, seed=seed_all, number=0, seconds=60.0)
    with pytest.raises(DoubtfulError):
        either(loaded, wanted, AsConvolution(take, bool, bool, lambda ready: False))
    assert bool(tried) == is_tried
