"""A mistake of the catalogue, with an example worked in numbers from its formula."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.explain.explanation import WIDTH, Explanation, Section, filled
from gradcheck_cli.explain.grids import planes, side_by_side, times
from gradcheck_cli.explain.small_layers import small_cases
from gradcheck_cli.mistakes import Mistake, Problem, padding_words
from gradcheck_cli.model import TENSORS, Array, GradientName
from gradcheck_cli.model.text import counted


def of_mistake(mistake: Mistake) -> Explanation:
    """Why it is wrong, where it occurs, where it hides, how to mend it, and an example."""
    gradients = [tensor.gradient for gradient, tensor in TENSORS.items() if mistake.forms(gradient)]
    labels = dict.fromkeys(form.label for forms in mistake.variants.values() for form in forms)
    sections = [Section("Why it is wrong", mistake.why)]
    if gradients:
        sections.append(Section("Occurs in", ", ".join(gradients)))
    if labels:
        sections.append(Section("Also seen as", "; ".join(labels)))
    sections += [
        Section("Hides when", mistake.hides_when),
        Section("How to mend it", mistake.fix),
        *([Section("In any function", mistake.of_function)] if mistake.of_function else ()),
        Section("Shown by", mistake.shown_by),
        _example(mistake),
    ]
    return Explanation(mistake.id, f"the code {mistake.title}", tuple(sections))


def _example(mistake: Mistake) -> Section:
    for shows in (_shows, _differs):
        for gradient, formula in mistake.formulas.items():
            for case in small_cases():
                problem = Problem(case)
                wrong = formula(problem)
                if wrong is not None and shows(wrong, problem.right(gradient)):
                    return Section("Example, 4x4", _worked(problem, gradient, wrong), fixed=True)
    return Section("Example", "It has no formula of its own: it is recognised by what happens when the code runs.")


def _differs(wrong: Array, right: Array) -> bool:
    """For mistakes that give zeros and nothing else."""
    return not np.array_equal(wrong, right)


def _shows(wrong: Array, right: Array) -> bool:
    """Whether it makes an example: different, and not a kernel or picture of zeros that would hide what happened."""
    return not np.array_equal(wrong, right) and bool(wrong.any() or wrong.size == 0 or wrong.ndim == 1)


def _worked(problem: Problem, gradient: GradientName, wrong: Array) -> str:
    """The layer, its arrays, the right and the wrong gradient, plane by plane."""
    case, spec, right = problem.case, problem.spec, problem.right(gradient)
    counts = {"image": spec.batch, "channel": spec.in_channels, "filter": spec.out_channels}
    layer = ", ".join(counted(amount, noun) for noun, amount in counts.items())
    layer += f", kernel {spec.kernel_size[0]}x{spec.kernel_size[1]}, stride {spec.stride[0]}"
    layer += f", padding {padding_words(spec)}, dilation {spec.dilation[0]}, groups {spec.groups}"
    symbol = TENSORS[gradient].gradient
    given = [*planes("X", case.x), *planes("F", case.weight), *planes("G", case.grad_output)]
    if wrong.shape != right.shape:
        note = f"shape {times(wrong.shape)}, right is {times(right.shape)}"
    else:
        note = f"{int((wrong != right).sum())} of {right.size} entries differ"
    return "\n\n".join(
        (
            filled(layer, WIDTH - 2),
            side_by_side(given),
            f"{symbol}, right:\n" + side_by_side(planes("", right)),
            f"{symbol}, with this mistake ({note}):\n" + side_by_side(planes("", wrong)),
        )
    )
