"""Arrays of a Function that its author means as constants, where a None is written in the place of their gradients.

The weights of a loss's classes that may be left out, and what a Module of the file registers as a buffer. A None in any
other place is a gradient that was forgotten; so is one of what the file makes a Parameter.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Sequence
from typing import Any

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.form import Parameter, WrittenFunction, is_real
from gradcheck_cli.targets.functions.inputs.proposals import is_bias_name
from gradcheck_cli.targets.functions.spelling import LOSS_WORDS, tokens

_NOTE = "None is returned for {}: taken as a constant; where it is learned it would get no gradient"


def constants_among(owner: Any, source: str, found: Sequence[Parameter]) -> list[str]:
    """The parameters of a Function that are constants, of those for which a None is written in every return.

    Args:
        source: the text of the class, with that of what it uses.
    """
    file = _text_of_file(owner)
    is_loss = bool(LOSS_WORDS & set(tokens(owner.__name__))) and not all(item.has_no_gradient for item in found)
    return [
        item.name
        for item in found
        if item.has_no_gradient
        and not _is_learnt(file, item.name)
        and (_is_buffer(file, item.name) or (is_loss and _may_be_left_out(source, item)))
    ]


def constants_notes(form: WrittenFunction, samples: Sequence[Sample]) -> list[str]:
    """What is said of the constants of a Function that are arrays on these samples."""
    named = [item.name for item in form.parameters if item.is_data] if form.kind == "autograd-function" else []
    arrays = [name for name in named if any(is_real(sample.values.get(name)) for sample in samples)]
    return [_NOTE.format(", ".join(arrays))] if arrays else []


def _text_of_file(owner: Any) -> str:
    code = getattr(owner.forward, "__code__", None)
    return "".join(linecache.getlines(code.co_filename)) if code is not None else ""


def _is_learnt(file: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\s*(?::[^=\n]+)?=\s*(?:\w+\.)*Parameter\(", file) is not None


def _is_buffer(file: str, name: str) -> bool:
    return re.search(rf"register_buffer\(\s*[\"']{re.escape(name)}[\"']", file) is not None


def _may_be_left_out(source: str, item: Parameter) -> bool:
    """Is it None by default, or asked whether it is None? A bias may be left out too, and is learned."""
    is_asked = re.search(rf"\b{re.escape(item.name)} is (?:not )?None\b", source) is not None
    return (is_asked or (item.has_default and item.default is None)) and not is_bias_name(item.name)
