"""A recording without what no output depends on."""

from __future__ import annotations

from gradcheck_cli.model import Array
from gradcheck_cli.model.recording import CONSTANT, INPUT, Node, Operand, Recording, Ref


def pruned(recording: Recording) -> Recording:
    """Only inputs, and what an output is computed from."""
    needed = {ref.node for ref in recording.outputs if ref is not None}
    for index in range(len(recording.nodes) - 1, -1, -1):
        if index in needed:
            needed.update(ref.node for ref in recording.nodes[index].refs())
    kept = [index for index, node in enumerate(recording.nodes) if index in needed or node.op == INPUT]
    number = {old: new for new, old in enumerate(kept)}

    def moved(operand: Operand) -> Operand:
        if isinstance(operand, Ref):
            return Ref(number[operand.node], operand.output)
        return tuple(moved(part) for part in operand) if isinstance(operand, tuple) else operand

    nodes: list[Node] = []
    constants: list[Array] = []
    for index in kept:
        node = recording.nodes[index]
        operands = tuple(moved(part) for part in node.operands)
        if node.op == CONSTANT:
            operands = (len(constants),)
            constants.append(recording.constants[int(node.operands[0])])  # type: ignore[arg-type]
        keywords = tuple((name, moved(value)) for name, value in node.keywords)
        nodes.append(
            Node(node.op, operands, keywords, node.shapes, node.dtypes, node.place, node.name, node.is_followed)
        )
    outputs = tuple(None if ref is None else Ref(number[ref.node], ref.output) for ref in recording.outputs)
    return Recording(tuple(nodes), outputs, tuple(constants), recording.leaves)
