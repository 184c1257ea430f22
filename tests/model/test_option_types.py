import numpy as np
import pytest

from gradcheck_cli.model.errors import OptionError
from gradcheck_cli.model.option import options_of
from gradcheck_cli.model.option_types import check_type
from gradcheck_cli.model.options import RunOptions, SumOptions, SweepOptions, VerifyOptions

OPTIONS = {option.name: option for kind in (RunOptions, VerifyOptions) for option in options_of(kind)}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        (
            "kernel_size",
            "3x",
            "--k takes 32, or 3x5 for vertical x horizontal, not '3x'.\n  hint: in Python as kernel_size=3 or (3, 5)",
        ),
        ("seed", 1.5, "--seed takes a whole number, not 1.5.\n  hint: in Python as seed=3"),
        ("in_channels", True, "--in takes a whole number, not True.\n  hint: in Python as in_channels=3"),
        ("timeout", "a", "--timeout takes a number of seconds, not 'a'.\n  hint: in Python as timeout=20.0"),
        ("unit_range", 1, "--unit-range takes nothing: it is on or off, not 1.\n  hint: in Python as unit_range=True"),
        ("loss", 5, '--loss takes one of a few words, not 5.\n  hint: in Python as loss="..."'),
        (
            "padding",
            1.5,
            "--padding takes 1, 1x2, the sides 0,1,0,1, same or valid, not 1.5.\n"
            '  hint: in Python as padding=1, (1, 2), ((0, 1), (0, 1)) or "same"',
        ),
    ],
)
def test_a_value_of_another_kind_is_told_with_how_one_is_written(name, value, text):
    """The option, the value, and an example in Python."""
    with pytest.raises(OptionError) as raised:
        check_type(OPTIONS[name], value)
    assert raised.value.text() == text


@pytest.mark.parametrize("kind", [RunOptions, VerifyOptions, SumOptions, SweepOptions])
def test_every_default_is_of_its_kind(kind):
    """None where nothing is said, too."""
    for option in options_of(kind):
        check_type(option, option.default)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", np.int64(3)),
        ("kernel_size", [3, np.int32(5)]),
        ("padding", ((0, 1), (0, 1))),
        ("padding", "same"),
        ("timeout", 3),
    ],
)
def test_numbers_of_numpy_and_lists_are_taken(name, value):
    """What counts as a number counts."""
    check_type(OPTIONS[name], value)
