"""What --input says."""

import pytest

from gradcheck_cli.model.errors import OptionError
from gradcheck_cli.model.inputs import InputSpec, input_specs


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("x=5x7", InputSpec("x", "real", (5, 7))),
        ("x=float:5", InputSpec("x", "real", (5,))),
        ("idx=int:5<7", InputSpec("idx", "index", (5,), 7)),
        ("p=unit:2x3", InputSpec("p", "unit", (2, 3))),
        ("eps=1e-5", InputSpec("eps", "constant", value=1e-5)),
        ("n=4", InputSpec("n", "constant", value=4)),
        ("bias=none", InputSpec("bias", "constant", value=None)),
        ("mode=train", InputSpec("mode", "constant", value="train")),
        ("w=kept/w.npy", InputSpec("w", "file", value="kept/w.npy")),
    ],
)
def test_an_argument_is_a_shape_a_number_a_word_or_a_file(text, spec):
    """Each by its own look."""
    assert input_specs(text) == (spec,)


def test_several_stand_with_commas_between():
    """In their order."""
    assert [each.name for each in input_specs("x=2x3, w=3x4,")] == ["x", "w"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "--input 'x' is no NAME=SPEC."),
        ("x=5y7", "--input x=5y7 is neither sizes, a number, a word nor a file."),
        ("idx=int:5>7", "--input idx=int:5>7 is neither sizes, a number, a word nor a file."),
        ("x=2,x=3", "--input names x twice."),
        ("x=complex:2x3", "--input x=complex:2x3: complex is no kind of array."),
    ],
)
def test_a_slip_is_told_before_anything_runs(text, message):
    """With what was typed."""
    with pytest.raises(OptionError) as caught:
        input_specs(text)
    assert caught.value.sentence == message
