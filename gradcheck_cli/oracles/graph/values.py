"""What a value is taken for by mistake: an operand of its own, a sum for a mean, another value of its shape."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from gradcheck_cli.model.recording import CONSTANT, INPUT, Ref
from gradcheck_cli.oracles.graph.chain import Chain
from gradcheck_cli.oracles.graph.transforms import Detail
from gradcheck_cli.oracles.graph.turns import crossings

# A backward computes much of the forward again, and more values of one shape than a person could mix up are not tried.
_MOST_OTHERS = 12
# A sum with a constant, of which the constant alone may be left.
_SUMS = frozenset({"aten.add.Tensor", "aten.sub.Tensor", "aten.rsub.Scalar"})
_REDUCTIONS = ("mean", "sum", "amax", "max", "var", "std")


def details(chain: Chain, ref: Ref) -> Iterator[Detail]:
    """What it could be taken for."""
    node, value = chain.recording.nodes[ref.node], chain.value(ref)
    if node.op == CONSTANT or not value.is_floating_point():
        return
    if node.op == INPUT:
        results = [out for out in chain.recording.outputs if out is not None and _is_other(chain, out, ref)]
        yield from (("value", out.node, out.output) for out in results)
        return
    operands = list(dict.fromkeys(node.refs()))
    for number, operand in enumerate(operands):
        if _fits(chain.value(operand), value):
            yield ("operand", number)
    yield from (("constant", part) for part in node.operands if isinstance(part, float) and node.op in _SUMS)
    stem = node.op.split(".")[1]
    if stem in _REDUCTIONS and operands:
        yield from (("all axes",), ("the sum",), ("the mean",))
    if ref in crossings(chain.recording):
        yield ("the negative",)
    others = [Ref(step.index) for step in chain.steps if _is_other(chain, Ref(step.index), ref)]
    yield from (("value", other.node, other.output) for other in others[:_MOST_OTHERS] if other not in operands)


def taken_for(chain: Chain, ref: Ref, detail: Detail) -> torch.Tensor | None:
    """What stands in its place; None where that has no meaning."""
    node, value = chain.recording.nodes[ref.node], chain.value(ref)
    operands = list(dict.fromkeys(node.refs()))
    name, *numbers = detail
    if name == "constant":
        return torch.full_like(value, float(numbers[0]))
    if name == "the negative":
        return -value
    if name == "value":
        return chain.value(Ref(int(numbers[0]), int(numbers[1])))
    if name == "operand":
        operand = chain.value(operands[int(numbers[0])])
        # What fits on one call need not fit on another: (3, 20) is spread over (3, 3, 20), and (2, 30) is not.
        return operand.expand_as(value) if _fits(operand, value) else None
    whole = chain.value(operands[0])
    if name == "all axes":
        operation = getattr(whole, node.op.split(".")[1])
        return torch.as_tensor(operation()).expand_as(value)
    terms = whole.numel() / max(value.numel(), 1)
    is_mean = node.op.startswith("aten.mean.")
    if name == "the sum":
        return value * terms if is_mean else None
    return value / terms if node.op.startswith("aten.sum.") else None


def _fits(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether it can be spread to the shape of the other."""
    if not one.is_floating_point() or one.dim() > other.dim():
        return False
    lengths = zip(reversed(one.shape), reversed(other.shape), strict=False)
    return all(length in (1, wanted) for length, wanted in lengths)


def _is_other(chain: Chain, other: Ref, ref: Ref) -> bool:
    output = chain.steps[other.node].outputs[0]
    if other == ref or not isinstance(output, torch.Tensor) or not output.is_floating_point():
        return False
    return output.dim() > 0 and output.shape == chain.value(ref).shape
