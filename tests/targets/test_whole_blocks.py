"""Code that cuts an image into blocks: other kernels are refused, where its forward raises on them too."""

import pytest
from recognising import recognised

from gradcheck_cli.model import ConvSpec, Verdict, VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

BLOCKS = """
import numpy as np

def cut(x, w, stride):
    if w.shape[2] != stride:
        return {otherwise}
    n, c, h, v = x.shape
    return np.einsum("nchuwv,fcuv->nfhw", x.reshape(n, c, h // stride, stride, v // stride, stride), w)

def cut_backward(g, x, w, stride):
    n, c, h, v = x.shape
    pieces = x.reshape(n, c, h // stride, w.shape[2], v // stride, w.shape[3])
    return np.einsum("nfhw,fcuv->nchuwv", g, w).reshape(x.shape), np.einsum("nchuwv,nfhw->fcuv", pieces, g)
"""
RAISES = "x.reshape(-1, 7, 11, 13)"
WINDOWS = (
    'np.einsum("nchwuv,fcuv->nfhw", np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], (2, 3))'
    "[:, :, ::stride, ::stride], w)"
)


def written(folder, otherwise):
    """The file, with what its forward does where its kernel is no block."""
    file = folder / "blocks.py"
    file.write_text(BLOCKS.format(otherwise=otherwise))
    return file


def test_what_is_no_block_is_refused_where_the_forward_raises_too(tmp_path):
    """A pass says on which geometries it holds."""
    (report,) = verify_targets(VerifyOptions((f"{written(tmp_path, RAISES)}:cut_backward",))).targets
    refused = {place.message for place in report.geometries.list if not place.supported}

    assert Verdict.PASS is report.verdict
    assert {"it takes kernels as wide as its stride, without padding and dilation", "it takes whole blocks"} <= refused
    assert all(place.spec.kernel_size == place.spec.stride for place in report.geometries.list if place.supported)


def test_a_backward_that_raises_beside_a_forward_that_runs_is_at_fault(tmp_path):
    """The forward takes all kernels: what it does, its backward is for."""
    (report,) = verify_targets(VerifyOptions((f"{written(tmp_path, WINDOWS)}:cut_backward",))).targets

    assert Verdict.FAIL is report.verdict
    assert {"crashes"} == {finding.id for finding in report.findings}


@pytest.mark.parametrize(("side", "step", "is_taken"), [(2, 2, True), (3, 3, True), (3, 1, False), (2, 1, False)])
def test_the_side_of_the_kernel_alone_may_say_how_far_it_steps(tmp_path, side, step, is_taken):
    """Patches that no stride is told of."""
    code = """
import numpy as np

def tokens_backward(g, image, kernel):
    side = kernel.shape[2]
    n, c, h, w = image.shape
    pieces = image.reshape(n, c, h // side, side, w // side, side)
    return np.einsum("nohw,ocuv->nchuwv", g, kernel).reshape(image.shape), np.einsum("nchuwv,nohw->ocuv", pieces, g)
"""
    candidate = recognised(tmp_path, code, "tokens_backward").candidate
    assert (candidate.refuses(ConvSpec(2, 3, 4, 6, 6, (side, side), (step, step))) == "") is is_taken
