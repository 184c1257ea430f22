"""What a backward is handed where its file does not say it: the way in which it is the derivative is what was meant."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

HALL = """
import numpy as np

def centred(sound, axis):
    middle = sound.mean(axis=axis, keepdims=True)
    spread = 1 / np.sqrt(((sound - middle) ** 2).mean(axis=axis, keepdims=True) + 0.1)
    return (sound - middle) * spread, middle, spread

def hall_forward(sound):
    return centred(sound, -1)

def hall_backward(dy, sound, middle, spread):
    hat = (sound - middle) * spread
    return FACTOR * spread * (dy - dy.mean(-1, keepdims=True) - hat * (dy * hat).mean(-1, keepdims=True))

def echo_forward(sound):
    gain, bent = np.exp(sound), sound ** 3
    return gain * bent, gain, bent

def echo_backward(dy, first, second):
    return FACTOR * dy * first * (second + 3 * np.cbrt(second) ** 2)
"""


@pytest.mark.parametrize("name", ["hall_backward", "echo_backward"])
@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_what_a_forward_returns_beside_its_output_is_handed_to_whom_it_belongs(tmp_path, name, factor, verdict):
    """By the names that a function which it calls returns; without names by trial."""
    (tmp_path / "hall.py").write_text(HALL.replace("FACTOR", factor), encoding="utf-8")
    assert function_here(f"{tmp_path / 'hall.py'}:{name}").verdict is verdict
