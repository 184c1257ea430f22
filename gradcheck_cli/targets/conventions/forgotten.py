"""Gradients that a layer's backward computes and leaves behind: a local array that is right when the call ends."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.model import TENSORS, Case, ConvSpec, GradientName, Gradients
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.base import to_numpy
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.layout import WrongShapeError
from gradcheck_cli.targets.conventions.results import take_one

# Geometries on which a local must be the gradient: on one it may be by chance.
TRIES = 3


def left_behind(candidate: LayerCandidate, missing: tuple[GradientName, ...]) -> tuple[str, ...]:
    """One sentence for every missing gradient that a local of the backward equals, on every geometry that was tried.

    Args:
        missing: the gradients that the layer should give and that were found nowhere.
    """
    specs = [spec for spec in probes.PROBES if not candidate.refuses(spec)][:TRIES]
    method = candidate.calls.backward
    if not missing or not specs or not method:
        return ()
    found = [_right_locals(candidate, missing, spec) for spec in specs]
    sentences = []
    for name in missing:
        common = set.intersection(*(locals_of[name] for locals_of in found))
        if common:
            sentences.append(
                f"{method} computes {TENSORS[name].gradient}, in `{min(common)}`, and does not hand it out"
            )
    return tuple(sentences)


def _right_locals(
    candidate: LayerCandidate, missing: tuple[GradientName, ...], spec: ConvSpec
) -> dict[GradientName, set[str]]:
    """gradient -> the locals of the backward that equal it when the call ends."""
    case = probes.integer_case(spec)
    last: dict[str, Any] = {}
    method = inspect.unwrap(getattr(candidate.owner, candidate.calls.backward))
    try:
        with _watching(method, last):
            candidate.start(case)()
    except Exception:
        return {name: set() for name in missing}
    truth = conv.backward(case)
    return {
        name: {key for key, value in last.items() if _is_it(value, name, candidate, case, truth)} for name in missing
    }


def _is_it(value: Any, name: GradientName, candidate: LayerCandidate, case: Case, truth: Gradients) -> bool:
    array, right = to_numpy(value), truth.get(name)
    if array is None or right is None or not np.any(right):
        return False
    try:
        return np.array_equal(take_one(array, name, case.spec, candidate.layout, candidate.bias_form), right)
    except WrongShapeError:
        return False


@contextmanager
def _watching(method: Callable[..., Any], last: dict[str, Any]) -> Iterator[None]:
    """Keep the locals of `method` as they are when it returns."""
    code: CodeType | None = getattr(method, "__code__", None)

    def look(frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            last.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)
