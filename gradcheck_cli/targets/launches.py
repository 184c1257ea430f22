"""Functions of a file that run on a grid: kernels and what only kernels call. Told by the syntax."""

from __future__ import annotations

import ast

# Of Triton, and of the languages of kernels that are launched in the same way.
_DECORATORS = ("triton.jit", "cuda.jit", "numba.cuda.jit", "tl.jit")


def kernels_in(tree: ast.Module) -> frozenset[str]:
    """Names that are launched, as in `NAME[grid](...)`, or are compiled for it.

    Such a function writes into what it is handed and gives nothing back: what launches it is a forward or backward.
    """
    launched = {
        node.func.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Subscript) and isinstance(node.func.value, ast.Name)
    }
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    bare = {alias.asname or alias.name for node in _from_triton(tree) for alias in node.names if alias.name == "jit"}
    compiled = {node.name for node in functions if any(_is_kernel(each, bare) for each in node.decorator_list)}
    return frozenset(compiled | {node.name for node in functions if node.name in launched})


def _is_kernel(decorator: ast.expr, bare: set[str]) -> bool:
    text = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return text in _DECORATORS or text in bare


def _from_triton(tree: ast.Module) -> list[ast.ImportFrom]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return [node for node in found if (node.module or "").partition(".")[0] == "triton"]
