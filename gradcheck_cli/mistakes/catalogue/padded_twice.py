"""padded-twice: X padded by hand and then once more."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake, Problem
from gradcheck_cli.mistakes.pieces import Margin, frame, read_elsewhere, stripped, window
from gradcheck_cli.model import Array


def _weight(problem: Problem) -> Array:
    rows, columns = problem.spec.padding
    return problem.grad_weight if rows == columns == 0 else read_elsewhere(problem, (-rows, -columns))


def _input(problem: Problem) -> Array | None:
    """The padding stripped twice."""
    spec = problem.spec
    if not spec.is_padded:
        return problem.grad_input
    once = Margin.of(spec)
    return stripped(window(frame(problem), once.before, spec.input_size), once)


MISTAKE = Mistake(
    id="padded-twice",
    order=400,
    title="pads X twice (or strips the padding of dE/dX twice)",
    formulas={"weight": _weight, "input": _input},
    why=(
        "X is padded by hand and the padding is given to `unfold` or `conv2d` as well, or the cache already holds the "
        "padded X. Each window is then read p rows and columns too far up and left."
    ),
    hides_when="padding = 0",
    fix="Pad once: either by hand, or by the `padding` argument.",
    shown_by="--padding 1",
    numbers="padding {padding}",
)
