"""What names of parameters say: the four margins of a picture, in the languages of courses."""

import ast

import pytest

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets.conventions.binding import SQUARE, Form, square_only
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.names import are_margins, corners, function_roles
from gradcheck_cli.targets.conventions.source import Source

TOP, BOTTOM, LEFT, RIGHT = "padding_h", "padding_h_after", "padding_w", "padding_w_after"


@pytest.mark.parametrize(
    ("names", "margins"),
    [
        ("oben unten links rechts", (TOP, BOTTOM, LEFT, RIGHT)),
        ("izquierda derecha arriba abajo", (LEFT, RIGHT, TOP, BOTTOM)),
        ("haut bas gauche droite", (TOP, BOTTOM, LEFT, RIGHT)),
        ("pad_left pad_right pad_top pad_bottom", (LEFT, RIGHT, TOP, BOTTOM)),
        ("pt pl pb pr", (TOP, LEFT, BOTTOM, RIGHT)),
        ("u d l r", (TOP, BOTTOM, LEFT, RIGHT)),
    ],
)
def test_four_margins_are_told_by_their_names(names, margins):
    """Whole words first, then first letters: u is up, and unten is none of it."""
    assert are_margins(names.split())
    assert corners(names.split()) == margins


def test_four_names_that_are_no_sides_are_no_margins():
    """Sizes of a kernel, say."""
    assert not are_margins(["filters", "channels", "kh", "kw"])


@pytest.mark.parametrize("line", ["F, _, k, _ = W.shape", "F, C, k, _ = w_shape", "F, C, k, k = weight.shape"])
def test_code_that_reads_one_side_of_the_kernel_takes_square_ones_alone(line):
    """Also where the shape was kept in a cache and has a name."""
    source = Source(ast.parse(f"def back(dout, cache):\n    {line}\n"))
    assert square_only(ConvSpec(2, 3, 4, 7, 6, (3, 2)), Form(Layout()), [source]) == SQUARE
    assert not square_only(ConvSpec(2, 3, 4, 7, 6, (3, 3)), Form(Layout()), [source])


def test_code_that_reads_both_sides_takes_any_kernel():
    """kh and kw are two."""
    source = Source(ast.parse("def back(dout, cache):\n    F, C, kh, kw = w_shape\n"))
    assert not square_only(ConvSpec(2, 3, 4, 7, 6, (3, 2)), Form(Layout()), [source])


@pytest.mark.parametrize(
    ("name", "role"),
    [
        *(
            ("in_bias", "bias"),
            ("my_weights", "weight"),
            ("bias_term", "bias"),
            ("the_kernels", "weight"),
            ("in_x", "x"),
        ),
        *(("a_shape", "x_shape"), ("data_shape", "x_shape")),
    ],
)
def test_a_word_beside_the_name_of_an_array_leaves_what_it_is(name, role):
    """`in_bias` is a bias."""
    assert function_roles(name)[-1:] == [role]


@pytest.mark.parametrize("name", ["layer_out", "in_k", "my_layer", "layer_size", "bias_in", "the_n"])
def test_what_may_be_a_size_or_an_output_is_not_taken_for_an_array(name):
    """Only whole names of x, the weight and the bias are told so, and one letter but w, x and b is none."""
    assert function_roles(name) == []


def test_a_side_that_each_function_reads_for_itself_is_the_one_side():
    """Twice in one function it is a slip of code that means two."""
    method = "    def {}(ctx, x, w):\n        {} = w.shape[-1]\n"
    apart = "class F:\n" + method.format("forward", "k") + method.format("backward", "k")
    twice = "class F:\n" + method.format("forward", "kh") + "        kw = w.shape[-1]\n"
    uneven = ConvSpec(2, 3, 4, 7, 6, (3, 2))
    found = [square_only(uneven, Form(Layout()), [Source(ast.parse(code).body[0])]) for code in (apart, twice)]
    assert [SQUARE, ""] == found
