"""last-sample-only: `=` in the loop over the batch where `+=` is due."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, OtherCase, Variant, of_every_form
from gradcheck_cli.mistakes.pieces import each, on_other_case, with_grad_output
from gradcheck_cli.mistakes.shown import Sign
from gradcheck_cli.mistakes.source import overwrites
from gradcheck_cli.model import GRADIENTS, Case, GradientName


def _only(index: int) -> OtherCase:
    def prepare(case: Case) -> Case:
        if case.spec.batch == 1:
            return case
        kept = np.zeros_like(case.grad_output)
        kept[index] = case.grad_output[index]
        return with_grad_output(case, kept)

    return prepare


def _first(gradient: GradientName) -> tuple[Variant, ...]:
    return (
        Variant(
            "only the first image is used",
            on_other_case(gradient, _only(0)),
            title="keeps the first image of the batch in place of the sum over all",
            fix="Go through all images of the batch.",
        ),
    )


MISTAKE = Mistake(
    id="last-sample-only",
    order=230,
    title="keeps one image of the batch, the last, in place of the sum over all",
    written_for=of_every_form,
    formulas=each(lambda gradient: on_other_case(gradient, _only(-1)), *GRADIENTS),
    variants={"weight": _first("weight"), "input": _first("input"), "bias": _first("bias")},
    in_any_form=True,
    why=(
        "`dW = ...` inside the loop over images overwrites what the images before have added. A `return` inside the "
        "loop keeps only the first."
    ),
    hides_when="the batch holds one image",
    fix="Start from zeros before the loop over images and use `+=` inside.",
    of_function="Start from zeros before the loop over the samples and use `+=` inside.",
    shown_by="two images: gradcheck run a.jpg b.jpg",
    numbers="N = {N}",
    prepare=_only(-1),
    line=overwrites,
    sign=Sign.LAST_ONLY,
)
