"""Which lines of a backward ran: told for its own statements, and for those of the helpers that it uses."""

import ast
import sys
import textwrap
import threading

import pytest

from gradcheck_cli.targets.lines import Watch

FILE = textwrap.dedent('''\
    import functools


    def helper(a, deep=False):
        if deep:
            return a + 1
        return [
            one
            for one in a
        ]


    def unused(a):
        return a


    def backward(a, stride=1):
        """Words."""
        if stride == 3:
            a = [
                one * 2 for one in a]
            return a
        if stride > 5:
            text = "no"
            raise ValueError(text)
        assert stride
        total = 0
        for one in helper(a):
            total += one
        else:
            pass
        try:
            total = total / (stride - 2)
        except ZeroDivisionError:
            total = -1

        def inner():
            return 7
        return total if stride < 9 else inner()


    class Layer:
        def forward(self, a):
            return a

        def backward(self, a):
            if a is None:
                return self.never()
            return helper(a)

        def never(self):
            return 4


    @functools.lru_cache
    def cached(a):
        if a > 100:
            return 0
        return a
''')
TREE = ast.parse(FILE)


def line(text):
    """The line that begins with this."""
    return next(number for number, each in enumerate(FILE.splitlines(), 1) if each.strip().startswith(text))


def watched(name, *calls, file="user.py"):
    """The lines left after calls of `name`, each given as its arguments."""
    space, watch = {}, Watch(TREE, file, name)
    exec(compile(TREE, "user.py", "exec"), space)
    target = space["Layer"]().backward if name.startswith("Layer") else space[name]
    for arguments in calls:
        with watch:
            target(*arguments)
    return set(watch.unreached)


def test_what_no_call_executed_is_left():
    """Statements by their first line; the author's refusals, `pass` and words do not count."""
    special = line("a = [")
    left = {special, special + 2, line("return a + 1"), line("total = -1"), line("return 7")}

    assert left == watched("backward", ([1, 2],))


def test_calls_add_up():
    """A branch that one of them reaches is reached."""
    assert line("a = [") not in watched("backward", ([1],), ([1], 3))
    assert line("total = -1") not in watched("backward", ([1],), ([1], 2))
    assert line("return 7") in watched("backward", ([1],), ([1], 2), ([1], 3))


def test_of_a_class_the_methods_that_go_backward_count():
    """With the methods and helpers that they use, without the forward."""
    never = {line("return self.never()"), line("return 4"), line("return a + 1")}

    assert never == watched("Layer", ([1],)) == watched("Layer.backward", ([1],))


def test_a_compiled_function_is_told_only_where_python_runs_it():
    """Nobody knows which lines ran inside compiled code."""
    assert set() == watched("cached", file="elsewhere.py")
    assert {line("return 0")} == watched("cached", (5,))


def test_lines_that_threads_run_count():
    """Those started by the call."""
    space, watch = {}, Watch(TREE, "user.py", "helper")
    exec(compile(TREE, "user.py", "exec"), space)
    with watch:
        thread = threading.Thread(target=space["helper"], args=([1],))
        thread.start()
        thread.join()

    assert (line("return a + 1"),) == watch.unreached


def test_a_debugger_is_not_disturbed():
    """Then nothing is known, and nothing is claimed."""
    before = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        mine = sys.gettrace()
        assert set() == watched("backward", ([1],))
        assert sys.gettrace() is mine
    finally:
        sys.settrace(before)


@pytest.mark.skipif(sys.gettrace() is not None, reason="measured or debugged: its lines are looked at already")
def test_nothing_is_traced_when_nothing_is_left():
    """The price is paid once."""
    space, watch = {}, Watch(ast.parse("def f(a):\n    return a\n"), "user.py", "f")
    exec(compile("def f(a):\n    return a\n", "user.py", "exec"), space)
    with watch:
        space["f"](1)
    with watch:
        assert sys.gettrace() is None
