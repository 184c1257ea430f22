"""Arguments of the session, written to a file that a fresh process can load: arrays as numbers, constants as text."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.model import Sample
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.targets.functions.form import NotAFunctionError
from gradcheck_cli.targets.functions.inputs.given import as_value
from gradcheck_cli.targets.functions.packing import packed
from gradcheck_cli.targets.resolve import INPUTS

_TEXT = '''"""What a function is called with, as it was handed to gradcheck_cli.verify."""

import json
from pathlib import Path

import numpy as np

from gradcheck_cli.targets.functions.packing import unpacked

HERE = Path(__file__).parent


def {name}():
    """A tuple for each call, or a dict of arguments by name."""
    with np.load(HERE / "arrays.npz") as stored:
        arrays = {{name: stored[name] for name in stored.files}}
    calls = [dict(each.values) for each in unpacked(json.loads((HERE / "calls.json").read_text()), arrays)]
    return {shown}
'''


def write_arguments(given: Any) -> str:
    """Write them; the place of the function that returns them, which is there until the session ends.

    Args:
        given: a tuple by place, a mapping by name, or a list of such tuples.

    Raises:
        UsageError: something in it is neither an array nor a plain constant.
    """
    calls = given if isinstance(given, list) else [given]
    try:
        samples = [Sample({name: as_value(value) for name, value in _named(call)}, ()) for call in calls]
    except NotAFunctionError as error:
        raise UsageError(f"inputs: {error.sentence}.", hint="arrays, tensors, numbers, words, dicts of such") from error
    listed, arrays = packed(samples)
    folder = tempfile.mkdtemp(prefix="gradcheck-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    np.savez(os.path.join(folder, "arrays.npz"), **arrays)  # type: ignore[arg-type]
    with open(os.path.join(folder, "calls.json"), "w", encoding="utf-8") as file:
        json.dump(listed, file)
    file_name = os.path.join(folder, "inputs.py")
    shown = "calls[0]" if isinstance(given, Mapping) else "[tuple(call.values()) for call in calls]"
    with open(file_name, "w", encoding="utf-8") as file:
        file.write(_TEXT.format(name=INPUTS, shown=shown))
    return f"{file_name}:{INPUTS}"


def _named(call: Any) -> list[tuple[str, Any]]:
    if isinstance(call, Mapping):
        return [(str(name), value) for name, value in call.items()]
    return [(str(place), value) for place, value in enumerate(call if isinstance(call, tuple) else (call,))]
