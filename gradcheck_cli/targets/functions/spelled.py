"""A function as `--call "FORWARD -> BACKWARD"` says that it is called: two expressions over names of arguments.

    --call "stress(z, 6, D) -> stress_grad(z, 6, 2, D)" --input z=12,D=6x6 --returns z

Both are evaluated in the namespace of the target's file. `out` is what FORWARD gave, of which the first of several is
the output; `G` is dE/d(output), and a BACKWARD that does not read it gives the gradients of a loss. Every name that
neither the file nor Python knows is an argument, and every name that the user says what it is.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import inspect
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import CodeType, SimpleNamespace
from typing import Any

from gradcheck_cli.model import syntax
from gradcheck_cli.model.spelled import directions, names_in
from gradcheck_cli.model.text import counted
from gradcheck_cli.targets.functions.form import (
    BackwardError,
    NotAFunctionError,
    Values,
    as_array,
    fresh,
    is_listed,
)
from gradcheck_cli.targets.functions.pair import CACHE, UPSTREAM, PairForm, Wiring
from gradcheck_cli.targets.functions.plain import PlainFunction

PLACE = "--call"
"""The file name of an expression's frame in a traceback."""

UPSTREAM_NAME, OUTPUT_NAME, SCOPE = "G", "out", "scope"
_PACKAGES = {"np": "numpy", "torch": "torch"}
# For data with attributes: `SimpleNamespace(output=y)`.
_HANDY = {"SimpleNamespace": SimpleNamespace}
WHAT_EACH_IS = "say what each name is: --input x=4x3,v=float:5,i=int:6<3,k=2; or --inputs, which returns a dict of them"
SEED_IT = "seed what it draws from in FORWARD and in BACKWARD, or make what is drawn an argument"
SEE_ANY = "names and examples: gradcheck explain calling"


class SpellingError(ValueError):
    """What the call gives is not what `--returns` says: the fault of the call."""


@dataclass(frozen=True)
class SpelledForm(PairForm):
    """Two expressions as a pair; `call` is their text."""

    call: str = ""

    @property
    def why(self) -> str:
        """As it was typed."""
        return f"called as --call says: {self.call}"

    def wirings(self, values: Values) -> Iterator[PairForm]:
        """The one way: a loss where the output is one number, and the backward reads no G.

        Raises:
            Exception: whatever the forward raises.
        """
        out = as_array(self.fore.call(**fresh(values))[0])
        bare = UPSTREAM_NAME not in names_in(directions(self.call)[1])
        is_loss = bare and out is not None and out.shape == ()
        meanings = {SCOPE: (CACHE, 1)} | ({} if bare else {UPSTREAM_NAME: (UPSTREAM, 0)})
        yield replace(self, wiring=Wiring((0,), meanings, bare=bare, is_loss=is_loss))


def spelled_form(
    call: str, returns: Sequence[str], module: Mapping[str, Any], given: Iterable[str], tree: ast.AST
) -> SpelledForm:
    """The form that a call with an arrow spells.

    Args:
        returns: the arguments that the results are gradients of, in order; "_" for what is none.
        module: what the names of the file mean.
        given: the names that the user says what they are.
        tree: of the file.

    Raises:
        NotAFunctionError: a function that is called is not there, or `--returns` names no argument.
    """
    forward, backward = directions(call)
    known = {*module, *dir(builtins), *_PACKAGES, *_HANDY, UPSTREAM_NAME, OUTPUT_NAME} - set(given)
    arguments = tuple(sorted(set(names_in(call)) - known, key=partial(_place, call)))
    _refuse_unknown(call, arguments, module)
    odd = [name for name in returns if name not in (*arguments, "_")]
    if odd:
        sentence = f"--returns names {odd[0]}, and the arguments of --call are {', '.join(arguments) or 'none'}"
        raise NotAFunctionError("read", sentence, "the arguments that the results are gradients of, _ for another")
    fore = _Forward(_compiled(forward), arguments, module)
    back = _Backward(_compiled(backward), tuple(returns))
    title = _first_definition(forward, tree) or "the forward"
    source = f"def {title.replace(' ', '_')}({', '.join(arguments)}):\n    return {forward}\n"
    return SpelledForm(
        PlainFunction(fore, None, title, source),
        PlainFunction(back, None, _first_definition(backward, tree) or title),
        call=call,
    )


@dataclass(frozen=True)
class _Forward:
    """FORWARD by name: what it gives, of several the first, and the names that BACKWARD sees."""

    code: CodeType
    arguments: tuple[str, ...]
    module: Mapping[str, Any] = field(repr=False)

    @property
    def __signature__(self) -> inspect.Signature:
        kind = inspect.Parameter.KEYWORD_ONLY
        return inspect.Signature([inspect.Parameter(name, kind) for name in self.arguments])

    def __call__(self, **given: Any) -> tuple[Any, dict[str, Any]]:
        packages = {name: sys.modules[package] for name, package in _PACKAGES.items() if package in sys.modules}
        # In a namespace of its own, so that `:=` leaves nothing behind.
        scope = {**packages, **_HANDY, **self.module, **given}
        result = eval(self.code, scope)
        is_several = isinstance(result, tuple | list) and not is_listed(result) and len(result) > 0
        return (result[0] if is_several else result), {**scope, OUTPUT_NAME: result}


@dataclass(frozen=True)
class _Backward:
    """BACKWARD in the names that FORWARD left: its results, by name where `returns` says them."""

    code: CodeType
    returns: tuple[str, ...]

    @property
    def __signature__(self) -> inspect.Signature:
        kind, free = inspect.Parameter.KEYWORD_ONLY, None
        scope = inspect.Parameter(SCOPE, kind)
        return inspect.Signature([scope, inspect.Parameter(UPSTREAM_NAME, kind, default=free)])

    def __call__(self, scope: Mapping[str, Any], G: Any = None) -> Any:  # noqa: N803
        result = eval(self.code, {**scope, UPSTREAM_NAME: G})
        if not self.returns:
            return result
        found = list(_arrays(result))
        if len(found) != len(self.returns):
            raise SpellingError(
                f"BACKWARD gives {counted(len(found), 'array')}, and --returns names {len(self.returns)}"
            )
        return {name: array for name, array in zip(self.returns, found, strict=True) if name != "_"}


def _arrays(value: Any) -> Iterator[Any]:
    """The arrays of a result from left to right; what is none does not count."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, tuple | list) and not is_listed(value):
        for inner in value:
            yield from _arrays(inner)
    elif as_array(value) is not None:
        yield value


def refuse_own_fault(form: SpelledForm, error: BaseException | None, file: str) -> None:
    """Refuse a call that raises by itself: before any line of the user's code was reached.

    Raises:
        NotAFunctionError: so it is.
    """
    cause = error.cause if isinstance(error, BackwardError) else error
    if cause is None:
        return
    frames = [frame.filename for frame in traceback.extract_tb(cause.__traceback__)]
    if isinstance(cause, SpellingError):
        raise NotAFunctionError("read", str(cause), f'{PLACE} "{form.call}" --returns, one name for each array')
    if PLACE in frames and file not in frames:
        sentence = f"what --call says raises {type(cause).__name__}: {str(cause)[:200]}".rstrip(".")
        raise NotAFunctionError("run", sentence, SEE_ANY)


def _refuse_unknown(call: str, arguments: Sequence[str], module: Mapping[str, Any]) -> None:
    """A name that is called is no argument, but one that is spelled otherwise."""
    sides = [syntax.parse_expression(side) for side in directions(call)]
    called = [node.func for side in sides for node in ast.walk(side) if isinstance(node, ast.Call)]
    for name in (node.id for node in called if isinstance(node, ast.Name) and node.id in arguments):
        near = difflib.get_close_matches(name, module, 1)
        hint = f"did you mean {near[0]}?" if near else SEE_ANY
        raise NotAFunctionError("run", f"--call uses {name}, which is not in its file", hint)


def _place(call: str, name: str) -> int:
    """Where a name first stands in a text that has it."""
    found = re.search(rf"\b{name}\b", call)
    return found.start() if found else len(call)


def _compiled(text: str) -> CodeType:
    return compile(text, PLACE, "eval", dont_inherit=True)


def _first_definition(side: str, tree: ast.AST) -> str:
    """The first function of the file that a side uses; "" for none."""
    found = {node.name for node in ast.iter_child_nodes(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return next((name for name in names_in(side) if name in found), "")
