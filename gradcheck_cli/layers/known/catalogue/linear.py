"""The fully connected layer."""

from __future__ import annotations

from typing import Any

from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    """y = x W + b."""
    product = x @ weight
    return product if bias is None else product + bias


def derive(note: Note, grad_output: Array, x: Array, weight: Array, bias: Array | None = None) -> dict[str, Array]:
    """Each gradient from the sum that y is."""
    dx = note(
        "dx",
        "G W^T,  dx[n,i] = sum over o of G[n,o] W[i,o]",
        grad_output @ weight.swapaxes(-1, -2),
        "x[n,i] reaches every output o of its own row, by W[i,o]. So o is summed, and W comes transposed.",
    )
    dw = note(
        "dW",
        "x^T G,  dW[i,o] = sum over n of x[n,i] G[n,o]",
        x.reshape(-1, x.shape[-1]).T @ grad_output.reshape(-1, grad_output.shape[-1]),
        "W[i,o] is used once for each row n, and every use adds its share: n is summed, not averaged.",
    )
    if bias is None:
        return {"x": dx, "weight": dw}
    db = note(
        "db",
        "sum of G over the rows",
        grad_output.reshape(-1, grad_output.shape[-1]).sum(0),
        "b[o] is added to every row; its derivative is 1, so what is left is the sum. One number for each output o.",
    )
    return {"x": dx, "weight": dw, "bias": db}


LAYER = KnownLayer(
    id="linear",
    title="every output is a weighted sum of all inputs, plus a bias",
    names=("affine", "dense", "fc", "fullyconnected", "inner product", "matmul"),
    arguments=(
        Argument("x", "ni", ("X", "input", "inputs", "a", "A", "a_prev", "A_prev", "h", "inp", "data")),
        Argument("weight", "io", ("w", "W", "weights", "kernel", "theta", "Theta")),
        Argument("bias", "o", ("b", "B", "biases"), is_optional=True),
    ),
    outputs=("no",),
    sizes={"n": 4, "i": 5, "o": 3},
    forward=forward,
    derive=derive,
    formula="y = x W + b,   y[n,o] = sum over i of x[n,i] W[i,o], + b[o]",
    code="dx = G @ weight.T\ndweight = x.T @ G\ndbias = G.sum(axis=0)",
    example=LayerExample(
        {"x": [[1, 2, -1], [3, 0, 2]], "weight": [[2, -1], [1, 0], [-3, 4]], "bias": [1, -2]},
        [[1, -2], [3, 1]],
    ),
    slips=(
        Slip("axes-transposed", "dW as G^T x, the transpose of what belongs to W[i,o]"),
        Slip("batch-mean", "dW or db divided by the number of rows: the loss divides, if anything does"),
        Slip("reduction-missing", "db left as G, one row for each sample"),
        Slip("bias-totalled", "db as one number: summed over the outputs too"),
        Slip("wrong-operand", "dx with x in the place of W, or dW with the output in the place of x"),
    ),
    laws=("without a bias: <x, dx> = <y, G>, since y is of degree 1 in x",),
    tips="Sizes that all differ show every mix-up of axes at once: the shapes no longer fit.",
    arrangements=({"weight": (1, 0)}, {"x": (1, 0), "weight": (1, 0), "out": (1, 0)}, {"x": (1, 0), "out": (1, 0)}),
)
