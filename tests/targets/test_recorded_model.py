"""What the convolutions of a model meet."""

import pytest

from gradcheck_cli.model import TorchLayer
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.targets.recorded_model import geometries_of_model

CODE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Conv1d(8, 4, 3, padding="same", dilation=2)
        self.up = nn.ConvTranspose2d(3, 8, 4, stride=2, padding=1)
        self.twice = nn.Conv2d(3, 3, (3, 5), padding=(1, 2), groups=3, padding_mode="circular")

    def forward(self, x):
        y = self.up(self.twice(self.twice(x)))
        return self.line(y.flatten(2))

def gradcheck_inputs():
    return (torch.zeros(2, 3, 5, 6),)

def one_sample():
    nn.Sequential(nn.Conv3d(1, 2, 3), nn.ReLU())(torch.zeros(1, 5, 6, 7))

class Plain(nn.Module):
    def forward(self, x):
        return x.sin()

def broken():
    raise ValueError("no weights here")
"""


@pytest.fixture
def net(tmp_path):
    """The file."""
    file = tmp_path / "net.py"
    file.write_text(CODE)
    return file


def test_each_convolution_is_met_once(net):
    """Of every form, in the order in which they run; asked twice, a geometry stands there once."""
    found = geometries_of_model(f"{net}:Net", 60.0)
    assert found == (
        TorchLayer(
            batch=2,
            in_channels=3,
            out_channels=3,
            size=(5, 6),
            kernel_size=(3, 5),
            padding=(1, 2),
            groups=3,
            padding_mode="circular",
        ).spec,
        TorchLayer(
            conv="conv_transpose2d",
            batch=2,
            in_channels=3,
            out_channels=8,
            size=(5, 6),
            kernel_size=4,
            stride=2,
            padding=1,
        ).spec,
        TorchLayer(
            conv="conv1d", batch=2, in_channels=8, out_channels=4, size=120, kernel_size=3, padding="same", dilation=2
        ).spec,
    )
    (volume,) = geometries_of_model(f"{net}:one_sample", 60.0)
    assert (volume.x_shape, volume.weight_shape) == ((1, 1, 5, 6, 7), (2, 1, 3, 3, 3))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (":Plain", "net.py:Plain: no convolution ran in Plain."),
        (":broken", "net.py:broken: broken raises while it is run: ValueError: no weights here."),
        ("", "names no model."),
    ],
)
def test_what_has_none_is_refused(net, name, sentence):
    """With the reason, and what counts."""
    with pytest.raises(TargetError) as caught:
        geometries_of_model(f"{net}{name}", 60.0)
    assert caught.value.sentence.endswith(sentence)


def test_a_module_says_what_it_is_called_with(net):
    """No shape is guessed: another one would be another sweep."""
    net.write_text(CODE.replace("def gradcheck_inputs", "def others"))
    with pytest.raises(TargetError) as caught:
        geometries_of_model(f"{net}:Net", 60.0)
    assert "nothing says what it is called with" in caught.value.text()
    assert "def gradcheck_inputs(): return (torch.zeros(1, 3, 224, 224),)" in caught.value.text()
