"""Names that many layers share."""

from __future__ import annotations

# What the only input of a layer is called that works on each number by itself, or on each row.
ELEMENTWISE_INPUT = ("z", "Z", "X", "input", "inputs", "inp", "a", "A", "t", "u", "data", "activation", "logits")
# The input of a layer that has weights beside it.
INPUT = ("X", "input", "inputs", "inp", "a", "A", "a_prev", "A_prev", "h", "data", "hidden_states")
GAIN = ("gamma", "g", "w", "W", "scale", "gain")
SHIFT = ("beta", "b", "shift")
LOGITS = ("z", "Z", "X", "logits", "scores", "input", "inputs", "pred", "preds", "y_pred", "output", "yhat", "y_hat")
LABELS = ("y", "Y", "labels", "targets", "label", "target", "y_true", "t", "T")
PREDICTION = ("pred", "preds", "y_pred", "predictions", "input", "output", "yhat", "y_hat", "Y_hat", "y", "X", "a")
TRUTH = ("target", "targets", "y_true", "y", "Y", "t", "T", "labels", "truth")
