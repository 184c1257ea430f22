"""The functions of a loaded file with parts of their text exchanged."""

import ast
from dataclasses import replace

import pytest

from gradcheck_cli.targets.contract import TextEdit
from gradcheck_cli.targets.edited import Edits

FILE = "edited_by_a_test.py"
TEXT = """\
FACTOR = 3

class Layer:
    def forward(self, x):
        def back(g):
            return g * FACTOR - 1
        self.saved = back
        return x

    @staticmethod
    def scaled(g):
        total = 0
        for each in g:
            total -= each
        return total / 2

def twice(ä, g): return ä * g
"""


@pytest.fixture
def loaded():
    """The namespace of the file, and what edits it."""
    tree = ast.parse(TEXT)
    names = {}
    exec(compile(tree, FILE, "exec"), names)
    return names, Edits(tree, FILE)


def at(text, instead, is_statement=False, file=TEXT):
    """The edit of the one place that holds such a text."""
    (line,) = [number for number, each in enumerate(file.splitlines(), start=1) if text in each]
    start = len(file.splitlines()[line - 1].partition(text)[0].encode())
    return TextEdit(line, start, line, start + len(text.encode()), instead, is_statement)


def test_an_edited_function_runs_the_other_text_until_it_is_undone(loaded):
    """The function is the same object, so whoever holds it runs the edit."""
    names, edits = loaded
    scaled = names["Layer"].scaled
    assert scaled([2, 4]) == -3

    assert edits.put([at("total / 2", "total")])
    assert edits.is_edited
    assert scaled([2, 4]) == -6

    edits.undo()
    assert not edits.is_edited
    assert scaled([2, 4]) == -3


def test_the_next_edit_takes_the_place_of_the_one_before(loaded):
    """Several at a time are one edit, also of a statement."""
    names, edits = loaded
    edits.put([at("total / 2", "total")])
    edits.put([at("total -= each", "total += each", True)])
    assert names["Layer"].scaled([2, 4]) == 3
    edits.put([at("total -= each", "total += each", True), at("total / 2", "total")])
    assert names["Layer"].scaled([2, 4]) == 6


def test_a_closure_that_is_made_later_runs_the_edit_and_one_that_was_made_before_too(loaded):
    """The first is made of the code of who makes it."""
    names, edits = loaded
    layer = names["Layer"]()
    layer.forward(0)
    before = layer.saved
    edits.put([at("g * FACTOR", "g")])
    layer.forward(0)
    assert (before(7), layer.saved(7)) == (6, 6)


def test_columns_are_counted_in_bytes(loaded):
    """As the syntax tree does; a name may have letters beyond ASCII."""
    names, edits = loaded
    assert edits.put([at("ä * g", "g")])
    assert names["twice"](5, 2) == 2


NESTED = """\
class Outer:
    factor = 2

    class Inner:
        def __scaled(self, g): return g * 2
        def scaled(self, g): return self.__scaled(g) + 1

    def least(self): return 1
    def both(self): a = 1; b = 2; return a + b

class Derived(Outer.Inner):
    def scaled(self, g): return super().scaled(g) * 10
"""


def nested(*edits):
    """Objects of both classes whose methods hold these edits, and whether they could be put."""
    names, tree = {}, ast.parse(NESTED)
    exec(compile(tree, FILE, "exec"), names)
    is_put = Edits(tree, FILE).put(edits)
    assert ast.dump(tree, include_attributes=True) == ast.dump(ast.parse(NESTED), include_attributes=True)
    return names["Outer"](), names["Derived"](), is_put


def test_a_method_keeps_its_class_where_it_alone_is_edited():
    """Private names, `super()`, and its place in a class inside a class."""
    assert nested(at("g * 2", "g * 3", file=NESTED))[1].scaled(5) == 160
    assert nested(at("self.__scaled(g) + 1", "self.__scaled(g)", file=NESTED))[1].scaled(5) == 100
    assert nested(at("super().scaled(g) * 10", "super().scaled(g) * 20", file=NESTED))[1].scaled(5) == 220


def test_edits_of_one_line_and_of_two_methods_are_put_together():
    """Each in the statement where it stands."""
    texts = {"a = 1": "a = 5", "b = 2": "b = 7"}
    edits = [at(text, instead, is_statement=True, file=NESTED) for text, instead in texts.items()]
    outer, derived, _ = nested(*edits, at("g * 2", "g * 4", file=NESTED))
    assert (outer.both(), derived.scaled(1)) == (12, 50)


def test_an_edit_inside_another_cannot_be_put():
    """What it stands for is gone with the other."""
    whole = at("b = 2", "b = 8", True, NESTED)
    number = replace(whole, column=whole.end_column - 1, text="7", is_statement=False)
    assert nested(number)[0].both() == 8
    outer, _, is_put = nested(whole, number)
    assert (outer.both(), is_put) == (3, False)


def test_an_edit_outside_of_all_methods_changes_none():
    """What a class holds beside them was made when the file ran."""
    outer, _, is_put = nested(at("factor = 2", "factor = 3", True, NESTED))
    assert (outer.factor, is_put) == (2, False)


@pytest.mark.parametrize(
    "edit",
    [TextEdit(1, 0, 1, 3, "g"), TextEdit(15, 15, 15, 23, "g"), at("total / 2", "total /"), at("ä * g", "return", True)],
    ids=["outside of functions", "no expression stands there", "no Python", "an expression is no statement"],
)
def test_what_cannot_be_put_changes_nothing(loaded, edit):
    """And what was put before is undone."""
    names, edits = loaded
    edits.put([at("total / 2", "total")])
    assert not edits.put([edit])
    assert names["Layer"].scaled([2, 4]) == -3


def test_an_edit_that_leaves_a_closure_without_its_variable_leaves_the_function(loaded):
    """What it closes over is decided when it is made."""
    names = {}
    text = "def make(s):\n    def back(g):\n        return g * s\n    return back\nback = make(3)\n"
    tree = ast.parse(text)
    exec(compile(tree, FILE, "exec"), names)
    edits = Edits(tree, FILE)
    made = names["back"]
    edits.put([TextEdit(3, 15, 3, 20, "g")])
    assert made(2) == 6
    assert names["make"](3)(2) == 2


def test_the_tree_stays_as_it_was():
    """Others read it too."""
    tree = ast.parse(TEXT)
    exec(compile(tree, FILE, "exec"), {})
    before = ast.dump(tree, include_attributes=True)
    Edits(tree, FILE).put([at("total / 2", "total")])
    assert ast.dump(tree, include_attributes=True) == before
