"""What a call hands over only the first of."""

import pytest

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets.conventions.call import ARRAYS
from gradcheck_cli.targets.conventions.one_of_many import singles

MANY = ConvSpec(2, 3, 4, 7, 8, (3, 3))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("f(G, x, w)", []),
        ("f(G[0], x[0], w)", [("x[0]", "images"), ("G[0]", "images")]),
        ("f(x[0, 0])", [("x[0, 0]", "images"), ("x[0, 0]", "channels")]),
        ("f(x[0][0])", [("x[0][0]", "images"), ("x[0][0]", "channels")]),
        ("f(x[:, 0])", [("x[:, 0]", "channels")]),
        ("f(w[:, 0].copy(), x.shape[0], len(x))", [("w[:, 0]", "channels of a group")]),
        ("f(w[0], b[0])", [("w[0]", "filters"), ("b[0]", "filters")]),
        ("[f(g, a) for g, a in zip(G, x)]", []),
        ("f(x[0], x)", []),
        ("f(x[None], x[..., 0], x[:-1], x[i])", []),
        ("f(x[:, :, 0])", []),
    ],
)
def test_one_of_many_is_what_every_use_of_an_array_takes_one_of(expression, expected):
    """A size that is read is no use; what a loop or a slice goes through is not one."""
    assert [(single.text, single.what) for single in singles(expression, ARRAYS)] == expected


def test_one_of_one_is_no_loss():
    """A call that takes the first of one leaves nothing out."""
    (single,) = singles("f(x[0])", ARRAYS)

    assert single.refuses(MANY) == "--call hands over x[0], one of 2 images"
    assert single.refuses(ConvSpec(1, 3, 4, 7, 8, (3, 3))) == ""
