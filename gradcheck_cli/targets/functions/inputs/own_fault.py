"""Exceptions that are the fault of the line that raised, whatever it is asked: a slip of the pen, a call of its own."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterator
from difflib import get_close_matches
from types import TracebackType

import numpy as np

from gradcheck_cli.model import syntax

# So much of two names is the same where one is the other with a slip: "shape" and "chape", "reshape" and "resahpe".
_ALIKE = 0.75
_OPERATORS = {f"__{name}__" for name in ("add", "sub", "mul", "truediv", "matmul", "pow", "neg", "getitem", "array")}
# How torch names the node of a Function; and that a backward gave another number of gradients than there were inputs.
_NODE = re.compile(r"^(\w+)Backward$")
_MISCOUNTED = re.compile(
    r"^function (\w+)Backward returned (?:an incorrect number of gradients|a gradient different than None)"
)
_UNBOUND = re.compile(r"^cannot access local variable '(\w+)'")
# A call of a function with another number of arguments than it takes.
_MISCALLED = re.compile(r"^(?:\w+\.)*(\w+)\(\) (?:missing \d+ required|takes .*\bpositional arguments? but \d+)")


def is_own_fault(error: BaseException | None, file: str) -> bool:
    """Is it proved that the line raises whatever the function is given?

    A name that is nowhere defined, or not before it is read; code that is not written yet; an attribute that no array
    has and that is one of an array's but for a slip, or that nobody sets on a context; a function of the file that is
    called with another number of arguments than it takes; another number of gradients than of inputs.

    Args:
        file: the user's.
    """
    if isinstance(error, NotImplementedError):
        return True
    if isinstance(error, RuntimeError):
        return _is_miscounted(error, file)
    line = _line_of(error, file)
    if isinstance(error, NameError):
        return not isinstance(error, UnboundLocalError) or _is_read_first(error, file, line)
    if isinstance(error, AttributeError) and line:
        return _is_slip(error, file) or _is_set_by_nobody(error, file)
    return isinstance(error, TypeError) and line > 0 and _is_miscalled(error, file, line)


def _line_of(error: BaseException | None, file: str) -> int:
    """The line of the file that raised by itself; 0 where it was code of others that it called, or that called it."""
    last: TracebackType | None = None
    frame = None if error is None else error.__traceback__
    while frame is not None:
        last, frame = frame, frame.tb_next
    return last.tb_lineno if last is not None and last.tb_frame.f_code.co_filename == file else 0


def _is_slip(error: AttributeError, file: str) -> bool:
    """Of arrays alone: an object of another kind may have been meant where it has such an attribute."""
    name = error.name or ""
    if not isinstance(error.obj, np.ndarray | np.generic) or f".{name}(" in _text_of(file):
        return False
    known = [own for own in dir(error.obj) if not own.startswith("_")]
    is_of_case = name.lower() in map(str.lower, known)
    is_alike = is_of_case or bool(get_close_matches(name, known, 1, _ALIKE))
    return is_alike and name not in _attributes_of_others(_tree_of(file))


def _is_set_by_nobody(error: AttributeError, file: str) -> bool:
    """Of a Function's context: it holds what torch gives it and what the file writes to it."""
    name = error.name or ""
    is_context = _NODE.match(type(error.obj).__name__) is not None
    writes = ast.walk(_tree_of(file))
    stored = {node.attr for node in writes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    return is_context and name not in stored and "setattr(" not in _text_of(file)


def _is_read_first(error: UnboundLocalError, file: str, line: int) -> bool:
    """No line before it in its function gives the name a value, and none goes round to it."""
    found = _UNBOUND.match(str(error))
    around = [node for node in _around(line, _tree_of(file)) if isinstance(node, ast.FunctionDef)]
    if found is None or not around:
        return False
    goes_round = any(isinstance(node, ast.For | ast.While) for node in _around(line, around[-1]))
    stores = [node for node in ast.walk(around[-1]) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return not goes_round and all(node.lineno >= line for node in stores if node.id == found[1])


def _around(line: int, tree: ast.AST) -> list[ast.AST]:
    """The statements that this line is a part of, the outermost first."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    return [node for node in found if node.lineno <= line <= (node.end_lineno or node.lineno)]


def _is_miscounted(error: RuntimeError, file: str) -> bool:
    """Every return of the class's backward has another number of entries than its forward has arguments."""
    found = _MISCOUNTED.match(str(error))
    classes = [node for node in _tree_of(file).body if isinstance(node, ast.ClassDef)]
    owner = next((node for node in classes if found is not None and node.name == found[1]), None)
    methods = {node.name: node for node in getattr(owner, "body", ()) if isinstance(node, ast.FunctionDef)}
    if not {"forward", "backward"} <= methods.keys():
        return False
    taken = methods["forward"].args
    owed = len([*taken.posonlyargs, *taken.args]) - 1
    returns = [node.value for node in ast.walk(methods["backward"]) if isinstance(node, ast.Return)]
    counts = [len(value.elts) for value in returns if isinstance(value, ast.Tuple) and _is_counted(value)]
    is_free = taken.vararg is not None or "setup_context" in methods
    return not is_free and bool(counts) and len(counts) == len(returns) and owed not in counts


def _is_counted(value: ast.Tuple) -> bool:
    return not any(isinstance(each, ast.Starred) for each in value.elts)


def _attributes_of_others(tree: ast.Module) -> set[str]:
    """What the objects have that could stand in an array's place: those of classes that compute."""
    layers = [node for node in tree.body if isinstance(node, ast.ClassDef) and not _computes(node)]
    own = {id(inner) for node in layers for inner in ast.walk(node)}
    stored = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and id(node) not in own
    )
    return {node.attr for node in stored}


def _computes(node: ast.ClassDef) -> bool:
    """Has a class an operator, or does it come of another, which may?"""
    methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
    return bool(methods & _OPERATORS or node.bases)


def _is_miscalled(error: TypeError, file: str, line: int) -> bool:
    """A plain call on this line, of a function that the file defines under this name once and binds nowhere else."""
    found = _MISCALLED.match(str(error))
    if found is None:
        return False
    tree = _tree_of(file)
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    given = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    is_one = names.count(found[1]) == 1 and found[1] not in bound | given
    return is_one and any(_is_plain(call) for call in _calls_of(found[1], tree, line))


def _calls_of(name: str, tree: ast.AST, line: int) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.lineno <= line <= (node.end_lineno or node.lineno):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called == name:
                yield node


def _is_plain(call: ast.Call) -> bool:
    """Nothing that is spread: how many arguments there are stands on the line."""
    return not any(isinstance(each, ast.Starred) for each in call.args) and all(each.arg for each in call.keywords)


def _text_of(file: str) -> str:
    return "".join(linecache.getlines(file))


def _tree_of(file: str) -> ast.Module:
    return syntax.parse(_text_of(file))
