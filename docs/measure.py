"""Plants every grad_weight mistake of the catalogue and asks five checkers whether they see it: docs/comparison.json.

Each checker is run as it comes, with its own default tolerances. The wrong gradient reaches the checkers of torch as
the backward of a `torch.autograd.Function`, and `gradcheck verify` as a function in a file, each as users hand it over.
"""

from __future__ import annotations

import importlib
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from gradcheck_cli.mistakes import CATALOGUE, Problem
from gradcheck_cli.model import Array, Case, ConvSpec

ROOT = Path(__file__).resolve().parent.parent
SEED = 0
RIGHT = "(right code)"
SINGLE = "single-precision"
ACCUMULATES = "accumulates-between-calls"
SMALL = (
    ConvSpec(2, 3, 4, 6, 5, (3, 2), padding=(1, 1)),
    ConvSpec(2, 3, 4, 6, 5, (3, 2), stride=(2, 2), padding=(1, 1)),
    ConvSpec(2, 3, 4, 7, 6, (3, 2), stride=(2, 2), dilation=(2, 2)),
    ConvSpec(2, 4, 6, 6, 5, (3, 2), groups=2),
    ConvSpec(2, 3, 4, 6, 5, (2, 2), stride=(2, 2)),
    ConvSpec(2, 3, 5, 6, 4, (3, 2), padding=(1, 1)),
    ConvSpec(2, 3, 4, 8, 5, (2, 2), stride=(3, 3)),
)
"""The others see a mistake on the first of these where it changes the numbers."""

FORUM = ConvSpec(1, 3, 3, 256, 256, (32, 32))
FORUM_MISTAKES = ("kernel-rotated", "axes-transposed", "channels-reversed", "channels-summed", "filters-collapsed")
COLUMNS = ("slow", "fast_normal", "fast_pixels", "projection", "allclose", "ours", "named")
FORUM_COLUMNS = ("fast_pixels", "fast_astronaut", "projection", "ours")
SIGNATURE = "dout, x, w, b, stride, padding, dilation, groups"

Formula = Callable[[Problem], "Array | None"]


def measure() -> dict[str, Any]:
    """Everything that comparison.md tells."""
    ids = weight_mistakes()
    return {"small": rows([RIGHT, *ids]), "forum": forum_rows(), "right_float32": right_in_float32()}


def weight_mistakes() -> list[str]:
    """The mistakes that are a wrong formula for grad_weight."""
    return [name for name, mistake in CATALOGUE.items() if "weight" in mistake.formulas]


def rows(ids: list[str]) -> dict[str, dict[str, Any]]:
    """mistake -> column -> caught? `named` holds the ids that `gradcheck verify` printed."""
    ours = verified(ids)
    found = {}
    for name in ids:
        spec = geometry_for(name)
        row: dict[str, Any] = {"geometry": str_of(spec), "slow": refused_by_torch(name, normal(spec), fast=False)}
        row["fast_normal"] = refused_by_torch(name, normal(spec), fast=True)
        row["fast_pixels"] = refused_by_torch(name, pixels(spec), fast=True)
        row["projection"] = refused_by_projection(name, normal(spec))
        row["allclose"] = refused_by_allclose(name, normal(spec))
        found[name] = row | ours[name]
    return found


def formula_of(name: str) -> Formula:
    """The wrong formula, with a memory where the mistake is one of memory."""
    if name == RIGHT:
        return lambda problem: problem.grad_weight
    if name == ACCUMULATES:
        calls: Counter[bytes] = Counter()

        def accumulating(problem: Problem) -> Array:
            key = problem.case.x.tobytes() + problem.case.grad_output.tobytes()
            calls[key] += 1
            return problem.grad_weight * calls[key]

        return accumulating
    return CATALOGUE[name].formulas["weight"]


def gradient(formula: Formula, case: Case) -> Array:
    """What the mistaken code returns; where the mistake has no meaning, the right gradient."""
    wrong = formula(Problem(case))
    return Problem(case).grad_weight if wrong is None else np.ascontiguousarray(wrong)


def geometry_for(name: str) -> ConvSpec:
    """The first small geometry on which the mistake changes the numbers."""
    if name in (RIGHT, ACCUMULATES):
        return SMALL[0]
    for spec in SMALL:
        case = normal(spec)
        wrong, right = gradient(formula_of(name), case), Problem(case).grad_weight
        if wrong.shape != right.shape or not np.array_equal(wrong, right):
            return spec
    raise LookupError(f"no geometry of SMALL shows {name}")


def normal(spec: ConvSpec) -> Case:
    """Normal random numbers, as the manuals advise."""
    rng = np.random.default_rng(SEED)
    shapes = spec.x_shape, spec.weight_shape, (spec.out_channels,), spec.output_shape
    return Case(spec, *(rng.standard_normal(shape) for shape in shapes))


def pixels(spec: ConvSpec) -> Case:
    """The same, with pixels 0..255 for X."""
    return replace(normal(spec), x=np.random.default_rng(SEED).integers(0, 256, spec.x_shape).astype(np.float64))


def refused_by_torch(name: str, case: Case, *, fast: bool) -> bool:
    """Does `torch.autograd.gradcheck` refuse the backward?"""
    import torch

    layer = planted_layer(formula_of(name), case)
    weight = torch.tensor(case.weight, requires_grad=True)
    with warnings.catch_warnings(), no_slow_message():
        warnings.simplefilter("ignore")
        try:
            return not torch.autograd.gradcheck(layer, (weight,), fast_mode=fast)
        except RuntimeError:
            return True


def no_slow_message() -> Any:
    """When fast mode refuses, torch computes all of slow mode for its message: hours on the forum's layer."""
    module = importlib.import_module("torch.autograd.gradcheck")
    return mock.patch.object(module, "_run_slow_mode_and_get_error", return_value="")


def planted_layer(formula: Formula, case: Case) -> Callable[..., Any]:
    """conv2d of torch in the forward, the mistaken gradient in the backward."""
    import torch

    spec, x = case.spec, torch.tensor(case.x)

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, weight: Any) -> Any:
            ctx.save_for_backward(weight)
            return torch.nn.functional.conv2d(x, weight, None, spec.stride, spec.padding, spec.dilation, spec.groups)

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            (weight,) = ctx.saved_tensors
            seen = replace(case, weight=weight.detach().numpy(), grad_output=grad_output.numpy())
            return torch.from_numpy(gradient(formula, seen))

    return Planted.apply


def refused_by_projection(name: str, case: Case) -> bool:
    """One random direction, as `jax.test_util.check_grads` takes it in reverse mode: eps 1e-4, tolerance 1e-5."""
    from gradcheck_cli.oracles.forward import forward

    rng = np.random.default_rng(SEED + 1)
    direction, eps = rng.standard_normal(case.weight.shape), 1e-4
    spec, bias = case.spec, case.bias
    ahead, behind = (forward(case.x, case.weight + sign * eps / 2 * direction, bias, spec) for sign in (1, -1))
    numeric = float((case.grad_output * (ahead - behind)).sum() / eps)
    wrong = gradient(formula_of(name), case)
    if wrong.shape != direction.shape:
        return True
    return not np.allclose((wrong * direction).sum(), numeric, rtol=1e-5, atol=1e-5)


def refused_by_allclose(name: str, case: Case) -> bool:
    """numpy.allclose with its defaults, on results as float32 holds them; summed in it they hang on the machine."""
    if name == SINGLE:
        return False  # in float32 that is no mistake
    wrong, right = (array.astype(np.float32) for array in (gradient(formula_of(name), case), of_autograd(case)))
    return wrong.shape != right.shape or not np.allclose(wrong, right)


def in_float32(case: Case) -> Case:
    """The case rounded to float32."""
    arrays = {key: getattr(case, key).astype(np.float32) for key in ("x", "weight", "bias", "grad_output")}
    return replace(case, **arrays)


def of_autograd(case: Case) -> Array:
    """grad_weight of torch."""
    import torch

    spec, weight = case.spec, torch.tensor(case.weight, requires_grad=True)
    geometry = (spec.stride, spec.padding, spec.dilation, spec.groups)
    torch.nn.functional.conv2d(torch.tensor(case.x), weight, None, *geometry).backward(torch.tensor(case.grad_output))
    return weight.grad.numpy()


def verified(ids: list[str]) -> dict[str, dict[str, Any]]:
    """What `gradcheck verify` says of a file with one function per mistake."""
    import gradcheck_cli

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "planted.py")
        file.write_text(PLANTED_FILE + "".join(function_text(name) for name in ids), encoding="utf-8")
        report = gradcheck_cli.verify([f"{file}:{function_name(name)}" for name in ids], seed=SEED, jobs=2)
    return {
        name: {"ours": str(target.verdict) != "pass", "named": sorted({finding.id for finding in target.findings})}
        for name, target in zip(ids, report.targets, strict=True)
    }


def function_name(name: str) -> str:
    """An identifier for an id."""
    return "backward_" + name.strip("()").replace("-", "_").replace(" ", "_")


def function_text(name: str) -> str:
    """The function that makes the mistake."""
    kept = ".astype(int)" if name == "integer-dtype" else ""
    return f"\n\ndef {function_name(name)}({SIGNATURE}):\n    return gradient(FORMULAS[{name!r}], {SIGNATURE}){kept}\n"


PLANTED_FILE = f"""import sys

sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "docs")!r}]
import measure
from gradcheck_cli.model import Case, ConvSpec

FORMULAS = {{name: measure.formula_of(name) for name in [measure.RIGHT, *measure.weight_mistakes()]}}


def gradient(formula, {SIGNATURE}):
    pair = lambda value: tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    geometry = tuple(map(pair, (stride, padding, dilation)))
    spec = ConvSpec(*x.shape[:2], dout.shape[1], *x.shape[2:], w.shape[2:], *geometry, groups)
    return measure.gradient(formula, Case(spec, x, w, b, dout))
"""


def forum_rows() -> dict[str, dict[str, bool]]:
    """The forum's layer on a photo: fast mode and one projection in float64, and the power of `gradcheck run`."""
    import gradcheck_cli

    photo = str(ROOT / "images" / "coffee.jpg")
    caught = gradcheck_cli.run(photo, in_channels=3, out_channels=3, kernel_size=32).power.caught
    case, other = photo_case("coffee.jpg"), photo_case("astronaut.jpg")
    return {
        name: {
            "fast_pixels": refused_by_torch(name, case, fast=True),
            "fast_astronaut": refused_by_torch(name, other, fast=True),
            "projection": refused_by_projection(name, case),
            "ours": name in caught,
        }
        for name in FORUM_MISTAKES
    }


def photo_case(photo: str) -> Case:
    """The forum's layer: the photo in float64, G of the L1 loss at a normal kernel of Conv2d's size."""
    from gradcheck_cli.images import read_pictures
    from gradcheck_cli.oracles.forward import forward

    (picture,) = read_pictures([str(ROOT / "images" / photo)])
    x = picture.planes(3, FORUM.input_size)[None].astype(np.float64)
    kernel = np.random.default_rng(SEED).standard_normal(FORUM.weight_shape) / np.sqrt(3 * 32 * 32 * 3)
    bias = np.zeros(3)
    residual = forward(x, kernel, bias, FORUM) - picture.gray(FORUM.output_size)[None].astype(np.float64)
    return Case(FORUM, x, kernel, bias, np.sign(residual) / residual.size)


def right_in_float32() -> dict[str, int]:
    """Right float32 code, the usual loop, against autograd on the photo: entries that allclose's defaults refuse."""
    case = in_float32(photo_case("coffee.jpg"))
    by_hand = np.zeros(case.weight.shape, np.float32)
    rows, columns = FORUM.kernel_size
    for p, q in np.ndindex(FORUM.output_size):
        by_hand += case.grad_output[0, :, p, q, None, None, None] * case.x[0, :, p : p + rows, q : q + columns]
    return {"refused": int((~np.isclose(by_hand, of_autograd(case))).sum()), "entries": by_hand.size}


def str_of(spec: ConvSpec) -> str:
    """The geometry in a few words."""
    text = f"{spec.batch}x{spec.in_channels}x{spec.height}x{spec.width}, {spec.out_channels} filters "
    text += "x".join(map(str, spec.kernel_size)) + f", stride {spec.stride[0]}, padding {spec.padding[0]}"
    return text + f", dilation {spec.dilation[0]}, groups {spec.groups}"


HEADS = {
    "slow": "torch gradcheck, slow",
    "fast_normal": "torch gradcheck, fast",
    "fast_pixels": "torch gradcheck, fast, pixels",
    "projection": "one random projection",
    "allclose": "allclose, float32",
    "ours": "gradcheck verify",
    "named": "named by gradcheck verify",
}


def comparison_parts(measured: Mapping[str, Any], table: Callable[[list[str], list[list[str]]], str]) -> list[str]:
    """The parts of comparison.md."""
    small, forum, right = measured["small"], measured["forum"], measured["right_float32"]
    return [
        "# Comparison with what people use today",
        COMPARED.strip(),
        "## Each mistake on a small layer",
        table(
            ["mistake", *(HEADS[column] for column in COLUMNS)],
            [[name, *(cell(name, row, column) for column in COLUMNS)] for name, row in small.items()],
        ),
        totals(small),
        "## Why one is let through",
        LET_THROUGH.strip(),
        "## The forum's layer on a photograph",
        FORUM_TEXT.strip(),
        table(
            ["mistake", "torch gradcheck, fast", "the same, astronaut.jpg", "one random projection", "gradcheck run"],
            [[name, *(cell(name, row, column) for column in FORUM_COLUMNS)] for name, row in forum.items()],
        ),
        "## Right code that is refused",
        "On coffee.jpg, right float32 code (the usual loop over the outputs) was compared with autograd in float32 by "
        f"`numpy.allclose` with its default tolerances: {right['refused']:,} of {right['entries']:,} entries are "
        "refused. Nothing is wrong with that code: it adds up in another order.",
        "## The geometries",
        table(["mistake", "X, filters"], [[name, row["geometry"]] for name, row in small.items()]),
    ]


COMPARED = """
Every formula for grad_weight in the [catalogue](reference/mistakes.md) was planted into right code. Then each checker
was asked, as it comes, with its own defaults. "caught" means that it refused the wrong gradient.
Functions of other kinds have [a page of their own](comparison-functions.md).

- **torch gradcheck, slow** and **fast**: `torch.autograd.gradcheck` in float64, normal random X; and fast mode with
  X = whole pixels 0..255.
- **one random projection**: one direction, eps 1e-4, tolerance 1e-5, in float64, as `jax.test_util.check_grads` does in
  reverse mode. Computed in numpy, not by JAX.
- **allclose, float32**: the code's result and autograd's, both rounded to float32, are compared by `numpy.allclose`
  with its defaults. A float32 inside the code is no mistake there.
- **gradcheck verify**: this tool, on its default geometries. The last column is what it named.

The first four see the mistake on the first small geometry that shows it (last table), so none is judged where nothing
can be seen. None of them names a cause: each prints numbers.
"""
LET_THROUGH = """
`gradcheck verify` does not refuse in-out-swapped here, and says why in a note: "its F is taken as (c_in, c_out, kh,
kw): in the usual order its gradient is not right". What is planted here is a bare function that returns grad_weight and
nothing else. Of such a function nothing but the result tells in which order the axes of F stand, and for an F in this
order, as `conv_transpose2d` has it, the result is right. The checkers of torch are told by the forward. Where the code
itself shows how it reads F, in a forward or in the gradient of the input, the mistake is caught and named:

    gradcheck verify tests/mistakes/cache_dict/windows_in_out_swapped.py:conv_backward
"""
FORUM_TEXT = """
3 filters 3x32x32 on `images/coffee.jpg` (256x256, pixels 0..255), float64, loss L1 mean. Slow mode does not fit here:
its Jacobian has 9,216 x 151,875 entries, 10.4 GiB, and it keeps more than one. (When fast mode refuses, torch computes
that Jacobian for its message; this was left out.) "gradcheck run" is what the power line
of the run says it would have caught.
"""


def summary(measured: Mapping[str, Any], table: Callable[[list[str], list[list[str]]], str]) -> str:
    """The table of the README."""
    small = {name: row for name, row in measured["small"].items() if name != RIGHT}
    forum, right = measured["forum"], measured["right_float32"]

    def counts(column: str) -> list[str]:
        on_photo = sum(row[column] for row in forum.values()) if column in FORUM_COLUMNS else None
        return [str(sum(row[column] for row in small.values())), "" if on_photo is None else str(on_photo)]

    refused = f"refuses {right['refused']:,} of {right['entries']:,} entries of right code"
    named = sum(name in row["named"] for name, row in small.items())
    rows = [
        ["torch gradcheck, slow", counts("slow")[0], "does not fit (10.4 GiB and more)", "no"],
        ["torch gradcheck, fast, normal data", counts("fast_normal")[0], "", "no"],
        ["torch gradcheck, fast, pixels", *counts("fast_pixels"), "no"],
        ["one random projection, as JAX", *counts("projection"), "no"],
        ["`numpy.allclose`, float32", counts("allclose")[0], refused, "no"],
        ["gradcheck", *counts("ours"), f"{named} of {len(small)}"],
    ]
    heads = ["checker", f"caught, of {len(small)}, small layers", f"caught, of {len(forum)}, photo and 32x32", "named"]
    return table(heads, rows)


def cell(name: str, row: Mapping[str, Any], column: str) -> str:
    """One cell: caught or not; for right code, whether it was let through."""
    if column == "named":
        return ", ".join(row["named"]) or ("-" if name == RIGHT else "no")
    if name == RIGHT:
        return "**refused**" if row[column] else "accepted"
    return "caught" if row[column] else "**missed**"


def totals(small: Mapping[str, Mapping[str, Any]]) -> str:
    """How many of how many."""
    wrong = {name: row for name, row in small.items() if name != RIGHT}
    counts = [f"{HEADS[column]} {sum(row[column] for row in wrong.values())}" for column in COLUMNS[:-1]]
    named = sum(name in row["named"] for name, row in wrong.items())
    return f"Caught, of {len(wrong)}: {'; '.join(counts)}. Named right by gradcheck verify: {named}; by the others: 0."
