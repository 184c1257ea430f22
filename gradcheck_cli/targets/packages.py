"""The module that a file is: under its true name, inside its packages, executed once whoever imports it first."""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os.path
import sys
import types
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gradcheck_cli.targets.contract import TargetRef
from gradcheck_cli.targets.execute import Execution
from gradcheck_cli.targets.missing import STAND_IN, bound_names, import_failure
from gradcheck_cli.targets.resolve import parse
from gradcheck_cli.targets.stopped import HungError, LoadError


def import_file(ref: TargetRef, tree: ast.Module, execution: Execution) -> types.ModuleType:
    """The module of `ref.file`, executed by `execution`: by us, or by the package around it that imports it.

    Raises:
        LoadError: what the target needs of the file fails.
    """
    file = Path(ref.file)
    name = _true_name(ref, file, tree)
    finder = _Finder(file, name, execution)
    sys.meta_path[:] = [finder, *(other for other in sys.meta_path if not isinstance(other, _Finder))]
    sys.modules.pop(name, None)
    execution.lacking_in_packages |= _import_parents(name, file, ref)
    return importlib.import_module(name)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the target's file under every name by which it is imported, as one module that is executed once."""

    def __init__(self, file: Path, name: str, execution: Execution) -> None:
        self._file, self._name, self._execution = file, name, execution
        self._module: types.ModuleType | None = None
        self._error: LoadError | None = None
        self._begun = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The file, if it is what `fullname` means."""
        del target
        if fullname == self._name or self._is_meant(fullname, path):
            found = importlib.util.spec_from_file_location(fullname, self._file, loader=self)
            if found is not None and self._file.name == "__init__.py":
                found.submodule_search_locations = [str(self._file.parent)]
            return found
        return None

    def _is_meant(self, fullname: str, path: Sequence[str] | None) -> bool:
        if fullname.rpartition(".")[2] != self._file.stem or fullname in sys.stdlib_module_names:
            return False
        found = importlib.machinery.PathFinder.find_spec(fullname, path)
        return found is not None and found.origin is not None and os.path.realpath(found.origin) == str(self._file)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """The one module."""
        if self._module is None:
            self._module = types.ModuleType(spec.name)
            self._module.__file__ = str(self._file)
        return self._module

    def exec_module(self, module: types.ModuleType) -> None:
        """Once; what it raised then it raises again."""
        if not self._begun:
            self._begun = True
            try:
                self._execution.run(module)
            except LoadError as error:
                self._error = error
        if self._error is not None:
            raise self._error


def _true_name(ref: TargetRef, file: Path, tree: ast.Module) -> str:
    """The dotted name inside the file's packages, or one that no installed module can have."""
    if ref.module:
        return ref.module
    root = _package_root(file)
    if root is not None:
        if str(root) not in sys.path:
            sys.path.append(str(root))
        parts = list(file.relative_to(root).with_suffix("").parts)
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        return ".".join(parts) if _is_found_in(parts[0], root) else _inside_stand_in(root, parts)
    levels = [node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    if any(levels):
        above = file.parents[max(levels) - 1]
        return _inside_stand_in(above, list(file.relative_to(above).with_suffix("").parts))
    return f"_gradcheck_target_{file.stem}"


def _package_root(file: Path) -> Path | None:
    """The folder that holds the outermost package of `file`; None for a file outside packages."""
    folder = file.parent
    if not (folder / "__init__.py").is_file():
        return None
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _is_found_in(package: str, root: Path) -> bool:
    """Not a package of this name that is installed, which would win."""
    with suppress(ImportError, ValueError, AttributeError):
        found = importlib.util.find_spec(package)
        places = list(found.submodule_search_locations or []) if found is not None else []
        return any(os.path.realpath(place) == os.path.realpath(root / package) for place in places)
    return False


def _inside_stand_in(folder: Path, parts: Sequence[str]) -> str:
    """A name inside a package of ours that stands for a folder without `__init__.py`, for relative imports."""
    for name in [name for name in sys.modules if name.partition(".")[0] == STAND_IN]:
        del sys.modules[name]  # of another target, where this process loads several
    package = types.ModuleType(STAND_IN)
    package.__path__ = [str(folder)]
    sys.modules[STAND_IN] = package
    return ".".join([STAND_IN, *parts])


def _import_parents(name: str, file: Path, ref: TargetRef) -> dict[str, LoadError]:
    """The packages around the file, the outermost first; what failed in an `__init__.py`, by the names it lacks."""
    parts = name.split(".")[:-1]
    inside = name.split(".") if file.name == "__init__.py" else parts
    broken: dict[str, LoadError] = {}
    for depth in range(1, len(parts) + 1):
        package = ".".join(parts[:depth])
        folder = file.parents[len(inside) - depth]
        try:
            importlib.import_module(package)
        except (Exception, SystemExit) as error:
            broken |= _import_leniently(package, folder, ref, execute=not isinstance(error, HungError))
    return broken


def _import_leniently(name: str, folder: Path, ref: TargetRef, execute: bool) -> dict[str, LoadError]:
    """A package without those statements of its `__init__.py` that fail: what they bring may not be needed."""
    package, init = types.ModuleType(name), folder / "__init__.py"
    package.__path__, package.__file__, package.__package__ = [str(folder)], str(init), name
    sys.modules[name] = package
    above, _, last = name.rpartition(".")
    if above in sys.modules:
        setattr(sys.modules[above], last, package)
    broken: dict[str, LoadError] = {}
    for statement in parse(str(init)).body if execute and init.is_file() else []:
        try:
            single = ast.Module(body=[statement], type_ignores=[])
            exec(compile(single, str(init), "exec", dont_inherit=True), package.__dict__)
        except ImportError as error:
            sentence = import_failure(error, ref, statement.lineno)
            broken |= dict.fromkeys(bound_names(statement), LoadError(f"{sentence}.", lacking=True))
        except (Exception, SystemExit):
            continue
    return broken
