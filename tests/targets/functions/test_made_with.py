"""Objects that are made with their argument."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.listing import every_layer
from gradcheck_cli.targets.resolve import parse

BENDS = """
import numpy as np

class Bell:
    def __init__(self, x):
        self.x = x

    def function(self):
        return np.exp(-self.x ** 2)

    def derivative(self):
        return FACTOR * self.x * self.function()

class Ramp:
    def __init__(self, x, leak):
        self.x = x
        self.leak = leak

    def function(self):
        if self.x > 0:
            return self.x
        return self.leak * self.x

    def derivative(self):
        return 1.0 if self.x > 0 else FACTOR * self.leak / -2

class Root:
    def __init__(self, x):
        self.x = x

    def function(self):
        return np.sqrt(self.x)

    def derivative(self):
        return FACTOR / -4 / np.sqrt(self.x)
"""


@pytest.mark.parametrize("name", ["Bell", "Ramp", "Root"])
@pytest.mark.parametrize(("factor", "verdict"), [("-2", Verdict.PASS), ("2", Verdict.FAIL)])
def test_two_methods_that_take_nothing_are_functions_of_what_the_object_is_made_with(tmp_path, name, factor, verdict):
    """Of arrays, or of single numbers where they decide by them; a root is asked above 0."""
    file = tmp_path / "bends.py"
    file.write_text(BENDS.replace("FACTOR", factor))

    report = function_here(f"{file}:{name}")

    assert (report.verdict, report.gradients["x"].verdict) == (verdict, verdict)


def test_such_classes_are_among_the_layers_of_a_file(tmp_path):
    """A row each."""
    file = tmp_path / "bends.py"
    file.write_text(BENDS)

    assert every_layer(parse(str(file)), str(file)) == ("Bell", "Ramp", "Root")
