"""gaps-closed: windows laid side by side where the stride leaves rows and columns between them."""

from __future__ import annotations

from collections.abc import Callable

from gradcheck_cli.mistakes.mistake import Mistake, Problem, WrongFormula
from gradcheck_cli.mistakes.steps import OtherSteps, Steps, read_with, written_with
from gradcheck_cli.model import Array, GradientName


def _side_by_side(gradient: GradientName, stepping: Callable[[OtherSteps], WrongFormula]) -> WrongFormula:
    """The way without overlap is taken where stride >= kernel on both axes; where they are equal it is right."""

    def formula(problem: Problem) -> Array | None:
        extent = problem.spec.extent
        if any(step < length for step, length in zip(problem.spec.stride, extent, strict=True)):
            return problem.right(gradient)
        return stepping(lambda steps: Steps(extent, steps.padding, steps.dilation))(problem)

    return formula


MISTAKE = Mistake(
    id="gaps-closed",
    order=305,
    title="lays the windows side by side where the stride leaves rows or columns between them",
    formulas={"weight": _side_by_side("weight", read_with), "input": _side_by_side("input", written_with)},
    why=(
        "Windows that do not overlap are cut out, or put back, by one reshape in place of a loop. That is right for "
        "stride = kernel, as in patch embeddings and pooling; with a larger stride there are gaps that the reshape "
        "closes."
    ),
    hides_when="the stride is no larger than the kernel",
    fix=(
        "Take the reshape only where stride = kernel; else put the window of output (p, q) at row s*p and column s*q."
    ),
    shown_by="--k 2 --stride 3",
    numbers="stride {stride}, kernel {kernel}",
)
