"""The convolutions of a model of the user's, with the shapes that they meet: it runs in a process of its own."""

from __future__ import annotations

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.model.files import file_and_name
from gradcheck_cli.targets.contract import WorkerLimits
from gradcheck_cli.targets.process import Child, DiedError, TimedOutError
from gradcheck_cli.targets.resolve import resolve
from gradcheck_cli.targets.spec_message import spec_of_message
from gradcheck_cli.targets.wire import WireError


def geometries_of_model(place: str, timeout: float) -> tuple[ConvSpec, ...]:
    """Every geometry that a convolution of the model meets, each once, in the order in which they ran.

    Args:
        place: FILE.py:NAME, a module, or a function that runs one.
        timeout: seconds.

    Raises:
        TargetError: it is not there, it cannot be run, or no convolution runs in it.
    """
    name = file_and_name(place)[1]
    if not name:
        raise TargetError(f"--from-module {place} names no model.", hint=f"--from-module {place}:NAME")
    (ref,) = resolve((place,), lambda _tree, _path: (name,))
    if ref.error:
        raise TargetError(ref.error)
    limits = WorkerLimits(timeout=timeout)
    child = Child(limits.memory, limits.output, ("torch",))
    try:
        reply, _ = child.exchange(
            {"do": "convolutions", "text": ref.text, "file": ref.file, "name": ref.name, "module": ref.module},
            {},
            timeout,
        )
    except (TimedOutError, DiedError, WireError) as error:
        why = f"no answer within {timeout:g} s" if isinstance(error, TimedOutError) else "it ended its process"
        raise TargetError(f"{place} cannot be run: {why}.") from error
    finally:
        child.kill()
    if "failed" in reply:
        raise TargetError(f"{place}: {reply['failed']}", hint=str(reply.get("hint") or "") or None)
    return tuple(spec_of_message(values) for values in reply["geometries"])
