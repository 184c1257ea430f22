"""The layers of a file, told by its syntax: what `verify file.py` judges, a row each. Nothing is executed."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence, Set

from gradcheck_cli.model.syntax import called, identifier
from gradcheck_cli.targets.forward_only import is_module_definition
from gradcheck_cli.targets.functions.by_use import goes_by_use
from gradcheck_cli.targets.functions.composed import compositions_among
from gradcheck_cli.targets.functions.directions import Directions, directions_by_words, directions_of
from gradcheck_cli.targets.functions.engines import rows_of, walk_of
from gradcheck_cli.targets.functions.factories import handed_out
from gradcheck_cli.targets.functions.loss import gives_gradients
from gradcheck_cli.targets.functions.methods import BACKWARDS, FORWARDS
from gradcheck_cli.targets.functions.module_pair import module_for
from gradcheck_cli.targets.functions.objectives import gives_as_others_do
from gradcheck_cli.targets.functions.pairs import (
    Defined,
    calls_of,
    defined_by,
    is_by_arguments_alone,
    is_named_derivative,
    pairs_among,
)
from gradcheck_cli.targets.functions.spelling import (
    THROUGH_ALL,
    backwards_among,
    base_of,
    goes_backward,
    tokens,
    word_set,
)
from gradcheck_cli.targets.functions.ways_back import way_back
from gradcheck_cli.targets.launches import kernels_in
from gradcheck_cli.targets.resolve import CALL, Definition, candidates, definitions, is_only_a_base, the_only_one

Method = ast.FunctionDef | ast.AsyncFunctionDef
# Of a name: what it says compares, cuts or clears a gradient, and computes none by hand.
_TOOLS = word_set("numerical numeric num check checking checker approx approximate finite clip zero")
# What follows a gradient, where it does not say that it goes back through all, as `rnn_step_backward` does.
_FOLLOWS = word_set("no descent ascent train step etape schritt paso passo adim")


def every_layer(tree: ast.Module, path: str) -> tuple[str, ...]:
    """All that a file holds of layers, in order; the one candidate where it holds a single one.

    Raises:
        TargetError: it holds none.
    """
    found = _without_kernels(tree)
    names, candidate = layers_in(found), [name for name in candidates(tree) if not _is_tool(name)]
    # A backward without a forward is a convolution's, or cannot be judged: only what looks like one is added.
    held = {*names, *(name.partition(".")[0] for name in names)}
    names += [name for name in candidate if name not in held and ("conv" in name.lower() or not names)]
    if not names:  # in other tongues than English
        names = left_out(tree, ())
    if CALL in found or not names:
        return the_only_one(tree, path)
    return tuple(sorted(names, key=lambda name: found[name].lineno))


def _without_kernels(tree: ast.Module) -> dict[str, Definition]:
    kernels = kernels_in(tree)
    return {name: node for name, node in definitions(tree).items() if name not in kernels}


def layers_in(found: Mapping[str, Definition]) -> list[str]:
    """Backwards that have their forward, classes that have both, custom operators, losses that return gradients."""
    functions = [name for name, node in found.items() if "." not in name and not isinstance(node, ast.ClassDef)]
    defined = {name: defined_by(found[name]) for name in functions}
    calls = {name: each.calls for name, each in defined.items()}
    pairs = pairs_among(defined)
    pairs |= {name: each.fore for name, each in compositions_among(defined, pairs).items()}
    named = backwards_among(functions)
    pairs = _without_served(pairs, defined, set(named))
    modules = [name for name, node in found.items() if is_module_definition(node)]
    alone = {name: module_for(name, modules) for name in named if name not in pairs}
    # An operator is a target itself, and its backward is handed a ctx by torch.
    names = [name for name, forward in {**pairs, **alone}.items() if forward and not _is_operator(found[forward])]
    of_methods = method_pairs(found)
    several = {owner for owner, count in Counter(name.partition(".")[0] for name in of_methods).items() if count > 1}
    classes = ((name, node) for name, node in found.items() if isinstance(node, ast.ClassDef))
    directions = directions_of(ast.Module(list(found.values()), []))
    layers = [name for name, node in classes if _is_layer(node, found, name in several, directions)]
    names += [name for name in layers if not is_only_a_base(name, found)]
    names += rows_of(found)
    held = {name.partition(".")[0] for name in names}
    names += [name for name in of_methods if name.partition(".")[0] not in held]
    names += [name for name in functions if name not in names and _is_operator(found[name])]
    # What hands out a way back that is a backward of the file is judged as that.
    back = set(backwards_among(functions))
    names += [name for name in functions if name not in names and _hands_out(found[name]) and not calls[name] & back]
    names += [name for name in _unfinished(found) if name not in {each.partition(".")[0] for each in names}]
    # A helper that gives gradients to a backward is not a layer of its own, and no loss has one.
    taken = {*names, *pairs.values()}
    open_ones = {name: found[name] for name in functions if name not in taken}
    return names + [
        name for name, node in open_ones.items() if gives_gradients(node) or gives_as_others_do(name, found)
    ]


def _hands_out(node: ast.AST) -> bool:
    """Does a function hand out a backward of its own?"""
    return handed_out(node) is not None or way_back(node) is not None


def _unfinished(found: Mapping[str, Definition]) -> list[str]:
    """Classes that go forward, and whose own backward is still to be written; none that others are made from."""
    classes = {name: node for name, node in found.items() if isinstance(node, ast.ClassDef)}
    bases = {getattr(base, "id", "") for node in classes.values() for base in node.bases}
    left = {name: node for name, node in classes.items() if name not in bases}
    return [
        name
        for name, node in left.items()
        if any(_is_written(_methods(node, found).get(each)) for each in FORWARDS)
        and any(isinstance(item, Method) and item.name in BACKWARDS and not _is_written(item) for item in node.body)
    ]


def _without_served(pairs: Mapping[str, str], defined: Mapping[str, Defined], named: Set[str]) -> dict[str, str]:
    """What is a backward by its use or its arguments alone and serves one that says so is a part of that: `col2im`.

    Args:
        named: what says that it is a backward.
    """
    says_so = {name for name in pairs if name in named or is_named_derivative(name)}
    served = {part for name in says_so for part in defined[name].calls} - named
    mine = {name for name in served & says_so if not is_by_arguments_alone(name, pairs[name])}
    return {name: forward for name, forward in pairs.items() if name not in served - mine}


def left_out(tree: ast.Module, asked: Sequence[str]) -> list[str]:
    """What goes backward, is none of these and no part of another: functions, and methods of what was not asked.

    A loop that trains calls a backward too, and makes it no part of anything.
    """
    found = _without_kernels(tree)
    owners = {name.partition(".")[0] for name in asked}
    functions = [name for name, node in found.items() if "." not in name and not isinstance(node, ast.ClassDef)]
    owners |= {name for name, node in found.items() if _is_no_layer(name, node, found)}
    methods = [name for name in found if "." in name and name.partition(".")[0] not in owners]
    called = {
        part
        for name, node in found.items()
        if name in asked or name.partition(".")[0] in owners or _goes_back_by_itself(name.rpartition(".")[2])
        for part in calls_of(node, methods=True) - {name.rpartition(".")[2]}
    }
    backwards = [name for name in backwards_among(functions) if name not in (*asked, *called)]
    backwards += [name for name in methods if _is_left_out(name, found[name], called)]
    return [name for name in backwards if not _is_tool(name)]


def _is_no_layer(name: str, node: Definition, found: Mapping[str, Definition]) -> bool:
    """An engine's own walk over its nodes, or what others are made from."""
    return isinstance(node, ast.ClassDef) and (bool(walk_of(node)) or is_only_a_base(name, found))


def _goes_back_by_itself(name: str) -> bool:
    return goes_backward(name) and not _is_tool(name)


def _is_tool(name: str) -> bool:
    words = set(tokens(name))
    return bool(_TOOLS & words) or (bool(_FOLLOWS & words) and not THROUGH_ALL & words)


def _is_left_out(name: str, node: Definition, called: Set[str]) -> bool:
    """A method that says in a word of its own that it goes back through all; `self.grad_helper()` is part of others."""
    own = name.rpartition(".")[2]
    is_method = isinstance(node, Method) and _is_written(node) and _leaves_something(node)
    return is_method and own not in called and bool(THROUGH_ALL & set(tokens(own)))


def method_pairs(found: Mapping[str, Definition]) -> list[str]:
    """Backward methods that stand beside their forwards in one class: "Agent.step_backward" beside "Agent.step"."""
    owners = dict.fromkeys(name.partition(".")[0] for name in found if "." in name)
    names = [f"{owner}.{backward}" for owner in owners for backward in _pairs_of(owner, found) if base_of(backward)]
    return [name for name in names if _leaves_something(found[name]) and not _is_abstract(found[name])]


def _is_abstract(node: ast.AST) -> bool:
    """Does it only say what others have, which can be made and it cannot?"""
    return any("abstract" in identifier(item) for item in getattr(node, "decorator_list", ()))


def _pairs_of(owner: str, found: Mapping[str, Definition]) -> dict[str, str]:
    beside = {name.partition(".")[2]: node for name, node in found.items() if name.startswith(f"{owner}.")}
    return pairs_among({name: defined_by(node, is_method=True) for name, node in beside.items()})


def _leaves_something(node: Definition) -> bool:
    """It returns a value or writes into something, or is still to be written: else it gives no gradient."""
    parts = list(ast.walk(node))
    returns = any(isinstance(part, ast.Return) and part.value is not None for part in parts)
    writes = any(isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Store) for part in parts)
    return returns or writes or not _is_written(node if isinstance(node, Method) else None)


def _is_operator(node: ast.AST) -> bool:
    """Its decorator makes it an operator of torch.library."""
    return any(called(item) == "custom_op" for item in getattr(node, "decorator_list", ()))


def _is_layer(node: ast.ClassDef, found: Mapping[str, Definition], has_several: bool, directions: Directions) -> bool:
    """It has a forward and a backward that somebody wrote, itself or through a class of its file.

    Args:
        has_several: pairs of methods, each a layer of its own.
        directions: what a forward and its backward are called in its file.
    """
    if walk_of(node):
        return False
    methods = _methods(node, found)
    has_both = any(_is_written(methods.get(name)) for name in FORWARDS) and any(
        _is_written(methods.get(name)) for name in BACKWARDS
    )
    gives = any(gives_gradients(method) for method in methods.values())
    written = {name: method for name, method in methods.items() if _is_written(method)}
    goes = all(directions_by_words(written)) or any(set(pair) <= written.keys() for pair in directions)
    return has_both or gives or (not has_several and (goes or goes_by_use(written)))


def _methods(node: ast.ClassDef, found: Mapping[str, Definition]) -> dict[str, Method]:
    methods: dict[str, Method] = {}
    for base in reversed(node.bases):
        above = found.get(base.id) if isinstance(base, ast.Name) else None
        if isinstance(above, ast.ClassDef) and above is not node:
            methods |= _methods(above, found)
    return methods | {item.name: item for item in node.body if isinstance(item, Method)}


def _is_written(node: Method | None) -> bool:
    """There is more in it than words, `pass` and a refusal."""
    if node is None:
        return False
    return not all(isinstance(item, ast.Pass | ast.Raise) or _is_words(item) for item in node.body)


def _is_words(item: ast.stmt) -> bool:
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)
