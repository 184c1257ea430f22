"""The script that shows a finding again: it compiles whatever the names, runs by itself, and tells right from wrong."""

import ast
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from planted import WRONG, verified

import gradcheck_cli
from gradcheck_cli.layers import conv
from gradcheck_cli.model import GRADIENTS, ConvSpec, RunOptions, TorchLayer
from gradcheck_cli.numbers import exact
from gradcheck_cli.report.repro import render_repro
from helpers import IMAGES, gradcheck
from tests.report.samples import (
    EVIL_NAMES,
    SAMPLES,
    evil_verify_report,
    failing_run_report,
    failing_target,
    input_counterexample,
    sample_counterexample,
    sample_experiment,
    sample_run_report,
    sample_verify_report,
    seeds_run_report,
)
from tests.report.targets import HOSTILE_FILE

ROOT = Path(__file__).parents[2]
BACKWARD = '''
import numpy as np


def conv_backward(x, weight, grad_output):
    """grad_weight, stride 1, no padding."""
    grad_weight = np.zeros_like(weight)
    for u in range(weight.shape[2]):
        for v in range(weight.shape[3]):
            window = x[:, :, u : u + grad_output.shape[2], v : v + grad_output.shape[3]]
            grad_weight[:, :, u, v] = np.einsum("nopq,nipq->oi", grad_output, window)
    return grad_weight{factor}
'''


# Each is wrong in a way of its own, and called in a way of its own.
KINDS = {
    "plain.py:grads": """
        import numpy as np

        def grads(x, weight, grad_output):
            (ho, wo), grad_weight = grad_output.shape[2:], np.empty_like(weight)
            for u, v in np.ndindex(*weight.shape[2:]):
                grad_weight[..., u, v] = np.einsum("nopq,nipq->oi", grad_output, x[..., u:u + ho, v:v + wo])
            return -grad_weight
        """,
    "nameless.py": """
        def bias_backward(x, weight, bias, grad_output):
            return grad_output.mean(axis=(0, 2, 3))
        """,
    "pair.py:conv_backward": """
        import numpy as np
        from numpy.lib.stride_tricks import sliding_window_view

        def conv_forward(x, w, b):
            windows = sliding_window_view(x, w.shape[2:], axis=(2, 3))
            return np.einsum("nchwij,fcij->nfhw", windows, w) + b[:, None, None], (x, w, b)

        def conv_backward(dout, cache):
            x, w, b = cache
            windows = sliding_window_view(x, w.shape[2:], axis=(2, 3))
            dw = np.einsum("nchwij,nfhw->fcij", windows, dout)
            rows, columns = w.shape[2] - 1, w.shape[3] - 1
            padded = np.pad(dout, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
            dx = np.einsum("nfhwij,fcij->nchw", sliding_window_view(padded, w.shape[2:], axis=(2, 3)), w)
            return dx, dw, dout.sum(axis=(0, 2, 3))
        """,
    "layer.py:Convolution": """
        import numpy as np

        class Convolution:
            def __init__(self, in_channels, out_channels, size):
                self.kernel = np.random.randn(out_channels, in_channels, size, size)
                self.offset = np.zeros(out_channels)

            def forward(self, images):
                self.images, size = images, self.kernel.shape[-1]
                height, width = images.shape[2] - size + 1, images.shape[3] - size + 1
                result = np.zeros((len(images), len(self.kernel), height, width))
                for row in range(size):
                    for column in range(size):
                        part = images[:, :, row:row + height, column:column + width]
                        result += np.einsum("ncyx,fc->nfyx", part, self.kernel[:, :, row, column])
                return result + self.offset[:, None, None]

            def backward(self, delta):
                size, (height, width) = self.kernel.shape[-1], delta.shape[2:]
                self.grad_kernel, down = np.zeros_like(self.kernel), np.zeros_like(self.images)
                for row in range(size):
                    for column in range(size):
                        part = self.images[:, :, row:row + height, column:column + width]
                        self.grad_kernel[:, :, row, column] = np.einsum("ncyx,nfyx->fc", part, delta)
                        spread = np.einsum("nfyx,fc->ncyx", delta, self.kernel[:, :, row, column])
                        down[:, :, row:row + height, column:column + width] += spread
                self.grad_offset = delta.sum(axis=(0, 2, 3)) / len(delta)
                return down
        """,
    "function.py:Conv": """
        import torch
        from torch.nn.grad import conv2d_input, conv2d_weight

        class Conv(torch.autograd.Function):
            @staticmethod
            def forward(ctx, input, weight, bias):
                ctx.save_for_backward(input, weight)
                return torch.conv2d(input, weight, bias)

            @staticmethod
            def backward(ctx, grad):
                input, weight = ctx.saved_tensors
                by_weight = conv2d_weight(input, weight.shape, grad)
                return conv2d_input(input.shape, weight, grad), by_weight.flip(-1), grad.sum((0, 2, 3))
        """,
}


def run(script, folder, typed=b""):
    """Execute a script as a user would, in a folder."""
    path = Path(folder) / "repro.py"
    path.write_text(script, "ascii")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, path.name]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=environment, input=typed.decode()
    )


def names_in(script):
    """The module's constants."""
    space = {"nan": float("nan"), "inf": float("inf")}
    for node in ast.parse(script).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            exec(compile(ast.Module([node], []), "script", "exec"), space)
    return space


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_compiles(name):
    """Each report gives a script, in ASCII, that Python accepts."""
    script = render_repro(SAMPLES[name]())

    assert script.isascii()
    assert compile(script, "repro.py", "exec") is not None


def test_names_are_literals():
    """A name with quotes, escapes or a byte that is not UTF-8 comes back as it was."""
    script = render_repro(sample_run_report(experiment=sample_experiment(images=EVIL_NAMES)))

    assert names_in(script)["IMAGES"] == EVIL_NAMES
    cases = names_in(render_repro(evil_verify_report()))["CASES"]
    assert [f"{HOSTILE_FILE}:printing"] == [case["target"] for case in cases]


def test_arrays_are_literals():
    """The script holds the counterexample's arrays, NaN and infinity included."""
    example = replace(sample_counterexample(), actual=np.array([[[[np.inf]]]]))
    case = names_in(render_repro(failing_run_report(counterexample=example)))["CASES"][0]

    assert case["x"] == example.x.tolist()
    assert case["actual"] == [[[[np.inf]]]]
    assert case["target"] == "batch_mean.py:conv_backward"


def test_a_run_without_counterexample_is_repeated(monkeypatch):
    """Every option of the run is given, by the names of the Python API, which takes each of them."""
    space = names_in(render_repro(seeds_run_report()))
    monkeypatch.setattr("gradcheck_cli.runs.picture.run_experiment", lambda options, progress: options.seeds)

    assert gradcheck_cli.run(space["IMAGES"], **space["OPTIONS"]) == 3
    assert space["IMAGES"] == ("images/coffee.jpg",)
    assert set(space["OPTIONS"]) | {"images", "arithmetic", "timeout", "held"} == set(vars(RunOptions(())))
    assert space["OPTIONS"]["seeds"] == 3
    assert space["OPTIONS"]["loss"] == "l1"


def test_a_counterexample_of_our_own_backward_repeats_the_run():
    """There is no user file to load then."""
    script = render_repro(sample_run_report(counterexample=sample_counterexample()))

    assert "gradcheck_cli.run(IMAGES, **OPTIONS)" in script


@pytest.mark.parametrize(("factor", "words", "code"), [(" / len(x)", "DIFFERENT", 1), ("", "equal", 0)])
def test_the_script_judges(tmp_path, factor, words, code):
    """It calls the user's file, shows both gradients, and ends with 0 once the mistake is mended."""
    (tmp_path / "my_layers.py").write_text(BACKWARD.format(factor=factor))
    spec = ConvSpec(2, 2, 3, 4, 5, (2, 3))
    draw = np.random.default_rng(0)
    shapes = (spec.x_shape, spec.weight_shape, spec.output_shape)
    x, weight, grad_output = (draw.integers(-3, 4, shape).astype(float) for shape in shapes)
    example = replace(
        sample_counterexample(),
        spec=spec,
        x=x,
        weight=weight,
        grad_output=grad_output,
        entry=None,
        terms=(),
        bias=np.array([1.0, -2.0, 5.0]),
    )
    target = failing_target(target="my_layers.py:conv_backward", file="my_layers.py", counterexample=example)
    done = run(render_repro(sample_verify_report(targets=(target,))), tmp_path)

    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines()[-1] == words
    assert "'my_layers.py:conv_backward' - grad_weight" in done.stdout


@pytest.mark.parametrize("example", [sample_counterexample(), input_counterexample()])
def test_the_definition_in_the_script(example):
    """What the script sums by itself is the expected gradient of the report."""
    target = failing_target(counterexample=example)
    space = {"__name__": "repro"}
    exec(render_repro(sample_verify_report(targets=(target,))), space)

    assert space["by_definition"](space["CASES"][0]).tolist() == example.expected.tolist()


def test_the_definition_with_every_option():
    """Stride, padding, dilation and groups: a sum done by hand for one weight, and the bias."""
    spec = ConvSpec(1, 2, 2, 3, 3, (2, 2), (2, 2), (1, 1), (2, 2), 2)
    x = np.arange(18.0).reshape(spec.x_shape)
    grad_output = np.array([[[[3.0, 5.0], [7.0, 11.0]], [[1.0, 1.0], [1.0, 1.0]]]])[:, :, :, :]
    example = replace(
        sample_counterexample(),
        spec=spec,
        x=x,
        weight=np.ones(spec.weight_shape),
        grad_output=grad_output[:, :, : spec.output_size[0], : spec.output_size[1]],
    )
    found = {}
    for gradient in ("weight", "bias"):
        space = {"__name__": "repro"}
        target = failing_target(counterexample=replace(example, gradient=gradient))
        exec(render_repro(sample_verify_report(targets=(target,))), space)
        found[gradient] = space["by_definition"](space["CASES"][0])

    # Outputs: (3 + 2*1 - 3) // 2 + 1 = 2 each way; tap (1, 1) of output (p, q) reads row 2p + 1, column 2q + 1.
    assert found["weight"][0, 0, 1, 1] == 3 * x[0, 0, 1, 1]
    assert found["weight"][0, 0, 0, 0] == 11 * x[0, 0, 1, 1]
    assert found["weight"][1, 0, 0, 1] == 1 * x[0, 1, 1, 1]
    assert found["bias"].tolist() == [26.0, 4.0]


def test_a_geometry_whose_sides_differ_is_asked_again():
    """Nothing in front, a column of zeros behind: 3*1 + 2*0 meets the second tap, and the script says so."""
    spec = ConvSpec(1, 1, 1, 1, 2, (1, 2), extra_after=(0, 1))
    example = replace(
        sample_counterexample(),
        spec=spec,
        x=np.array([[[[5.0, 1.0]]]]),
        weight=np.ones(spec.weight_shape),
        grad_output=np.array([[[[3.0, 2.0]]]]),
        gradient="weight",
    )
    space = {"__name__": "repro"}
    exec(render_repro(sample_verify_report(targets=(failing_target(counterexample=example),))), space)

    assert space["by_definition"](space["CASES"][0]).tolist() == [[[[17.0, 3.0]]]]
    assert (0, 1) == space["CASES"][0]["extra_after"]


@pytest.mark.parametrize(
    "layer",
    [
        {"conv": "conv1d", "size": 5, "kernel_size": 2, "padding": [(2, 0)], "dilation": 2},
        {"conv": "conv3d", "size": (2, 3, 3), "kernel_size": 2, "padding": (1, 0, 1), "stride": (1, 2, 1)},
        {"size": (4, 3), "kernel_size": 3, "padding": (2, 1), "padding_mode": "reflect", "groups": 2},
        {"size": (4, 3), "kernel_size": 3, "padding": [(0, 2), (1, 3)], "padding_mode": "circular"},
        {"size": (2, 3), "kernel_size": 2, "padding": 3, "padding_mode": "replicate", "stride": 2},
        {"conv": "conv_transpose1d", "size": 4, "kernel_size": 3, "stride": 3, "output_padding": 2, "groups": 2},
        {"conv": "conv_transpose2d", "size": (2, 3), "kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0)},
        {"conv": "conv_transpose3d", "size": (2, 1, 2), "kernel_size": 2, "dilation": (1, 2, 1)},
    ],
    ids=str,
)
def test_the_definition_in_the_script_is_that_of_every_form(layer):
    """All three gradients on whole numbers."""
    spec = TorchLayer(batch=2, in_channels=2, out_channels=4, **layer).spec
    case = exact.narrow_case(spec, np.random.default_rng(0))
    right = conv.backward(case)

    for gradient in GRADIENTS:
        given = {name: case[name] for name in ("x", "weight", "bias", "grad_output")}
        example = replace(sample_counterexample(), spec=spec, gradient=gradient, **given)
        space = {"__name__": "repro"}
        exec(render_repro(sample_verify_report(targets=(failing_target(counterexample=example),))), space)

        assert np.array_equal(right[gradient], space["by_definition"](space["CASES"][0]))


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """A folder with a file of each kind."""
    folder = tmp_path_factory.mktemp("kinds")
    for name, source in KINDS.items():
        (folder / name.partition(":")[0]).write_text(textwrap.dedent(source))
    return folder


def blocks(stdout):
    """What the script told, target by target: name -> (what was reported, what comes out now, the last word)."""
    told = {}
    for text in stdout.split("DIFFERENT\n")[:-1]:
        lines = text.splitlines()
        name = Path(ast.literal_eval(lines[0].rpartition(" - ")[0])).name
        values = [line.partition(" = ")[2] for line in lines if line.startswith("actual ")]
        told[name] = ast.literal_eval(values[0]), ast.literal_eval(values[1])
    return told


def test_every_kind_of_target_is_wrong_again_in_the_same_way(kinds, tmp_path):
    """From another folder, in the process of the script, with the very numbers that were reported."""
    script = tmp_path / "script.py"
    asked = [kinds / name for name in KINDS]
    assert gradcheck("verify", "-q", *asked, "--report", f"repro={script}").exit_code == 1
    done = run(script.read_text(), tmp_path)
    told = blocks(done.stdout)

    assert (1, "") == (done.returncode, done.stderr)
    assert list(told) == list(KINDS)
    assert all(reported == now for reported, now in told.values())


FORMS = (
    "transposed/scattered_kernel_turned",
    "three_axes/loops_turned",
    "repeats/mirror_cropped",
    "causal/four_taps_turned",
    "transposed/line_last_sample",
)


def test_layers_of_other_forms_are_wrong_again(tmp_path):
    """Transposed, of one and three axes, beside a padding that repeats or stands on one side alone."""
    chosen = [each for each in WRONG if each.id in FORMS]
    report, _ = verified(chosen)
    done = run(render_repro(report), tmp_path)
    found = blocks(done.stdout)

    assert done.returncode == 1
    assert len(found) == len(FORMS)
    assert all(reported == now for reported, now in found.values())


@pytest.mark.parametrize("name", ["nameless.py", "layer.py:Convolution"])
def test_a_wrong_backward_of_a_run_is_wrong_again(kinds, tmp_path, name):
    """Also where the file was given without a name, and where the report says more than the convention's name."""
    script = tmp_path / "script.py"
    options = ("--in", "3", "--out", "2", "--k", "3", "--size", "8", "--backward", kinds / name)
    assert gradcheck("run", "-q", *options, IMAGES / "coffee.jpg", "--report", f"repro={script}").exit_code == 1
    done = run(script.read_text(), tmp_path)
    told = blocks(done.stdout)

    assert (1, "", [name]) == (done.returncode, done.stderr, list(told))
    assert told[name][0] == told[name][1]


def test_the_users_code_runs_in_the_process_of_the_script(kinds, tmp_path):
    """A breakpoint stops there, with the arrays of the example, and nowhere before."""
    source, script = (kinds / "plain.py").read_text(), tmp_path / "script.py"
    (tmp_path / "stops.py").write_text(source)
    gradcheck("verify", "-q", tmp_path / "stops.py:grads", "--report", f"repro={script}")
    (tmp_path / "stops.py").write_text(source.replace("return -", "breakpoint()\n    return -"))
    x = names_in(script.read_text())["CASES"][0]["x"]
    done = run(script.read_text(), tmp_path, b"p x.tolist()\nc\n")

    assert 1 == done.returncode
    assert [f"(Pdb) {x}"] == [line for line in done.stdout.splitlines() if line.startswith("(Pdb) [")]


def test_what_call_said_is_said_again():
    """By the script of an example, and by that of a repeated check; for runs and for targets."""
    said = {"call": "f(G, x)", "returns": "weight"}
    run = failing_run_report(experiment=sample_experiment(backward="mine.py", **said))
    verify = sample_verify_report(targets=(failing_target(**said),))
    scripts = [run, replace(run, counterexample=None), verify]
    scripts += [sample_verify_report(targets=(failing_target(counterexample=None, **said),), options=said)]
    spaces = [names_in(render_repro(report)) for report in scripts]

    assert [space.get("OPTIONS") or space["CASES"][0] for space in spaces] == [
        {**(space.get("OPTIONS") or space["CASES"][0]), **said} for space in spaces
    ]


def test_how_code_was_judged_is_said_again():
    """--arithmetic fft, --geometry and --timeout: without them the same code would be judged otherwise."""
    said = {"arithmetic": "fft", "timeout": 5.0}
    run = failing_run_report(experiment=sample_experiment(backward="mine.py", **said))
    asked = {**said, "geometry": "in 1, out 1, input 5, kernel 3", "seed": 0}
    verify = sample_verify_report(targets=(failing_target(),), options=asked)
    bare = sample_verify_report(targets=(failing_target(counterexample=None),), options=asked, not_asked=("next.py",))

    again = names_in(render_repro(replace(run, counterexample=None)))
    assert ("fft", 5.0) == (again["OPTIONS"]["arithmetic"], again["OPTIONS"]["timeout"])
    assert ["fft", "fft"] == [names_in(render_repro(report))["CASES"][0]["arithmetic"] for report in (run, verify)]
    script = names_in(render_repro(bare))
    assert {**said, "geometry": "in 1, out 1, input 5, kernel 3"} == script["OPTIONS"]
    assert "next.py" == script["TARGETS"][-1]


def test_a_run_of_code_that_is_right_on_small_arrays_is_repeated(tmp_path):
    """The convention in the script is one that `run` takes, though the report says how it was told."""
    report = failing_run_report(
        experiment=sample_experiment(backward="mine.py", convention="cache, NHWC: by name"), counterexample=None
    )

    assert names_in(render_repro(report))["OPTIONS"]["convention"] == "cache,nhwc"
