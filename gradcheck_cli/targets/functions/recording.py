"""The child's side of a recording: a forward run once more, and written down for the parent."""

from __future__ import annotations

from typing import Any, Protocol

from gradcheck_cli.model import Array
from gradcheck_cli.model.recording import Recording
from gradcheck_cli.targets.functions.form import Values, WrittenFunction
from gradcheck_cli.targets.functions.tensors import floating, tensors
from gradcheck_cli.targets.interpreter import LAUNCHES
from gradcheck_cli.targets.wire import Message


class Recordable(Protocol):
    """A form whose forward takes tensors."""

    def call(self, given: dict[str, Any], /) -> Any:
        """What the forward returns for tensors by argument name."""


def recorded(form: WrittenFunction | Recordable, values: Values, file: str) -> tuple[Message, dict[str, Array]]:
    """The recording of a forward as a message with its constants, or why there is none.

    Args:
        form: any; one that has `call` takes tensors, of any other the arrays are followed.
        values: of the sample.
        file: the user's, whose lines are told.
    """
    from gradcheck_cli.oracles.graph.recorder import NotRecordableError

    before = LAUNCHES.count
    try:
        recording = _recording(form, values, file)
    except NotRecordableError as error:
        return {"kind": "", "recording": None, "why": str(error)}, {}
    except Exception as error:
        return {"kind": "", "recording": None, "why": f"{type(error).__name__}: {str(error)[:200]}"}, {}
    if LAUNCHES.count > before:
        return {
            "kind": "",
            "recording": None,
            "why": "its forward launches kernels, whose arithmetic torch does not see",
        }, {}
    message, constants = recording.message()
    arrays = {f"constant{place}": array for place, array in enumerate(constants)}
    return {"kind": "", "recording": message, "constants": len(constants), "why": ""}, arrays


def _recording(form: Any, values: Values, file: str) -> Recording:
    call = getattr(form, "call", None)
    if call is None:
        from gradcheck_cli.oracles.graph.numpy_recorder import record_numpy

        return record_numpy(form.forward, values, (file,))
    from gradcheck_cli.oracles.graph.recorder import record

    given = tensors(values)
    inputs = {name: value for name, value in given.items() if hasattr(value, "is_floating_point")}
    return record(lambda: floating(call(given)), inputs, (file,))[1]
