"""clipped: the gradient is kept within bounds, or its norm is, inside the backward."""

from __future__ import annotations

import ast

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Variant, WrongFormula, of_every_form
from gradcheck_cli.mistakes.pieces import rearranged
from gradcheck_cli.model import GRADIENTS, Array, GradientName
from gradcheck_cli.model.syntax import called

# What people clip to, the commonest first.
_BOUNDS = (1.0, 5.0, 10.0, 0.1, 0.5, 2.0, 3.0, 20.0)


def _entries(gradient: GradientName, bound: float) -> WrongFormula:
    def clipped(array: Array) -> Array:
        return np.asarray(np.clip(array, -bound, bound))

    return rearranged(gradient, clipped)


def _norm(gradient: GradientName, bound: float) -> WrongFormula:
    def scaled_down(array: Array) -> Array:
        norm = float(np.linalg.norm(array))
        return array * (bound / norm) if norm > bound else array

    return rearranged(gradient, scaled_down)


def _variants(gradient: GradientName) -> tuple[Variant, ...]:
    entries = [Variant(f"every entry to {-bound:g}..{bound:g}", _entries(gradient, bound)) for bound in _BOUNDS]
    norms = [Variant(f"its norm to {bound:g}", _norm(gradient, bound)) for bound in _BOUNDS]
    return (*entries, *norms)


_VARIANTS = {gradient: _variants(gradient) for gradient in GRADIENTS}
_CLIPS = ("clip", "clamp", "clip_", "clamp_", "clip_grad_norm_", "clip_grad_value_")


def _clips(node: ast.AST) -> bool:
    return called(node) in _CLIPS


MISTAKE = Mistake(
    id="clipped",
    order=40,
    title="clips the gradient",
    written_for=of_every_form,
    formulas={gradient: variants[0].formula for gradient, variants in _VARIANTS.items()},
    variants=_VARIANTS,
    why=(
        "Clipping tames exploding gradients in training, `np.clip(dW, -5, 5, out=dW)`, and is left in the backward of "
        "the layer. What is returned is then no derivative of the loss."
    ),
    hides_when="all gradients are small",
    fix="Return the whole gradient and clip in the training loop, before the step.",
    shown_by="--loss sum, which makes gradients large",
    line=_clips,
)
