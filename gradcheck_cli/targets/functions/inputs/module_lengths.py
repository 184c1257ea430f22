"""Lengths that stand in a file beside its functions: `n_heads = 4`, by which they reshape their data."""

from __future__ import annotations

import inspect

from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.parameters import is_count

# Longer rows cost more than they show.
_LARGEST = 128


def module_length(form: WrittenFunction) -> int:
    """The largest of the whole numbers of its file by which a function reshapes or divides lengths; 0 for none."""
    function = getattr(form, "fore", getattr(form, "function", None))
    held = getattr(inspect.unwrap(function.call), "__globals__", {}) if function is not None else {}
    own = {item.name for item in form.parameters}
    found = (
        value for name, value in held.items() if type(value) is int and name not in own and is_count(form.source, name)
    )
    return max((value for value in found if 1 < value <= _LARGEST), default=0)
