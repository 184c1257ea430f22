"""An option that the backward never uses, where it raises under a condition on that option. Read off the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.diagnose.code import Code

# What the options are called in code, by the phrase of the condition.
_NAMES = {
    "dilation > 1": ("dilation", "dilations", "dilate", "dil", "rate"),
    "groups > 1": ("groups", "group", "num_groups", "n_groups", "G"),
    "stride > 1": ("stride", "strides", "step"),
    "padding > 0": ("padding", "pad", "paddings"),
}


def unused_option(code: Code, line: int | None, when: str) -> str:
    """The option that a condition is about, where the function that raised never uses it and another one does.

    Args:
        line: that raised.
        when: the condition under which it raises ("dilation > 1").

    Returns:
        "`backward` never uses `dilation`, which `forward` hands to `F.unfold` (line 16): hand it on to `F.fold` too.";
        "" where the source does not show it.
    """
    raising = code.function(line)
    if raising is None or when not in _NAMES:
        return ""
    used = set(_used(raising))
    for name in _NAMES[when]:
        handed = _handed(code, name, raising)
        if name not in used and handed:
            call = next((ast.unparse(node.func) for node in code.at(line) if isinstance(node, ast.Call)), "")
            sentence = f"`{raising.name}` never uses `{name}`, which {handed}"
            return f"{sentence}: hand it on to `{call}` too." if call else f"{sentence}: use it here too."
    return ""


def _handed(code: Code, name: str, but: ast.AST) -> str:
    """Which other function of the file hands such a keyword to what ("`forward` hands to `F.unfold` (line 16)")."""
    for other in ast.walk(code.tree) if code.tree is not None else ():
        if isinstance(other, ast.FunctionDef) and other is not but and other.lineno != getattr(but, "lineno", 0):
            for call in ast.walk(other):
                if isinstance(call, ast.Call) and any(keyword.arg == name for keyword in call.keywords):
                    return f"`{other.name}` hands to `{ast.unparse(call.func)}` (line {call.lineno})"
    return ""


def _used(function: ast.AST) -> Iterator[str]:
    """Every name that is read in it: variables, attributes, keywords and texts (of dicts)."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
