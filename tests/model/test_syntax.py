"""Source to trees: several threads at once get theirs."""

import ast
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from gradcheck_cli.model import syntax

SOURCE = "\n".join(f"def f{number}(x, y):\n    return (x + {number}) * [y, -y, f(x)][0]" for number in range(200))


class Finalised:
    """Garbage that runs code when it is collected: what lets another thread go on in the middle of a tree."""

    def __init__(self):
        self.itself = self

    def __del__(self):
        sum(range(2000))


@pytest.fixture
def turns_change_often():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def trees(_thread):
    """As many trees as show the fault of an unguarded `ast.parse`."""
    for _ in range(60):
        for _garbage in range(50):
            Finalised()
        assert len(syntax.parse(SOURCE).body) == 200


@pytest.mark.usefixtures("turns_change_often")
def test_threads_may_parse_at_the_same_time():
    """As `verify --jobs 2` does: before Python 3.13 two trees under construction end each other."""
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(trees, range(3)))


def test_an_expression_is_parsed_alone():
    """It is no module."""
    assert ast.unparse(syntax.parse_expression("a + 1")) == "a + 1"


@pytest.mark.parametrize("parse", [syntax.parse, syntax.parse_expression])
def test_what_is_no_python_is_refused(parse):
    """As ast does."""
    with pytest.raises(SyntaxError):
        parse("a +")
