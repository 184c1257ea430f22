"""Objects that give a loss, and the gradients of what they hold: what they are handed is data."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

CODER = """
import numpy as np

class Coder:
    def __init__(self, d, z, rng=np.random.default_rng(0)):
        self.P = {"down": rng.normal(size=(d, z)), "up": rng.normal(size=(z, d)), "off": rng.normal(size=d)}

    def energy(self, x, noise):
        z = np.tanh((x + noise) @ self.P["down"])
        y = z @ self.P["up"] + self.P["off"]
        self.kept = x, noise, z, y
        return 0.5 * np.sum((y - x) ** 2)

    def gradients(self):
        x, noise, z, y = self.kept
        dy = y - x
        G = {"up": z.T @ dy}
        LINE
        G["down"] = (x + noise).T @ ((dy @ self.P["up"].T) * (1 - z ** 2))
        return G
"""


@pytest.mark.parametrize(
    ("line", "of_off", "verdict"),
    [
        ('G["off"] = dy.sum(0)', Verdict.PASS, Verdict.PASS),
        ('G["off"] = dy.mean(0)', Verdict.FAIL, Verdict.FAIL),
        ("", Verdict.MISSING, Verdict.INCONCLUSIVE),
    ],
)
def test_no_gradient_is_owed_of_what_such_an_object_is_handed(tmp_path, line, of_off, verdict):
    """One of what it holds is."""
    file = tmp_path / "coder.py"
    file.write_text(CODER.replace("LINE", line))

    report = function_here(f"{file}:Coder")

    assert report.gradients["off"].verdict is of_off
    assert report.verdict is verdict
    if verdict is Verdict.PASS:
        assert set(report.gradients) == {"down", "up", "off"}
