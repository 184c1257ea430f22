"""How a mistake is mended where it is no convolution that is differentiated."""

import re

import pytest

from gradcheck_cli.mistakes import CATALOGUE, Sign, standing_for

# What only a convolution has. G and X are in the words of every function too.
OF_CONVOLUTIONS = re.compile(
    r"\b(?:kernel index|window|taps|c_out|of G\[|G \* F|zeros_like\(F\)|rows and columns of X)"
)
# Told of convolutions alone: their padding, and their forward's stride.
ELSEWHERE = {Sign.EMPTY_SLICE, Sign.OTHER_FORWARD}


@pytest.mark.parametrize("sign", [sign for sign in Sign if sign not in ELSEWHERE])
def test_a_function_is_mended_in_words_that_say_nothing_of_windows(sign):
    """A layer norm has no kernel."""
    assert not OF_CONVOLUTIONS.search(standing_for(sign).fix_of_function)


def test_what_holds_everywhere_is_written_once():
    """Where a mistake has no words of its own for functions, those of convolutions are meant."""
    for mistake in CATALOGUE.values():
        assert mistake.fix_of_function == (mistake.of_function or mistake.fix)
        assert mistake.of_function != mistake.fix
