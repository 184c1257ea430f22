"""A function or class that was typed into a notebook cell, written to a file that a fresh process can load.

The file holds the definition, and of its surroundings what it uses by name: imports, other definitions, plain
constants. Nothing is pickled, and nothing of the session is run again but those definitions.
"""

from __future__ import annotations

import ast
import atexit
import linecache
import os
import shutil
import symtable
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gradcheck_cli.model import syntax
from gradcheck_cli.model.errors import TargetError

PLAIN = (bool, int, float, complex, str, bytes, type(None))
"""Constants whose `repr` gives them back."""


def is_typed(target: Any) -> bool:
    """Its text is kept, and no file holds it. `inspect` would look for a class in the file of its module, or fail."""
    code = _code_of(target)
    return code is not None and not os.path.isfile(code.co_filename) and bool(source_of(target))


def source_of(target: Any) -> str:
    """The text of a function's or class's definition as it was typed, decorators included; "" where none is kept.

    A notebook keeps each cell under a file name of its own that is no file.
    """
    code = _code_of(target)
    if code is None:
        return ""
    text = "".join(linecache.getlines(code.co_filename))
    try:
        body = syntax.parse(text).body
    except SyntaxError:
        return ""
    found = [node for node in body if getattr(node, "name", "") == target.__name__ and _holds(node, code)]
    return "\n".join(_with_decorators(text, node) for node in found[-1:])


def write_typed(target: Callable[..., Any]) -> str:
    """Write `target` and what it uses to a file of its own, which is there until the session ends.

    Args:
        target: a function or class defined at the top of a cell.

    Returns:
        The path of the file.

    Raises:
        TargetError: it uses a name that cannot be written down, such as an array of the session.
    """
    pieces: dict[str, str] = {}
    _add(target.__name__, target, target.__name__, pieces)
    folder = tempfile.mkdtemp(prefix="gradcheck-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = Path(folder) / f"{target.__name__}.py"
    file.write_text("\n\n".join(pieces.values()) + "\n", "utf-8")
    return str(file)


def _add(name: str, value: Any, target: str, pieces: dict[str, str]) -> None:
    """Add the piece that binds `name` to `value`, after the pieces that it needs itself."""
    if name in pieces:
        return
    if isinstance(value, types.ModuleType):
        pieces[name] = f"import {value.__name__} as {name}"
    elif isinstance(value, PLAIN):
        pieces[name] = f"{name} = {value!r}"
    elif text := source_of(value) if _is_here(value) else "":
        pieces[name] = ""  # so that two definitions that use each other end
        for used, used_value in _used(text, _namespace(value)):
            _add(used, used_value, target, pieces)
        pieces[name] = pieces.pop(name) or text
    elif hasattr(value, "__module__") and hasattr(value, "__qualname__") and not _is_here(value):
        pieces[name] = f"from {value.__module__} import {value.__qualname__.split('.')[0]} as {name}"
    else:
        raise TargetError(
            f"{target} uses {name}, a {type(value).__name__} of this session.",
            facts={"why": "the code runs in a process of its own, which does not have it"},
            hint=f"make {name} inside {target}, or save the code in a file",
        )


def _used(text: str, namespace: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The names of the session that a definition reads, with what they stand for."""
    read = set(_read(symtable.symtable(text, "a cell", "exec")))
    yield from ((name, namespace[name]) for name in sorted(read) if name in namespace)


def _read(scope: symtable.SymbolTable) -> Iterator[str]:
    """The names that a text reads and does not bind itself: a local `x` is no `x` of the session."""
    is_top = scope.get_type() == "module"
    yield from (
        symbol.get_name() for symbol in scope.get_symbols() if symbol.is_referenced() and (is_top or symbol.is_global())
    )
    for inner in scope.get_children():
        yield from _read(inner)


def _is_here(value: Any) -> bool:
    """Defined in the session itself, not in a module that a fresh process can import."""
    if getattr(value, "__module__", None) == "__main__":
        return True
    # A method that a library makes while it runs, as of a named tuple, sees names of its own.
    module = sys.modules.get(value.__module__) if isinstance(value, type) else None
    return "__file__" not in (_namespace(value) if module is None else vars(module))


def _namespace(value: Any) -> dict[str, Any]:
    """The global names that a definition sees."""
    function = _function_of(value)
    if function is not None:
        return function.__globals__
    return vars(sys.modules[value.__module__]) if getattr(value, "__module__", None) in sys.modules else {}


def _code_of(target: Any) -> types.CodeType | None:
    function = _function_of(target)
    return function.__code__ if function is not None else None


def _function_of(target: Any) -> types.FunctionType | None:
    """A function itself, or the first method that a class defines itself."""
    functions = vars(target).values() if isinstance(target, type) else [target]
    plain = (getattr(item, "__func__", item) for item in functions)
    return next((item for item in plain if isinstance(item, types.FunctionType)), None)


def _holds(node: ast.stmt, code: types.CodeType) -> bool:
    first = syntax.begins_at(node)
    return bool(first <= code.co_firstlineno <= (node.end_lineno or node.lineno))


def _with_decorators(text: str, node: ast.stmt) -> str:
    first = syntax.begins_at(node)
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
