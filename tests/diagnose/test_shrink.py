"""The smallest counterexample and its terms."""

import numpy as np
import pytest
from mistaken import SPECS, backward_of, planted, right_backward

from gradcheck_cli.diagnose import shrink
from gradcheck_cli.mistakes import Problem
from gradcheck_cli.model import ConvSpec, Gradients, Term

LARGE = ConvSpec(3, 4, 6, 13, 11, (4, 3), stride=(3, 2), padding=(2, 1), dilation=(2, 1), groups=2)


class Counting:
    """A target that counts its calls."""

    def __init__(self, backward):
        self.backward, self.calls = backward, 0

    def __call__(self, case):
        self.calls += 1
        return self.backward(case)


def test_a_right_backward_has_no_counterexample():
    """Nothing fails, nothing is shrunk."""
    assert shrink(right_backward, SPECS[0], "weight", 0) is None


def test_the_mean_over_the_batch_needs_two_images_and_nothing_else():
    """All other numbers go to their least; the terms hold 1/2 where 1 is right."""
    target = Counting(backward_of("weight", planted("batch-mean", "weight")))
    found = shrink(target, LARGE, "weight", 0)
    assert found.spec == ConvSpec(2, 1, 1, 1, 1, (1, 1))
    assert found.entry == (0, 0, 0, 0)
    assert found.other == "x"
    assert found.terms == (
        Term((0, 0, 0, 0), (0, 0, 0, 0), 1.0, 0.5),
        Term((1, 0, 0, 0), (1, 0, 0, 0), 1.0, 0.5),
    )
    assert target.calls <= 400


@pytest.mark.parametrize(
    ("gradient", "identifier", "holds"),
    [
        ("weight", "groups-ignored", lambda spec: spec.groups == 2),
        ("weight", "stride-ignored", lambda spec: max(spec.stride) == 2),
        ("input", "dilation-ignored", lambda spec: max(spec.dilation) == 2),
        ("weight", "channels-summed", lambda spec: (spec.in_channels, spec.groups) == (2, 1)),
        ("input", "input-grad-kernel-unrotated", lambda spec: sorted(spec.kernel_size) == [1, 2]),
        ("bias", "bias-totalled", lambda spec: spec.out_channels == 2),
    ],
)
def test_only_what_the_mistake_needs_is_left(gradient, identifier, holds):
    """Within the budget of calls, and the entry shown is a wrong one."""
    target = Counting(backward_of(gradient, planted(identifier, gradient)))
    found = shrink(target, LARGE, gradient, 3)
    assert holds(found.spec)
    assert found.spec.batch == 1
    assert target.calls <= 400
    assert found.expected[found.entry] != found.actual[found.entry]


def test_the_terms_add_up_to_the_entry_on_both_sides():
    """Coefficients times G times X give the expected and the actual entry."""
    found = shrink(backward_of("weight", planted("upstream-rotated", "weight")), SPECS[2], "weight", 1)
    assert found.terms
    for name in ("expected", "actual"):
        total = sum(
            getattr(term, name) * found.grad_output[term.grad_output_index] * found.x[term.other_index]
            for term in found.terms
        )
        assert total == getattr(found, name)[found.entry]


def test_a_fault_in_one_value_is_read_off_exactly():
    """The product of the first output with the first pixel is missing."""

    def wrong(problem):
        array = problem.grad_weight.copy()
        array[0, 0, 0, 0] -= problem.case.grad_output[0, 0, 0, 0] * problem.case.x[0, 0, 0, 0]
        return array

    found = shrink(backward_of("weight", wrong), ConvSpec(1, 1, 1, 4, 4, (2, 2)), "weight", 0)
    assert found.terms == (Term((0, 0, 0, 0), (0, 0, 0, 0), 1.0, 0.0),)


def test_no_terms_are_claimed_of_what_is_not_linear():
    """A sum that starts from data has a part without G: no coefficients can describe it."""
    found = shrink(backward_of("weight", planted("starts-from-data", "weight")), SPECS[0], "weight", 0)
    assert found.spec == ConvSpec(1, 1, 1, 1, 1, (1, 1))
    assert found.terms == ()


def test_errors_of_the_target_shrink_to_the_same_error():
    """An IndexError stays an IndexError; other failures on the way are not taken for it."""

    def target(case):
        if case.spec.height < 3:
            raise ValueError
        if case.spec.stride[0] > 1:
            raise IndexError
        return Gradients(weight=Problem(case).grad_weight)

    found = shrink(target, LARGE, "weight", 0)
    assert found.spec == ConvSpec(1, 1, 1, 3, 1, (1, 1), stride=(2, 1))
    assert found.actual is None
    assert found.entry is None
    assert found.terms == ()


def test_a_wrong_shape_is_shown_as_it_came():
    """Unpadding by nothing leaves an empty array."""
    found = shrink(backward_of("input", planted("unpad-empty", "input")), SPECS[1], "input", 0)
    assert found.spec == ConvSpec(1, 1, 1, 1, 1, (1, 1))
    assert found.actual.shape == (1, 1, 0, 0)
    assert np.array_equal(found.expected, found.weight * found.grad_output)


def test_code_that_answers_differently_each_time_is_no_crash():
    """Wrong on every call but the last one: there may be no wrong entry left to show, and that is no error."""
    for last in range(1, 60):
        target = Counting(right_backward)

        def moody(case, target=target, last=last):
            gradients = target(case)
            if target.calls >= last:
                return gradients
            return Gradients(weight=gradients.weight + 1, input=gradients.input, bias=gradients.bias)

        found = shrink(moody, SPECS[0], "weight", 0)
        assert found is None or found.entry is None or found.actual[found.entry] != found.expected[found.entry]
