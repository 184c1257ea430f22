"""Binary cross-entropy of probabilities."""

from __future__ import annotations

from typing import Any

from gradcheck_cli.layers.known.averaging import OVER, count
from gradcheck_cli.layers.known.domains import MASK, UNIT
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import PREDICTION, TRUTH
from gradcheck_cli.model import Array


def forward(xp: Any, pred: Any, target: Any, over: str = "all") -> Any:
    """-log of the probability that was given to what came."""
    losses = -(target * xp.log(pred) + (1 - target) * xp.log(1 - pred))
    return losses.sum() / count(pred.shape, over)


def derive(note: Note, grad_output: Array, pred: Array, target: Array, over: str = "all") -> dict[str, Array]:
    """Both logarithms."""
    one = note("a", "-target / pred", -target / pred, "From -target log(pred).")
    other = note(
        "c", "(1 - target) / (1 - pred)", (1 - target) / (1 - pred), "From the second logarithm; the inner -1."
    )
    share = note("share", "1 / count", 1 / count(pred.shape, over), "For a mean over all entries.")
    dpred = grad_output * share * (one + other)
    note("dpred", "G share (a + c)", dpred, "With pred = sigmoid(z), the gradient of z is G share (pred - target).")
    return {"pred": dpred}


LAYER = KnownLayer(
    id="binary-cross-entropy",
    title="the negative logarithm of the probability of what came, for two classes",
    names=("binarycrossentropy", "bce", "logloss", "bceloss"),
    arguments=(Argument("pred", "nd", ("p", "probs", *PREDICTION), UNIT), Argument("target", "nd", TRUTH, MASK)),
    settings=(OVER,),
    outputs=("",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="L = mean of -(target log(pred) + (1 - target) log(1 - pred))",
    code="dpred = G * (pred - target) / (pred * (1 - pred)) / pred.size",
    example=LayerExample({"pred": [[0.5, 0.25], [0.8, 0.5]], "target": [[1, 0], [1, 0]]}, 12.0),
    slips=(
        Slip("path-missing", "-target / pred alone: the second logarithm is not followed"),
        Slip("sign-flipped", "the inner -1 of 1 - pred forgotten"),
        Slip("derivative-missing", "pred - target, which is the gradient of the logits, not of the probabilities"),
        Slip("scaled-constant", "1 / count forgotten"),
    ),
    is_exact=False,
)
