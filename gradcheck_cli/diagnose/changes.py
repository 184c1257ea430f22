"""Small changes of the user's backward, one at a time: where one of them makes a gradient right, the mistake stood.

Nothing here runs code and nothing judges; what a change does is asked elsewhere.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import islice, takewhile
from types import MappingProxyType

import numpy as np

from gradcheck_cli.diagnose.code import BLANKS, Code
from gradcheck_cli.diagnose.exchanges import EXCHANGES, Exchanges
from gradcheck_cli.diagnose.exchanges_at_error import known_instead, whole_quotient
from gradcheck_cli.diagnose.lines import lines_feeding, lines_like, lines_of_others
from gradcheck_cli.diagnose.scope import Exchanged, Scope, scope_of
from gradcheck_cli.diagnose.twins import twins
from gradcheck_cli.model import CodePlace
from gradcheck_cli.targets import TextEdit
from gradcheck_cli.targets.reach import used_functions
from gradcheck_cli.targets.resolve import definitions

_Function = ast.FunctionDef | ast.AsyncFunctionDef
# Parts of the names of methods that go backward; what they call is found from there.
_GOES_BACKWARD = re.compile(r"back|grad|bprop|bwd|vjp|update|step")


# Changes that are tried for one finding; each costs a call on the smallest geometry, and nearly all end there.
MOST_CHANGES = 500
# Pairs are tried where no change by itself helps; few are left once one must be the other in the other axis.
MOST_PAIRS = 200
# A pair supposes more than any single change.
_PAIRED = 10
# More than any kind of change supposes by itself.
_OF_RIGHT_ONES = 6
# Lines from the one to the other: the start and the end of a window stand between those of its rows and its columns.
_NEAR = 3
_WORD = re.compile(r"[A-Za-z_][\w.]*|\d+")
# A bracket around an operand stands between it and its operator, and belongs to neither.
BRACKETS = (") \t", " \t(")


NOTHING_KNOWN: Mapping[str, bool] = MappingProxyType({})


@dataclass(frozen=True)
class Change:
    """One edit of a backward.

    Attributes:
        edit: for the target's process.
        mark: the part of the text that is another then: (line, column, end line, end column), counted as in `TextEdit`.
        takes_away: nothing stands in its place afterwards.
        now: what stands there then.
        was: what stood there.
        also: the same in the other axis, put in together with it; None where it is a change by itself.
        cost: how much it supposes: one on a line that looks like the mistake is believed first, then one that takes
            something away, then one that puts something else in its place, then one that adds something.
    """

    edit: TextEdit
    mark: tuple[int, int, int, int]
    takes_away: bool
    now: str
    cost: int
    was: str = ""
    also: TextEdit | None = None

    @property
    def edits(self) -> tuple[TextEdit, ...]:
        """All that is put into the target."""
        return (self.edit,) if self.also is None else (self.edit, self.also)


def changes_of(
    code: Code,
    name: str,
    gradient: str,
    mistakes: Collection[str],
    exchanges: Exchanges = EXCHANGES,
    verdicts: Mapping[str, bool] = NOTHING_KNOWN,
) -> list[Change]:
    """The changes of the functions that go backward, those that are believed first at the front, then pairs of them.

    Args:
        code: the user's file.
        name: the target in it, dotted ("conv_backward", "Conv.backward", "Conv").
        gradient: what is wrong; lines that compute another one are left alone.
        mistakes: what it was named: the lines that look like it come first, whatever the change.
        exchanges: what may stand in the place of a node, by what it supposes.
        verdicts: argument -> whether its gradient is right. What a right one is made of is seldom what is wrong.
    """
    if code.tree is None:
        return []
    found: dict[TextEdit, Change] = {}
    for function in _functions(code.tree, name):
        scope, others = scope_of(function), lines_of_others(function, gradient)
        likely = lines_like(function, mistakes)
        fed = lines_feeding(function, [each for each in verdicts if verdicts[each]], list(verdicts))
        for node in _nodes(function):
            if node.lineno not in others:
                more = _OF_RIGHT_ONES if node.lineno in fed else 0
                for change in _changes(node, scope, exchanges, node.lineno in likely):
                    found.setdefault(change.edit, replace(change, cost=change.cost + more))
    changes = sorted(found.values(), key=lambda change: change.cost)
    return [*changes[:MOST_CHANGES], *islice(_pairs(changes), MOST_PAIRS)]


def changes_at(code: Code, line: int) -> list[Change]:
    """The changes of what stands on a line that raised, and of the quotients of its function that may not be whole.

    None of them ends or begins a loop or a block, and each stands for itself.
    """
    function = code.function(line)
    if function is None:
        return []
    scope, found = scope_of(function), dict[TextEdit, Change]()
    for node in _nodes(function):
        if node.lineno <= line <= (node.end_lineno or node.lineno):
            own = [_change(node, exchanged, 0) for exchanged in known_instead(code, node)]
            for change in [*own, *_changes(node, scope, EXCHANGES, False)]:
                found.setdefault(change.edit, change)
        for exchanged in whole_quotient(node):
            change = _change(node, exchanged, 1)
            found.setdefault(change.edit, change)
    return sorted(found.values(), key=lambda change: change.cost)[:MOST_CHANGES]


def _pairs(changes: Sequence[Change]) -> Iterator[Change]:
    """Two changes near to each other, of which one is the other in the other axis: what was forgotten in the rows was
    often forgotten in the columns too."""
    alike: dict[tuple[int, str, str], list[Change]] = {}
    for change in changes:
        alike.setdefault((change.cost, _form(change.was), _form(change.edit.text)), []).append(change)
    for group in alike.values():
        ordered = sorted(group, key=lambda change: (change.edit.line, change.edit.column))
        for place, one in enumerate(ordered):
            for other in takewhile(partial(_is_beside, one), ordered[place + 1 :]):
                if _is_behind(one.edit, other.edit) and _mirrors(one.was, other.was):
                    yield replace(one, cost=one.cost + _PAIRED, also=other.edit)


def _form(text: str) -> str:
    """Without its names and numbers."""
    return _WORD.sub("_", text)


def _is_beside(one: Change, other: Change) -> bool:
    """On neighbouring lines at most."""
    return other.edit.line - one.edit.line <= _NEAR


def _is_behind(one: TextEdit, other: TextEdit) -> bool:
    """The second begins where the first has ended."""
    return (one.end_line, one.end_column) <= (other.line, other.column)


# Of a long function tens of thousands of pairs are looked at, and they hold the same few texts.
@lru_cache(maxsize=100_000)
def _mirrors(one: str, other: str) -> bool:
    """The same for the other axis: each word the same, or its twin, or the place of the next axis."""
    words = zip(_WORD.findall(one), _WORD.findall(other), strict=True)
    return one != other and all(each == twin or _is_twin(each, twin) for each, twin in words)


def _is_twin(word: str, other: str) -> bool:
    if word.isdigit() and other.isdigit():
        return abs(int(word) - int(other)) == 1
    return other in twins(word, frozenset((other,)))


def _changes(node: ast.expr | ast.stmt, scope: Scope, exchanges: Exchanges, is_likely: bool) -> Iterator[Change]:
    for cost, alike in enumerate(exchanges, start=1):
        for exchange in alike:
            for exchanged in exchange(node, scope):
                yield _change(node, exchanged, 0 if is_likely else cost)


def _change(node: ast.expr | ast.stmt, exchanged: Exchanged, cost: int) -> Change:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    where = (node.lineno, node.col_offset, end_line, end_column)
    edit = TextEdit(*where, exchanged.text, isinstance(node, ast.stmt))
    return Change(edit, exchanged.mark or where, exchanged.takes_away, exchanged.now, cost, ast.unparse(node))


def place_of(code: Code, change: Change, evidence: str) -> CodePlace:
    """The place of a change in the file; of one that goes over several lines, on the first that holds a part of it."""
    line, begin, end_line, end = change.mark
    edit = change.edit
    is_whole = change.mark == (edit.line, edit.column, edit.end_line, edit.end_column)
    beside = BLANKS if is_whole else BRACKETS
    for number in range(line, end_line):
        place = code.place(number, (begin if number == line else 0, None), evidence, beside)
        if marked_text(place).strip("\\") and not marked_text(place).startswith("#"):
            return place
    return code.place(end_line, (begin if end_line == line else 0, end), evidence, beside)


def marked_text(place: CodePlace) -> str:
    """What stands under the caret."""
    return place.text[(place.column or 1) - 1 : (place.end or 1) - 1]


def _functions(tree: ast.Module, name: str) -> list[_Function]:
    """What goes backward and what it calls, also of other objects of the file: by the method's name alone."""
    methods = {dotted for dotted, node in definitions(tree).items() if "." in dotted and isinstance(node, _Function)}
    names = _backwards(tree, name)
    while True:
        functions = used_functions(tree, names)
        called = {node.attr for function in functions for node in ast.walk(function) if isinstance(node, ast.Attribute)}
        owned = [dotted for dotted in methods if _method(dotted) in called and not hasattr(np.ndarray, _method(dotted))]
        more = sorted(set(owned) - set(names))
        if not more:
            return functions
        names += more


def _method(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _backwards(tree: ast.Module, name: str) -> list[str]:
    """The target itself, or the methods of a class that go backward: all of them where no name tells which."""
    known = definitions(tree)
    if not isinstance(known.get(name), ast.ClassDef):
        return [name]
    methods = [dotted for dotted in known if dotted.startswith(f"{name}.")]
    return [dotted for dotted in methods if _GOES_BACKWARD.search(_method(dotted).lower())] or methods


def _nodes(function: _Function) -> Iterator[ast.expr | ast.stmt]:
    """What may be changed: no defaults, no decorators, no texts, and nothing that says when a loop ends."""
    waiting: list[ast.AST] = list(reversed(function.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.JoinedStr | ast.Assert | ast.Raise | ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.expr | ast.stmt):
            yield node
        inner = node.body if isinstance(node, ast.While) else list(ast.iter_child_nodes(node))
        waiting += reversed([each for each in inner if not isinstance(each, ast.expr_context)])
