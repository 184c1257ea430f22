"""What single expressions and statements of the target's source say: names, keys, shapes. They never judge."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.model.syntax import identifier
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.use import ARRAYS, LOOKUPS

NameTree = str | tuple["NameTree", ...] | dict[str, str]
"""A cache: the name of one member, a tuple of members, or a dict of key -> name."""

# Methods that put something into a list, a dict, a set or a queue.
FILLING = ("append", "appendleft", "add", "extend", "insert", "push", "put", "setdefault", "update", "save", "store")
# What reads one key of a dict: `hp.get("stride", 1)`.


def whole_number(node: ast.expr) -> int | None:
    """The value of a literal index, -1 too."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int) else None


def looked_up(node: ast.AST) -> tuple[str, str | None]:
    """(variable, key) of `variable["key"]` and `variable.get("key")`."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return identifier(node.value), node.slice.value
    is_lookup = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOOKUPS
    if is_lookup and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return identifier(node.func.value), first.value
    return "", None


def is_pair_of_pairs(node: ast.expr) -> bool:
    """((a, b), (c, d))"""
    items = node.elts if isinstance(node, ast.Tuple | ast.List) else []
    return len(items) == 2 and all(isinstance(item, ast.Tuple | ast.List) and len(item.elts) == 2 for item in items)


def may_be(value: ast.expr, name: str) -> bool:
    """Whether an expression is `name`, or that on one side of a condition."""
    if isinstance(value, ast.IfExp):
        return may_be(value.body, name) or may_be(value.orelse, name)
    return isinstance(value, ast.Name) and value.id == name


def filled(node: ast.AST) -> str:
    """The name of what `node` puts something into, "" where it puts nothing."""
    holder: ast.expr | None = None
    if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
        holder = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FILLING:
        holder = node.func.value
    return holder.id if isinstance(holder, ast.Name) else ""


def is_size(name: str) -> bool:
    """Whether a name that something is taken apart into tells a number: `n, c, h, w = shape`."""
    roles = function_roles(name)
    return not name.strip("_") or (bool(roles) and not set(roles) & {*ARRAYS, "cache", "params", "x_shape", "w_shape"})


def binds(node: ast.Assign, name: str) -> bool:
    """Is a name among the targets of an assignment?"""
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a function, those of functions inside it left out."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield child
            yield from own_nodes(child)


def name_tree(node: ast.expr) -> NameTree:
    """The names of a target, nested as it is."""
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(name_tree(item) for item in node.elts)
    return identifier(node)


def indexed(target: ast.expr, value: ast.expr, variable: str) -> dict[int, str]:
    """{0: "x"} for `x = cache[0]`, also inside `x, w = cache[0], cache[1]`."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(target.elts, value.elts, strict=False)
        return {index: name for left, right in pairs for index, name in indexed(left, right, variable).items()}
    if (
        (
            isinstance(value, ast.Subscript)
            and identifier(value.value) == variable
            and isinstance(value.slice, ast.Constant)
        )
        and isinstance(value.slice.value, int)
        and value.slice.value >= 0
    ):
        return {value.slice.value: identifier(target)}
    return {}


def returned_names(value: ast.expr) -> list[str]:
    """What a return statement calls its entries."""
    if isinstance(value, ast.Tuple | ast.List):
        return [name for item in value.elts for name in returned_names(item)]
    if isinstance(value, ast.Dict):
        return [str(key.value) if isinstance(key, ast.Constant) else "" for key in value.keys]
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        return [identifier(value.func.value)]
    return [identifier(value)]


def shape_owner(value: ast.expr) -> str:
    """x of x.shape; "" for anything else."""
    return identifier(value.value) if isinstance(value, ast.Attribute) and value.attr == "shape" else ""


def is_shape(value: ast.expr) -> bool:
    """x.shape"""
    return isinstance(value, ast.Attribute) and value.attr == "shape"


def channel_position(names: list[str]) -> str:
    """Where the channel stands among unpacked shape names, by the places of the height and the width."""
    plain = [name.lower().replace("_", "") for name in names]
    heights = [
        i for i, name in enumerate(plain) if name[:1] == "h" or "height" in name or name.startswith(("nh", "ih", "xh"))
    ]
    widths = [
        i for i, name in enumerate(plain) if "width" in name or name.startswith(("nw", "iw", "xw")) or name[:1] == "w"
    ]
    if not heights or not widths or widths[0] != heights[0] + 1:
        return ""
    if widths[0] == len(plain) - 1 and len(plain) > 2:
        return "first"
    return "last" if widths[0] == len(plain) - 2 else ""


def word_of(node: ast.AST) -> str:
    """A text, or what a name or attribute is called."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return identifier(node)
