"""Shapes that the code itself says: in docstrings and comments, where a shape is taken apart, and in an einsum.

"q, k: (B, T, D)", `n, d = x.shape`, `einsum("bi,oi->bo", x, w)`. An axis that has one name throughout the code is one
letter throughout a call.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gradcheck_cli.targets.functions.inputs.proposals import Proposal

Axes = tuple[str, ...]
"""The axes of one array as the code calls them."""
Said = tuple[str, Axes]
"""(parameter, its axes)"""

# No call and no index: `x[i]` and `f(x)` are no shapes, `x [N, D]` and `x: (N, D)` are.
_GROUP = re.compile(r"(?<![\w\])])[(\[]([^()\[\]]{1,60})[)\]]")
_AXIS = re.compile(r"^(?:\d+|\.\.\.|\*|\d?\s*\*?\s*[A-Za-z]\w*(?:\s*//?\s*\w+)?)$")
_WORD = re.compile(r"[A-Za-z_]\w*")
# One name for what people call the number of samples, the length of a line, and so on.
_LETTERS: Mapping[str, str] = {
    word: letter
    for letter, words in {
        "n": "b bs bsz batch batchsize batch_size nbatch n",
        "t": "t l s seq seqlen seq_len length len time steps timesteps tokens bt",
        "d": "d dim h_dim headdim head_dim e emb embed features hidden i in n_in in_features",
        "m": "m o out n_out out_features r rank p q k",
        "v": "v vocab vocab_size j classes num_classes n_classes",
        "g": "heads nheads num_heads n_heads nh groups g",
        "c": "c channels channel",
        "h": "h height hh",
        "w": "w width ww",
    }.items()
    for word in words.split()
}
# The letters of different lengths first.
_FREE = "dmvtnchwgk"
_BATCH = frozenset(["b", "bs", "bsz", "batch", "batchsize", "batch_size", "nbatch"])
# What is half of another length has to be small.
_HALF = "c"


def said_axes(source: str, names: Sequence[str]) -> dict[str, list[str]]:
    """Parameter -> its shapes in letters, those of the texts first; only what is said of one of `names`.

    Args:
        source: the text of the forward, with its docstring and comments.
    """
    if not source:
        return {}
    tree = ast.parse(source)
    found = [*_in_texts(tree, source, names), *_unpacked(tree, names), *_summed(tree, names)]
    letters = _letters([axis for _, axes in found for axis in axes])
    shapes: dict[str, list[str]] = {}
    for name, axes in found:
        words = " ".join(word for axis in axes if (word := letters.get(axis, axis)))
        if words not in shapes.setdefault(name, []):
            shapes[name].append(words)
    return shapes


def _in_texts(tree: ast.Module, source: str, names: Sequence[str]) -> Iterator[Said]:
    """ "a, b (B, T, D), h0 (B, D)": the names in front of a shape have it, back to the shape before."""
    docs = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, _DOCUMENTED)]
    comments = [line.partition("#")[2] for line in source.splitlines() if "#" in line]
    for line in [line for text in docs for line in text.splitlines()] + comments:
        start = 0
        for group in _GROUP.finditer(line):
            axes = tuple(part.strip() for part in group.group(1).split(",") if part.strip())
            before = _WORD.findall(line[start : group.start()])
            start = group.end()
            if _is_shape(axes) and not set(axes) & set(names):
                yield from ((name, axes) for name in names if name in before)


def _is_shape(axes: Axes) -> bool:
    """All of them may be axes, and one is a plain name, a number or "..."."""
    return all(_AXIS.match(axis) for axis in axes) and any("/" not in axis for axis in axes)


_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)


def _unpacked(tree: ast.Module, names: Sequence[str]) -> Iterator[Said]:
    """`b, t, d = x.shape`, `n, d = x.size()`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            name = _whose_shape(node.value)
            if name in names:
                yield name, tuple(_axis_of(part, place) for place, part in enumerate(node.targets[0].elts))


def _whose_shape(value: ast.expr) -> str:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "size":
        value = value.func
    if isinstance(value, ast.Attribute) and value.attr in ("shape", "size") and isinstance(value.value, ast.Name):
        return value.value.id
    return ""


def _axis_of(part: ast.expr, place: int) -> str:
    if isinstance(part, ast.Starred):
        return "..."
    name = part.id if isinstance(part, ast.Name) else ""
    return name.strip("_") or f"axis{place}"


def _summed(tree: ast.Module, names: Sequence[str]) -> Iterator[Said]:
    """The operands of an einsum that are parameters."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        if getattr(node.func, "attr", getattr(node.func, "id", "")) != "einsum" or not isinstance(
            node.args[0].value, str
        ):
            continue
        subscripts = node.args[0].value.replace(" ", "").partition("->")[0].split(",")
        for letters, operand in zip(subscripts, node.args[1:], strict=False):
            if isinstance(operand, ast.Name) and operand.id in names:
                yield operand.id, tuple(letters.replace("...", "."))


def _letters(axes: Sequence[str]) -> dict[str, str]:
    """Name of an axis -> its letter; a number stays, what stands for any axes is the one of the samples."""
    found: dict[str, str] = {}
    plain = list(dict.fromkeys(axes))
    # Where the samples are called B, N is something else.
    plain.sort(key=lambda axis: axis.lower() not in _BATCH)
    for axis in plain:
        if axis.isdigit():
            continue
        if axis in ("...", "*", "."):
            found[axis] = "" if "n" in found.values() else "n"
            continue
        factor, name = _factored(axis)
        if "/" in name:
            found[axis] = _HALF
            continue
        same = next((letter for other, letter in found.items() if _is_one(other, name)), None)
        letter = same.lstrip("0123456789") if same else _free(name, found)
        found[axis] = f"{factor}{letter}"
    return found


def _is_one(one: str, other: str) -> bool:
    """Two names of one length."""
    name = _factored(one)[1]
    return name == other or (name.lower() in _BATCH and other.lower() in _BATCH)


def _factored(axis: str) -> tuple[str, str]:
    """ "4*H" -> ("4", "H")."""
    plain = axis.replace("*", "").replace(" ", "")
    return (plain[0], plain[1:]) if plain[:1].isdigit() else ("", plain)


def _free(name: str, taken: Mapping[str, str]) -> str:
    used = {letter.lstrip("0123456789") for letter in taken.values()}
    wished = _LETTERS.get(name.lower())
    if wished and wished not in used:
        return wished
    return next((letter for letter in _FREE if letter not in used), "d")


def shaped(proposals: Sequence[Proposal], shapes: Sequence[str]) -> list[Proposal]:
    """What a name proposes, in the shapes that are said first; what keeps its default is left alone."""
    likeliest = proposals[0]
    if likeliest.kind == "keep" or not shapes:
        return list(proposals)
    first = replace(likeliest, kind="real", value=None) if likeliest.kind == "constant" else likeliest
    said = [replace(first, axes=axes) for axes in shapes]
    return [*said, *(proposal for proposal in proposals if proposal not in said)]
