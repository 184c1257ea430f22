"""A backward that is meant to be another function than the forward's derivative."""

import pytest

from helpers import verified

REVERSED = """
import numpy as np

def reverse_forward(x):
    return x.copy(), None

def reverse_backward(dout, cache):
    return -dout
"""
ROUNDED = """
import numpy as np

def rounded_forward(x):
    return np.round(x), x

def rounded_backward(dout, x):
    return dout * (np.abs(x) <= 1)
"""
DOUBLED = """
import numpy as np

def doubled_forward(x):
    return 2 * x, x.shape

def doubled_backward(dout, shape):
    return -2 * dout
"""
FORGOTTEN = """
import numpy as np

def tilt_forward(x, offset):
    for row in x:
        row = row + offset
    return 3 * x, x

def tilt_backward(dout, cache):
    return 3 * dout, dout
"""
RESHAPED = REVERSED.replace("return -dout", "return -dout[:1]")


@pytest.mark.parametrize(("source", "what"), [(REVERSED, "the identity"), (ROUNDED, "constant almost everywhere")])
def test_another_backward_of_what_has_no_useful_derivative_is_a_surrogate(tmp_path, source, what):
    """It is told, and is no failure."""
    report = verified(tmp_path, source)
    (target,) = report.targets

    assert (report.verdict, target.findings) == ("pass", ())
    assert target.notes[0] == (
        f"a surrogate: along x the forward is {what} and the backward another function; it is not judged"
    )
    assert target.gradients["x"].verdict == "not-applicable"
    assert target.geometries.summary == "a surrogate: not judged as a derivative"


def test_a_surrogate_is_not_counted_among_the_right(tmp_path):
    """Nothing was compared: neither "1 right" nor "right on 0 of 5" is said of it."""
    told = str(verified(tmp_path, ROUNDED))

    assert "1 target: 1 not meant as a derivative" in told
    assert "right" not in told


@pytest.mark.parametrize("source", [REVERSED, ROUNDED])
def test_a_surrogate_fails_where_the_user_is_strict(tmp_path, source):
    """It is not the derivative, whatever is meant."""
    report = verified(tmp_path, source, strict=True)
    (target,) = report.targets
    assert (report.verdict, target.gradients["x"].verdict) == ("fail", "fail")
    assert target.findings


def test_another_backward_of_anything_else_is_wrong(tmp_path):
    """The sign is turned."""
    assert verified(tmp_path, DOUBLED).verdict == "fail"


def test_a_wrong_shape_is_never_meant(tmp_path):
    """Not even of a surrogate."""
    assert verified(tmp_path, RESHAPED).verdict != "pass"


@pytest.mark.parametrize(
    ("given", "verdict"),
    [("1.0 * (np.abs(x) <= 1)", "fail"), ("dout / np.sqrt((dout**2).sum() + 1e-300)", "pass")],
)
def test_no_function_is_meant_that_does_not_use_what_flows_into_it(tmp_path, given, verdict):
    """What is trained through it would learn nothing of its loss; a G of length 1 still says where to."""
    (target,) = verified(tmp_path, ROUNDED.replace("dout * (np.abs(x) <= 1)", given)).targets
    assert (target.verdict, [finding.id for finding in target.findings]) == (
        verdict,
        ["upstream-ignored"] if verdict == "fail" else [],
    )


def test_a_gradient_of_what_the_forward_does_not_use_fails(tmp_path):
    """An offset that is added to a copy only: nothing is constant in steps there, and the report says what is seen."""
    (target,) = verified(tmp_path, FORGOTTEN).targets
    assert {name: each.verdict for name, each in target.gradients.items()} == {"x": "pass", "offset": "fail"}
    (finding,) = target.findings
    assert (finding.id, finding.gradient, finding.certainty) == ("unused-in-forward", "offset", "proved")
    assert finding.message.startswith(
        "the forward does not use offset: on every sample it gives the same bits for far other values of offset; "
    )
    assert not [note for note in target.notes if "truth is not known" in note]


def test_zeros_for_what_the_forward_does_not_use_are_right(tmp_path):
    """They are so exactly, and not only as far as differences know."""
    (target,) = verified(tmp_path, FORGOTTEN.replace("3 * dout, dout", "3 * dout, np.zeros_like(dout)")).targets
    assert {name: each.verdict for name, each in target.gradients.items()} == {"x": "pass", "offset": "pass"}
    assert (target.verdict, target.notes) == ("pass", ())


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ("dout * x", "fail"),
        ("dout * (np.abs(x) < 1)", "pass"),
        ("-1.3 * dout", "pass"),
        ("np.clip(dout, -0.5, 0.5)", "pass"),
    ],
)
def test_what_gives_its_input_back_scales_or_masks_what_flows_back(tmp_path, given, verdict):
    """A factor that is another at every entry is a slip."""
    source = REVERSED.replace("return x.copy(), None", "return x.copy(), x").replace("cache", "x")
    assert verified(tmp_path, source.replace("-dout", given)).verdict == verdict


@pytest.mark.parametrize(
    ("given", "verdict"), [("dout.reshape(self.shape)", "pass"), ("-dout.reshape(self.shape)", "fail")]
)
def test_what_lays_images_out_as_rows_is_asked_for_images(tmp_path, given, verdict):
    """On rows it gives them back, as a surrogate does."""
    rows = f"""
class Rows:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dout):
        return {given}
"""
    (target,) = verified(tmp_path, rows).targets
    assert (target.verdict, target.gradients["x"].verdict) == (verdict, verdict)
