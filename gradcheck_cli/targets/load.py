"""Loads the user's file in the child process, without letting the user's folder shadow an installed package.

When the file's own script part (training, plots, missing data) fails or never ends, only the statements that the
target needs are executed instead.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import sys
import traceback
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradcheck_cli.targets.contract import TargetRef
from gradcheck_cli.targets.execute import Execution
from gradcheck_cli.targets.missing import ANY, guarded_imports
from gradcheck_cli.targets.packages import import_file
from gradcheck_cli.targets.resolve import CALL, INPUTS, MODULE, definitions, parse
from gradcheck_cli.targets.stopped import LoadError as LoadError

# What torch imports where it is first handed a G in a process; on a busy machine that takes longer than a try may.
FIRST_BACKWARD = ("torch.fx.experimental.symbolic_shapes",)


@dataclass(frozen=True)
class Loaded:
    """The target and its surroundings.

    Attributes:
        target: the object that the name stands for.
        owner: the class that holds it when the name is "Class.method", else None.
        name: its last name.
        module: the namespace of the file.
        tree: the file's syntax.
        notes: what was left out while loading.
        missing: name -> why an import did not bind it; "*" for what a star import would have brought.
    """

    target: Any
    owner: Any
    name: str
    module: types.ModuleType
    tree: ast.Module
    notes: tuple[str, ...] = ()
    missing: Mapping[str, LoadError] = field(default_factory=dict)

    def node(self, name: str) -> ast.AST | None:
        """The definition of `name` in the file."""
        return definitions(self.tree).get(name)


def load(ref: TargetRef, only_needed: bool = False, names: Sequence[str] = ()) -> Loaded:
    """Execute the user's file and find the target in it.

    Args:
        only_needed: skip the file's script part from the start (a first try hung or exited).
        names: what `--call` uses, so that it is needed too.

    Raises:
        LoadError: the file, an import of it or the name fails.
    """
    tree = parse(ref.file)
    _reach_siblings(ref.file, tree)
    execution = Execution(ref, tree, (ref.name.split(".")[0], CALL, INPUTS, MODULE, *names), only_needed)
    module = import_file(ref, tree, execution)
    owner, target = None, module
    for part in filter(None, ref.name.split(".")):
        owner, target = target, _member(target, part, ref)
    held = owner if isinstance(owner, type) else None
    return Loaded(target, held, ref.name.split(".")[-1], module, tree, execution.notes, execution.missing)


def import_installed(ref: TargetRef) -> None:
    """Import the installed packages that the file imports, before the user's folder can be reached.

    So the time that torch takes is not counted as the user's, and a sibling of the same name never wins.
    """
    tree = parse(ref.file)
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        surely = node in tree.body  # else it may be the script part's, and what is below a package may be slow
        _import_if_there(names if surely else [name.partition(".")[0] for name in names[:1]])
    if "torch" in sys.modules and _asks_autograd(tree):
        _import_if_there(FIRST_BACKWARD)


def _import_if_there(names: Sequence[str]) -> None:
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _asks_autograd(tree: ast.Module) -> bool:
    """Whether the file itself calls something's `backward` or `grad`: what we ask of torch goes without that import."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(isinstance(called, ast.Attribute) and called.attr in ("backward", "grad") for called in calls)


def user_line(error: BaseException, file: str) -> int | None:
    """The last line of the user's own file that `error` went through."""
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno
    last = _last_frame(error, file)
    return last.lineno if last is not None else None


def user_columns(error: BaseException, file: str) -> tuple[int, int | None] | None:
    """Where on that line the expression stands that raised: bytes of UTF-8, the end behind it, None of one that goes on
    below. None where Python does not say."""
    last = _last_frame(error, file)
    if last is None or last.colno is None or isinstance(error, SyntaxError):
        return None
    return last.colno, last.end_colno if last.end_lineno == last.lineno else None


def _last_frame(error: BaseException, file: str) -> traceback.FrameSummary | None:
    step, last = error.__traceback__, None
    while step is not None:
        last = step if step.tb_frame.f_code.co_filename == file else last
        step = step.tb_next
    # Only this one is made ready to be told: thousands of ways to call a target end in an error.
    return traceback.extract_tb(last, limit=1)[0] if last is not None else None


def lacking(error: BaseException | None, loaded: Loaded) -> LoadError | None:
    """The import that failed, where `error` is nothing but its consequence: its name is not there, or is None.

    Args:
        error: what the target raised when it was called.
    """
    if isinstance(error, NameError):
        return _lacking(error.name or "", loaded) or loaded.missing.get(ANY)
    if isinstance(error, TypeError | AttributeError) and "'NoneType'" in str(error):
        line = user_line(error, loaded.module.__file__ or "")
        nodes = [node for node in ast.walk(loaded.tree) if isinstance(node, ast.Name) and node.lineno == line]
        names = [node.id for node in nodes if vars(loaded.module).get(node.id, "") is None]
        return next((found for name in names if (found := _lacking(name, loaded))), None)
    return None


def _lacking(name: str, loaded: Loaded) -> LoadError | None:
    sentence = guarded_imports(loaded.tree).get(name)
    return LoadError(f"{sentence}.", lacking=True) if sentence else loaded.missing.get(name)


def _reach_siblings(file: str, tree: ast.Module) -> None:
    """At the END of the path: a sibling `html.py` or `numpy.py` must never win over the real one."""
    folder = Path(file).parent
    for reached in (folder, Path.cwd(), folder.parent, folder.parent.parent, *_roots(folder, tree)):
        if str(reached) not in sys.path and reached != reached.parent:
            sys.path.append(str(reached))


def _roots(folder: Path, tree: ast.Module) -> list[Path]:
    """Folders above that hold what the file imports by its full name (`from project.layers.base import Layer`)."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level and node.module]
    names = {str(node.module).partition(".")[0] for node in nodes}
    return [above for above in folder.parents if any((above / name) in folder.parents for name in names)]


def _member(owner: Any, name: str, ref: TargetRef) -> Any:
    if not hasattr(owner, name):
        raise LoadError(f"{ref.file} defines no {ref.name} when it is executed.", line=ref.line)
    return getattr(owner, name)
