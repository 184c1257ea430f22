"""Code that goes through rows one behind the other, and writes into what it is handed, as C does."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

FLAT = """
def mix_fwd(rows, table, out, count, wide, tall):
    for a in range(count):
        for b in range(tall):
            out[a * tall + b] = 0.0
            for c in range(wide):
                out[a * tall + b] += rows[a * wide + c] * table[b * wide + c]


def mix_bwd(rows, table, dout, drows, dtable, count, wide, tall):
    for a in range(count):
        for b in range(tall):
            g = dout[a * tall + b]
            for c in range(wide):
                drows[a * wide + c] PUT g * table[b * wide + c]
                dtable[b * wide + c] += g * rows[a * wide + c]


def least_fwd(x, out, where, count, length, window, step):
    steps = (length - window) // step + 1
    for a in range(count):
        for b in range(steps):
            start = a * length + b * step
            best = start
            for move in range(1, window):
                if x[start + move] < x[best]:
                    best = start + move
            out[a * steps + b], where[a * steps + b] = x[best], best
    return steps


def least_bwd(dout, dx, where, count, length, window, step):
    steps = (length - window) // step + 1
    for a in range(count * steps):
        dx[where[a]] PUT dout[a]
"""


@pytest.mark.parametrize(
    ("name", "put", "cause"),
    [("mix_bwd", "+=", ""), ("least_bwd", "+=", ""), ("least_bwd", "=", "overwrites-instead-of-adding")],
)
def test_arrays_may_be_one_row_behind_the_other(tmp_path, name, put, cause):
    """As C has them; how far a pooling steps tells how much it writes, and where, by which its backward chooses."""
    file = tmp_path / "flat.py"
    file.write_text(FLAT.replace("PUT", put))
    report = function_here(f"{file}:{name}")
    assert {each.id for each in report.findings} == ({cause} if cause else set())
    assert report.verdict is (Verdict.FAIL if cause else Verdict.PASS)
