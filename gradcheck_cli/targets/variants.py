"""One question to a target with each of several edits in its text, put in one exchange; both sides of it.

A search for what mends a gradient asks a thousand such questions of a millisecond each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from gradcheck_cli.model import Array
from gradcheck_cli.targets.contract import SLICE, TextEdit
from gradcheck_cli.targets.edited import Edits
from gradcheck_cli.targets.wire import Message, WireError

# Of one answer; a frame that is larger is taken for none of ours.
MOST = 64
BYTES = 2**24

Variants = Sequence[Sequence[TextEdit]]
"""Each is the file's text with some edits in it."""
Answered = tuple[Message, dict[str, Array]]
VariantAnswer = Answered | None
"""None where the edits cannot be put."""


def listed_edits(edits: Sequence[TextEdit]) -> list[list[int | str | bool]]:
    """Edits as a message."""
    return [list(vars(edit).values()) for edit in edits]


def edits_of(listed: Sequence[Sequence[object]]) -> list[TextEdit]:
    """The edits of a message."""
    return [TextEdit(*fields) for fields in listed]  # type: ignore[arg-type]


def asked_of(variants: Variants, question: Message) -> Message:
    """The same question to each of these, as a message."""
    return {"do": "variants", "variants": [listed_edits(edits) for edits in variants[:MOST]], "question": question}


def answered(
    edits: Edits, message: Message, arrays: Mapping[str, Array], answer: Callable[[Message, dict[str, Array]], Answered]
) -> Answered:
    """The answers for the first of the variants, one at least, as one message. The last one stays in the text.

    Args:
        edits: of the target.
        message: from `asked_of`.
        arrays: of the question; each variant is given copies, as what one of them writes is nothing of the next.
        answer: puts the question.
    """
    end, size = time.monotonic() + SLICE, 0
    answers: list[Message | None] = []
    gathered: dict[str, Array] = {}
    for place, listed in enumerate(message["variants"]):
        if place and (time.monotonic() > end or size > BYTES):
            break
        if not edits.put(edits_of(listed)):
            answers.append(None)
            continue
        reply, found = answer(message["question"], {name: array.copy() for name, array in arrays.items()})
        answers.append(reply)
        gathered |= {f"{place}.{name}": array for name, array in found.items()}
        size += sum(array.nbytes for array in found.values())
    return {"answers": answers}, gathered


def each_answer(message: Message, arrays: Mapping[str, Array]) -> list[VariantAnswer]:
    """The answers of such a message, variant by variant.

    Raises:
        WireError: no message of ours.
    """
    apart: dict[str, dict[str, Array]] = {}
    for name, array in arrays.items():
        place, _, own = name.partition(".")
        apart.setdefault(place, {})[own] = array
    answers = message.get("answers")
    if not isinstance(answers, list) or not answers:
        raise WireError("the worker sent something that is not an answer.")
    return [None if reply is None else (reply, apart.get(str(place), {})) for place, reply in enumerate(answers)]
