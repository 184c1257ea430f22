"""Which role each parameter of a function plays: by use and by name first, then by trial."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from gradcheck_cli.targets.conventions.binding import (
    ARRAY_ROLES,
    NO_ROLE,
    ONES,
    SHARED,
    SIZES,
    Assignment,
    required,
)
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.source import Source

# Meanings that are tried, each in all layouts: two names that tell nothing may be two of four things, 12 ways.
MAX_ASSIGNMENTS = 12


# Which weights are there, 1 of each that is: `weight * mask`.
_MASKS = re.compile(r"((weights?|w|kernel|filter|prun(e|ing))_?)?masks?", re.IGNORECASE)
# `res_shape` is no array, and no stride or padding either.
_OF_A_SHAPE = re.compile(r"(?:^|_)(?:shapes?|dims)$|[a-z]Shape$")


def assignments(
    found: Sequence[inspect.Parameter], needed: Sequence[str], source: Source | None = None
) -> list[dict[str, str]]:
    """Possible meanings of the parameters, the likeliest first: by use and name, then unknown names by trial.

    Args:
        found: the parameters.
        needed: roles without which the function cannot be what it is taken for.
        source: its definition, which says what is done with each; without one the names alone count.
    """
    source = source or Source(None)
    trials: list[dict[str, str]] = []
    by_name = _by_name(found, source)
    if not set(needed) <= {*by_name[0].values(), "x"}:
        # A letter that stands for a size elsewhere (`c`, `n`) may be any of what is missing.
        by_name += [{name: role for name, role in by_name[0].items() if role not in SIZES}]
    for named in by_name:
        for trial in _completed(found, needed, named, source):
            if trial not in trials:
                trials.append(trial)
    # What leaves a needed role to nobody is no likely meaning, and must not crowd out another one.
    trials.sort(key=lambda trial: len(_unplayed(needed, trial)))
    if trials and not _unplayed(needed, trials[0]):
        trials = [trial for trial in trials if not _unplayed(needed, trial) or not _is_spent(by_name[0], trial)]
    return trials[:MAX_ASSIGNMENTS]


def _unplayed(needed: Sequence[str], trial: Mapping[str, str]) -> list[str]:
    """Needed roles that nobody plays."""
    return [role for role in needed if role not in trial.values()]


def _is_spent(named: Mapping[str, str], trial: Mapping[str, str]) -> bool:
    """Whether an array that names tell nothing of is taken for one that a backward could do without."""
    return any(role in ("bias", "output") for name, role in trial.items() if name not in named)


def _completed(
    found: Sequence[inspect.Parameter], needed: Sequence[str], named: Mapping[str, str], source: Source
) -> list[dict[str, str]]:
    """`named` with the required parameters that it leaves out, in every order of the roles that are missing."""
    named = dict(named)
    for role in needed:
        named |= _claimed(role, named, source)
    used = set(named.values())
    stand_in, meant = _stand_in(needed, used)
    if stand_in:
        named = {name: meant if role == stand_in else role for name, role in named.items()}
        used = set(named.values())
    if "weight" in used:
        named |= {item.name: ONES for item in found if item.name not in named and _MASKS.fullmatch(item.name)}
    unknown = [item.name for item in found if item.name not in named and required(item)]
    if not unknown:
        return [named]
    missing = [role for role in needed if role not in used and not (role == "x" and "x_padded" in used)]
    missing += [role for role in ("bias", "stride", "padding", "output") if role not in used and role not in missing]
    trials = itertools.islice(_shared_out(unknown, missing, source), MAX_ASSIGNMENTS)
    return [{**named, **trial} for trial in trials]


def _shared_out(unknown: Sequence[str], missing: Sequence[str], source: Source) -> Iterator[dict[str, str]]:
    """Each unknown name with one of the missing roles that its use allows, none twice.

    A name that is never used, or that fits nothing that is missing, plays no role and is handed None.
    """
    allowed = []
    for name in unknown:
        use = source.use(name)
        none = use.unused or _OF_A_SHAPE.search(name)
        fitting = [] if none else [role for role in missing if use.fits(role)]
        allowed.append(fitting or [NO_ROLE])
    if sum(roles != [NO_ROLE] for roles in allowed) <= len(missing):
        yield from (dict(zip(unknown, trial, strict=True)) for trial in _distinct(allowed, ()))


def _distinct(allowed: Sequence[Sequence[str]], taken: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """One role of each, in order, none twice but `NO_ROLE`."""
    if len(taken) == len(allowed):
        yield taken
        return
    for role in allowed[len(taken)]:
        if role == NO_ROLE or role not in taken:
            yield from _distinct(allowed, (*taken, role))


def _stand_in(needed: Sequence[str], used: set[str]) -> tuple[str, str]:
    """(role, the one that is meant) of an array with the name of another one; ("", "") for none.

    `out`, and `input` in a backward that needs no x, may be G; `y` in a forward is what it is handed: a transposed
    layer begins where another one ended.
    """
    if "grad_output" in needed and "grad_output" not in used:
        roles = ("output",) if "x" in needed else ("output", "x")
        return next(((role, "grad_output") for role in roles if role in used), ("", ""))
    takes_output = "grad_output" not in needed and "output" in used
    return ("output", "x") if takes_output and "x" in needed and not used & {"x", "x_padded"} else ("", "")


def by_trial(assignment: Assignment) -> list[str]:
    """Parameters whose names told nothing."""
    no_names = ("made", "params", "shared", "key", ONES, NO_ROLE)
    return [name for name, role in assignment.items() if role not in no_names and role not in function_roles(name)]


def _claimed(role: str, named: Assignment, source: Source) -> dict[str, str]:
    """A needed role that nobody plays goes to a parameter that could play it, such as `d`."""
    if role in named.values():
        return {}
    able = [name for name, other in named.items() if role in source.roles(name) and other not in ARRAY_ROLES]
    return {able[0]: role} if able else {}


def _by_name(found: Sequence[inspect.Parameter], source: Source) -> list[dict[str, str]]:
    """Names with one meaning first; then those with several take what is still free.

    Where two parameters claim one role (`prev_layer`, `input`), the first gets it, and the last in another try.
    """
    roles = {item.name: source.roles(item.name) for item in found if not _is_a_choice_of_words(item.default)}
    orders = [sorted(names, key=lambda name: len(roles[name])) for names in (list(roles), list(roles)[::-1])]
    tries = [_taken(order, roles) for order in orders]
    named = [{item.name: one[item.name] for item in found if item.name in one} for one in tries]
    return named[:1] if named[0] == named[1] else named


def _is_a_choice_of_words(default: object) -> bool:
    """("x", "w", "b"): which gradients are wanted; the default is all that anybody can hand over."""
    listed = isinstance(default, tuple | list | set | frozenset) and bool(default)
    return listed and all(isinstance(one, str) for one in default)  # type: ignore[attr-defined]


def _taken(order: Sequence[str], roles: Mapping[str, Sequence[str]]) -> dict[str, str]:
    named: dict[str, str] = {}
    for name in order:
        free = [role for role in roles[name] if role not in named.values() or role in SHARED]
        if free:
            named[name] = free[0]
    return named
