"""The two ways out that always work: the caller says how the code is called.

    --call "conv_backward(G, (x, w, b, {'stride': s, 'pad': p}))" --returns input,weight,bias
    def gradcheck_call(x, weight, bias, grad_output, stride, padding, dilation, groups): ...     in the target's file

An expression is evaluated in the namespace of the target's file, with the standard names on top of it.
"""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck_cli.model import GRADIENTS, Array, Case, ConvSpec, GradientName
from gradcheck_cli.targets.contract import HowToCall
from gradcheck_cli.targets.conventions import binding, probes
from gradcheck_cli.targets.conventions.base import NotRecognisedError, Returned, Session, changed, collect, to_numpy
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.layout import COMMON, Layout
from gradcheck_cli.targets.conventions.results import Plan
from gradcheck_cli.targets.load import Loaded, user_line
from gradcheck_cli.targets.resolve import CALL as FUNCTION

ARGUMENTS = ("x", "weight", "bias", "grad_output", "stride", "padding", "dilation", "groups")
SKIP = "_"
ARRAYS: Mapping[str, tuple[str, ...]] = {
    "x": ("x",),
    "weight": ("w", "weight"),
    "bias": ("b", "bias"),
    "grad_output": ("G", "grad_output"),
}
# The short name is one number, for code that takes one; the long one is the pair (rows, columns).
SIZES: Mapping[str, tuple[str, str]] = {
    "stride": ("s", "stride"),
    "padding": ("p", "padding"),
    "dilation": ("d", "dilation"),
    "groups": ("groups", "groups"),
}
STANDARD = (*(name for names in ARRAYS.values() for name in names), *dict.fromkeys(sum(SIZES.values(), ())), "np")


@dataclass(frozen=True)
class CallCandidate:
    """A target that is called as it was said. `roles` name what the expression returns, in order."""

    namespace: Mapping[str, Any] = field(repr=False)
    expression: str
    roles: tuple[str, ...]
    layout: Layout
    family: str = field(default="call", init=False)
    bias_form: str = field(default="", init=False)
    prior: int = field(default=0, init=False)

    def why(self) -> str:
        """How it was told."""
        return f"called as --call says: {self.expression}"

    def notes(self) -> tuple[str, ...]:
        """Nothing was guessed."""
        return ()

    def refuses(self, spec: ConvSpec) -> str:
        """What the expression does not hand over, and what the layout has no axis for."""
        plain: Mapping[str, Any] = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
        used = names_in(self.expression)
        for role, (number, pair) in SIZES.items():
            size = getattr(spec, role)
            if size != plain[role] and not {number, pair} & set(used):
                return f"--call passes no {role}"
            if role != "groups" and size[0] != size[1] and pair not in used:
                return f"--call passes one number for the {role} ({pair} is the pair)"
        return self.layout.refuses(spec)

    def start(self, case: Case) -> Session:
        """Fresh arrays for each call."""

        def call() -> Returned:
            given = _given(case, Form(self.layout))
            before = {name: np.array(given[name]) for name in binding.ARRAY_ROLES}
            names = {short: given[role] for role, shorts in ARRAYS.items() for short in shorts}
            result = eval(self._code, {"np": np, **self.namespace, **names, **_sizes(case.spec)})
            return Returned(self._items(result), {}, changed(before, given))

        return call

    @property
    def _code(self) -> Any:
        return compile(self.expression, "--call", "eval")

    def _items(self, result: Any) -> dict[str, Array]:
        """role -> array.

        Raises:
            NotRecognisedError: another number of results than roles.
        """
        found = collect(result)
        if set(found) <= set(GRADIENTS) and found:
            return found
        if not self.roles:
            raise NotRecognisedError("read", f"--call gives {len(found)} arrays, and --returns does not say which")
        if len(found) != len(self.roles):
            sentence = f"--call gives {len(found)} arrays, and --returns names {len(self.roles)}"
            raise NotRecognisedError("read", sentence, ", ".join(str(array.shape) for array in found.values()))
        return {role: array for role, array in zip(self.roles, found.values(), strict=True) if role != SKIP}


@dataclass(frozen=True)
class FunctionCallCandidate:
    """A target whose file holds `gradcheck_call`."""

    function: Any
    layout: Layout = COMMON[0]
    family: str = field(default="call", init=False)
    bias_form: str = field(default="", init=False)
    prior: int = field(default=0, init=False)

    def why(self) -> str:
        """How it was told."""
        return f"called through {FUNCTION} of its file"

    def notes(self) -> tuple[str, ...]:
        """Nothing was guessed."""
        return ()

    def refuses(self, _spec: ConvSpec, /) -> str:
        """Nothing: what it does not take, it refuses itself by NotImplementedError."""
        return ""

    def start(self, case: Case) -> Session:
        """Fresh arrays for each call; sizes are always pairs."""

        def call() -> Returned:
            given = _given(case, Form(self.layout, pairs=True))
            before = {name: np.array(given[name]) for name in binding.ARRAY_ROLES}
            result = self.function(**{name: given[name] for name in ARGUMENTS})
            return Returned(_by_role(result), {}, changed(before, given))

        return call


def said(loaded: Loaded, how: HowToCall, layouts: Sequence[str]) -> CallCandidate | FunctionCallCandidate | None:
    """The way to call the target that was said on the command line or in its file; None where nothing was.

    Raises:
        NotRecognisedError: `gradcheck_call` has other parameters than it is given.
    """
    if how.call:
        layout = next((one for one in COMMON if layouts and one.x in layouts), COMMON[0])
        return CallCandidate(vars(loaded.module), how.call, how.returns, layout)
    function = getattr(loaded.module, FUNCTION, None)
    if function is None:
        return None
    names = tuple(inspect.signature(function).parameters)
    if names != ARGUMENTS:
        raise NotRecognisedError("run", f"{FUNCTION} takes ({', '.join(names)}), and is given ({', '.join(ARGUMENTS)})")
    return FunctionCallCandidate(function)


def checked(candidate: CallCandidate | FunctionCallCandidate, loaded: Loaded) -> Plan:
    """Which gradients it gives, seen on the first small cases that run.

    What the user's own code raises is a failure of that code, found again and judged on every geometry.

    Raises:
        NotRecognisedError: what was said cannot be meant: an unknown name, arguments that do not fit, other results.
    """
    roles = candidate.roles if isinstance(candidate, CallCandidate) else ()
    for spec in probes.PROBES:
        if candidate.refuses(spec):
            continue
        try:
            items = candidate.start(probes.integer_case(spec))().items
        except NotRecognisedError:
            raise
        except (Exception, SystemExit) as error:
            if user_line(error, loaded.module.__file__ or "") is None and not isinstance(error, NotImplementedError):
                raise _not_meant(candidate, error) from error
            continue
        return {name: name for name in GRADIENTS if name in items}
    return {name: name for name in GRADIENTS if name in roles or not roles}


def names_in(expression: str) -> list[str]:
    """The names that an expression reads and does not bind itself, in order."""
    nodes = [node for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name)]
    bound = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    return list(dict.fromkeys(node.id for node in nodes if node.id not in bound))


def _not_meant(candidate: CallCandidate | FunctionCallCandidate, error: BaseException) -> NotRecognisedError:
    """An exception that no line of the user's file had a part in."""
    if isinstance(candidate, FunctionCallCandidate):
        return NotRecognisedError("run", f"{FUNCTION} cannot be called", error=error)
    known = set(candidate.namespace) | set(STANDARD) | set(dir(builtins))
    missing = [name for name in names_in(candidate.expression) if name not in known]
    if isinstance(error, NameError) and missing:
        tried = f"the file's own names and {', '.join(STANDARD)}"
        return NotRecognisedError("run", f"--call uses {missing[0]}, which the file does not define", tried, error)
    return NotRecognisedError("run", "what --call says raises", candidate.expression, error)


def _by_role(result: Any) -> dict[str, Array]:
    """What `gradcheck_call` returned: a dict of gradients.

    Raises:
        NotRecognisedError: anything else.
    """
    if not isinstance(result, Mapping):
        kind = type(result).__name__
        raise NotRecognisedError("read", f"{FUNCTION} returns a {kind}; a dict of {', '.join(GRADIENTS)} is needed")
    odd = [str(key) for key in result if key not in GRADIENTS]
    if odd:
        raise NotRecognisedError("read", f"{FUNCTION} returns {odd[0]!r}; the keys are {', '.join(GRADIENTS)}")
    arrays: dict[GradientName, Array | None] = {name: to_numpy(result.get(name)) for name in GRADIENTS}
    return {name: np.array(array) for name, array in arrays.items() if array is not None}


def _given(case: Case, form: Form) -> dict[str, Any]:
    """The values by role; sizes as pairs (rows, columns)."""
    pairs = {name: getattr(case.spec, name) for name in binding.PAIRS}
    return {**binding.values(case, form), **pairs, "groups": case.spec.groups}


def _sizes(spec: ConvSpec) -> dict[str, Any]:
    """The sizes by both of their names; the number is that of the rows, and is used only where columns agree."""
    values: dict[str, Any] = {}
    for role, (number, pair) in SIZES.items():
        size = getattr(spec, role)
        values |= {number: size[0] if isinstance(size, tuple) else size, pair: size}
    return values
