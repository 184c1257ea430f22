"""The recorded forward statement by statement, with what an edit changes marked: what a page draws of a finding."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from gradcheck_cli.diagnose.edits.graph_words import GraphWords, is_ours
from gradcheck_cli.model.forward_graph import Flow, ForwardGraph, Statement
from gradcheck_cli.model.recording import CONSTANT, INPUT, Ref

if TYPE_CHECKING:
    from gradcheck_cli.oracles.graph.editor import Editor
    from gradcheck_cli.oracles.graph.edits import Edit

# A forward of more statements is no picture any more.
MOST_STATEMENTS = 40


def forward_graph(editor: Editor, edits: Sequence[Edit]) -> ForwardGraph | None:
    """The forward's statements, and where the edits are.

    Args:
        editor: of the recording.
        edits: of one cause.

    Returns:
        None where there is too much to draw, or nothing that can be marked.
    """
    drawing = _Drawing(editor)
    lost = {pair for edit in edits for pair in drawing.lost_by(edit)}
    wrong = {row for edit in edits if (row := drawing.row_of(edit)) is not None and not drawing.lost_by(edit)}
    if len(drawing.rows) > MOST_STATEMENTS or not lost | wrong:
        return None
    statements = tuple(drawing.statement(key, key in wrong) for key in drawing.rows)
    number = {key: place for place, key in enumerate(drawing.rows)}
    uses = {
        (number[source], number[target], name): (source, target) in lost
        for (source, target), name in drawing.uses.items()
    }
    listed = tuple(Flow(*where, is_lost) for where, is_lost in sorted(uses.items()))
    return ForwardGraph(statements, listed, editor.chain.recording.layer)


class _Drawing:
    """Rows by what they stand for: a line of a file, an input, or an operation of which no line is known."""

    def __init__(self, editor: Editor) -> None:
        self._editor, self._recording = editor, editor.chain.recording
        self._words = GraphWords(self._recording)
        self._returned = {ref.node for ref in self._recording.outputs if ref is not None}
        self.rows: dict[Hashable, list[int]] = {}
        self.uses: dict[tuple[Hashable, Hashable], str] = {}
        for index, node in enumerate(self._recording.nodes):
            if node.op != CONSTANT:
                self.rows.setdefault(self._key(index), []).append(index)
                for ref in node.refs():
                    self._add_use(ref, index)

    def statement(self, key: Hashable, is_wrong: bool) -> Statement:
        """One row."""
        nodes = [self._recording.nodes[index] for index in self.rows[key]]
        is_returned = not self._returned.isdisjoint(self.rows[key])
        if nodes[0].op == INPUT:
            return Statement(nodes[0].name, is_input=True, is_returned=is_returned)
        place = nodes[0].place
        if place is None:
            return Statement(self._words.of_operation(nodes[0]), None, False, is_returned, is_wrong)
        line = None if self._recording.layer else place.line
        return Statement(place.text or f"line {place.line}", line, False, is_returned, is_wrong)

    def lost_by(self, edit: Edit) -> set[tuple[Hashable, Hashable]]:
        """The uses along which nothing flows back; none where the edit does something else, or stays in one row."""
        if edit.kind == "constant":
            own = self._key(edit.node)
            return {pair for pair in self.uses if pair[0] == own}
        if edit.kind != "cut" or edit.operand < 0:
            return set()
        source = self._editor.chain.steps[edit.node].operands[edit.operand]
        pair = self._key(source.node), self._key(edit.node)
        return {pair} & set(self.uses)

    def row_of(self, edit: Edit) -> Hashable | None:
        """Where it is; None for one of G, which has no row."""
        return None if edit.kind == "upstream" else self._key(edit.node)

    def _add_use(self, ref: Ref, target: int) -> None:
        source = self._key(ref.node)
        if self._recording.nodes[ref.node].op != CONSTANT and source != self._key(target):
            self.uses.setdefault((source, self._key(target)), self._words.name(self._uncopied(ref)))

    def _key(self, index: int) -> Hashable:
        index = self._uncopied(Ref(index)).node
        place = self._recording.nodes[index].place
        return index if place is None or self._recording.nodes[index].op == INPUT else (place.file, place.line)

    def _uncopied(self, ref: Ref) -> Ref:
        """What is copied before the forward begins, where no line is, is the argument itself."""
        node = self._recording.nodes[ref.node]
        return self._uncopied(next(node.refs())) if is_ours(node) else ref
