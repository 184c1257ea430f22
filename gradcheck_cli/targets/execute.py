"""Executes a file statement by statement; from the first that fails on, only those that the target needs.

So nothing runs twice, and a script part that fails (training, plots, missing data) hides no function.
"""

from __future__ import annotations
import __future__

import ast
import types
from collections.abc import Sequence

from gradcheck_cli.model.syntax import names_within
from gradcheck_cli.targets.contract import TargetRef
from gradcheck_cli.targets.missing import ANY, bound_names, import_failure, missing_package, place_of, shown
from gradcheck_cli.targets.resolve import definitions
from gradcheck_cli.targets.stopped import HungError, LoadError

# What we can use ourselves where it is there, with what that brings.
EXTRAS = {
    "triton": "pip install 'gradcheck-cli[triton]' (Linux): its kernels then run on the CPU, in Triton's interpreter"
}
# Said where the file trains a network when it is loaded.
NO_END = "the file's script part does not come to an end; only what the target needs was executed"


class Execution:
    """One file, executed once.

    Attributes:
        notes: what was left out.
        missing: name -> why an import did not bind it; "*" for what a star import would have brought.
        lacking_in_packages: the same of the `__init__.py` of the packages around the file.
    """

    def __init__(self, ref: TargetRef, tree: ast.Module, names: Sequence[str], only_needed: bool) -> None:
        """Nothing is executed yet.

        Args:
            ref: the target.
            tree: its file's syntax.
            names: what is needed of the file.
            only_needed: leave the script part out from the start (a first try hung or ended the process).
        """
        self._ref, self._tree = ref, tree
        self._needed = {id(statement) for statement in needed(tree, names)}
        self._skipping = only_needed
        self.notes: tuple[str, ...] = (NO_END,) if only_needed else ()
        self.missing: dict[str, LoadError] = {}
        self.lacking_in_packages: dict[str, LoadError] = {}

    def run(self, module: types.ModuleType) -> None:
        """Execute into `module`.

        Raises:
            LoadError: a statement that the target needs fails.
        """
        flags = _future_flags(self._tree)
        module.__doc__ = ast.get_docstring(self._tree, clean=False)
        for statement in self._tree.body:
            if self._skipping and id(statement) not in self._needed:
                continue
            single = ast.Module(body=[statement], type_ignores=[])
            try:
                exec(compile(single, self._ref.file, "exec", flags, dont_inherit=True), module.__dict__)
            except (Exception, SystemExit) as error:
                self._failed(statement, error)

    def _failed(self, statement: ast.stmt, error: BaseException) -> None:
        file, line = place_of(error, self._ref, statement.lineno)
        if not self._skipping:
            self._skipping, self.notes = True, (_note(error, line if file == self._ref.file else statement.lineno),)
        if isinstance(error, ImportError) and isinstance(statement, ast.Import | ast.ImportFrom):
            self.missing |= {name: self._lacking(name, error, statement) for name in bound_names(statement)}
        elif id(statement) in self._needed and not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
            # A local name of the target may be a global of the script; one that is missing shows when it is called.
            raise self._refusal(statement, error)

    def _refusal(self, statement: ast.stmt, error: BaseException) -> LoadError:
        if isinstance(error, ImportError):
            return self._lacking("", error, statement)
        if isinstance(error, LoadError):
            return error
        if isinstance(error, NameError):
            lacking = self.missing.get(error.name or "") or self.missing.get(ANY)
            if lacking is not None:
                return lacking
        file, line = place_of(error, self._ref, statement.lineno)
        text = f"{type(error).__name__}: {str(error)[:300]}".rstrip(".")
        return LoadError(f"{shown(file, self._ref)}:{line} fails while it is loaded: {text}.", line=line)

    def _lacking(self, name: str, error: ImportError, statement: ast.stmt) -> LoadError:
        """Why an import did not bind `name`: what its package lacks itself comes first."""
        if not isinstance(error, ModuleNotFoundError) and name in self.lacking_in_packages:
            return self.lacking_in_packages[name]
        package, sentence = missing_package(error), import_failure(error, self._ref, statement.lineno)
        installable = package and sentence.endswith("which is not installed")
        hint = EXTRAS.get(package) or f"install {package}, or put it beside the file" if installable else ""
        return LoadError(f"{sentence}.", hint, statement.lineno, lacking=True)


def needed(tree: ast.Module, names: Sequence[str]) -> list[ast.stmt]:
    """The slice of a module that `names` rest on, and the forwards of the file with it.

    Star imports may bring anything, and changes of `sys.path` may bring what they import.
    """
    wanted = set(names) | {found for found in definitions(tree) if "." not in found and "conv" in found.lower()}
    chosen = {index for index, statement in enumerate(tree.body) if _is_always_needed(statement)}
    wanted |= {"sys", "os"}
    while True:
        before = len(chosen)
        for index, statement in enumerate(tree.body):
            if index not in chosen and _provides(statement) & wanted:
                chosen.add(index)
                wanted |= names_within(statement)
        if len(chosen) == before:
            break
    return [tree.body[index] for index in sorted(chosen)]


def _note(error: BaseException, line: int) -> str:
    if isinstance(error, HungError):
        return NO_END
    return (
        f"the file's script part fails ({type(error).__name__} at line {line}); only what the target needs was executed"
    )


def _future_flags(tree: ast.Module) -> int:
    """What `from __future__ import ...` at the top asks for; it holds for every statement below."""
    names = [
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for alias in node.names
    ]
    flags = 0
    for name in names:
        flags |= getattr(__future__, name).compiler_flag if hasattr(__future__, name) else 0
    return flags


def _is_always_needed(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.ImportFrom):
        return any(alias.name == ANY for alias in statement.names)
    return isinstance(statement, ast.Expr) and ast.unparse(statement).startswith("sys.path.")


def _provides(statement: ast.stmt) -> set[str]:
    """Names that a top-level statement binds; guarded imports count as providing what they hold."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    if isinstance(statement, ast.Try | ast.If | ast.With):
        inner = [*statement.body, *getattr(statement, "orelse", []), *getattr(statement, "finalbody", [])]
        inner += [item for handler in getattr(statement, "handlers", []) for item in handler.body]
        return set().union(*(_provides(item) for item in inner)) if inner else set()
    return set()
