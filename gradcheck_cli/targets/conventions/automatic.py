"""Says when the user's file itself uses automatic differentiation: then there is less to check than it seems."""

from __future__ import annotations

import ast

AUTOGRAD_CALLS = (
    "autograd.grad",
    "nn.grad.",
    "conv2d_weight",
    "conv2d_input",
    "convolution_backward",
    "jax.grad",
    "jax.vjp",
)


def autograd_notes(tree: ast.Module) -> tuple[str, ...]:
    """Says when the file itself asks autograd or torch's convolution gradients."""
    notes = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if any(word in called for word in AUTOGRAD_CALLS) or _is_loss_backward(node, called):
                notes.append(f"line {node.lineno} calls {called}: the file itself uses automatic differentiation")
    return tuple(dict.fromkeys(notes))[:3]


def _is_loss_backward(node: ast.Call, called: str) -> bool:
    return (
        called.rpartition(".")[0] in ("loss", "l", "cost", "err", "error")
        and called.endswith(".backward")
        and not node.args
    )
