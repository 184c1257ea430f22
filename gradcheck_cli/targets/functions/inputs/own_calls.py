"""What a file itself hands to its function: the arguments of a call in its demo, its training or its tests.

A demo is not run. Of the statements before a call only those are executed that its arguments rest on, and none of a
call that reads or writes anything: the file may train for hours, draw pictures, or write over results.
"""

from __future__ import annotations

import ast
import copy
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import ModuleType
from typing import Any

import numpy as np

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.alarm import alarm
from gradcheck_cli.targets.functions.nested import is_one_of
from gradcheck_cli.targets.stopped import HungError

# Words of calls that reach beyond the process, or wait for somebody.
_OUTSIDE = re.compile(
    r"\b(?:open|input|exec|eval|load(?:txt)?|save(?:z|txt|_\w+)?|dump|imread|imwrite|imshow|show|savefig|read_\w+|write\w*|"
    r"urlopen|urlretrieve|download\w*|tofile|renames?|copyfile|system|popen|remove|unlink|rmtree|makedirs|mkdir|"
    r"parse_args|exit|quit|sleep|getenv)"
    r"\s*\(|\b(?:requests|subprocess|argparse|environ|argv)\b"
)
# What changes the array that it is handed.
_CHANGING = frozenset({"shuffle", "fill_diagonal", "copyto", "put", "place"})
# What is handed a seed.
_SEEDED = frozenset({"default_rng", "RandomState", "Random", "seed", "manual_seed"})
# The data of a demo are made at once; what takes longer is a training.
_SECONDS = 2.0
# Calls that are evaluated, in the order of the file: a file that calls its function often does so alike.
MOST_CALLS = 6
# A call in a function is followed to who calls that function, and no farther than this.
_DEPTH = 2

_Statements = tuple[ast.stmt, ...]


@dataclass(frozen=True)
class CallInFile:
    """A call in the file, and the statements that come before it where it stands.

    Attributes:
        node: the call.
        before: in their order; those of a function around it begin with what its parameters are.
    """

    node: ast.Call
    before: _Statements

    @property
    def line(self) -> int:
        """Where it stands."""
        return self.node.lineno

    def arguments(
        self, namespace: Mapping[str, Any], signature: inspect.Signature, functions: Mapping[str, str], seed: int
    ) -> Mapping[str, Any] | None:
        """The arguments by name; None where they rest on what is outside, cannot be made, or take too long.

        Args:
            namespace: what the names of the file mean.
            signature: of what is called.
            functions: name -> text of the functions of the file.
            seed: in the place of each seed that stands in these statements.
        """
        modules = {name for name, value in namespace.items() if isinstance(value, ModuleType)}
        needed = self._needed(modules)
        if _reaches_outside([*needed, ast.Expr(self.node)], functions):
            return None
        names: dict[str, Any] = dict(namespace)
        body = _Seeded(seed).visit(ast.Module(body=copy.deepcopy(needed), type_ignores=[]))
        try:
            with alarm(_SECONDS):
                exec(compile(ast.fix_missing_locations(body), "<own call>", "exec"), names)
                positional = [_evaluated(part, names) for part in self.node.args]
                named = {part.arg or "": _evaluated(part.value, names) for part in self.node.keywords}
            bound = signature.bind(*positional, **named)
        except (Exception, HungError, SystemExit):  # whatever the file's statements raise out of their place
            return None
        return dict(bound.arguments)

    def _needed(self, modules: set[str]) -> list[ast.stmt]:
        """Of the statements before it those on which its arguments rest, in their order.

        What is called on a module, as `np.random.seed(0)`, changes none of them.
        """
        called = {self.node.func.id} if isinstance(self.node.func, ast.Name) else set()
        wanted = syntax.names_within(self.node) - called
        chosen: list[ast.stmt] = []
        for statement in reversed(self.before):
            if (_changed(statement) - modules) & wanted:
                chosen.append(statement)
                wanted |= syntax.names_within(statement)
        return chosen[::-1]


class _Seeded(ast.NodeTransformer):
    """Another number in the place of each seed: `default_rng(0)` draws others then."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """One call, and those inside it."""
        self.generic_visit(node)
        if syntax.called(node) in _SEEDED and node.args and isinstance(node.args[0], ast.Constant):
            node.args[0] = ast.copy_location(ast.Constant(self._seed), node.args[0])
        return node


def by_name(name: str) -> Callable[[ast.expr], bool]:
    """Is an expression this name?"""
    return lambda called: syntax.is_name(called, name)


def own_calls(tree: ast.Module, is_called: Callable[[ast.expr], bool], depth: int = _DEPTH) -> Iterator[CallInFile]:
    """The calls of a function that stand in a file outside of classes, in the order of the file.

    Args:
        tree: of the file.
        is_called: does this expression, called, stand for the function?
        depth: how often a parameter of the function around a call is looked for where that function is called.
    """
    yield from _in_block(tree.body, (), is_called)
    for definition in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        inside = list(_in_block(definition.body, (), is_called))
        handed = next(iter(_parameters(tree, definition, depth)), None) if inside else None
        for call in inside:
            yield CallInFile(call.node, (*(handed or _defaults(definition)), *call.before))


def _parameters(tree: ast.Module, definition: ast.FunctionDef, depth: int) -> Iterator[_Statements]:
    """Statements that make the parameters of a function what a call of it makes them; none without such a call."""
    if not depth or definition.args.vararg or definition.args.kwarg:
        return
    named = [*definition.args.posonlyargs, *definition.args.args]
    for call in own_calls(tree, by_name(definition.name), depth - 1):
        values = dict(zip((item.arg for item in named), call.node.args, strict=False))
        values |= {part.arg: part.value for part in call.node.keywords if part.arg}
        given = tuple(_assignment(ast.Name(name, ast.Store()), value) for name, value in values.items())
        yield (*_defaults(definition), *call.before, *given)


def _defaults(definition: ast.FunctionDef) -> _Statements:
    plain = [*definition.args.posonlyargs, *definition.args.args]
    with_default = plain[len(plain) - len(definition.args.defaults) :]
    pairs = chain(
        zip(with_default, definition.args.defaults, strict=True),
        zip(definition.args.kwonlyargs, definition.args.kw_defaults, strict=True),
    )
    return tuple(_assignment(ast.Name(item.arg, ast.Store()), value) for item, value in pairs if value)


def _in_block(
    block: Sequence[ast.stmt], before: _Statements, is_called: Callable[[ast.expr], bool]
) -> Iterator[CallInFile]:
    """The calls in these statements and in the blocks inside them, but not in what is defined there."""
    for place, statement in enumerate(block):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        earlier = (*before, *block[:place])
        for node in _of_its_own(statement):
            if isinstance(node, ast.Call) and is_called(node.func):
                yield CallInFile(node, earlier)
        for inner in _blocks(statement):
            yield from _in_block(inner, (*earlier, *_first_turn(statement)), is_called)


def _of_its_own(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement, without those of the blocks inside it and of what is called later."""
    waiting: list[ast.AST] = [
        child for child in ast.iter_child_nodes(statement) if not isinstance(child, ast.stmt | ast.ExceptHandler)
    ]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _blocks(statement: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, ())
    for handler in getattr(statement, "handlers", ()):
        yield handler.body


def _first_turn(statement: ast.stmt) -> _Statements:
    """What a loop's variable is in its first turn."""
    if not isinstance(statement, ast.For):
        return ()
    first = ast.Call(ast.Name("next", ast.Load()), [ast.Call(ast.Name("iter", ast.Load()), [statement.iter], [])], [])
    return (_assignment(statement.target, first),)


def _assignment(target: ast.expr, value: ast.expr) -> ast.stmt:
    return ast.fix_missing_locations(ast.copy_location(ast.Assign([target], value), value))


def _evaluated(node: ast.expr, names: dict[str, Any]) -> Any:
    if isinstance(node, ast.Starred):
        raise TypeError("a call with *arguments")
    return eval(compile(ast.Expression(node), "<own call>", "eval"), names)


def _changed(statement: ast.stmt) -> set[str]:
    """The names that a statement binds, or whose objects it may change: `W[0] = 1`, `W.append(1)`, `shuffle(W)`."""
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            found |= _base(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value
            found |= _base(called.func) if isinstance(called.func, ast.Attribute) else set()
            if syntax.called(called) in _CHANGING:
                found |= {argument.id for argument in called.args if isinstance(argument, ast.Name)}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return found


def _base(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _reaches_outside(statements: Sequence[ast.stmt], functions: Mapping[str, str]) -> bool:
    """Does one of these, or a function of the file that they call, read or write what is outside?"""
    texts = [ast.unparse(ast.fix_missing_locations(statement)) for statement in statements]
    own = re.compile(rf"\b(?:{'|'.join(map(re.escape, functions))})\b") if functions else None
    seen: set[str] = set()
    while texts:
        text = texts.pop()
        words = set(re.findall(r"\w+", text))
        called = {name for name in functions if name in words and name not in seen}
        if _OUTSIDE.search(own.sub("", text) if own else text):
            return True
        seen |= called
        texts += [functions[name] for name in called]
    return False


def entries(value: Any, above: tuple[Any, ...] = ()) -> int:
    """The numbers in an argument, however it is nested; not once more those of what refers back."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple | list) else None
    if inner is not None:
        around = (*above, value)
        return sum(entries(each, around) for each in inner if not is_one_of(each, around))
    return int(np.size(value)) if hasattr(value, "shape") else 1
