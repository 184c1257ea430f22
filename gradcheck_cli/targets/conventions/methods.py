"""Which methods of a class are its forward and its backward: by use first, then by their names."""

from __future__ import annotations

import ast
import contextlib
import difflib
import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from functools import cache

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.base import NotRecognisedError
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.conventions.use import nodes_of
from gradcheck_cli.targets.ways_out import WAYS_OUT

# What layers of the same files as in `names` call their two methods; the first that a class has is taken.
FORWARD_NAMES = (
    "forward", "forward_pass", "forward_propagation", "forward_prop", "forwardprop", "fprop", "feed_forward",
    "feedforward", "forward_propagate", "propagate", "conv_forward", "feed", "call", "__call__", "compute", "convolve",
    "conv", "apply", "predict", "run", "fwd",
)  # fmt: skip
FORWARD_PARTS = ("forward", "fprop", "convol")

BACKWARD_NAMES = (
    "backward", "backward_pass", "backprop", "back_prop", "backpropagation", "backward_propagation", "back_propagation",
    "backpropagate", "back_propagate", "bprop", "backward_prop", "backwardprop", "conv_backward", "back", "feedback",
    "feed_back", "feed_backward", "gradient", "gradients", "calc_gradient", "compute_gradients", "bwd", "grad",
)  # fmt: skip
BACKWARD_PARTS = ("back", "bprop")
_GOES_BACK = re.compile("back|bprop|bwd|grad|vjp|derivative")
# Names that hold a telling part and are something else.
NO_BACKWARD = r"(zero|reset|clear|flush|get|set|check|numerical|update|apply|plot|print|test|save|load)_?\w*"
# What the name of a forward is lengthened by, or begins with.
PAIRED = ("grad", "grads", "gradient", "gradients", "derivative", "bwd", "vjp", "adjoint", "adj", "ad")
# A method is taken for a misspelt one from here: `back_propogation` is 0.94 like `back_propagation`.
LIKE = 0.85
MAX_FORWARDS = 4


def class_source(owner: type, node_of: Callable[[str], ast.AST | None]) -> Source:
    """The definition of a class with the methods that it inherits from the user's own classes.

    Args:
        node_of: the definition of a name in the user's file, None for what is not written there.
    """
    own = [kind for kind in owner.__mro__ if _is_users(kind)]
    nodes = tuple(node for kind in own[::-1] if isinstance(node := _node(kind, node_of), ast.ClassDef))
    return Source(_joined(nodes) if nodes else node_of(owner.__qualname__))


@cache  # every layout asks again, and what is known of a definition is kept by its node
def _joined(nodes: tuple[ast.ClassDef, ...]) -> ast.ClassDef:
    """The last class with what stands in all of them."""
    whole = ast.ClassDef(**{field: getattr(nodes[-1], field) for field in nodes[-1]._fields})
    ast.copy_location(whole, nodes[-1])
    whole.body = [item for node in nodes for item in node.body]
    return whole


def forward_names(owner: type, source: Source, backward: str = "") -> list[str]:
    """Methods that may be the forward, the likeliest first; one only where a name is clear."""
    own = [name for name in _own_methods(owner) if name != backward]
    written = [name for name in own if not _is_stub(source, name)]
    pair = [name for name in written if backward and _is_gradient_of(backward, name)]
    if pair:
        return pair
    exact = _exact(written, FORWARD_NAMES)
    if exact:
        calls = [name for name in exact[1:] if name == "__call__"]
        return [exact[0], *calls]
    near = [name for name in written if _is_plain(name) and _holds(name, FORWARD_PARTS, FORWARD_NAMES)]
    near = [name for name in near if not _holds(name, BACKWARD_PARTS, ())]
    near = _handed_the_input(near, written, owner, source)
    near.sort(key=lambda name: (name.startswith("_"), -_likeness(name, FORWARD_NAMES)))
    left = [name for name in written if backward and _leaves_for(name, backward, source)]
    near = near or left or [name for name in written if backward and _goes_through(name, backward, source)]
    return (near or [name for name in written if _may_be_forward(owner, source, name)])[:MAX_FORWARDS]


def _handed_the_input(names: Sequence[str], written: Sequence[str], owner: type, source: Source) -> list[str]:
    """The methods, in place of one that takes nothing those that call it: `run(x)`, where that calls `convolve()`."""
    found: list[str] = []
    for name in names:
        above = [other for other in written if name in _attributes(source.method(other).node, ast.Load)]
        above = [other for other in above if _takes_something(owner, other) and not _holds(other, BACKWARD_PARTS, ())]
        found += [name] if _takes_something(owner, name) else (above or [name])
    return list(dict.fromkeys(found))


def backward_name(owner: type, source: Source) -> str:
    """The method that is the backward, "" without one.

    Known names win; else what has a telling name, is not called by another such method, and reads what the class
    stored; public before private, and the likest to a known name.

    Raises:
        NotRecognisedError: several are equally likely.
    """
    own = [name for name in _own_methods(owner) if _takes_something(owner, name)]
    written = [name for name in own if not _is_stub(source, name)]
    exact = _exact(written, BACKWARD_NAMES) or _exact(own, BACKWARD_NAMES)
    if exact:
        return exact[0]
    near = [name for name in written if _is_plain(name) and _holds(name, BACKWARD_PARTS, BACKWARD_NAMES)]
    near = [name for name in near if not re.fullmatch(NO_BACKWARD, name.strip("_").lower())]
    pairs = [name for name in written if any(_is_gradient_of(name, other) for other in written)]
    return _best(near, owner, source) or (pairs or [""])[0] or _by_use(written, owner, source)


def _is_gradient_of(name: str, other: str) -> bool:
    """`run_grad` beside `run`, `grad_conv` beside `conv`."""
    return name in {f"{other}_{word}" for word in PAIRED} | {f"{word}_{other}" for word in PAIRED}


def all_names(owner: type) -> list[str]:
    """Its methods, for a message."""
    return [name for name in _own_methods(owner) if not name.startswith("_") or name == "__call__"]


def stores_state(source: Source, method: str) -> bool:
    """Whether a method reads attributes that another method than the constructor sets: it works on a state."""
    written = {
        name
        for item in getattr(source.node, "body", [])
        if isinstance(item, ast.FunctionDef) and item.name not in ("__init__", method)
        for name in _attributes(item, ast.Store)
    }
    return bool(_attributes(source.method(method).node, ast.Load) & written)


def missing_attributes(source: Source, method: str, forward: str) -> set[str]:
    """What `method` reads and neither `forward` nor the constructor sets."""
    made = set().union(*(_attributes(source.method(name).node, ast.Store) for name in ("__init__", forward)))
    stored = {
        name
        for item in getattr(source.node, "body", [])
        if isinstance(item, ast.FunctionDef)
        for name in _attributes(item, ast.Store)
    }
    return (_attributes(source.method(method).node, ast.Load) & stored) - made


def no_forward(owner: type, source: Source) -> NotRecognisedError:
    """Why none of its methods is the forward."""
    stubs = [name for name in _exact(_own_methods(owner), FORWARD_NAMES) if _is_stub(source, name)]
    return unwritten(owner, stubs[0]) if stubs else NotRecognisedError("run", f"{owner.__name__} has no forward")


def unwritten(owner: type, method: str) -> NotRecognisedError:
    """A method that is there by its name alone."""
    sentence = f"{owner.__name__}.{method} is not written yet: there is nothing in it"
    return NotRecognisedError("run", sentence, hint=f"write it; where another is meant, {WAYS_OUT}")


def unwritten_backward(owner: type, source: Source) -> str:
    """The method that is the backward by its name alone, where no other goes back; "" for none."""
    own = _own_methods(owner)
    others = [name for name in own if _GOES_BACK.search(name.lower()) and not _is_stub(source, name)]
    others = [name for name in others if not re.fullmatch(NO_BACKWARD, name.strip("_").lower())]
    stubs = [name for name in _exact(own, BACKWARD_NAMES) if is_unwritten(source, name)]
    return stubs[0] if stubs and not others else ""


def is_unwritten(source: Source, method: str) -> bool:
    """A method of `pass` or `raise NotImplementedError` only."""
    return _is_stub(source, method)


def _best(near: Sequence[str], owner: type, source: Source) -> str:
    if not near:
        return ""
    helpers = {called for name in near for called in _called(source.method(name).node) if called != name}
    left = [name for name in near if name not in helpers] or list(near)
    public = [name for name in left if not name.startswith("_")] or left
    stateful = [name for name in public if stores_state(source, name)] or public
    stateful.sort(key=lambda name: -_likeness(name, BACKWARD_NAMES))
    clear = len(stateful) == 1 or _likeness(stateful[0], BACKWARD_NAMES) >= LIKE
    if not clear:
        listed = " or ".join([", ".join(stateful[:-1]), stateful[-1]])
        raise NotRecognisedError(
            "run", f"which method is meant: {listed}? name it: {owner.__name__}.{stateful[0]}", "names and use"
        )
    return stateful[0]


def _by_use(written: Sequence[str], owner: type, source: Source) -> str:
    """The first method, in the order in which they are written, that is handed an array and reads what a forward left.

    Names in another language, or of one letter, tell nothing; the order and the state do.
    """
    for position, name in enumerate(written):
        before = written[:position]
        if name.startswith("_") or re.fullmatch(NO_BACKWARD, name.lower()) or _takes_a_rate_only(owner, name):
            continue
        if any(_leaves_for(earlier, name, source) or _goes_through(earlier, name, source) for earlier in before):
            return name
    return ""


def _goes_through(forward: str, backward: str, source: Source) -> bool:
    """Whether one method walks through a list of parts, and the other through the same list from its end."""
    fore = {(name, turned) for name, turned in _walked(source.method(forward).node) if not turned}
    back = {(name, turned) for name, turned in _walked(source.method(backward).node) if turned}
    return bool({name for name, _ in fore} & {name for name, _ in back})


def _walked(node: ast.AST | None) -> set[tuple[str, bool]]:
    """(X, from its end) of every loop over `self.X`, `self.X[::-1]`, `reversed(self.X)` and their like."""
    found = set()
    for loop in (item for item in (ast.walk(node) if node is not None else ()) if isinstance(item, ast.For)):
        text = ast.unparse(loop.iter)
        turned = "reversed(" in text or "::-1" in text or ", -1, -1" in text
        found |= {(name, turned) for name in _attributes(loop.iter, ast.Load)}
    return found


def _leaves_for(forward: str, backward: str, source: Source) -> bool:
    """Whether one method keeps what another reads, and computes: it takes something and gives something back."""
    node = source.method(forward).node
    if not isinstance(node, ast.FunctionDef) or forward.startswith("__init") or len(node.args.args) < 2:
        return False
    gives = any(isinstance(item, ast.Return) and item.value is not None for item in ast.walk(node))
    kept = _attributes(node, ast.Store)
    return gives and bool(kept & _attributes(source.method(backward).node, ast.Load))


def _takes_a_rate_only(owner: type, name: str) -> bool:
    """A step of the weights is handed a learning rate and no array."""
    found = binding.parameters(getattr(owner, name), 1)
    return all(function_roles(item.name)[:1] == ["lr"] for item in found)


def _node(kind: type, node_of: Callable[[str], ast.AST | None]) -> ast.AST | None:
    found = node_of(kind.__qualname__) or node_of(kind.__name__)
    if found is None:
        with contextlib.suppress(Exception):
            found = _in_another_file(kind)
    return found


@cache
def _in_another_file(kind: type) -> ast.AST:
    return syntax.parse(textwrap.dedent(inspect.getsource(kind))).body[0]


def _is_users(kind: type) -> bool:
    return kind is not object and not kind.__module__.startswith(("torch.", "builtins", "abc", "typing"))


def _own_methods(owner: type) -> list[str]:
    """Callable members of the user's classes, the most derived class first, in the order in which they are written."""
    kinds = [kind for kind in owner.__mro__ if _is_users(kind)]
    names = dict.fromkeys(name for kind in kinds for name in vars(kind))
    return [name for name in names if callable(getattr(owner, name, None)) and not _is_inner_class(owner, name)]


def _is_inner_class(owner: type, name: str) -> bool:
    return isinstance(getattr(owner, name), type)


def _takes_something(owner: type, name: str) -> bool:
    """A backward is handed G: a method that takes nothing is none."""
    try:
        found = inspect.signature(getattr(owner, name)).parameters
    except (TypeError, ValueError):
        return True
    static = isinstance(inspect.getattr_static(owner, name, None), staticmethod | classmethod)
    return len(found) > (0 if static else 1)


def _exact(own: Sequence[str], names: Sequence[str]) -> list[str]:
    """Own methods with a known name, in the order of the known ones; capitals and underscores do not count."""
    plain = [(squeezed(name), name) for name in own]
    return list(dict.fromkeys(mine for known in names for bare, mine in plain if bare == squeezed(known)))


def squeezed(name: str) -> str:
    """A name without its underscores and capitals; a trailing underscore for a private one."""
    return name if name.startswith("__") else name.lower().replace("_", "") + "_" * name.startswith("_")


def _is_plain(name: str) -> bool:
    return not name.startswith("__")


def _holds(name: str, parts: Sequence[str], known: Sequence[str]) -> bool:
    lower = name.lower()
    return any(part in lower for part in parts) or _likeness(name, known) >= LIKE


def _likeness(name: str, known: Sequence[str]) -> float:
    """How like `name` is to the likest of `known`, 0 to 1."""
    plain = name.lower().strip("_")
    return max((difflib.SequenceMatcher(None, plain, other).ratio() for other in known), default=0.0)


def _may_be_forward(owner: type, source: Source, name: str) -> bool:
    """A public method that is handed something, and keeps or returns something."""
    if name.startswith("_") or not _takes_something(owner, name):
        return False
    node = source.method(name).node
    returns = node is not None and any(
        isinstance(item, ast.Return) and item.value is not None for item in ast.walk(node)
    )
    required = [item for item in binding.parameters(getattr(owner, name), 1) if binding.required(item)]
    return len(required) <= 3 and (returns or bool(_attributes(node, ast.Store)))


def _is_stub(source: Source, name: str) -> bool:
    """Its body is a docstring, `pass`, `...` or `raise NotImplementedError`."""
    node = source.method(name).node
    if not isinstance(node, ast.FunctionDef):
        return False
    return all(_says_nothing(statement) for statement in node.body)


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Raise) and statement.exc is not None and "NotImplemented" in ast.unparse(statement)


def _attributes(node: ast.AST | None, context: type[ast.expr_context]) -> set[str]:
    """X of every `self.X` that is read, or set; `self.X[...] = ` and `self.X += ` set as well."""
    found = {item.attr for item in nodes_of(node) if _is_own(item) and isinstance(item.ctx, context)}  # type: ignore[attr-defined]
    if context is ast.Store:
        found |= {
            item.value.attr  # type: ignore[attr-defined]
            for item in nodes_of(node)
            if isinstance(item, ast.Subscript) and isinstance(item.ctx, ast.Store) and _is_own(item.value)
        }
    return found


def _is_own(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def _called(node: ast.AST | None) -> set[str]:
    """Methods of its own object that a method calls."""
    calls = [item for item in nodes_of(node) if isinstance(item, ast.Call)]
    return {item.func.attr for item in calls if _is_own(item.func)}  # type: ignore[attr-defined]
