"""Which of several edits that give the same numbers is told: the plainest, at the name nearest to the input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradcheck_cli.diagnose.edits.causes import EditCause
from gradcheck_cli.diagnose.edits.graph_words import GraphWords
from gradcheck_cli.model.recording import Ref

if TYPE_CHECKING:
    from gradcheck_cli.oracles.graph.editor import Editor
    from gradcheck_cli.oracles.graph.edits import Edit, Which

_KINDS = {
    "cut": 0,
    "constant": 0,
    "own": 1,
    "last wins": 1,
    "exchanged": 1,
    "slip": 2,
    "setting": 2,
    "saved": 3,
    "diagonal": 3,
    "value": 3,
    "given": 3,
    "factor": 4,
    "message": 5,
    "upstream": 5,
    "weighed": 6,
}
# Of an operation that is made several times: a slip that is made each time is plainer than one in some turn.
_OF_TURNS: dict[Which | None, int] = {
    "every": 0,
    "all but the first": 0,
    "all but the last": 0,
    "first": 1,
    "last": 1,
    None: 2,
}
_OF_SOME = ("all but the first", "all but the last")
# What replaces G is a plainer statement than the same done further inside.
_PLAIN_UPSTREAM = frozenset({"ones", "zeros", "first of", "mean over all", "the output"})


def cost(cause: EditCause, editor: Editor) -> tuple[Any, ...]:
    """The less the plainer."""
    words = GraphWords(editor.chain.recording)
    costs = [_cost(edit, editor, words) for edit in cause.edits]
    factors = (cause.scale is not None) + 4 * (cause.times is not None) + 2 * (cause.way is not None)
    return (len(costs), sum(each[0] for each in costs) + factors, *(part for each in costs for part in each[1:]))


def _cost(edit: Edit, editor: Editor, words: GraphWords) -> tuple[int, int, int]:
    """Kind, whether it has a name, place."""
    kind = _KINDS[edit.kind]
    if edit.kind == "upstream":
        return (1 if edit.detail[0] in _PLAIN_UPSTREAM else kind, 0, edit.node)
    if edit.is_of_block:
        return (_KINDS["diagonal"] if edit.kind == "diagonal" else kind + 1, 0, 0)
    step = editor.chain.steps[edit.node]
    group = editor.chain.turns.group(edit.node)
    if len(group) > 1:
        # A sum that begins with a constant has one operand fewer in its first turn.
        turns = (editor.chain.steps[index].operands for index in group)
        operands = {each[edit.operand] for each in turns if 0 <= edit.operand < len(each)}
        # What one value gets from each turn is a sum of terms; else some turns of a path are lost, which is no slip.
        kind += _OF_TURNS[edit.turns] + (edit.turns in _OF_SOME and len(operands) > 1)
    result = Ref(step.index)
    if edit.kind == "constant":
        return (kind, 0 if words.name(result) else 3, edit.node)
    if edit.kind == "value":
        return (kind + (2 if edit.detail[1] == "value" else 0), 0 if words.name(result) else 1, edit.node)
    if edit.kind == "saved":
        return (kind + (2 if edit.detail[1] == "transformed" else 0), 0, edit.node)
    operand = step.operands[edit.operand] if edit.operand >= 0 else step.operands[0]
    is_input = operand in editor.chain.inputs.values()
    if edit.kind == "message" and is_input:
        kind -= 1
    if is_input:
        return (kind, 0 if words.name(result) else 1, edit.node)
    return (kind, (words.uses(operand) > 1) if words.name(operand) else 2, edit.node)
