"""Geometries that others test their convolutions on: all sources give the same gradients, bit for bit."""

import json
from functools import cache
from math import prod
from pathlib import Path

import numpy as np
import pytest
import torch
from layer_forms import disagreeing, whole

from gradcheck_cli.layers import conv
from gradcheck_cli.model import TorchLayer
from gradcheck_cli.model.benchdnn import geometry_of

FOLDER = Path(__file__).with_name("published")
# Products of one gradient: what `make test` has time for. `make stress` takes all.
SMALL = 400_000


def torch_samples():
    """What torch's own tests call the functional with, one dict each."""
    return json.loads((FOLDER / "torch_samples.json").read_text("utf-8"))["samples"]


def layer_of(sample):
    """The same layer by its shapes and torch's words; a sample without a batch is a batch of one."""
    groups, axes = sample.get("groups", 1), len(sample["weight"]) - 2
    first, second, *kernel = sample["weight"]
    filters = second * groups if "transpose" in sample["conv"] else first
    batch = sample["x"][0] if len(sample["x"]) == axes + 2 else 1
    told = {name: sample[name] for name in ("stride", "dilation", "output_padding") if name in sample}
    told["padding"] = sample.get("padding", 0)
    return TorchLayer(
        conv=sample["conv"],
        batch=batch,
        in_channels=sample["x"][-axes - 1],
        out_channels=filters,
        size=sample["x"][-axes:],
        kernel_size=kernel,
        groups=groups,
        **told,
    )


@cache
def descriptors():
    """The lines of the file that are no comment."""
    lines = (FOLDER / "benchdnn.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def products(spec):
    """Of one gradient."""
    return prod(spec.weight_shape) * spec.terms


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("number", range(0, len(torch_samples()), 8))
def test_words_mean_what_the_functional_of_torch_means(number):
    """Eight of torch's samples each, called with their own words: O, whole numbers, bit for bit."""
    for sample in torch_samples()[number : number + 8]:
        case = whole(layer_of(sample).spec)
        words = {name: value for name, value in sample.items() if name not in ("conv", "x", "weight", "bias")}
        x, weight = (torch.from_numpy(case[name].reshape(sample[name])) for name in ("x", "weight"))
        bias = torch.from_numpy(case.bias) if sample["bias"] else None
        output = getattr(torch.nn.functional, sample["conv"])(x, weight, bias, **words).numpy()
        expected = conv.forward(case if sample["bias"] else case.with_array("bias", np.zeros_like(case.bias)))

        assert np.array_equal(expected, output.reshape(expected.shape)), sample


def test_gradients_of_torchs_own_samples():
    """Of all forms; those that are alike but for the batch are there once."""
    specs = list(dict.fromkeys(layer_of(sample).spec for sample in torch_samples()))

    assert len(specs) > 50
    assert [] == [wrong for seed, spec in enumerate(specs) for wrong in disagreeing(spec, seed)]


def test_gradients_of_small_descriptors_of_benchdnn():
    """Of one, two and three axes, and of deconvolutions."""
    specs = [spec for spec in map(geometry_of, descriptors()) if products(spec) <= SMALL]

    assert len({spec.conv for spec in specs}) == 6
    assert [] == [wrong for seed, spec in enumerate(specs) for wrong in disagreeing(spec, seed)]


@pytest.mark.stress
def test_gradients_of_all_descriptors_of_benchdnn():
    """However large."""
    specs = list(map(geometry_of, descriptors()))

    assert [] == [wrong for seed, spec in enumerate(specs) for wrong in disagreeing(spec, seed)]
