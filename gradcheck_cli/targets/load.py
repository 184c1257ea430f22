"""Loads the user's file in the child process, without letting the user's folder shadow an installed package.

When the file's own script part (training, plots, missing data) fails or never ends, only the statements that the
target needs are executed instead.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.machinery
import importlib.util
import sys
import traceback
import types
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradcheck_cli.targets.contract import TargetRef
from gradcheck_cli.targets.resolve import CALL, definitions, parse


class LoadError(Exception):
    """The target cannot be loaded; `line` is in the user's file."""

    def __init__(self, sentence: str, hint: str = "", line: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence, self.hint, self.line = sentence, hint, line


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
    """

    target: Any
    owner: Any
    name: str
    module: types.ModuleType
    tree: ast.Module
    notes: tuple[str, ...] = ()

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
    module, notes = _module(ref, tree, only_needed, (ref.name.split(".")[0], CALL, *names))
    owner, target = None, module
    for part in filter(None, ref.name.split(".")):
        owner, target = target, _member(target, part, ref)
    held = owner if isinstance(owner, type) else None
    return Loaded(target, held, ref.name.split(".")[-1], module, tree, notes)


def import_installed(ref: TargetRef) -> None:
    """Import the installed packages that the file imports, before the user's folder can be reached.

    So the time that torch takes is not counted as the user's, and a sibling of the same name never wins.
    """
    for node in ast.walk(parse(ref.file)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module]
        for name in {name.partition(".")[0] for name in names}:
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def user_line(error: BaseException, file: str) -> int | None:
    """The last line of the user's own file that `error` went through."""
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return lines[-1] if lines else None


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


def _module(
    ref: TargetRef, tree: ast.Module, only_needed: bool, names: Sequence[str]
) -> tuple[types.ModuleType, tuple[str, ...]]:
    module = _empty_module(ref, tree)
    if only_needed:
        _execute_needed(module, tree, ref, names)
        return module, ("the file's script part does not come to an end; only what the target needs was executed",)
    try:
        exec(compile(tree, ref.file, "exec", dont_inherit=True), module.__dict__)
    except (Exception, SystemExit) as error:
        line = user_line(error, ref.file)
        _execute_needed(module, tree, ref, names)
        what = f"{type(error).__name__} at line {line}" if line else type(error).__name__
        return module, (f"the file's script part fails ({what}); only what the target needs was executed",)
    return module, ()


def _empty_module(ref: TargetRef, tree: ast.Module) -> types.ModuleType:
    """A module of the right name, inside its package where there is one, so that relative imports work."""
    file = Path(ref.file)
    name, package_root = ref.module or _dotted_name(file), _package_root(file)
    if package_root is None and not ref.module:
        name = _stand_in_package(file, tree) or name
    if package_root and str(package_root) not in sys.path:
        sys.path.append(str(package_root))
    spec = importlib.util.spec_from_file_location(name, ref.file)
    if spec is None:
        raise LoadError(f"{ref.file} is not a Python file.")
    if "." in name:
        _import_parent(name.rpartition(".")[0], file.parent)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    return module


def _stand_in_package(file: Path, tree: ast.Module) -> str:
    """For relative imports in a folder without `__init__.py`: the dotted name inside a package made for them."""
    levels = [node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    if not any(levels):
        return ""
    root = file.parents[max(levels) - 1]
    package = types.ModuleType("_gradcheck_package")
    package.__path__ = [str(root)]
    sys.modules[package.__name__] = package
    return ".".join([package.__name__, *file.relative_to(root).with_suffix("").parts])


def _import_parent(parent: str, folder: Path) -> None:
    """The packages around the file; one whose `__init__` fails (a missing import of its own) stays empty."""
    try:
        importlib.import_module(parent)
        return
    except (Exception, SystemExit):
        parts = parent.split(".")
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        if name not in sys.modules:
            package = types.ModuleType(name)
            package.__path__ = [str([folder, *folder.parents][len(parts) - depth])]
            sys.modules[name] = package


def _package_root(file: Path) -> Path | None:
    """The folder that holds the outermost package of `file`; None for a file outside packages."""
    folder = file.parent
    if not (folder / "__init__.py").is_file():
        return None
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _dotted_name(file: Path) -> str:
    """A name that no installed module can have, or the dotted one inside a package."""
    root = _package_root(file)
    if root is None:
        return f"_gradcheck_target_{file.stem}"
    parts = list(file.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _execute_needed(module: types.ModuleType, tree: ast.Module, ref: TargetRef, names: Sequence[str]) -> None:
    """Execute only the top-level statements that `names` need, in their order."""
    for statement in _needed(tree, names):
        single = ast.Module(body=[statement], type_ignores=[])
        try:
            exec(compile(single, ref.file, "exec", dont_inherit=True), module.__dict__)
        except ModuleNotFoundError as error:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                raise _missing(error, statement, ref) from error
            raise LoadError(f"{ref.file}:{statement.lineno} fails: {error}.", line=statement.lineno) from error
        except (Exception, SystemExit) as error:
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                continue  # a local name of the target may be a global of the script; missing ones show when called
            line = user_line(error, ref.file) or statement.lineno
            text = f"{type(error).__name__}: {str(error)[:300]}".rstrip(".")
            raise LoadError(f"{ref.file}:{line} fails while it is loaded: {text}.", line=line) from error


def _missing(error: ModuleNotFoundError, statement: ast.stmt, ref: TargetRef) -> LoadError:
    wanted = error.name or "a module"
    return LoadError(
        f"{ref.file}:{statement.lineno} imports {wanted}, which is not installed.",
        hint=f"install {wanted.split('.')[0]}, or put it beside the file",
        line=statement.lineno,
    )


def _needed(tree: ast.Module, names: Sequence[str]) -> list[ast.stmt]:
    """The slice of the module that `names` rest on, and the forwards of the file with it."""
    wanted = set(names) | {found for found in definitions(tree) if "." not in found and "conv" in found.lower()}
    chosen: set[int] = set()
    while True:
        before = len(chosen)
        for index, statement in enumerate(tree.body):
            if index not in chosen and _provides(statement) & wanted:
                chosen.add(index)
                wanted |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        if len(chosen) == before:
            break
    return [tree.body[index] for index in sorted(chosen)]


def _provides(statement: ast.stmt) -> set[str]:
    """Names that a top-level statement binds; "*" imports and guarded imports count as providing what they hold."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    if isinstance(statement, ast.Try | ast.If):
        inner = [*statement.body, *statement.orelse, *getattr(statement, "finalbody", [])]
        inner += [item for handler in getattr(statement, "handlers", []) for item in handler.body]
        return set().union(*(_provides(item) for item in inner)) if inner else set()
    return set()
