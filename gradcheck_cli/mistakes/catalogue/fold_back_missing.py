"""fold-back-missing: dE/dX of a repeating padding is cropped, and what its margin holds is lost."""

from __future__ import annotations

from gradcheck_cli.mistakes.any_form import following, repeating
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant
from gradcheck_cli.model import Array


def _cropped(problem: Problem) -> Array | None:
    repeats = problem.spec.padding_mode != "zeros" and problem.spec.is_padded
    return following("input", repeating("zeros"))(problem) if repeats else None


MISTAKE = Mistake(
    id="fold-back-missing",
    order=412,
    title="crops dE/dX of the padded X, and does not add its margin back to the elements that the padding repeats",
    elsewhere={"input": (Variant("", _cropped),)},
    why=(
        "With reflect, replicate or circular padding the margin shows elements of X once more, so what the gradient "
        "holds there belongs to these elements. Cropping is right for zeros alone, which are no part of X."
    ),
    hides_when="padding = 0, or the layer pads with zeros",
    fix=(
        "For every position of the padded X add its gradient to the element that it repeats: "
        "`np.add.at(dX, (..., source), dX_padded)` with `source = np.pad(np.arange(L), p, mode=...)`, axis by axis."
    ),
    shown_by="gradcheck verify, of code whose padding repeats (dE/dX)",
    numbers="padding {padding}",
)
