"""From what the user typed to `TargetRef`s: `file.py:name`, `file.py`, `package.module:name`, globs.

Files are parsed, never executed. Loading is `load`'s work, in the child process.
"""

from __future__ import annotations

import ast
import glob
import importlib.util
import os.path
import re
import shlex
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from gradcheck_cli.model import syntax
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.model.files import MAGIC, file_and_name, from_here
from gradcheck_cli.model.nearness import nearest
from gradcheck_cli.model.spelled import directions, names_in
from gradcheck_cli.model.text import counted, ended, visible
from gradcheck_cli.targets.contract import TargetRef
from gradcheck_cli.targets.forward_only import goes_back_inside, said_of_forwards
from gradcheck_cli.targets.functions.engines import rows_of
from gradcheck_cli.targets.functions.pairs import defined_by, pairs_among
from gradcheck_cli.targets.functions.spelling import bases_of
from gradcheck_cli.targets.launches import kernels_in

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

CALL = "gradcheck_call"
"""The function by which a file says itself how it is called."""

INPUTS = "gradcheck_inputs"
"""The function by which a file says what its functions are given."""

MODULE = "gradcheck_module"
"""The function by which a file makes its module itself."""

NOTEBOOK = ".ipynb"
_NOT_SOURCE = "probably a compiled or packed file: name the .py file"

# Of a file with many classes, as many as are read in a sentence.
_SHOWN = 4

# What a backward is called.
BACKWARD_WORDS = ("backward", "backprop", "bprop", "back_prop", "grad")
# What a function is about that has such a word in its name and is no backward of a convolution.
HELPER_WORDS = ("numerical", "numeric", "check", "test", "relu", "pool", "linear", "dense", "softmax", "norm", "affine")


Choose = Callable[[ast.Module, str], tuple[str, ...]]
"""(tree, path) -> the names that are meant where none was typed; "" where the file itself is."""


def called_by(call: str) -> Choose:
    """For files that are called as `call` says: the first definition that it uses, "" where it uses none.

    Of a forward and a backward it is the backward's.
    """

    def choose(tree: ast.Module, _path: str) -> tuple[str, ...]:
        found = definitions(tree)
        used = (*names_in(directions(call)[1]), *names_in(call))
        return (next((name for name in used if name in found), ""),)

    return choose


def resolve(texts: Sequence[str], choose: Choose | None = None) -> tuple[TargetRef, ...]:
    """Find what was typed, in the order typed, each target once.

    Args:
        texts: `file.py:name`, `file.py` where one candidate is in it, `package.module:name`, and globs of files
            (`submissions/*.py:name`), which we expand ourselves.
        choose: names what is meant where only a file was typed; the one candidate by default. Of several each is a
            target of its own, told by its name.

    Raises:
        TargetError: nothing matches; or the only file cannot be read or parsed, the name is not in it, or several
            could be meant. Among several files this is the `error` of that one's reference: it stops no other.
    """
    asked = [
        (file, path, text)
        for path, text in ((file_and_name(text)[0], text) for text in texts)
        for file in _expand(path, text)
    ]
    found: dict[tuple[str, str], TargetRef] = {}
    for file, path, text in asked:
        name = file_and_name(text)[1]
        shown = text if file == path else _joined(file, name)
        try:
            refs = _resolve_file(file, name, shown, choose or the_only_one)
        except TargetError as error:
            if len(asked) == 1:
                raise
            refs = [TargetRef(shown, os.path.abspath(file), name, error=error.text())]
        for ref in refs:
            found.setdefault((ref.file, ref.name), ref)
    return tuple(found.values())


def definitions(tree: ast.Module) -> dict[str, Definition]:
    """Top-level functions and classes, also those inside `if` and `try`, and methods as "Class.method".

    `relu = lambda x: np.maximum(x, 0)` is one too.
    """
    found: dict[str, Definition] = {node.name: node for node in _lambdas(tree.body)}
    for node in _top_level(tree.body):
        found[node.name] = node
        if isinstance(node, ast.ClassDef):
            methods = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
            found.update({f"{node.name}.{method.name}": method for method in methods})
    return found


def _lambdas(body: Sequence[ast.stmt]) -> Iterator[ast.FunctionDef]:
    """Functions without a name that are given one at once, as definitions of that name."""
    for node in body:
        name = getattr(node.targets[0], "id", "") if isinstance(node, ast.Assign) else ""
        if name and isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            returned = ast.copy_location(ast.Return(node.value.body), node.value.body)
            yield ast.copy_location(ast.FunctionDef(name, node.value.args, [returned], []), node)


def parse(file: str) -> ast.Module:
    """The file as a tree.

    Raises:
        TargetError: it cannot be read, or is not Python.
    """
    shown = from_here(file)
    if shown.endswith(NOTEBOOK):
        raise TargetError(
            f"{shown} is a notebook, and verify takes Python files.",
            hint=f"in the notebook: gradcheck_cli.verify(my_function); or jupyter nbconvert --to script {shown}",
        )
    try:
        source = Path(file).read_bytes()
    except OSError as error:
        mend = f"chmod u+r {shlex.quote(shown)}" if isinstance(error, PermissionError) else None
        raise TargetError(f"cannot read {shown}: {error.strerror}.", hint=mend) from error
    if b"\0" in source:
        raise TargetError(f"{shown} is not Python source: it holds null bytes.", hint=_NOT_SOURCE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return syntax.parse(source, filename=file)
    except SyntaxError as error:
        raise TargetError(
            f"{shown}:{error.lineno or 0} is not valid Python: {ended(str(error.msg))}",
            facts={"line": (error.text or "").strip()} if error.text else None,
            hint="Python itself cannot run the file: mend this line first",
        ) from error
    except ValueError as error:
        raise TargetError(f"{shown} is not Python source: {error}.", hint=_NOT_SOURCE) from error
    except (RecursionError, MemoryError) as error:
        raise TargetError(
            f"{shown} is nested too deeply for Python to parse.",
            hint="probably data written as code: move it out of the file, or the function into one of its own",
        ) from error


def candidates(tree: ast.Module) -> list[str]:
    """Names that look like a convolution backward: best kind only."""
    found = definitions(tree)
    if CALL in found:
        return [CALL]
    for said in (INPUTS, MODULE, *kernels_in(tree)):
        found.pop(said, None)
    classes = [name for name, node in found.items() if isinstance(node, ast.ClassDef) and _has_backward(node)]
    classes = [name for name in classes if not is_only_a_base(name, found)]
    functions = [name for name, node in found.items() if "." not in name and not isinstance(node, ast.ClassDef)]
    backward = [name for name in functions if _is_backward(name)]
    named = [name for name in classes + backward if not _is_helper(name)]
    convolutions = [name for name in named if "conv" in name.lower()]
    return convolutions or named or _only(functions, found)


def is_only_a_base(name: str, found: Mapping[str, Definition]) -> bool:
    """A class with a private name that others of its file are made from: it is judged in each of them."""
    classes = (node for node in found.values() if isinstance(node, ast.ClassDef))
    return name.startswith("_") and any(getattr(base, "id", "") == name for node in classes for base in node.bases)


def _only(names: list[str], found: Mapping[str, Definition]) -> list[str]:
    """A file with one function needs no telling names, unless it is a helper of classes that compute."""
    computes = any("." in name and not name.rpartition(".")[2].startswith("__") for name in found)
    return names if len(names) == 1 and not computes else []


def _is_backward(name: str) -> bool:
    return any(word in name.lower() for word in BACKWARD_WORDS)


def _is_helper(name: str) -> bool:
    return any(word in name.lower() for word in HELPER_WORDS) and "conv" not in name.lower()


def _has_backward(node: ast.ClassDef) -> bool:
    methods = [item.name for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
    # `backdrop` beside a `forward`; a callback alone goes nowhere back.
    beside = any("forward" in name.lower() for name in methods)
    return any(
        (_is_backward(name) and "zero" not in name) or (beside and name.lower().startswith("back")) for name in methods
    )


def _top_level(body: Sequence[ast.stmt]) -> list[Definition]:
    found: list[Definition] = []
    for node in body:
        if isinstance(node, Definition):
            found.append(node)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            found += _top_level(node.body)
            found += _top_level(getattr(node, "orelse", []))
    return found


def _joined(file: str, name: str) -> str:
    return f"{file}:{name}" if name else file


def _expand(path: str, text: str) -> list[str]:
    """Files that a path or a glob means; a dotted module stays as typed."""
    if os.path.isfile(path) or not MAGIC & set(path):
        return [path]
    files = sorted(file for file in glob.glob(path, recursive=True) if os.path.isfile(file))
    if not files:
        raise TargetError(
            f"no file matches {path}.",
            facts={"typed": text, "folder": Path.cwd()},
            hint="patterns are read from this folder; `**/` goes into those below",
        )
    return files


def _resolve_file(path: str, name: str, text: str, choose: Choose) -> list[TargetRef]:
    file, module = _locate(path, text)
    tree = parse(file)
    found = definitions(tree)
    names = _meant_by(name, found) if name else choose(tree, path)
    refs = []
    for chosen in names:
        node = found.get(chosen)
        if chosen and node is None and not _bound_elsewhere(tree, chosen):
            raise _absent(tree, path, chosen)
        shown = _joined(path, chosen) if len(names) > 1 else text
        refs.append(TargetRef(shown, file, chosen, node.lineno if node else None, module))
    return refs


def _meant_by(name: str, found: Mapping[str, Definition]) -> tuple[str, ...]:
    """The name itself; the backward of a layer that is called by no function of its own; all rows of an engine."""
    engine = {name: found[name]} if name in found else {}
    return tuple(rows_of(engine)) or (_backward_of(name, found) or name,)


def _locate(path: str, text: str) -> tuple[str, str]:
    """(absolute file, dotted module or "")"""
    if os.path.isfile(path):
        return str(Path(path).resolve()), ""
    if os.path.isdir(path):
        raise TargetError(f"{path} is a folder.", hint=f"name a file in it, or all of them: '{path.rstrip('/')}/*.py'")
    if os.path.islink(path):
        sentence = f"{path} is a link to {os.readlink(path)}, which is not there."
        raise TargetError(sentence, hint="name the file itself, or make the link anew")
    file, colon, name = text.partition(".py:")
    if colon and os.path.isfile(f"{file}.py"):
        meant = next((part for part in re.findall(r"\w+", name)), "NAME")
        raise TargetError(f"{visible(name)!r} is no name of a function or class.", hint=f"{file}.py:{meant}")
    if path.endswith(".py") or "/" in path or "\\" in path or not _is_dotted(path):
        near = _near_files(path)
        hint = f"probably {Path(path).with_name(near[0])}" if near else "a path from here, as in folder/file.py:name"
        facts = {"similar": ", ".join(near)} if near else {"folder": str(Path(path).parent.resolve())}
        raise TargetError(f"there is no file {path}.", facts=facts, hint=hint)
    return _locate_module(path, text), path


def _is_dotted(path: str) -> bool:
    return all(part.isidentifier() for part in path.split("."))


def _near_files(path: str) -> list[str]:
    folder = Path(path).parent
    names = sorted(item.name for item in folder.glob("*.py")) if os.path.isdir(folder) else []
    stems = {Path(name).stem: name for name in names}  # every name ends in .py, which makes none near
    return [stems[stem] for stem in nearest(Path(path).stem, stems, most=3)]


def _locate_module(dotted: str, text: str) -> str:
    """The file of an importable module, found without importing the module itself."""
    here = Path(*dotted.split("."))
    for file in (here.with_suffix(".py"), here / "__init__.py"):
        if os.path.isfile(file):
            return str(file.resolve())
    found = _origin(dotted)
    if not found:
        head, _, name = dotted.rpartition(".")
        hint = f"{head}:{name}" if text == dotted and head and _origin(head) else "FILE.py:NAME, or PACKAGE.MODULE:NAME"
        facts = {"typed": text} if text != dotted else None
        raise TargetError(f"there is no file and no module {dotted}.", facts=facts, hint=hint)
    return found


def _origin(dotted: str) -> str:
    """The file of an importable module; "" where there is none."""
    try:
        spec = importlib.util.find_spec(dotted)
    except (ImportError, ValueError):
        return ""
    return spec.origin if spec and spec.origin and spec.origin.endswith(".py") else ""


def the_only_one(tree: ast.Module, path: str) -> tuple[str, ...]:
    """The one candidate of a file.

    Raises:
        TargetError: there is none, or there are several.
    """
    names = candidates(tree)
    if len(names) == 1:
        return (names[0],)
    if names:
        raise TargetError(
            f"{path} holds {counted(len(names), 'candidate')}.",
            facts={"they are": ", ".join(names[:8])},
            hint=f"name one: {path}:{names[0]}",
        )
    found = definitions(tree)
    there = [name for name in found if "." not in name]
    classes = [node for node in map(found.__getitem__, there) if isinstance(node, ast.ClassDef)]
    forwards = said_of_forwards(classes)
    if forwards:
        raise TargetError(
            f"nothing in {path} looks like a backward: {', '.join(forwards[:_SHOWN])}.",
            hint=f"call it yourself: {CALL}() in the file returns the gradients (gradcheck explain calling)"
            if any(map(goes_back_inside, classes))
            else "write one, or name the file that holds it",
        )
    raise TargetError(
        f"nothing in {path} looks like a backward.",
        facts={"it holds": ", ".join(there)[:200] or "no function and no class"},
        hint=_named_or_said(path, there[0]) if there else "name the file that holds your backward",
    )


def _named_or_said(path: str, name: str) -> str:
    how = f"or say how it is called: --call, or {CALL}() in the file (gradcheck explain calling)"
    return f"name the function: {path}:{name}; {how}"


def _bound_elsewhere(tree: ast.Module, name: str) -> bool:
    """Assigned, imported or inherited names exist, though no definition of theirs is in the file."""
    found = definitions(tree)
    head, dot, _ = name.partition(".")
    if dot:
        owner = found.get(head)
        return (isinstance(owner, ast.ClassDef) and bool(owner.bases)) or (
            owner is None and _bound_elsewhere(tree, head)
        )
    return any(head in _targets(node) for node in ast.walk(tree) if isinstance(node, ast.stmt))


def _targets(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()


def _backward_of(layer: str, found: Mapping[str, Definition]) -> str:
    """ "affine_backward" for "affine" where only `affine_forward` and `affine_backward` stand in the file; else ""."""
    functions = [name for name, node in found.items() if "." not in name and not isinstance(node, ast.ClassDef)]
    pairs = pairs_among({name: defined_by(found[name]) for name in functions})
    mine = [name for name in pairs if layer.lower() in map("_".join, bases_of(name))]
    return mine[0] if len(mine) == 1 and layer not in found else ""


def _absent(tree: ast.Module, path: str, name: str) -> TargetError:
    names = list(definitions(tree))
    near = nearest(name, names, most=3) or [n for n in names if name.lower() in n.lower()]
    # What does not look like a backward is there all the same.
    shown = near or candidates(tree) or [name for name in names if "." not in name]
    return TargetError(
        f"{path} has no {name}.",
        facts={"similar" if near else "it holds": ", ".join(shown[:6]) or "no function and no class"},
        hint=f"{path}:{shown[0]}" if shown else None,
    )
