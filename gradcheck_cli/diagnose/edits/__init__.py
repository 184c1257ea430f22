"""From wrong gradients of a recorded forward to the slip that gives exactly these: which path, operand or reduction.

`naming` is the way in. The graph itself, with torch, is in `oracles.graph`, and is loaded when the first is asked.
"""
