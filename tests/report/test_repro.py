"""The script that shows a finding again: it compiles whatever the names, runs by itself, and tells right from wrong."""

import ast
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gradcheck_cli.model import ConvSpec, RunOptions
from gradcheck_cli.report.repro import render_repro
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


def run(script, folder):
    """Execute a script as a user would, in a folder."""
    path = Path(folder) / "repro.py"
    path.write_text(script, "ascii")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, path.name]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False, env=environment
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
    assert names_in(render_repro(evil_verify_report()))["CASES"][0]["file"] == "".join(EVIL_NAMES) + ".py"


def test_arrays_are_literals():
    """The script holds the counterexample's arrays, NaN and infinity included."""
    example = replace(sample_counterexample(), actual=np.array([[[[np.inf]]]]))
    case = names_in(render_repro(failing_run_report(counterexample=example)))["CASES"][0]

    assert case["x"] == example.x.tolist()
    assert case["actual"] == [[[[np.inf]]]]
    assert (case["file"], case["name"]) == ("my_layers.py", "conv_backward")


def test_a_run_without_counterexample_is_repeated():
    """Every option of the run is given, by the names of the Python API."""
    space = names_in(render_repro(seeds_run_report()))

    assert space["IMAGES"] == ("images/coffee.jpg",)
    assert set(space["OPTIONS"]) | {"images", "arithmetic", "timeout"} == set(vars(RunOptions(())))
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
    )
    target = failing_target(target="my_layers.py:conv_backward", file="my_layers.py", counterexample=example)
    done = run(render_repro(sample_verify_report(targets=(target,))), tmp_path)

    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines()[-1] == words
    assert "conv_backward in 'my_layers.py' - grad_weight" in done.stdout


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
