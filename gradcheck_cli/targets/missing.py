"""What an import that fails means to the user: which line of which file wanted what, and where it should have been."""

from __future__ import annotations

import ast
import os.path
import sysconfig
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from gradcheck_cli.model.errors import GradcheckError
from gradcheck_cli.model.files import file_and_name
from gradcheck_cli.targets.contract import TargetRef
from gradcheck_cli.targets.resolve import parse

STAND_IN = "_gradcheck_package"
"""Our package around files with relative imports that are in none. No message shows it."""

ANY = "*"
OUR_OWN = str(Path(__file__).parent.parent)
LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def shown(file: str, ref: TargetRef) -> str:
    """A file as the user knows it: the target's as it was typed, others from the folder of its outermost package."""
    if file == ref.file:
        typed = file_and_name(ref.text)[0]
        return typed if os.path.isfile(typed) and os.path.samefile(typed, file) else file
    root = Path(ref.file).parent
    while (root / "__init__.py").is_file():
        root = root.parent
    return os.path.relpath(file, root) if Path(file).is_relative_to(root) else file


def place_of(error: BaseException, ref: TargetRef, line: int) -> tuple[str, int]:
    """(file, line) where the user's own code raised, `line` of the target's file if nothing tells."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_users(frame.filename)]
    return (frames[-1].filename, frames[-1].lineno or line) if frames else (ref.file, line)


def import_failure(error: ImportError, ref: TargetRef, line: int) -> str:
    """Why an import failed, as a sentence: "helpers.py:3 imports scipy, which is not installed".

    Args:
        error: what it raised.
        line: of the import in the target's file.
    """
    file, line = place_of(error, ref, line)
    where, statement = f"{shown(file, ref)}:{line}", _import_at(file, line)
    if isinstance(statement, ast.ImportFrom) and statement.level:
        lacking = _lacking_file(file, statement)
        if lacking:
            return f"{where}: {ast.unparse(statement)}: {lacking}"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"{where} imports {error.name.removeprefix(f'{STAND_IN}.')}, which is not installed"
    text = str(error).partition(" (")[0].replace(f"{STAND_IN}.", "").replace(STAND_IN, "the folder")
    return f"{where}: {ast.unparse(statement)}: {text}" if statement is not None else f"{where}: {text}"


def missing_package(error: ImportError) -> str:
    """The package to install, "" where it is a file of the user's or a name that is missing."""
    name = error.name if isinstance(error, ModuleNotFoundError) and error.name else ""
    return "" if name.startswith(STAND_IN) else name.partition(".")[0]


def guarded_imports(tree: ast.Module) -> Mapping[str, str]:
    """Names that an import inside `try` binds, each with the sentence to tell if it did not."""
    found = {}
    for guarded in (node for node in ast.walk(tree) if isinstance(node, ast.Try)):
        for node in (item for item in ast.walk(guarded) if isinstance(item, ast.Import | ast.ImportFrom)):
            for alias in node.names:
                bound = (alias.asname or alias.name).partition(".")[0]
                package = (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
                found[bound] = f"{package or bound} is missing (line {node.lineno} imports {bound})"
    return found


def is_library(file: str) -> bool:
    """Whether a file belongs to Python or to an installed package."""
    return any(library and file.startswith(library + os.sep) for library in LIBRARIES)


def bound_names(statement: ast.stmt) -> Iterator[str]:
    """What an import binds; "*" for whatever the module holds."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield alias.name if alias.name == ANY else (alias.asname or alias.name).partition(".")[0]


def _is_users(file: str) -> bool:
    if file.startswith(("<", OUR_OWN + os.sep)):
        return False
    return not is_library(file)


def _import_at(file: str, line: int) -> ast.Import | ast.ImportFrom | None:
    with suppress(GradcheckError):
        for node in ast.walk(parse(file)):
            if isinstance(node, ast.Import | ast.ImportFrom) and node.lineno <= line <= (node.end_lineno or line):
                return node
    return None


def _lacking_file(file: str, statement: ast.ImportFrom) -> str:
    """ "there is no absent.py beside the file" for a relative import; "" where the file is there."""
    up = [".."] * (statement.level - 1)
    wanted = [statement.module.split(".")] if statement.module else [[alias.name] for alias in statement.names]
    for parts in wanted:
        path = Path(file).parent.joinpath(*up, *parts)
        if not path.is_dir() and not list(path.parent.glob(f"{path.name}.*")):
            return f"there is no {'/'.join([*up, *parts])}.py" + ("" if up else " beside the file")
    return ""
