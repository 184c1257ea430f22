"""Whether a call was ended by the author, who refuses what the code is not written for."""

from __future__ import annotations

import ast
import traceback

# What gradients are called: an assertion about one is no refusal of what was handed in.
_RESULTS = ("dx", "dw", "db", "da", "dk", "df", "grad_x", "grad_w", "grad_b", "grad_input", "da_prev", "dinput")


def is_own_refusal(error: BaseException, file: str, tree: ast.Module) -> bool:
    """The user's own `raise` or `assert` ended the call, and it was not an assertion about a result.

    Args:
        file: the user's, as its code was compiled with.
        tree: its syntax.
    """
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or frames[-1].filename != file:
        return False
    number = frames[-1].lineno or 0
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise | ast.Assert) and node.lineno <= number <= (node.end_lineno or node.lineno)
    ]
    return any(isinstance(node, ast.Raise) or not _about_result(node) for node in around)


def _about_result(node: ast.Raise | ast.Assert) -> bool:
    names = [item.id.lower() for item in ast.walk(node) if isinstance(item, ast.Name)]
    return any(name.startswith(_RESULTS) for name in names)
