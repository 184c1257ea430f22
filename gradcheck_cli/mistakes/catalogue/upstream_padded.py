"""upstream-padded: G padded like X, so everything moves by p."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.pieces import each, on_other_case, window, with_grad_output
from gradcheck_cli.model import Case


def _moved(case: Case) -> Case:
    rows, columns = case.spec.padding
    if rows == columns == 0:
        return case
    return with_grad_output(case, window(case.grad_output, (-rows, -columns), case.spec.output_size))


MISTAKE = Mistake(
    id="upstream-padded",
    order=440,
    title="pads G as well as X, so G is read p rows and columns off",
    formulas=each(lambda gradient: on_other_case(gradient, _moved), "weight", "input"),
    why=(
        "Padding belongs to X: it made the windows at the border possible. G already has one value per window; with "
        "zeros in front of it, output (p, q) is paired with the window of another one."
    ),
    hides_when="padding = 0",
    fix="Leave G as it is; pad X only.",
    shown_by="--padding 1 with --loss random",
    numbers="padding {padding}",
    prepare=_moved,
)
