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
    assert (code.tree, code.definition, code.nearest("xs", 1), list(code.at(1))) == (None, None, "", [])
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


def test_the_nearest_name_is_one_that_the_line_can_see():
    """Of the innermost function, of the file, of Python; nothing is nearest to itself."""
    code = Code(SOURCE)
    assert code.nearest("inne", 10) == "inner"
    assert code.nearest("oute", 2) == "outer"
    assert code.nearest("npp", 6) == "np"
    assert code.nearest("rang", 2) == "range"
    assert code.nearest("outer", 10) == ""
