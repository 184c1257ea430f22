"""Asks six checkers about functions with one planted mistake each: docs/comparison-functions.json.

Each rule is the one that people use, with its own numbers; where a rule was taken from stands beside it. The same
classes go to all of them, `docs/planted_functions.py`.
"""

from __future__ import annotations

import importlib.util
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PLANTED = HERE / "planted_functions.py"
SEED = 0
# Rows of different lengths than there are of them, no power of two: what kernels' tests call small.
ROWS, WIDTH = 6, 10
RIGHT = ("Norm", "Softmax", "Attention", "Gelu")
MISTAKES = {
    "NormVarianceForgotten": "layer norm: the variance is a constant",
    "NormMeanForgotten": "layer norm: the mean is a constant",
    "NormGainForgotten": "layer norm: dx without the gain",
    "NormOtherDivisor": "layer norm: N - 1 for N",
    "NormLastRowDropped": "layer norm: the last row is left out of dgamma",
    "NormReadsInMemoryOrder": "layer norm: G is read in the order of memory",
    "NormScalesG": "layer norm: G is overwritten",
    "SoftmaxDiagonal": "softmax: the diagonal of the Jacobian alone",
    "SoftmaxSumOfProbabilities": "softmax: the mean of G for the sum of G y",
    "AttentionMasksBackward": "attention: the backward masks what the forward did not",
    "AttentionScaledTwice": "attention: 1/sqrt(d) twice",
    "GeluOtherForm": "gelu: the derivative of its approximation",
    "GeluIgnoresG": "gelu: G is taken for 1",
}
COLUMNS = ("slow", "fast", "twice", "tolerance", "course", "ours", "named")

Backward = Callable[[Sequence[Any], Any], list[Any]]


def measure_functions() -> dict[str, Any]:
    """class -> column -> refused? `named` is what `gradcheck verify` printed; `seconds` are of each checker, of all."""
    module, names = planted(), [*RIGHT, *MISTAKES]
    checkers = {"slow": slow, "fast": fast, "twice": twice, "tolerance": tolerance, "course": course}
    found: dict[str, dict[str, Any]] = {name: {} for name in names}
    seconds: dict[str, float] = {}
    for column, refuses in checkers.items():
        started = time.perf_counter()
        for name in names:
            found[name][column] = refuses(getattr(module, name))
        seconds[column] = time.perf_counter() - started
    started = time.perf_counter()
    for name, row in verified(names).items():
        found[name] |= row
    seconds["ours"] = time.perf_counter() - started
    return {"functions": found, "seconds": seconds}


def planted() -> Any:
    """The module of the planted functions."""
    spec = importlib.util.spec_from_file_location("planted_functions", PLANTED)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def inputs(function: Any, dtype: str = "float64") -> list[Any]:
    """Normal numbers, as everybody's tests draw them; gain and shift as a layer starts, a little apart from 1 and 0."""
    import torch

    generator = torch.Generator().manual_seed(SEED)
    names = function.forward.__code__.co_varnames[1 : function.forward.__code__.co_argcount]
    shapes = {"gamma": (WIDTH,), "beta": (WIDTH,)}
    drawn = [torch.randn(shapes.get(name, (ROWS, WIDTH)), generator=generator, dtype=torch.float64) for name in names]
    return [tensor.to(getattr(torch, dtype)).requires_grad_() for tensor in drawn]


def gradients(function: Any, dtype: str, *, by_hand: bool) -> list[Any]:
    """The gradients for one normal G, in a dtype: by the backward, or of the forward's own operations by autograd."""
    import torch

    given = inputs(function, dtype)
    output = function.apply(*given) if by_hand else function.forward(_Context(), *given)
    generator = torch.Generator().manual_seed(SEED + 1)
    upstream = torch.randn(output.shape, generator=generator, dtype=torch.float64).to(output.dtype)
    return [grad.double() for grad in torch.autograd.grad(output, given, upstream)]


class _Context:
    """Stands for ctx where the forward is run as plain code."""

    def save_for_backward(self, *tensors: Any) -> None:
        """Nobody asks for them."""


def slow(function: Any) -> bool:
    """`torch.autograd.gradcheck` with its defaults."""
    return _torch_refuses(function, fast=False)


def fast(function: Any) -> bool:
    """The same with `fast_mode=True`."""
    return _torch_refuses(function, fast=True)


def _torch_refuses(function: Any, *, fast: bool) -> bool:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return not torch.autograd.gradcheck(function.apply, inputs(function), fast_mode=fast)
        except RuntimeError:
            return True


def twice(function: Any) -> bool:
    """FlashAttention's rule, tests/test_flash_attn.py: in bfloat16 the largest error of each gradient is at most three
    times that of the plain forward's in bfloat16, both against float32."""
    by_hand, plain = gradients(function, "bfloat16", by_hand=True), gradients(function, "bfloat16", by_hand=False)
    truth = gradients(function, "float32", by_hand=False)
    return any(
        (mine - right).abs().max() > 3 * (other - right).abs().max()
        for mine, other, right in zip(by_hand, plain, truth, strict=True)
    )


def tolerance(function: Any) -> bool:
    """Liger-Kernel's tolerances for bfloat16, test/transformers/test_rms_norm.py: atol 0.2, rtol 0.02."""
    import torch

    pairs = zip(
        gradients(function, "bfloat16", by_hand=True), gradients(function, "bfloat16", by_hand=False), strict=True
    )
    return not all(torch.allclose(mine, other, atol=2e-1, rtol=2e-2) for mine, other in pairs)


def course(function: Any) -> bool:
    """A course's rule (CS231n's notes): central differences of step 1e-5 in float64 for one normal G; the largest
    relative error |a - b| / max(1e-8, |a| + |b|) is below 1e-7."""
    by_hand = gradients(function, "float64", by_hand=True)
    return any(
        ((mine - numeric).abs() / (mine.abs() + numeric.abs()).clamp(min=1e-8)).max() >= 1e-7
        for mine, numeric in zip(by_hand, _central(function), strict=True)
    )


def _central(function: Any, step: float = 1e-5) -> list[Any]:
    import torch

    given = [tensor.detach().clone() for tensor in inputs(function)]
    generator = torch.Generator().manual_seed(SEED + 1)
    upstream = torch.randn(function.apply(*given).shape, generator=generator, dtype=torch.float64)
    found = []
    for tensor in given:
        numeric, flat = torch.zeros_like(tensor), tensor.view(-1)
        for place in range(flat.numel()):
            before = flat[place].item()
            flat[place] = before + step
            high = function.apply(*given)
            flat[place] = before - step
            low = function.apply(*given)
            flat[place] = before
            numeric.view(-1)[place] = ((high - low) * upstream).sum() / (2 * step)
        found.append(numeric)
    return found


def verified(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What `gradcheck verify` says of each."""
    import gradcheck_cli

    report = gradcheck_cli.verify([f"{PLANTED}:{name}" for name in names], seed=SEED, timeout=600)
    return {
        name: {"ours": str(target.verdict) != "pass", "named": sorted({each.id for each in target.findings})}
        for name, target in zip(names, report.targets, strict=True)
    }


HEADS = {
    "slow": "torch gradcheck, slow",
    "fast": "torch gradcheck, fast",
    "twice": "3x rule, bfloat16",
    "tolerance": "atol 0.2, bfloat16",
    "course": "relative 1e-7",
    "ours": "gradcheck verify",
    "named": "named by gradcheck verify",
}


def function_parts(measured: Mapping[str, Any], table: Callable[[list[str], list[list[str]]], str]) -> list[str]:
    """The parts of comparison-functions.md."""
    found, seconds = measured["functions"], measured["seconds"]
    rows = [[name, *(_cell(found[name], column, is_right=True) for column in COLUMNS)] for name in RIGHT]
    rows += [
        [told, *(_cell(found[name], column, is_right=False) for column in COLUMNS)] for name, told in MISTAKES.items()
    ]
    caught = [f"{HEADS[column]} {sum(found[name][column] for name in MISTAKES)}" for column in COLUMNS[:-1]]
    named = sum(bool(set(found[name]["named"]) - {"unexplained"}) for name in MISTAKES)
    shares = [f"{HEADS[column]} {seconds[column] / seconds['slow']:.2g}" for column in COLUMNS[:-1]]
    return [
        "# Functions: comparison with what people use today",
        COMPARED.strip(),
        table(["function", *(HEADS[column] for column in COLUMNS)], rows),
        f"Caught, of {len(MISTAKES)}: {'; '.join(caught)}. Named by gradcheck verify: {named}; by the others: 0.",
        f"Time for all {len(found)}, as a multiple of torch gradcheck's slow mode: {'; '.join(shares)}. The others run "
        "in one process that has torch loaded; `gradcheck verify` asks each function in a process of its own, and "
        "searches for the name of what it caught.",
        LIMITS.strip(),
    ]


COMPARED = """
The functions of `docs/planted_functions.py`, each a `torch.autograd.Function` with one mistake or none, were handed to
each checker as it comes: x of 6x10 normal numbers, one normal G where the rule takes one. "caught" means that it
refused a wrong one, "**refused**" that it refused a right one. `python docs/generate.py --measure` measures it again.

- **torch gradcheck, slow** and **fast**: `torch.autograd.gradcheck` in float64 with its defaults.
- **3x rule, bfloat16**, as FlashAttention tests gradients: the largest error of each gradient to float32 is at most
  three times that of the plain operations in bfloat16.
- **atol 0.2, bfloat16**: `allclose` to the plain operations in bfloat16 with atol 0.2 and rtol 0.02, as Liger-Kernel
  tests RMSNorm.
- **relative 1e-7**, as courses do: central differences of step 1e-5, largest |a - b| / (|a| + |b|) below 1e-7.
- **gradcheck verify**: this tool, on inputs that it chose.
"""
LIMITS = """
What none of the first five asks: G in another layout, whether G is left as it was. What `gradcheck verify` does not ask
here: bfloat16 itself.
"""


def _cell(row: Mapping[str, Any], column: str, *, is_right: bool) -> str:
    if column == "named":
        return ", ".join(row["named"]) or ("-" if is_right else "no")
    if is_right:
        return "**refused**" if row[column] else "accepted"
    return "caught" if row[column] else "**missed**"
