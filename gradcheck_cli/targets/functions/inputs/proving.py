"""On which guesses something is proved of code: on others a wrong gradient, or a change that mends it, says nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.model.functions import lacks_ones
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.meant import is_derivative
from gradcheck_cli.targets.functions.inputs.running import takes
from gradcheck_cli.targets.functions.pair import PairForm, float_arrays
from gradcheck_cli.targets.functions.spelling import tokens, word_set
from gradcheck_cli.targets.functions.total_loss import TotalLossForm

# A step that shows in every sum; only whether anything changes is looked at.
_BESIDE = 1e-3
_JACOBIANS = word_set("jacobian jac hessian hess")


def proves(form: WrittenFunction, sample: Sample) -> bool:
    """May what is wrong here be the code's fault?

    Not where an argument is a lone number, which is what is tried last and what every sum fits; nor where a gradient
    has the shape of an array that its argument may as well be.
    """
    arrays = {name: sample.array(name) for name in sample.differentiated}
    return all(array.ndim for array in arrays.values()) and not _is_meant_for_others(form, sample, arrays)


def _is_meant_for_others(form: WrittenFunction, sample: Sample, arrays: dict[str, Array]) -> bool:
    """Does the forward run with an argument in the shape of its gradient?"""
    try:
        ones = [np.ones_like(out) for out in form.forward(sample.values)]
        gradients = form.run(sample.values, ones).gradients
    except Exception:  # what raises is told where it is judged
        return False
    generator = np.random.default_rng([sample.seed, 7])
    return any(
        takes(form, sample.replacing(name, generator.standard_normal(gradient.shape)))
        for name, gradient in gradients.items()
        if name in arrays
        and gradient.shape != arrays[name].shape
        and not lacks_ones(gradient.shape, arrays[name].shape)
    )


def has_a_one(form: WrittenFunction, sample: Sample) -> bool:
    """Is an argument that a gradient is given of a lone number, or 1 long? There a sum that is missing is not seen."""
    ones = [np.ones_like(out) for out in form.forward(sample.values)]
    return any(1 in (sample.array(name).shape or (1,)) for name in form.run(sample.values, ones).gradients)


def is_of_no_number(form: WrittenFunction, sample: Sample, outputs: Sequence[Array]) -> bool:
    """Is a gradient that is handed no G wrong, of a function of several arrays that gives several numbers here?

    `log_posterior(theta, X, y)` gives one number of vectors, and may run on matrices. Where each number hangs on its
    own entry alone, as of a sigmoid, it is the derivative of each; what is called a Jacobian is of several numbers.
    """
    return len(float_arrays(sample.values)) > 1 and _gives_several(form, sample, outputs)


def is_meant_for_a_vector(form: WrittenFunction, sample: Sample, outputs: Sequence[Array]) -> bool:
    """The same of a function of one array: `bowl(x)` gives one number of a vector, one for each column of a matrix."""
    return len(float_arrays(sample.values)) == 1 and _gives_several(form, sample, outputs)


def _gives_several(form: WrittenFunction, sample: Sample, outputs: Sequence[Array]) -> bool:
    is_meant = not _is_bare(form) or bool(set(tokens(form.backward)) & _JACOBIANS)
    if is_meant or sum(out.size for out in outputs) == 1:
        return False
    return not _is_entrywise(form, sample, outputs[0]) and not is_derivative(form, sample)


def is_wrong_total(form: WrittenFunction, sample: Sample) -> bool:
    """Is it no derivative of the total of several losses? One argument may be spread over another that has as many."""
    return isinstance(form, TotalLossForm) and not is_derivative(form, sample)


def is_right_entrywise(form: WrittenFunction, sample: Sample, outputs: Sequence[Array]) -> bool:
    """Is it right as the slope at each entry of arrays that are all alike, as that of a loss of residuals is?"""
    shapes = {array.shape for array in float_arrays(sample.values).values()}
    are_alike = len(outputs) == 1 and shapes == {outputs[0].shape}
    return _is_bare(form) and are_alike and _is_entrywise(form, sample, outputs[0]) and is_derivative(form, sample)


def _is_bare(form: WrittenFunction) -> bool:
    return isinstance(form, PairForm) and form.is_bare


def _is_entrywise(form: WrittenFunction, sample: Sample, output: Array) -> bool:
    """Does a change of one entry of an argument, of which it gives a gradient, change the same of the output alone?"""
    given = form.run(sample.values, [np.ones_like(output)]).gradients
    arrays = float_arrays(sample.values)
    alike = [name for name, array in arrays.items() if array.shape == output.shape and name in given]
    for name in alike:
        other = sample.array(name).copy()
        other.flat[-1] += _BESIDE
        changed = form.forward(sample.replacing(name, other).values)[0]
        if not np.array_equal(changed.flat[:-1], output.flat[:-1]):
            return False
    return bool(alike)
