"""Which functions of a file, or methods of a class, are a forward and its backward: by names, arguments and use.

One place for all who ask: a file that is asked whole, a forward or a backward that is named, the methods of an object.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.model.syntax import identifier
from gradcheck_cli.targets.functions.reading import returned_names
from gradcheck_cli.targets.functions.spelling import (
    BACKWARD_WORDS,
    LOSS_WORDS,
    backwards_among,
    base_of,
    belongs_to,
    derived_argument,
    forward_for,
    goes_backward,
    goes_forward,
    is_cache,
    is_upstream,
    looks_like_gradient,
    tokens,
    word_set,
)

# So much of two names is the same where they are two directions of one layer: "norm_vor" and "norm_zurueck".
_SAME = 3
# Of what a forward puts together and a backward takes apart: one may be called w anywhere.
_NAMES_IN_COMMON = 2
FORCES = word_set("force forces")
# Of what statisticians call a score.
_LIKELIHOODS = word_set(
    "logp logpdf logprob density likelihood prob pdf posterior loglik loglikelihood loglike logl lnlike lnlik llf ll "
)
# The same with the other sign.
NEGATIVE_LIKELIHOODS = word_set("nll nllf nlogl negll negloglik negloglikelihood neglogp")
# Derivatives that have a name of their own, and words of what they are derivatives of; none where it may be anything.
_NAMED_DERIVATIVES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(FORCES, word_set("potential energy hamiltonian")),
    "score": _LIKELIHOODS | NEGATIVE_LIKELIHOODS,
    # A line has a slope too, and a matrix an adjoint: only those of what is called a loss are its derivatives.
    **dict.fromkeys(("adjoint", "adjoints", "slope", "slopes", "sensitivity", "sensitivities"), LOSS_WORDS),
    **dict.fromkeys(("jacobian", "jacobians", "jac"), frozenset()),
}
# The derivative of a gradient.
HESSIANS = word_set("hess hessian hessians hesse hessiana hessiano hessienne hessenne")


@dataclass(frozen=True)
class Defined:
    """What a definition says of itself.

    Attributes:
        needed: its parameters without a default, without the object of a method.
        parameters: all of them.
        returned: what its last return statement calls what it gives.
        calls: the names that it calls.
        kept: what its last return statement puts into a tuple behind the first thing that it gives.
        opened: the names into which it takes a parameter apart.
    """

    needed: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    calls: frozenset[str] = frozenset()
    kept: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()


def defined_by(node: ast.AST | None, *, is_method: bool = False) -> Defined:
    """What the syntax of a definition says; nothing of what is no function."""
    arguments = getattr(node, "args", None)
    if node is None or not isinstance(arguments, ast.arguments):
        return Defined()
    names = [item.arg for item in (*arguments.posonlyargs, *arguments.args)]
    needed = names[: len(names) - len(arguments.defaults)]
    behind = int(is_method and names[:1] in (["self"], ["cls"]))
    returned, kept = (tuple(returned_names(node, flat=flat)) for flat in (False, True))
    opened = _opened(node, names)
    return Defined(tuple(needed[behind:]), tuple(names[behind:]), returned, calls_of(node), kept[1:], opened)


def _opened(node: ast.AST, parameters: Sequence[str]) -> tuple[str, ...]:
    """The names of `okna, w, p = kept` for a parameter `kept`."""
    taken = (
        tuple(map(identifier, each.targets[0].elts))
        for each in ast.walk(node)
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Tuple)
        if identifier(each.value) in parameters
    )
    return next(taken, ())


def calls_of(node: ast.AST, *, methods: bool = False) -> frozenset[str]:
    """The functions that a definition calls by their own names, and its methods and those of modules too."""
    found = (each.func for each in ast.walk(node) if isinstance(each, ast.Call))
    return frozenset(identifier(each) for each in found if methods or isinstance(each, ast.Name))


def defined_of(call: Callable[..., Any]) -> Defined:
    """The same of a method that is there to be called; what it returns is not looked at."""
    try:
        found = list(inspect.signature(call).parameters.values())
    except (TypeError, ValueError):
        return Defined()
    own = [item for item in found if item.kind is item.POSITIONAL_OR_KEYWORD and item.name not in ("self", "cls")]
    needed = (item.name for item in own if item.default is item.empty)
    return Defined(tuple(needed), tuple(item.name for item in own))


def pairs_among(functions: Mapping[str, Defined]) -> dict[str, str]:
    """Backward -> its forward, of all that belong together.

    Names tell first; then a name that goes on where the other begins, with the same arguments; then the same arguments
    alone, where only one function takes them; then what one hands to the other.

    Args:
        functions: of one file, or the methods of one class.
    """
    backwards = backwards_among(functions)
    found = {name: forward for name in backwards if (forward := _forward_of(name, _not_calling(name, functions)))}
    named = (name for name in functions if name not in found and _named_derivative(name) is not None)
    found |= {name: forward for name in named if (forward := _forward_of_named(name, _not_calling(name, functions)))}
    second = [name for name in functions if name not in found and is_hessian(name)]
    found |= {name: gradient for name in second if (gradient := _gradient_of(name, backwards, functions))}
    silent = [
        name for name in functions if name not in (*found, *backwards, *found.values()) and not goes_forward(name)
    ]
    used = {name: forward for name in silent if (forward := _forward_by_use(name, functions))}
    return {**found, **{name: forward for name, forward in used.items() if forward not in used}}


def _not_calling(backward: str, functions: Mapping[str, Defined]) -> dict[str, Defined]:
    """Those that may be its forward: what calls a gradient, as a Hessian by differences does, is none that has it."""
    return {name: each for name, each in functions.items() if backward not in each.calls}


def backward_for(forward: str, pairs: Mapping[str, str]) -> str:
    """The backward of a forward, of several the one that is called most as it is; "" for none.

    Args:
        pairs: see `pairs_among`.
    """
    mine = [name for name, found in pairs.items() if found == forward]
    return min(mine, key=lambda name: (base_of(name) != base_of(forward), len(name)), default="")


def _forward_of(backward: str, functions: Mapping[str, Defined]) -> str:
    return (
        _called_alike_with_its_arguments(backward, functions)
        or forward_for(backward, functions)
        or _forward_that_goes_on(backward, functions)
        or _forward_that_ends_alike(backward, functions)
        or _forward_by_arguments(backward, functions)
        or _forward_that_keeps(backward, functions)
    )


def _forward_that_keeps(backward: str, functions: Mapping[str, Defined]) -> str:
    """The only one that puts into a tuple what the backward takes out of one, by the same names but for an expression.

    `return y, (x.shape, windows, w)` and `shape, windows, w = cache`: their own names need have nothing in common.
    """
    opened = functions[backward].opened
    found = [
        name
        for name, other in functions.items()
        if name != backward
        and len(other.kept) == len(opened)
        and sum(kept == own != "" for kept, own in zip(other.kept, opened, strict=True)) >= _NAMES_IN_COMMON
    ]
    return _the_only(found)


def _called_alike_with_its_arguments(backward: str, functions: Mapping[str, Defined]) -> str:
    """`huber_full(X, y, w)` for `huber_grad(X, y, w)`, beside `huber(y, t)`, which it cannot call; "" for none.

    Nor beside `advect(u, c)` for `advect_grad(u, c, goal)`, where `advect_loss(u, c, goal)` stands: it is handed no G.
    """
    own, base = functions[backward], base_of(backward)
    named = forward_for(backward, functions)
    more = set(own.needed) - set(functions[named].needed) if named else set()
    is_handed_more = any(is_upstream(name) or is_cache(name) or looks_like_gradient(name) for name in more)
    if not named or (set(functions[named].needed) <= set(own.parameters) and (is_handed_more or not more)):
        return ""
    alike = [name for name in functions if not goes_backward(name) and base_of(name)[: len(base)] == base]
    return _the_only([name for name in alike if name != backward and _have_same_arguments(functions[name], own)])


def _forward_that_goes_on(backward: str, functions: Mapping[str, Defined]) -> str:
    """`focal_loss_binary(p, y, gamma)` for `focal_loss_gradient(p, y, gamma)`: it goes on as the other begins.

    The only one that does may take other arguments: `lookup_rows(ids, table)` for `lookup_backward(grad, ids, count)`.
    """
    base = base_of(backward)
    going_on = [
        name
        for name in functions
        if base and name != backward and not goes_backward(name) and base_of(name)[: len(base)] == base
    ]
    found = [name for name in going_on if _have_same_arguments(functions[name], functions[backward])]
    if not found and len(going_on) == 1 and _shares_arguments(functions[going_on[0]], functions[backward]):
        return going_on[0]
    return min(found, key=lambda name: len(base_of(name)), default="")


def _forward_that_ends_alike(backward: str, functions: Mapping[str, Defined]) -> str:
    """`divergence_kl(V, W, H)` for `gradient_kl(V, W, H)`: in front stands that it is a loss; "" for none or two."""
    base, own = base_of(backward), functions[backward]
    whole = {name: base_of(name) for name in functions if base and name != backward and not goes_backward(name)}
    ending = [name for name, words in whole.items() if words[-len(base) :] == base]
    losses = [name for name in ending if set(whole[name][: -len(base)]) <= LOSS_WORDS]
    return _the_only([name for name in losses if _have_same_arguments(functions[name], own)])


def _shares_arguments(forward: Defined, backward: Defined) -> bool:
    """Is one handed a gradient, and something that the other is handed too?"""
    handed = [name for name in backward.needed if is_upstream(name) and name not in forward.needed]
    return bool(handed) and bool(set(forward.needed) & set(backward.needed))


def _forward_by_arguments(backward: str, functions: Mapping[str, Defined]) -> str:
    """`objective(w, b)` for `gradient(w, b)` and for `grad_w(w, b)`: no other function takes these arguments.

    Only of a backward whose name says nothing beside its direction and the argument by which it is the derivative.
    """
    own = functions[backward]
    words = set(base_of(backward))
    is_silent = words <= BACKWARD_WORDS | {word for name in own.parameters for word in tokens(name)}
    if not is_silent and not derived_argument(backward, own.parameters):
        return ""
    backwards = backwards_among(functions)
    taking = _taking_the_same(backward, functions)
    found = [name for name in taking if name not in backwards and not is_hessian(name)]
    losses = [name for name in found if set(tokens(name)) & LOSS_WORDS]
    return _the_only(losses) or ("" if losses else _the_only(found))


def _named_derivative(name: str) -> frozenset[str] | None:
    """The words of what a derivative with a name of its own is of; None where the name is none of these."""
    return next((_NAMED_DERIVATIVES[word] for word in tokens(name) if word in _NAMED_DERIVATIVES), None)


def is_named_derivative(name: str) -> bool:
    """Is a function called as a derivative is that has a name of its own: a force, a score, a Jacobian?"""
    return _named_derivative(name) is not None


def is_by_arguments_alone(backward: str, forward: str) -> bool:
    """Is it a Jacobian of which no word says whose: `left_jacobian(w)`, beside `rodrigues(w)`?"""
    words = set(base_of(backward)) - set(_NAMED_DERIVATIVES)
    is_any = is_named_derivative(backward) and not _named_derivative(backward)
    return is_any and bool(words) and not words & set(base_of(forward))


def _forward_of_named(name: str, functions: Mapping[str, Defined]) -> str:
    """The potential of a force; the function of a Jacobian that takes its arguments, or that is called as it is."""
    words = _named_derivative(name) or frozenset()
    base = tuple(word for word in base_of(name) if word not in _NAMED_DERIVATIVES)
    taking = [other for other in _taking_the_same(name, functions) if not goes_backward(other)]
    taking = [other for other in taking if not words or words & set(tokens(other))]
    alike = [other for other in taking if base and tuple(word for word in base_of(other) if word not in words) == base]
    return _the_only(alike) or _the_only(taking)


def is_hessian(name: str) -> bool:
    """Is a function called as a second derivative is?"""
    return bool(HESSIANS & set(tokens(name)))


def _gradient_of(hessian: str, backwards: Sequence[str], functions: Mapping[str, Defined]) -> str:
    """The gradient of which a Hessian is the derivative: of the same arguments, called alike or the only one.

    What takes differences of a gradient is no formula of its own.
    """
    calls = functions[hessian].calls
    taking = [name for name in _taking_the_same(hessian, functions) if name in backwards and name not in calls]
    alike = [name for name in taking if _without_direction(name) == _without_direction(hessian)]
    return _the_only(alike) or _the_only(taking)


def _without_direction(name: str) -> tuple[str, ...]:
    return tuple(word for word in base_of(name) if word not in BACKWARD_WORDS | HESSIANS)


def _taking_the_same(name: str, functions: Mapping[str, Defined]) -> list[str]:
    """Other functions of these arguments; none where dE/dO is among them, which no forward takes."""
    own = functions[name].parameters
    if any(is_upstream(each) and looks_like_gradient(each) for each in own):
        return []
    return [other for other in functions if other != name and _have_same_arguments(functions[name], functions[other])]


def _have_same_arguments(one: Defined, other: Defined) -> bool:
    return bool(one.needed) and set(one.needed) == set(other.needed)


def _the_only(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ""


def _forward_by_use(backward: str, functions: Mapping[str, Defined]) -> str:
    """The function whose returned cache a backward takes, called alike; or the one whose it takes apart, whatever they
    are called. "" where none or several are."""
    wanted = functions[backward].parameters
    is_handed_gradient = any(is_upstream(name) or looks_like_gradient(name) for name in wanted)
    return (is_handed_gradient and _forward_that_keeps(backward, functions)) or _the_only(
        [
            name
            for name, other in functions.items()
            if name != backward and _alike(name, backward) and _hands_on(other.returned, wanted)
        ]
    )


def _hands_on(outputs: Sequence[str], wanted: Iterable[str]) -> bool:
    """A backward is handed the gradient of the first output; or some gradient, and what else the forward returns."""
    if outputs[:1] and any(belongs_to(name, [outputs[0]]) not in ("", name) for name in wanted if outputs[0]):
        return True
    is_gradient = any(is_upstream(name) or looks_like_gradient(name) for name in wanted)
    return is_gradient and bool(set(outputs[1:]) & set(wanted))


def _alike(one: str, other: str) -> bool:
    return one[:_SAME] == other[:_SAME] or one[-_SAME:] == other[-_SAME:]
