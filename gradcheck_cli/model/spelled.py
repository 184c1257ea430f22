"""What `--call` says: "BACKWARD" of a convolution, over the standard names; "FORWARD -> BACKWARD" of any function."""

from __future__ import annotations

import ast

from gradcheck_cli.model import syntax

ARROW = "->"


def directions(call: str) -> tuple[str, str]:
    """(forward, backward); "" for the forward where the call says none, and for both where it is empty.

    An arrow may stand in a text of either side, as in `np.einsum("ij->i", x)`: the first that leaves an expression on
    each side is meant.
    """
    if not _is_expression(call):
        parts = call.split(ARROW)
        for place in range(1, len(parts)):
            forward, backward = ARROW.join(parts[:place]).strip(), ARROW.join(parts[place:]).strip()
            if _is_expression(forward) and _is_expression(backward):
                return forward, backward
    return "", call


def names_in(call: str) -> tuple[str, ...]:
    """The names that a call reads and does not bind itself, the outermost of each side first; none in an empty one."""
    nodes = [node for side in directions(call) if side for node in ast.walk(syntax.parse_expression(side))]
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    return tuple(dict.fromkeys(node.id for node in names if node.id not in bound))


def _is_expression(text: str) -> bool:
    try:
        syntax.parse_expression(text.strip())
    except (SyntaxError, ValueError):
        return False
    return True
