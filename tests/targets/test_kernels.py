"""Kernels of Triton, judged on the CPU: which functions of a file they are, and, where Triton is, what they give."""

import ast
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

import gradcheck_cli
from gradcheck_cli.targets.functions.listing import every_layer
from gradcheck_cli.targets.launches import kernels_in

KERNELS = Path(__file__).parent / "planted"
needs_triton = pytest.mark.skipif(
    find_spec("triton") is None, reason="triton is not installed: pip install '.[triton]'"
)


@cache
def judged(name, **options):
    """The report on one file of kernels."""
    return gradcheck_cli.verify(str(KERNELS / name), timeout=300, **options)


def test_what_is_launched_on_a_grid_is_a_kernel():
    """Whatever compiles it."""
    assert kernels_in(ast.parse("def add(x): ...\ndef call(x):\n    add[(4,)](x)\n")) == {"add"}


def test_what_only_kernels_call_is_one():
    """It is compiled, and never launched."""
    tree = ast.parse(
        "import triton\n@triton.jit\ndef inner(x): ...\n@triton.autotune(c)\n@triton.jit\ndef outer(x): ..."
    )
    assert kernels_in(tree) == {"inner", "outer"}


def test_a_function_that_is_indexed_and_called_elsewhere_is_none():
    """`rows[0](x)` calls what a list holds."""
    assert kernels_in(ast.parse("rows = [abs]\nrows[0](3)\ndef other(): ...")) == frozenset()


@pytest.mark.parametrize(
    ("name", "layers"),
    [("vector_norm.py", ("UnitRows", "UnitRowsLengthForgotten")), ("attention.py", ("Attend",))],
)
def test_kernels_are_no_layers(name, layers):
    """`attend` and `attend_grads` are a kernel and its own, not a pair."""
    assert every_layer(ast.parse((KERNELS / name).read_text()), name) == layers


@pytest.mark.skipif(find_spec("triton") is not None, reason="triton is installed")
def test_without_triton_the_next_step_is_told():
    """Not "its forward fails"."""
    report = judged("softmax.py")
    assert report.exit_code == 2
    assert "pip install 'gradcheck-cli[triton]'" in str(report)


@needs_triton
def test_a_right_kernel_that_computes_in_float32_passes():
    """What its rounding hides is told."""
    (right, _) = judged("vector_norm.py").targets
    assert right.verdict == "pass"
    assert any("Triton's interpreter" in note and "races" in note for note in right.notes)
    assert any("smaller errors would not show" in note for note in right.notes)


@needs_triton
def test_a_path_that_the_kernel_forgets_is_no_pass():
    """Its gradient is further off than float32 explains."""
    (_, wrong) = judged("vector_norm.py").targets
    assert wrong.verdict == "fail"


@needs_triton
@pytest.mark.parametrize("name", ["softmax.py", "causal.py"])
def test_strides_that_a_kernel_ignores_are_named(name):
    """The file asks for a device when it is imported, and asserts one: neither is in the way."""
    (target,) = judged(name).targets
    assert {(finding.id, finding.certainty) for finding in target.findings} == {("strides-ignored", "proved")}


@needs_triton
def test_a_mask_in_the_backward_alone_is_no_pass():
    """Right where nothing is masked, and wrong elsewhere."""
    (target,) = judged("attention.py").targets
    assert [target.gradients[name].verdict for name in "qkv"] == ["fail"] * 3


@needs_triton
def test_an_autotuned_kernel_runs_with_its_first_configuration():
    """Which is said."""
    (target,) = judged("tuned.py").targets
    assert target.verdict == "pass"
    assert any("the first of up to 2 configurations" in note for note in target.notes)


@needs_triton
def test_every_configuration_can_be_asked_for():
    """The grid of this one covers the entries with the first block size only."""
    (target,) = judged("tuned.py", all_configs=True).targets
    assert [finding.id for finding in target.findings] == ["wrong-configuration"]
    assert "configuration 2" in target.findings[0].message


def test_nothing_of_this_process_is_changed():
    """The switch and the answers for a GPU belong to the process of the target."""
    assert "gradcheck_cli.targets.on_cpu" not in sys.modules
