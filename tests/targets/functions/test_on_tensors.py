"""Plain functions of torch operations are handed tensors."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

FUNCTIONS = """
import torch

def rms_forward(x, weight, eps=1e-6):
    r = torch.rsqrt(x.pow(2).mean(dim=-1, keepdim=True) + eps)
    return x * r * weight, (x, r, weight)

def rms_backward(grad_output, cache):
    x, r, weight = cache
    g = grad_output * weight
    dx = r * g - x * r ** 3 * (g * x).mean(dim=-1, keepdim=True)
    return dx, (grad_output * x * r).sum(dim=0)

def scaled_forward(x, weight):
    return torch.sin(x) * weight, (x, weight)

def scaled_backward(grad_output, cache):
    x, weight = cache
    grad_output *= torch.cos(x)
    return grad_output * weight, (grad_output * torch.tan(x)).sum(dim=0)

def lost_forward(x, weight):
    scale = torch.cos(x).sum(dim=-1, keepdim=True)
    return x * scale * weight, (x, scale, weight)

def lost_backward(grad_output, cache):
    x, scale, weight = cache
    return grad_output * scale * weight, (grad_output * x * scale).sum(dim=0)

def square_loss(W: torch.Tensor, X: torch.Tensor, y: torch.Tensor):
    rest = torch.matmul(X, W) - torch.nn.functional.one_hot(y, W.shape[1])
    return (rest ** 2).mean(), 2 * X.t() @ rest / len(y)
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """From a target's name to its report; it runs in this process."""
    file = tmp_path_factory.mktemp("tensors") / "of_torch.py"
    file.write_text(FUNCTIONS)
    return lambda name: function_here(f"{file}:{name}")


def test_a_right_pair_passes(judged):
    """Both functions are torch's; arrays of numpy have no `pow`."""
    report = judged("rms_backward")
    assert {name: result.verdict for name, result in report.gradients.items()} == dict.fromkeys(
        ("x", "weight"), Verdict.PASS
    )


def test_what_is_written_into_g_is_seen(judged):
    """A tensor shares its memory with the array that was handed over."""
    report = judged("scaled_backward")
    assert report.verdict is Verdict.FAIL
    assert "overwrites-upstream" in [finding.id for finding in report.findings]


def test_a_lost_path_is_named_at_the_line_of_the_forward(judged):
    """Its forward is recorded, as that of a Function is."""
    (finding,) = judged("lost_backward").findings
    assert (finding.id, finding.certainty) == ("path-missing", "proved")
    assert "scale" in finding.message


def test_a_loss_that_divides_by_another_number_fails(judged):
    """The mean over all entries beside a gradient of the mean over the samples."""
    report = judged("square_loss")
    assert report.gradients["W"].verdict is Verdict.FAIL
    assert all(finding.id.startswith("scaled") for finding in report.findings)


BY_METHODS = """
import torch

def planes_forward(x, gamma, G, eps=1e-5):
    N, C, H, W = x.shape
    parts = x.reshape(N, G, -1)
    size = ((parts * parts).mean(-1, keepdim=True) + eps).sqrt()
    flat = (parts / size).reshape(N, C, H, W)
    return flat * gamma, (flat, size, gamma, G)

def planes_backward(dout, cache):
    flat, size, gamma, G = cache
    N = dout.shape[0]
    d, f = (dout * gamma).reshape(N, G, -1), flat.reshape(N, G, -1)
    dx = (d - FACTOR * f * (d * f).mean(-1, keepdim=True)) / size
    return dx.reshape(dout.shape), (dout * flat).sum((0, 2, 3), keepdim=True)
"""


@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_words_of_its_methods_say_that_a_function_takes_tensors(tmp_path, factor, verdict):
    """`keepdim`, where arrays have `keepdims`; and a number of groups divides the channels."""
    (tmp_path / "planes.py").write_text(BY_METHODS.replace("FACTOR", factor), encoding="utf-8")
    assert function_here(f"{tmp_path / 'planes.py'}:planes_backward").gradients["x"].verdict is verdict
