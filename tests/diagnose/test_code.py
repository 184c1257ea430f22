"""What the diagnosis reads in the user's file."""

import ast

import pytest

from gradcheck_cli.diagnose.code import Code

SOURCE = """import numpy as np

@decorated
def outer(x):
    def inner(y):
        return y
    for i in range(3):
        if x:
            z = inner(x)
    return z
"""


@pytest.mark.parametrize("source", ["def f(:", "x = '\0'"])
def test_a_file_that_cannot_be_parsed_says_nothing(source):
    """No name, no line, no definition."""
    code = Code(source, 1)
    assert (code.tree, code.definition, code.module_of("xs"), list(code.at(1))) == (None, None, "", [])
    assert code.lines_that(lambda node: True) == []
    assert (code.nearest_attribute("x"), code.nearest_text("x")) == ("", "")


def test_the_definition_is_found_at_its_decorator_too():
    """Without a line it is the module."""
    assert isinstance(Code(SOURCE, 3).definition, ast.FunctionDef)
    assert Code(SOURCE, 4).definition.name == "outer"
    assert isinstance(Code(SOURCE).definition, ast.Module)
    assert Code(SOURCE, 9).definition is None


def test_a_line_holds_its_innermost_statement_without_the_blocks_below():
    """The test of an `if` is its line; what stands in it is not."""
    names = {node.id for node in Code(SOURCE).at(8) if isinstance(node, ast.Name)}
    assert names == {"x"}
    names = {node.id for node in Code(SOURCE).at(9) if isinstance(node, ast.Name)}
    assert names == {"x", "z", "inner"}
    assert list(Code(SOURCE).at(2)) == []
    assert list(Code(SOURCE).at(None)) == []


def test_lines_are_sorted_and_told_once():
    """Two calls, on two lines."""
    assert Code(SOURCE).lines_that(lambda node: isinstance(node, ast.Call)) == [7, 9]


def test_a_line_knows_the_names_of_its_function_and_of_the_file():
    """Those of another function it does not see."""
    code = Code(SOURCE)
    assert {"inner", "outer", "np", "i", "x"} <= code.names_at(10)
    assert {"outer", "np"} <= code.names_at(2)
    assert not {"y", "i"} & code.names_at(2)


def test_a_name_stands_for_the_module_that_it_was_imported_as():
    """Of what is no import it is none."""
    code = Code("import numpy as np, os.path\n")
    assert [code.module_of(name) for name in ("np", "os.path", "numpy")] == ["numpy", "os.path", ""]


@pytest.mark.parametrize(
    ("source", "value"),
    [("k = 3", 3), ("self.k = 3", None), ("k = 3; k = 4", None), ("k = 3\nfor k in x: pass", None), ("k = n", None)],
)
def test_a_name_is_a_constant_where_it_is_given_one_number_and_nothing_else(source, value):
    """Another assignment, a loop or a parameter may give it another value."""
    assert Code(source).only_value("k") == value


@pytest.mark.parametrize(
    ("line", "columns", "marked"),
    [
        ("dx[:] = wide[p:-p]", (0, 5), (0, 18)),
        ("dx[:] = wide[p:-p]", (8, 18), (8, 18)),
        ("dx[:] += wide[p:-p]", (0, 19), (0, 19)),
        ("dx[:] = wide[", (0, 5), (0, None)),
    ],
)
def test_an_assignment_that_could_not_store_is_marked_on_both_sides(line, columns, marked):
    """Python marks its left side, though the right one may be what has the wrong size."""
    code = Code(line + ("\n  p:-p]\n" if line.endswith("[") else "\n"))
    assert code.raising(1, columns) == marked
