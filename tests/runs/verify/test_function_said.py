"""What the user says of a function: its inputs, and what its forward should be."""

import pytest

from gradcheck_cli.model import Verdict, VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

SAID = """
import numpy as np

def gradcheck_inputs():
    return [(np.array([[1.0, 2.0]]), 3), (np.array([[4.0, -1.0, 2.0]]), 2)]

def power_forward(base, k):
    return base**k, (base, k)

def power_backward(dout, cache):
    base, k = cache
    if k == 7:
        return dout
    return dout * k * base ** (k - 1)
"""
UNSAID = """
import numpy as np

def smooth_forward(a, sharpness):
    return np.log1p(np.exp(sharpness * a)) / sharpness, (a, sharpness)

def smooth_backward(dout, cache):
    a, sharpness = cache
    return dout / (1 + np.exp(-sharpness * a))

def shrink_forward(a):
    return np.sign(a) * np.maximum(np.abs(a) - 0.25, 0), a

def shrink_backward(dout, a):
    return dout * (np.abs(a) > 0.25)
"""


@pytest.fixture
def judged(tmp_path):
    """The report of one target of a file."""

    def run(text, name="", **options):
        file = tmp_path / "said.py"
        file.write_text(text)
        (report,) = verify_targets(VerifyOptions((f"{file}:{name}" if name else str(file),), **options)).targets
        return report

    return run


def test_the_file_itself_says_what_its_function_is_given(judged):
    """Every tuple is a sample."""
    report = judged(SAID)
    assert report.verdict is Verdict.PASS
    assert report.inputs == "base 1x2, k 3 (gradcheck_inputs)"
    assert {each.text.removesuffix(" (whole numbers)") for each in report.samples} == {"base 1x2, k 3", "base 1x3, k 2"}


def test_lines_of_the_backward_that_never_ran_are_told(judged):
    """A pass with one says so."""
    assert [SAID.splitlines()[line - 1].strip() for line in judged(SAID).unreached] == ["return dout"]


def test_input_says_sizes_and_constants(judged):
    """What is not said is guessed."""
    report = judged(UNSAID, "smooth_backward", input="a=2x4, sharpness=3.0")
    assert report.verdict is Verdict.PASS
    assert report.inputs == "a 2x4, sharpness 3 (--input)"


def test_a_name_that_the_forward_has_not_is_refused(judged):
    """With those that it has."""
    report = judged(UNSAID, "smooth_backward", input="b=2x4")
    assert report.error.splitlines()[0].endswith(": --input names b, and the forward takes a, sharpness.")


def test_a_right_backward_of_a_wrong_forward_is_no_pass(judged):
    """--against says what the forward should be; soft shrinkage is no hard one."""
    right = judged(UNSAID, "shrink_backward")
    wrong = judged(UNSAID, "shrink_backward", against="torch.nn.functional.hardshrink")
    assert right.verdict is Verdict.PASS
    assert [finding.id for finding in wrong.findings] == ["wrong-forward"]
    assert wrong.gradients["a"].verdict is Verdict.PASS


def test_a_reference_that_is_none_is_an_error_and_no_note(judged):
    """Told once, before the function is judged."""
    report = judged(UNSAID, "shrink_backward", against="torch.nn.functional.nothing")
    assert report.verdict is Verdict.ERROR
    assert report.error == (
        "--against torch.nn.functional.nothing is no function.\n"
        "  hint: a dotted name as in torch.nn.functional.gelu, or FILE.py:NAME"
    )


def test_a_forward_that_is_the_reference_passes(judged):
    """To rounding, by torch's own function."""
    report = judged(UNSAID, "smooth_backward", input="a=3x2, sharpness=2", against="torch.nn.functional.softplus")
    assert report.verdict is Verdict.PASS
    assert [each.verdict for each in report.evidence if each.name == "forward"] == [Verdict.PASS]


def test_what_is_said_is_not_replaced_by_a_guess(judged):
    """A word where the code wants an array: it is that which does not run, and nothing else is asked in its name."""
    report = judged(UNSAID, "smooth_backward", input="a=word, sharpness=3.0")
    assert report.verdict is Verdict.ERROR
