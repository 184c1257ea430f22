"""Exceptions that are about what was handed over: they tell as much of our guess as of the code."""

import numpy as np
import pytest

from gradcheck_cli.targets.conventions.misfed import is_misfed

FIELDS = {
    "a named tuple's": "from typing import NamedTuple\n\nclass Rig(NamedTuple):\n    depth: object\n",
    "a class's own": "class Rig:\n    def __init__(self, d):\n        self.depth = d\n",
    "a short named tuple's": "from collections import namedtuple\nRig = namedtuple('Rig', 'depth width')\n",
    "nobody's": "",
}


@pytest.mark.parametrize("whose", FIELDS)
def test_an_array_in_the_place_of_an_object_is_our_guess(tmp_path, whose):
    """`rig.depth` of an array is a slip of the code's where nothing in its file has a depth."""
    file = tmp_path / "rig.py"
    text = FIELDS[whose] + "\ndef forward(x, rig):\n    return x * rig.depth\n"
    file.write_text(text)
    names = {}
    exec(compile(text, str(file), "exec"), names)
    with pytest.raises(AttributeError) as raised:
        names["forward"](np.ones(2), np.ones(2))
    assert is_misfed(raised.value, str(file)) is (whose != "nobody's")
