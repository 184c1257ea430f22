"""The two sides of `--call`."""

import pytest

from gradcheck_cli.model.spelled import directions, names_in


@pytest.mark.parametrize(
    ("call", "sides"),
    [
        ("f(x) -> g(G)", ("f(x)", "g(G)")),
        ("f(G, x)", ("", "f(G, x)")),
        ("", ("", "")),
        ("np.einsum('ij->i', x) -> np.einsum('i->ij', G)", ("np.einsum('ij->i', x)", "np.einsum('i->ij', G)")),
        ("np.einsum('ij->i', x)", ("", "np.einsum('ij->i', x)")),
    ],
)
def test_an_arrow_between_two_expressions_parts_them(call, sides):
    """One in a text does not."""
    assert directions(call) == sides


def test_a_name_that_the_forward_binds_is_none_that_the_backward_reads():
    """What is left are functions and arguments."""
    assert set(names_in("(l := Layer(w), l.up(x))[-1] -> l.down(G)")) == {"Layer", "w", "x", "G"}
