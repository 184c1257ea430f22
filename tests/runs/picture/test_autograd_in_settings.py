"""Autograd's side of a run in another setting: judged by what that setting may round, and by nothing else."""

from dataclasses import replace

import pytest
import torch

from gradcheck_cli.model import RunOptions, Setting, Verdict
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.numbers.formats import cut_to, rounded_to
from gradcheck_cli.oracles import autograd, in_setting
from gradcheck_cli.runs.picture import in_settings, run_experiment

SMALL = {"kernel_size": (4, 3), "size": (20, 20), "threads": 1}


@pytest.mark.parametrize(
    "change", [{"memory_format": "channels_last", "deterministic": True}, {"autocast": "bfloat16"}]
)
def test_a_right_run_is_right_in_another_setting(change):
    """The exact probe is in float32, as bfloat16 has too few bits for it; the pictures are in the setting."""
    report = run_experiment(RunOptions(("images/coffee.jpg",), **SMALL, **change))

    assert report.verdict is Verdict.PASS
    assert report.settings == ()
    assert all(f"--{name.replace('_', '-')}" in report.reproduce for name in change)


def test_all_settings_are_a_table(monkeypatch):
    """The layer of the run on whole numbers; every gradient in each."""
    settings = (Setting("float32"), Setting("bfloat16"), Setting("float32", tf32="on"))
    monkeypatch.setattr(in_settings, "settings_of", lambda options: settings)
    report = run_experiment(RunOptions(("images/coffee.jpg",), settings="all", **SMALL))

    told = [(row.setting, row.gradient, row.verdict) for row in report.settings]
    names = ("weight", "input", "bias")
    assert told[:6] == [(each.text, name, Verdict.PASS) for each in settings[:2] for name in names]
    assert told[6:] == [("float32 on cpu, tf32", "call", Verdict.NOT_APPLICABLE)]
    assert report.verdict is Verdict.PASS


def test_autocast_keeps_the_reference_as_it_is():
    """O is in bfloat16, and the loss is beside autocast: a residual that is 0 in bfloat16 alone is no wrong sign."""
    options = RunOptions(("images/coffee.jpg",), kernel_size=(8, 8), size=(64, 64), threads=1, autocast="bfloat16")
    report = run_experiment(options)

    (upstream,) = (check for check in report.checks if check.name == "grad-output")
    assert (upstream.verdict, upstream.mismatched) == (Verdict.PASS, 0)


class Cut(torch.autograd.Function):
    """A convolution whose factors keep so many bits, as TF32's units have it; with stride 1 and no padding."""

    @staticmethod
    def forward(ctx, x, weight, bias, fewer):
        ctx.save_for_backward(x, weight)
        ctx.fewer = fewer
        return torch.nn.functional.conv2d(fewer(x), fewer(weight), bias)

    @staticmethod
    def backward(ctx, grad):
        x, weight = map(ctx.fewer, ctx.saved_tensors)
        of_input = torch.nn.grad.conv2d_input(x.shape, weight, ctx.fewer(grad))
        of_weight = torch.nn.grad.conv2d_weight(x, weight.shape, ctx.fewer(grad))
        return of_input, of_weight, grad.sum((0, 2, 3)), None


@pytest.fixture
def has_tf32(monkeypatch):
    """A CPU whose convolutions keep as many bits as is said, in the way that is said, of float32 where TF32 is on."""

    def with_bits(way, bits):
        def fewer(tensor):
            return torch.from_numpy(way(tensor.detach().numpy(), bits)).to(tensor.dtype)

        def through(setting, module):
            return (lambda x: Cut.apply(x, module.weight, module.bias, fewer)) if setting.tf32 == "on" else module

        monkeypatch.setattr(autograd, "impossible", lambda setting: "")
        monkeypatch.setattr(autograd, "through", through)

    return with_bits


def asked_in_tf32():
    """A run with TF32 on, and what its table of settings says."""
    report = run_experiment(RunOptions(("images/coffee.jpg",), tf32="on", **SMALL))
    return report, {row.gradient: (row.verdict, row.level) for row in report.settings}


@pytest.mark.parametrize("way", [rounded_to, cut_to])
def test_tf32_that_rounds_or_cuts_is_right_where_it_is_on(has_tf32, way):
    """Within its bound on the picture, and proved by whole numbers of more bits than it keeps."""
    has_tf32(way, 11)
    report, rows = asked_in_tf32()

    assert report.verdict is Verdict.PASS
    tf32 = (Verdict.PASS, "TF32 rounding")
    assert rows == {"weight": tf32, "input": tf32, "bias": (Verdict.PASS, "bit for bit")}
    exact = [check for check in report.checks if check.name == "exact"]
    assert {(check.verdict, check.mismatched) for check in exact} == {(Verdict.PASS, 0)}
    assert "--tf32 on" in report.reproduce


def test_numbers_of_fewer_bits_are_no_tf32(has_tf32):
    """bfloat16 inside of what is called TF32: the pictures do not show it, the whole numbers do."""
    has_tf32(rounded_to, 8)
    report, rows = asked_in_tf32()

    assert report.verdict is Verdict.FAIL
    assert rows["weight"] == rows["input"] == (Verdict.FAIL, "rounded inputs")


def test_tf32_is_not_asked_of_a_device_that_has_none():
    """Nothing passes for TF32 that was computed in float32."""
    with pytest.raises(UsageError, match="autograd cannot run in float32 on cpu, tf32: cpu has no TF32"):
        run_experiment(RunOptions(("images/coffee.jpg",), tf32="on", **SMALL))


def test_only_float32_has_tf32(monkeypatch):
    """Asked for beside another number format it would change nothing, and is refused."""
    monkeypatch.setattr(in_setting, "available_devices", lambda: ("cpu", "cuda"))
    single = Setting("float32", "cuda", tf32="on")
    said = "TF32 is what is left of float32, and it is computed in"
    assert in_setting.impossible(single) == ""
    assert in_setting.impossible(replace(single, dtype="float64")) == f"{said} float64"
    assert in_setting.impossible(replace(single, autocast="bfloat16")) == f"{said} bfloat16"
