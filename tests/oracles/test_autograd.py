"""Torch's side: the post's own layer, exactness on integers, settings that do not leak, refusals in words."""

import platform
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from random_layers import specs
from residuals import check_entries

from gradcheck_cli.model import GRADIENTS, Case, ConvSpec, Loss, Setting
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.numbers import exact
from gradcheck_cli.numbers.rounding import UNIT_ROUNDOFF
from gradcheck_cli.oracles import autograd, losses, reference
from gradcheck_cli.oracles.autograd import LayerSettings
from gradcheck_cli.oracles.forward import forward, forward_bound
from gradcheck_cli.oracles.in_setting import switched
from gradcheck_cli.oracles.layer import Layer

SPEC = ConvSpec(2, 4, 6, 9, 8, (3, 2), (2, 1), (1, 2), (1, 2), 2)


def layer_of(spec, loss, seed=0):
    """Pixels, torch's own weights, a reference of pixels."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, spec.x_shape).astype(np.float32)
    target = rng.integers(0, 256, (spec.batch, 1, *spec.output_size)).astype(np.float32)
    return Layer(x, *autograd.draw_parameters(spec, seed, True), target, spec, loss, seed)


def test_parameters_are_those_of_the_forum_script():
    """torch.manual_seed, then torch.nn.Conv2d: the same bits, with and without a bias."""
    torch.manual_seed(3)
    expected = torch.nn.Conv2d(3, 3, 32)
    weight, bias = autograd.draw_parameters(ConvSpec(1, 3, 3, 64, 64, (32, 32)), 3, True)
    assert (expected.weight.detach().numpy() == weight).all()
    assert (expected.bias.detach().numpy() == bias).all()
    again, zeros = autograd.draw_parameters(ConvSpec(1, 3, 3, 64, 64, (32, 32)), 3, False)
    assert (again == weight).all()
    assert zeros.tolist() == [0, 0, 0]
    assert weight.dtype == bias.dtype == zeros.dtype == np.float32


def test_drawing_parameters_leaves_the_global_generator_alone():
    """The user's own random numbers stay as they were."""
    torch.manual_seed(0)
    expected = torch.rand(3).tolist()
    torch.manual_seed(0)
    autograd.draw_parameters(SPEC, 7, True)
    autograd.run_layer(layer_of(SPEC, Loss()), LayerSettings())
    assert torch.rand(3).tolist() == expected


def test_drawing_parameters_asks_for_no_gpu(monkeypatch):
    """The generators of GPUs are not used, so none is saved; torch would warn where there are several."""

    def refuse():
        raise AssertionError

    monkeypatch.setattr(torch.cuda, "device_count", refuse)
    weight, _ = autograd.draw_parameters(SPEC, 7, True)
    assert weight.shape == SPEC.weight_shape


def test_run_layer_equals_the_forum_script():
    """Conv2d, abs, mean, backward: loss and gradients to the bit."""
    layer = layer_of(ConvSpec(1, 3, 3, 40, 41, (5, 5)), Loss())
    torch.manual_seed(0)
    model = torch.nn.Conv2d(3, 3, 5)
    loss = torch.abs(model(torch.from_numpy(layer.x)) - torch.from_numpy(layer.reference)).mean()
    loss.backward()
    run = autograd.run_layer(layer, LayerSettings())
    assert loss.item() == run.loss
    assert (model.weight.grad.numpy() == run.gradients.weight).all()
    assert (model.bias.grad.numpy() == run.gradients.bias).all()
    assert run.gradients.input is None


def test_what_is_not_wanted_changes_neither_the_loss_nor_the_gradient_of_the_output():
    """G is there where no other gradient is asked for."""
    layer = layer_of(SPEC, Loss("mse"))
    alone, all_of_them = (autograd.run_layer(layer, LayerSettings("float64"), wanted) for wanted in ((), GRADIENTS))

    assert {} == dict(alone.gradients)
    assert np.array_equal(alone.grad_output, all_of_them.grad_output)
    assert alone.loss == all_of_them.loss


@pytest.mark.parametrize("name", ["l1", "mse", "sum", "random"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_torch_and_numpy_mean_the_same_loss(name, reduction):
    """Value, O and G of both, in float64 and within the forward's bound."""
    layer = layer_of(SPEC, Loss(name, reduction))
    run = autograd.run_layer(layer, LayerSettings("float64"), GRADIENTS)
    output = forward(layer.x, layer.weight, layer.bias, SPEC)
    assert (np.abs(run.output - output) <= 2 * forward_bound(layer.x, layer.weight, layer.bias, SPEC)).all()
    assert run.loss == pytest.approx(losses.value(run.output, layer.reference, layer.loss, 0), rel=1e-13, abs=0)
    expected = losses.grad_output(run.output, layer.reference, layer.loss, 0)
    assert run.grad_output == pytest.approx(expected, rel=1e-15, abs=0)
    assert run.output.dtype == run.grad_output.dtype == run.gradients.input.dtype == np.float64


def test_the_random_loss_stays_in_the_dtype_and_on_the_device_of_the_output():
    """Every torch has the device "meta", one without numbers; nothing is summed in the factors' float64."""
    output = torch.empty(SPEC.output_shape, dtype=torch.float16, device="meta")
    loss = autograd.loss_of(output, output, Loss("random"), 0)
    assert (loss.dtype, loss.device.type) == (torch.float16, "meta")


def test_arrays_go_to_the_device_in_the_dtype_of_the_settings():
    """Also where that is not the CPU."""
    tensor = autograd.tensor_of(np.ones(3), LayerSettings("bfloat16", "meta"))
    assert (tensor.dtype, tensor.device.type) == (torch.bfloat16, "meta")


@pytest.mark.parametrize("name", ["l1", "mse", "sum", "random"])
def test_torch_and_finite_differences_agree_within_the_bound(name):
    """Two oracles that share no formula."""
    layer = layer_of(SPEC, Loss(name, "mean"))
    result = check_entries(layer)
    case = Case(SPEC, layer.x, layer.weight, layer.bias, result.grad_output)
    returned = autograd.backward(case, LayerSettings("float64")).weight
    assert (np.abs(returned - result.grad_weight) <= result.bound).all()


@given(specs(), st.integers(0, 999), st.sampled_from(["float32", "float64"]))
@settings(max_examples=60)
def test_narrow_integers_are_exact_bit_for_bit(spec, seed, dtype):
    """Any geometry: torch equals the int64 referee in all three gradients."""
    case = exact.narrow_case(spec, np.random.default_rng(seed))
    returned = autograd.backward(case, LayerSettings(dtype, threads=1))
    assert (reference.grad_weight(case.x, case.grad_output, spec) == returned.weight).all()
    assert (reference.grad_input(case.weight, case.grad_output, spec) == returned.input).all()
    assert (reference.grad_bias(case.grad_output) == returned.bias).all()


@given(specs(), st.integers(0, 999))
@settings(max_examples=40)
def test_wide_integers_are_exact_in_float64_and_show_float32(spec, seed):
    """The same layer in float32 is the planted fault."""
    case = exact.wide_case(spec, np.random.default_rng(seed))
    exact64 = autograd.backward(case, LayerSettings("float64", threads=1))
    hidden32 = autograd.backward(case, LayerSettings("float32", threads=1))
    truth = {
        "weight": reference.grad_weight(case.x, case.grad_output, spec),
        "input": reference.grad_input(case.weight, case.grad_output, spec),
        "bias": reference.grad_bias(case.grad_output),
    }
    for name, expected in truth.items():
        assert (expected == exact64.get(name)).all()
        assert (expected != hidden32.get(name)).any() or not expected.any()


def test_only_the_wanted_gradients_come_back():
    """What was not asked for is None."""
    case = exact.narrow_case(SPEC, np.random.default_rng(0))
    gradients = autograd.backward(case, LayerSettings(), ("input",))
    assert (gradients.weight, gradients.bias) == (None, None)
    assert gradients.input.shape == SPEC.x_shape


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_narrow_dtypes_come_back_as_float32(dtype):
    """Widened without a change: rounding them again changes nothing."""
    case = exact.narrow_case(SPEC, np.random.default_rng(0))
    weight = autograd.backward(case, LayerSettings(dtype)).weight
    assert weight.dtype == np.float32
    assert (autograd.rounded(weight, dtype) == weight).all()


def test_rounded_by_hand():
    """1 + 2^-8 is a tie in bfloat16 and goes to the even 1; float64 keeps it."""
    x = np.array([1 + 2.0**-8])
    assert autograd.rounded(x, "bfloat16").tolist() == [1.0]
    assert autograd.rounded(x, "float64").tolist() == [1 + 2.0**-8]
    assert UNIT_ROUNDOFF["bfloat16"] == 2.0**-8


def test_nothing_that_torch_does_reaches_the_callers_arrays():
    """Read-only inputs are accepted and unchanged."""
    case = exact.narrow_case(SPEC, np.random.default_rng(0))
    for array in (case.x, case.weight, case.bias, case.grad_output):
        array.flags.writeable = False
    gradients = autograd.backward(case, LayerSettings("float64"))
    gradients.weight[...] = 0
    assert case.weight.all()


def test_the_thread_count_is_that_of_the_settings_and_put_back(monkeypatch):
    """Also after an error; without one in the settings it is torch's own."""
    seen, before = [], torch.get_num_threads()

    def refuse(*arguments):
        seen.append(torch.get_num_threads())
        raise RuntimeError

    monkeypatch.setattr(torch.nn.Conv2d, "forward", refuse)
    for count in (before + 1, None):
        with pytest.raises(UsageError):
            autograd.run_layer(layer_of(SPEC, Loss()), LayerSettings(threads=count))
        assert torch.get_num_threads() == before
    assert seen == [before + 1, before]


def test_environment_tells_what_the_numbers_depend_on(monkeypatch):
    """Version, threads, instruction set, precision, device."""
    mkldnn = SimpleNamespace(enabled=1, conv=SimpleNamespace(fp32_precision="bf16"), matmul=SimpleNamespace())
    monkeypatch.setattr(torch.backends, "mkldnn", mkldnn)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX9")
    monkeypatch.setattr(platform, "processor", lambda: "a chip")
    expected = {
        "torch": torch.__version__,
        "threads": 3,
        "cpu_capability": "AVX9",
        "mkldnn": True,
        "mkldnn_conv_fp32_precision": "bf16",
        "mkldnn_matmul_fp32_precision": "not reported by this torch",
        "device": "cpu",
        "device_name": "a chip",
    }
    assert expected == autograd.environment(LayerSettings(threads=3))
    assert autograd.environment(LayerSettings())["threads"] == torch.get_num_threads()
    del mkldnn.conv
    mkldnn.matmul.fp32_precision = "tf32"
    facts = autograd.environment(LayerSettings())
    assert facts["mkldnn_conv_fp32_precision"] == "not reported by this torch"
    assert facts["mkldnn_matmul_fp32_precision"] == "tf32"


def test_environment_tells_the_card_and_its_settings(monkeypatch):
    """A machine with CUDA, made up; the name of the CPU where that is what computes."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a card")
    monkeypatch.setattr(torch.backends, "cudnn", SimpleNamespace(version=lambda: 90000, allow_tf32=False))
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "a machine")
    facts = autograd.environment(LayerSettings(device="cuda"))
    assert (facts["device"], facts["device_name"]) == ("cuda", "a card")
    assert facts["tf32"] == "off for these runs (IEEE float32)"
    assert (facts["cudnn"], facts["cudnn_allow_tf32"]) == (90000, False)
    facts = autograd.environment(LayerSettings())
    assert facts["device_name"] == "a machine"
    assert not {"tf32", "cudnn", "cudnn_allow_tf32"} & set(facts)


@pytest.mark.parametrize(
    ("cudnn", "during", "before"),
    [
        (SimpleNamespace(conv=SimpleNamespace(fp32_precision="tf32"), allow_tf32=True), ("ieee", True), ("tf32", True)),
        (SimpleNamespace(allow_tf32=True), (None, False), (None, True)),
    ],
)
def test_cuda_computes_in_ieee_float32_and_is_put_back(monkeypatch, cudnn, during, before):
    """By torch's newer setting, or by its older one; on the CPU neither is touched."""
    monkeypatch.setattr(torch.backends, "cudnn", cudnn)

    def state():
        return getattr(getattr(cudnn, "conv", None), "fp32_precision", None), cudnn.allow_tf32

    with switched(Setting()):
        assert before == state()
    with switched(Setting(device="cuda")):
        assert during == state()
    assert before == state()
    with pytest.raises(KeyError), switched(Setting(device="cuda")):
        raise KeyError
    assert before == state()


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(False, False, ("cpu",)), (True, False, ("cpu", "cuda")), (False, True, ("cpu", "mps"))],
)
def test_available_devices_are_those_of_torch(monkeypatch, cuda, mps, expected):
    """The CPU first."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert expected == autograd.available_devices()


@pytest.mark.parametrize("available", [("cpu",), ("cpu", "mps")])
def test_a_device_that_is_not_there_is_refused_with_what_is(monkeypatch, available):
    """The sentence names both; the hint is the last one that is there."""
    monkeypatch.setattr(autograd, "available_devices", lambda: available)
    with pytest.raises(UsageError) as caught:
        autograd.run_layer(layer_of(SPEC, Loss()), LayerSettings(device="cuda"))
    assert caught.value.text().splitlines() == [
        f"--device cuda is not available: this torch has {', '.join(available)}.",
        f"  torch  {torch.__version__}",
        f"  hint: --device {available[-1]}",
    ]


def test_mps_without_float64_is_refused(monkeypatch):
    """Apple's GPU has no float64."""
    monkeypatch.setattr(autograd, "available_devices", lambda: ("cpu", "mps"))
    with pytest.raises(UsageError) as caught:
        autograd.run_layer(layer_of(SPEC, Loss()), LayerSettings("float64", "mps"))
    assert caught.value.text() == "--device mps has no float64.\n  hint: --dtype float32, or --device cpu"


@pytest.mark.parametrize("error", [RuntimeError, NotImplementedError])
def test_what_torch_refuses_is_said_in_one_sentence(monkeypatch, error):
    """An operation that a dtype lacks, with torch's own first line."""

    def refuse(*arguments):
        raise error('"slow_conv2d_cpu" not implemented for Half\nand a long story')

    monkeypatch.setattr(torch.nn.Conv2d, "forward", refuse)
    with pytest.raises(UsageError) as caught:
        autograd.run_layer(layer_of(SPEC, Loss()), LayerSettings("float16"))
    assert caught.value.text().splitlines() == [
        "torch cannot run this layer with --dtype float16 on --device cpu.",
        f"  torch    {torch.__version__}",
        '  it says  "slow_conv2d_cpu" not implemented for Half',
        "  hint: --dtype float32 works on every device",
    ]


@pytest.mark.parametrize(
    ("error", "expected"),
    [(ValueError("  first\nsecond"), "first"), (ValueError("x" * 200), "x" * 120), (ValueError(" \n"), "ValueError")],
)
def test_the_first_line_of_an_error(error, expected):
    """At most 120 characters; its kind where it says nothing."""
    assert autograd.first_line(error) == expected
