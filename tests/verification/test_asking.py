"""What a pass is worth: what only certain sizes, strides or kernels show is met by a geometry that is asked."""

import textwrap

import pytest

from gradcheck_cli.model import Verdict, VerifyOptions
from gradcheck_cli.verification import verify_targets

HEAD = """
import numpy as np

def windows(x, kh, kw):
    return np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))

def spread(g, w, shape):
    out, (kh, kw) = np.zeros(shape), w.shape[2:]
    for r in range(g.shape[2]):
        for c in range(g.shape[3]):
            out[:, :, r:r + kh, c:c + kw] += np.einsum("nf,fcuv->ncuv", g[:, :, r, c], w)
    return out
"""


@pytest.fixture
def judged(tmp_path):
    """The reports of files with these bodies below `HEAD`, in one run of `verify`; the target is called `back`."""

    def run(*bodies, name="back", **options):
        targets = []
        for number, body in enumerate(bodies):
            file = tmp_path / f"user{number}.py"
            file.write_text(HEAD + textwrap.dedent(body))
            targets.append(f"{file}:{name}")
        return verify_targets(VerifyOptions(tuple(targets), jobs=2, **options)).targets

    return run


BY_FOUR_CHANNELS = """
    def back(x, w, g):
        dw = np.zeros(w.shape)
        for c in range(0, x.shape[1], 4):
            some = x[:, c % 4:][:, :dw[:, c:c + 4].shape[1]]
            dw[:, c:c + 4] = np.einsum("ncpquv,nfpq->fcuv", windows(some, *w.shape[2:]), g)
        return dw, spread(g, w, x.shape), g.sum((0, 2, 3))
    """
BY_EIGHT_FILTERS = """
    def back(x, w, g):
        pieces = [g[:, :8]] + [g[:, f - 8:][:, :min(8, len(w) - f)] for f in range(8, len(w), 8)]
        dw = [np.einsum("ncpquv,nfpq->fcuv", windows(x, *w.shape[2:]), piece) for piece in pieces]
        return np.concatenate(dw), spread(g, w, x.shape), g.sum((0, 2, 3))
    """
BY_SIXTEEN_IMAGES = """
    def back(x, w, g):
        dx = np.zeros(x.shape)
        for n in range(0, len(x) // 16 * 16 or len(x), 16):
            dx[n:n + 16] = spread(g[n:n + 16], w, x[n:n + 16].shape)
        return np.einsum("ncpquv,nfpq->fcuv", windows(x, *w.shape[2:]), g), dx, g.sum((0, 2, 3))
    """
BY_THIRTY_TWO_COLUMNS = """
    def back(x, w, g):
        seen, db = windows(x, *w.shape[2:]), 0
        dw = np.zeros(w.shape)
        for q in range(0, g.shape[3], 32):
            tile = g[..., q:q + 32]
            dw = np.einsum("ncpquv,nfpq->fcuv", seen[:, :, :, q:q + 32], tile)
            db = db + tile.sum((0, 2, 3))
        return dw, spread(g, w, x.shape), db
    """


def test_what_is_wrong_from_the_second_block_on_fails(judged):
    """Channels in blocks of 4, filters of 8, images of 16, columns of 32; the first block is right."""
    reports = judged(BY_FOUR_CHANNELS, BY_EIGHT_FILTERS, BY_SIXTEEN_IMAGES, BY_THIRTY_TWO_COLUMNS)

    assert [Verdict.FAIL] * 4 == [report.verdict for report in reports]
    assert all(report.geometries.supported - 2 <= report.geometries.right > 8 for report in reports)
