"""Layers whose constructor is handed one object of settings."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

BLOCK = """
from dataclasses import dataclass
import numpy as np

@dataclass
class BlockConfig:
    width: int = 4
    slope: float = 0.3

class Block:
    def __init__(self, ARGUMENT):
        self.cfg = cfg
        self.params = {"scale": np.full(cfg.width, 0.7)}

    def forward(self, x):
        b, t, w = x.shape
        self.x = x
        return np.where(x > 0, x, self.cfg.slope * x) * self.params["scale"]

    def backward(self, dout):
        dx = np.where(self.x > 0, 1.0, self.cfg.slope) * dout * self.params["scale"]
        dscale = (np.where(self.x > 0, self.x, SLOPE * self.x) * dout).sum((0, 1))
        return dx, dscale
"""


@pytest.mark.parametrize("argument", ["cfg: BlockConfig", "cfg: 'BlockConfig'", "cfg"])
@pytest.mark.parametrize(("slope", "verdict"), [("self.cfg.slope", Verdict.PASS), ("1", Verdict.FAIL)])
def test_a_layer_is_made_with_its_authors_own_settings(tmp_path, argument, slope, verdict):
    """The class of the settings is told by the annotation, else by the parameter's name."""
    file = tmp_path / "block.py"
    file.write_text(BLOCK.replace("ARGUMENT", argument).replace("SLOPE", slope), encoding="utf-8")
    report = function_here(f"{file}:Block")
    assert report.verdict is verdict
    assert "Block(cfg=BlockConfig())" in report.why
    assert report.gradients["x"].verdict is Verdict.PASS


def test_settings_without_defaults_are_not_guessed(tmp_path):
    """What their author thinks of is not known then."""
    file = tmp_path / "block.py"
    code = BLOCK.replace("ARGUMENT", "cfg").replace("width: int = 4", "width: int").replace("SLOPE", "1")
    file.write_text(code.replace("slope: float = 0.3", "slope: float"), encoding="utf-8")
    with pytest.raises(Exception, match="no object of Block could be made"):
        function_here(f"{file}:Block")
