"""What a refusal says of how a function is called."""

import pytest
from functions_here import function_here

from gradcheck_cli.model.errors import TargetError

DICT = """
import numpy as np

def run(x, conf):
    if not isinstance(conf["made"], frozenset):
        raise TypeError("no set")
    return x * 2, (x, conf)

def run_backward(dout, cache, rows):
    return dout * 2
"""
METHODS = """
class Net:
    def __init__(self, width):
        self.width = frozenset([width])

    def step(self, batch):
        raise TypeError("no batch")

    def step_backward(self, dout, batch):
        return dout
"""


@pytest.mark.parametrize(
    ("text", "name", "call"),
    [
        (DICT, "run_backward", "run(x, conf) -> run_backward(G, out[-1], rows)"),
        (METHODS, "Net.step_backward", "(c := Net(width), c.step(batch))[-1] -> c.step_backward(G, batch)"),
        ("def f_grad(q, z):\n    return q * z\n", "f_grad", "FORWARD -> f_grad(q, z)"),
    ],
)
def test_a_refusal_shows_the_call_in_the_names_of_the_file(tmp_path, text, name, call):
    """To be copied; what each name is only the reader knows."""
    file = tmp_path / "code.py"
    file.write_text(text)

    with pytest.raises(TargetError) as refused:
        function_here(f"{file}:{name}")

    assert f'--call "{call}" --returns' in str(refused.value)
