"""`verify` on the planted files of tests/mistakes, and on generated ones with faults hard to see. No test here.

A file without the name of a mistake at the end of its own is right, on every geometry that it takes.
"""

from __future__ import annotations

import ast
import random
import tempfile
from functools import cache
from pathlib import Path
from unittest import mock

from gradcheck_cli.layers import geometries
from gradcheck_cli.mistakes import CATALOGUE
from gradcheck_cli.model import VerifyOptions
from gradcheck_cli.runs.verify import verify_targets
from helpers import ROOT

MISTAKES = ROOT / "tests" / "mistakes"
RANDOM_GEOMETRIES = 60
SUFFIXES = tuple("_" + identifier.replace("-", "_") for identifier in CATALOGUE)
# Two mistakes in one file are joined by this word, and one right file has it too.
TWO_MISTAKES = "_and_"
RIGHT_WITH_AND = "image_and_rate"
TEMPLATE = """
import numpy as np

CALLS = []

def backward(x, weight, grad_output, stride=1, padding=0):
    CALLS.append(1)
    height, width = x.shape[2:]
    kh, kw = weight.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp, dw = np.zeros_like(xp), np.zeros_like(weight)
    for p in range(grad_output.shape[2]):
        for q in range(grad_output.shape[3]):
            {inside}
            rows, columns = slice(stride * p, stride * p + kh), slice(stride * q, stride * q + kw)
            dw += np.einsum("no,nihw->oihw", grad_output[:, :, p, q], xp[:, :, rows, columns])
            dxp[:, :, rows, columns] += np.einsum("no,oihw->nihw", grad_output[:, :, p, q], weight)
    dx = dxp[:, :, padding : padding + height, padding : padding + width]
    db = grad_output.sum(axis=(0, 2, 3))
    {after}
    return dx, dw, db
"""
# What is put inside the loop, or after it. The geometries named are among those that every target is tried on.
HARD_TO_SEE = {
    "one-part-in-a-billion": ("pass", "dw.flat[-1] *= 1 + 1e-9"),
    "one-part-in-a-billion-input": ("pass", "dx.flat[0] *= 1 + 1e-9"),
    "last-output-dropped": ("if p == grad_output.shape[2] - 1 and q == grad_output.shape[3] - 1: continue", "pass"),
    "middle-output-dropped": ("if p == 1 and q == 1 and grad_output.shape[2] > 3: continue", "pass"),
    "neighbours-swapped": ("pass", "dw.flat[0], dw.flat[1 % dw.size] = dw.flat[1 % dw.size], dw.flat[0]"),
    "bias-neighbours-swapped": ("pass", "db = np.roll(db, 1) if db.size == 5 else db"),
    "float32-inside": (
        "xp, weight, grad_output = (part.astype(np.float32) for part in (xp, weight, grad_output))",
        "pass",
    ),
    "float32-bias": ("pass", "db = grad_output.astype(np.float32).sum(axis=(0, 2, 3)).astype(float)"),
    "wrong-for-one-geometry": ("pass", "dw = dw * (2 if x.shape == (2, 3, 8, 7) else 1)"),
    "wrong-for-batch-of-5": ("pass", "dx = dx / (5 if len(x) == 5 else 1)"),
    "wrong-for-stride-3": ("pass", "dw = dw[:, :, ::-1] if stride == 3 else dw"),
    "wrong-for-large-kernels": ("pass", "dw = dw + (kh == 32)"),
    "nan-in-one-entry": ("pass", "dw.flat[-1] = np.nan"),
    "infinity-in-one-entry": ("pass", "dx.flat[0] = np.inf"),
    "wrong-on-the-second-call": ("pass", "dw = dw * (1 + (len(CALLS) % 2 == 0))"),
    "wrong-after-ten-calls": ("pass", "dx = dx + (len(CALLS) > 10)"),
    "noise": ("pass", "dw = dw + 1e-7 * np.random.default_rng().normal(size=dw.shape)"),
    "cut-to-whole-numbers": ("pass", "dx = dx.astype(int).astype(float)"),
    "two-samples-mixed": ("pass", "dx = dx[::-1] if len(dx) == 2 else dx"),
    "border-column-dropped": ("if q == grad_output.shape[3] - 1 and padding: continue", "pass"),
}


@cache
def planted() -> tuple[tuple[str, str, str], ...]:
    """(kind, name, expected verdict): right files on the usual geometries and on random ones, wrong ones, generated."""
    found = []
    for file in sorted(MISTAKES.rglob("*.py")):
        name = str(file.relative_to(ROOT))
        has_two = TWO_MISTAKES in file.stem and file.stem != RIGHT_WITH_AND
        if has_two or file.stem.endswith(SUFFIXES):
            found.append(("wrong", name, "fail"))
        else:
            found += [("right", name, "pass"), ("random", name, "pass")]
    return (*found, *(("generated", name, "fail") for name in HARD_TO_SEE))


def planted_count() -> int:
    """How many there are."""
    return len(planted())


def judge_planted(number: int) -> dict:
    """One file judged: its line of the results."""
    kind, name, expected = planted()[number]
    if kind == "generated":
        with tempfile.TemporaryDirectory() as folder:
            report = _generated(Path(folder), name)
    elif kind == "random":
        report = _on_random(name, number)
    else:
        report = _verified(target_of(name))
    row = {"number": number, "kind": kind, "file": name, "expected": expected, "verdict": str(report.verdict)}
    row["geometries"] = report.geometries.supported
    if row["verdict"] != expected:
        told = [report.error, *report.notes, *(f"{item.id}: {item.message}" for item in report.findings)]
        row["reason"] = "; ".join(filter(None, told))[:300]
    return row


def target_of(name: str) -> str:
    """FILE.py:NAME, or FILE.py where the tool is to find it."""
    return str(ROOT / name)


def _verified(text, seed=0):
    return verify_targets(VerifyOptions((text,), timeout=120, seed=seed)).targets[0]


def _generated(folder, name):
    inside, after = HARD_TO_SEE[name]
    file = folder / "generated.py"
    file.write_text(TEMPLATE.format(inside=inside, after=after))
    ast.parse(file.read_text())
    return _verified(f"{file}:backward")


def _on_random(name, seed):
    """A right file on random geometries only."""
    generator, specs = random.Random(seed), []
    while len(specs) < RANDOM_GEOMETRIES:
        spec = geometries.random_spec(generator)
        specs += [spec] if spec is not None else []
    # Some that every convention takes come first, so that something is compared.
    with mock.patch.object(geometries, "QUICK", (*geometries.QUICK[-13:-6], *specs)):
        return _verified(target_of(name), seed)
