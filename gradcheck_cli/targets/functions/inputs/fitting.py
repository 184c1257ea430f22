"""Whether what a backward gives fits the arguments that it was tried on, and whose fault it is where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from gradcheck_cli.model import Sample, Shape
from gradcheck_cli.model.functions import lacks_ones
from gradcheck_cli.targets.functions.form import BackwardError, NotAFunctionError, WrittenFunction
from gradcheck_cli.targets.functions.inputs.own_fault import is_own_fault
from gradcheck_cli.targets.functions.pair import float_arrays
from gradcheck_cli.targets.functions.pairs import is_by_arguments_alone
from gradcheck_cli.targets.functions.spelling import is_target, tokens, word_set

# What is added to or multiplied with every row, so that its gradient is a sum over them.
SPREAD = word_set("b bias biases b1 b2 beta shift offset gamma scale gain weight")
# Beside so many arguments `b` is a bias; beside one it may be the second of two that are alike.
_BIASED = 3


class ShapeFit(Enum):
    """A gradient's shape beside that of its argument: the same; wrong by a slip that is known; or neither."""

    RIGHT = "right"
    SLIP = "slip"
    ODD = "odd"


def fit_of(name: str, argument: Shape, gradient: Shape, output: Shape) -> ShapeFit:
    """How a gradient fits; axes of 1 in front may lack.

    Turned round, or that of a bias not summed over what it was added to, is a slip.
    """
    if gradient == argument or lacks_ones(gradient, argument):
        return ShapeFit.RIGHT
    if sorted(gradient) == sorted(argument):
        return ShapeFit.SLIP
    return ShapeFit.SLIP if _is_unsummed(name, argument, gradient, output) else ShapeFit.ODD


def _is_unsummed(name: str, argument: Shape, gradient: Shape, output: Shape) -> bool:
    """The gradient of what is added to every row, row by row; a length of 1 is spread too."""
    if gradient != output or gradient == argument or len(argument) > len(output):
        return False
    ends = zip(reversed(argument), reversed(output), strict=False)
    return all(own in (1, whole) for own, whole in ends) and bool(set(tokens(name)) & SPREAD)


@dataclass(frozen=True)
class Fitted:
    """How a backward did on one sample.

    Attributes:
        share: of the gradients that have the shape of their argument, and of the arrays that belong to none: what is
            returned for an argument that was taken as a constant. 0 where it raised or gave none.
        odd: the first shape that no slip explains, in words; not of what a constructor shaped.
        error: what it raised.
        is_slip: all that is wrong with the shapes is a slip that other arguments would hide, which nobody means: a bias
            whose gradient was not summed, beside a bias of the output's shape; the gradient of a loss that is one
            number where its argument is an array, beside an argument of one number.
        is_empty: it ended, and gave no gradient.
        is_of_output: `odd` is the shape of the output, of more than one number: handed through, or not summed.
        is_alone: the gradient is that of the only array that is handed in: whatever that is, its shape is known.
        lengths: the one length in which an argument and its gradient differ; () where they differ in more, or in none.
    """

    share: float
    odd: str = ""
    error: BaseException | None = None
    is_slip: bool = False
    is_empty: bool = False
    is_of_output: bool = False
    is_alone: bool = False
    lengths: tuple[int, ...] = ()

    def refuse(self, file: str) -> None:
        """Refuse what may come of inputs that were guessed, and not of the code.

        Args:
            file: the user's, of which a line may raise whatever it is given: that is its own fault.

        Raises:
            NotAFunctionError: with the shapes, or with what it raised.
        """
        if self.odd and not (self.is_of_output and self.is_alone):
            raise NotAFunctionError("read", f"on all inputs that were tried, {self.odd}: it may be meant for others")
        if self.error is not None and not is_own_fault(self.error, file):
            raise NotAFunctionError("run", "its backward raises on all inputs that were tried", cause=self.error)


def fitted(form: WrittenFunction, sample: Sample, outputs: Sequence[np.ndarray]) -> Fitted:
    """Run the backward and look at the shapes of what it gives.

    Code for three axes may run on two and sum over the wrong ones: it was not meant for that.
    """
    try:
        ran = form.run(sample.values, [np.ones_like(out) for out in outputs])
    except BackwardError as error:
        return Fitted(0.0, error=error.cause)
    shapes = {name: (sample.array(name).shape, array.shape) for name, array in ran.gradients.items()}
    fits = {name: fit_of(name, *pair, outputs[0].shape) for name, pair in shapes.items()}
    # What an object holds has the shape that its own constructor gave it: there nothing is guessed.
    held = {item.name for item in form.parameters if item.is_state}
    odd = [
        f"grad_{name} has the shape {shapes[name][1]}, {name} has {shapes[name][0]}"
        for name in fits
        if fits[name] is ShapeFit.ODD and name not in held
    ]
    # Beside data of its own a weight may well be one number: `np.sum((w * x + b - t) * x)`.
    others = [name for name in float_arrays(sample.values) if name not in fits and not is_target(name)]
    is_loss = len(fits) == 1 and outputs[0].shape == () and not others
    is_collapsed = is_loss and all(len(argument) and gradient == () for argument, gradient in shapes.values())
    if not fits:
        return Fitted(0.0, is_empty=True)
    right = sum(fit is ShapeFit.RIGHT for fit in fits.values())
    owed = len(fits) + sum(not entry.name and not entry.is_none and bool(entry.shape) for entry in ran.returned)
    wrong = [name for name in fits if fits[name] is not ShapeFit.RIGHT]
    is_unsummed = len(fits) >= _BIASED and all(_is_unsummed(name, *shapes[name], outputs[0].shape) for name in wrong)
    is_slip = (bool(wrong) and is_unsummed) or is_collapsed
    is_of_output = outputs[0].size > 1 and all(shapes[name][1] == outputs[0].shape for name in wrong)
    found = odd[0] if odd and not is_collapsed else ""
    is_alone = len(fits) == owed == len(float_arrays(sample.values)) == 1
    is_alone = is_alone and not is_by_arguments_alone(form.backward, form.title)
    lengths = next(filter(None, (_unlike(*shapes[name]) for name in wrong)), ())
    return Fitted(right / owed, found, is_slip=is_slip, is_of_output=is_of_output, is_alone=is_alone, lengths=lengths)


def _unlike(argument: Shape, gradient: Shape) -> tuple[int, ...]:
    """The two lengths of the only axis in which two shapes differ; () for none or several."""
    unlike = [pair for pair in zip(argument, gradient, strict=False) if pair[0] != pair[1]]
    return unlike[0] if len(argument) == len(gradient) and len(unlike) == 1 else ()


def keeps_its_shapes(form: WrittenFunction, samples: Sequence[Sample]) -> bool:
    """Has no gradient an odd shape on any sizes on which the forward runs? What fits on one may do so by chance."""
    for sample in samples:
        try:
            outputs = form.forward(sample.values)
            odd = fitted(form, sample, outputs).odd
        except Exception:  # what raises is told where it is judged
            continue
        if odd:
            return False
    return True
