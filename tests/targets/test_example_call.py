"""The expression that a refusal shows for the target that it refuses."""

import pytest

from gradcheck_cli.model import VerifyOptions
from gradcheck_cli.runs.verify import verify_targets
from gradcheck_cli.targets import resolve
from gradcheck_cli.targets.conventions.example_call import ways_out
from gradcheck_cli.targets.load import load

CODE = """
class Sieve:
    def __init__(self, weights, gauge, stride=1, *, seed=0):
        pass

    def forward(self, x):
        pass

    def backward(self, slope):
        pass

def sieve_backward(slope, cache, width, stride=1, pad=0, verbose=False):
    x, w, b = cache
"""


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("Sieve", "(c := Sieve(w, ..., stride=s), c.forward(x), c.backward(G))[-1]"),
        ("Sieve.backward", "(c := Sieve(w, ..., stride=s), c.forward(x), c.backward(G))[-1]"),
        ("sieve_backward", "sieve_backward(..., (x, w, b), ..., stride=s, pad=p)"),
    ],
)
def test_a_refusal_shows_the_call_of_this_target_with_what_its_names_tell(tmp_path, name, call):
    """What nothing tells stands as `...`."""
    file = tmp_path / "code.py"
    file.write_text(CODE)
    expected = f'say how, for example: --call "{call}" --returns input,weight,bias, '
    assert ways_out(load(resolve([f"{file}:{name}"])[0])).startswith(expected)


def test_a_refused_target_is_shown_its_own_call(tmp_path):
    """Through the program: the hint of the refusal."""
    file = tmp_path / "code.py"
    file.write_text(CODE)
    (target,) = verify_targets(VerifyOptions((f"{file}:sieve_backward",))).targets
    assert '--call "sieve_backward(..., (x, w, b), ..., stride=s, pad=p)"' in target.error
