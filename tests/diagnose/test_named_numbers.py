"""Names that stand for one number."""

import ast

import pytest

from gradcheck_cli.diagnose.named_numbers import named_numbers, with_numbers

FILE = """
EPS = 1e-12
LOW, HIGH = 0, 1
rate: float = -0.5
count = 3
count += 1

class Loss:
    def __init__(self, tiny=1e-9, other=None):
        self.tiny = tiny
        self.margin = 2.0

    def forward(self, p, *, margin=1.0):
        return [i for i in p]
"""


def test_a_name_has_a_number_where_it_is_the_same_wherever_it_is_set():
    """As a constant, an attribute or a default; what is moved, taken apart or set twice has none."""
    assert {"EPS": 1e-12, "rate": -0.5, "tiny": 1e-9} == named_numbers(ast.parse(FILE))


@pytest.mark.parametrize(
    ("text", "filled"),
    [("1 - EPS", "1 - 1e-12"), ("self.tiny", "1e-09"), ("margin", "margin"), ("f(EPS, x)", "f(1e-12, x)")],
)
def test_numbers_take_the_place_of_their_names(text, filled):
    """The expression itself stays as it is."""
    node = ast.parse(text, mode="eval").body
    assert filled == ast.unparse(with_numbers(node, named_numbers(ast.parse(FILE))))
    assert text == ast.unparse(node)
