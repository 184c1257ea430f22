"""What it means that every way to call a target failed: a failure of the code, or a reason why it cannot be judged."""

from __future__ import annotations

import inspect
import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.targets.conventions import binding, meanings
from gradcheck_cli.targets.conventions.autograd_function import AutogradCandidate
from gradcheck_cli.targets.conventions.backprop import NotSeededError
from gradcheck_cli.targets.conventions.base import Candidate, HungError, NotRecognisedError, UnfinishedError
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.handing import FROM_FORWARD
from gradcheck_cli.targets.conventions.misfed import is_misfed
from gradcheck_cli.targets.conventions.names import FUNCTION_ROLES, function_roles
from gradcheck_cli.targets.conventions.settings import NotToldError
from gradcheck_cli.targets.load import Loaded, lacking, user_line
from gradcheck_cli.targets.undefined import is_undefined

ROLES = {role for role, _ in FUNCTION_ROLES} | {binding.NO_ROLE}
# Their arrays take what numpy's do not; code that was written for them may fail on ours alone.
OTHER_ARRAYS = ("jax", "jaxlib", "tensorflow", "cupy", "mxnet", "mlx", "theano", "tinygrad")


@dataclass(frozen=True)
class Failed:
    """A try that raised. `understood`: the candidate's own forward was right, so it is called as meant, but for what is
    handed nothing."""

    candidate: Candidate
    error: BaseException
    understood: bool


class NoGradientError(Exception):
    """What came back fits no gradient."""


def settled(failed: Failed, loaded: Loaded) -> bool:
    """Whether no other way to call it can end better: not written yet, endless or too large, and surely called so."""
    return isinstance(failed.error, UnfinishedError | HungError | MemoryError) and certain(failed.candidate, loaded)


def raises_anyhow(failed: Failed) -> bool:
    """Whether another way to call it would end so too: it was surely called as meant, or a name is nowhere defined."""
    endless = isinstance(failed.error, UnfinishedError | HungError | MemoryError)
    return _is_sure(failed) or endless or is_undefined(failed.error)


# What torch says of `x.imag` where x is real.
_OF_COMPLEX = "not implemented for tensors with non-complex dtypes"


def _is_sure(failed: Failed) -> bool:
    """Is nothing of how it was called a guess of ours, nor a parameter left without a value that it needs?"""
    candidate = failed.candidate
    if not failed.understood or not isinstance(candidate, FunctionCandidate):
        return failed.understood
    needed = [item.name for item in candidate.callee.parameters if item.default is item.empty]
    return not any(candidate.assignment.get(name) == binding.NO_ROLE for name in needed)


def likeliest_failure(failed: Sequence[Failed], loaded: Loaded, wanted: Sequence[str] = ()) -> Candidate:
    """The way in which the code was meant to be called, where it raises in every one: that is its failure.

    Raises:
        NotRecognisedError: it may as well be called in a way that it does not mean.
    """
    file = loaded.module.__file__ or ""
    sealed = [item.error for item in failed if item.understood and isinstance(item.error, NotSeededError)]
    if sealed:
        raise NotRecognisedError("run", str(sealed[0]))
    inside = [item for item in failed if user_line(item.error, file) is not None]
    if not inside:
        raise _outside(failed, loaded, wanted)
    likeliest = max(inside, key=lambda item: (item.understood, certain(item.candidate, loaded), item.candidate.in_text))
    lack = lacking(likeliest.error, loaded)
    if lack is not None:
        raise lack
    if isinstance(likeliest.error, NotToldError):
        raise NotRecognisedError("run", str(likeliest.error))
    if _OF_COMPLEX in str(likeliest.error):
        raise NotRecognisedError("run", "it works on complex numbers, and a convolution is asked with real ones")
    if _is_sure(likeliest) or _proves(likeliest, loaded):
        return likeliest.candidate
    raise NotRecognisedError("run", "it raises in every way in which it was called", error=likeliest.error)


def _proves(failed: Failed, loaded: Loaded) -> bool:
    """Whether the exception is the code's own doing.

    The names tell what each argument is, but not of what form a setting is; a name that is nowhere defined is nobody's
    guess, while one that gets no value on the way that was taken may be ours.
    """
    if not certain(failed.candidate, loaded) and not is_undefined(failed.error):
        return False
    return not is_misfed(failed.error, loaded.module.__file__ or "", _made(failed.candidate))


def _made(candidate: Candidate) -> list[str]:
    """Parameters that hold what the file's own forward made."""
    if not isinstance(candidate, FunctionCandidate) or candidate.cache_from not in FROM_FORWARD:
        return []
    return [name for name, role in candidate.assignment.items() if role in ("cache", "made")]


def certain(candidate: Candidate, loaded: Loaded) -> bool:
    """Whether the names of its parameters are those of the documentation: there is no doubt how it is called."""
    if any(_comes_from(value, OTHER_ARRAYS) for value in vars(loaded.module).values()):
        return False
    if isinstance(candidate, AutogradCandidate):
        callee, roles = candidate.forward, set(candidate.assignment.values())
        return {"x", "weight"} <= roles and _is_named(callee, candidate.assignment)
    if not isinstance(candidate, FunctionCandidate) or _uses_self(candidate.callee):
        return False
    known = candidate.roles <= ROLES and "grad_output" in candidate.roles and bool({"x", "weight"} & candidate.roles)
    return known and _is_named(candidate.callee, candidate.assignment)


def _is_named(callee: Callee, assignment: binding.Assignment) -> bool:
    """Did names tell every parameter, and every key of a dict of sizes?"""
    if meanings.by_trial(assignment) or binding.NO_ROLE in assignment.values():
        return False
    if not all(callee.source.use(name).fits(role) for name, role in assignment.items()):
        return False
    keys = [key for name, role in assignment.items() if role == "params" for key in callee.source.keys(name)]
    return all(function_roles(key) for key in keys)


def _uses_self(callee: Callee) -> bool:
    """A method of an object, whose result may be kept there."""
    return isinstance(callee.function, types.MethodType) and not isinstance(callee.function.__self__, type)


def _comes_from(value: Any, packages: Sequence[str]) -> bool:
    name = value.__name__ if isinstance(value, types.ModuleType) else str(getattr(value, "__module__", ""))
    return str(name).partition(".")[0] in packages


def _outside(failed: Sequence[Failed], loaded: Loaded, wanted: Sequence[str]) -> NotRecognisedError:
    """No try went wrong in the file itself."""
    odd = [item.error for item in failed if isinstance(item.error, NoGradientError | UnfinishedError | NotSeededError)]
    if odd:
        return NotRecognisedError("read", str(odd[0]))
    if failed:
        return NotRecognisedError("run", "its arguments cannot be passed", failed[0].candidate.why(), failed[0].error)
    if wanted:
        return NotRecognisedError("run", f"--convention {','.join(wanted)} leaves no way to call it")
    if isinstance(loaded.target, type):
        return NotRecognisedError("build", "it was not possible to build it and to run its forward")
    try:
        names = [item.name for item in inspect.signature(loaded.target).parameters.values()]
    except (TypeError, ValueError):
        names = []
    if not names:
        return NotRecognisedError("run", "it takes no arguments that could be x, F or dE/dO")
    return NotRecognisedError("run", f"nothing tells what its parameters {', '.join(names)} are")
