"""The smallest counterexample and its terms."""

from itertools import count

import numpy as np
import pytest
from mistaken import SPECS, backward_of, planted, right_backward

from gradcheck_cli.layers.smaller import smaller
from gradcheck_cli.mistakes import Problem
from gradcheck_cli.model import ConvSpec, Gradients, Term
from gradcheck_cli.numbers.digits import digits_case
from gradcheck_cli.targets import Outcome
from gradcheck_cli.trials.answer import Answer
from gradcheck_cli.trials.question import Question
from gradcheck_cli.trials.shrink import OutOfTimeError, Shrinking, failure_of, shrink

LARGE = ConvSpec(3, 4, 6, 13, 11, (4, 3), stride=(3, 2), padding=(2, 1), dilation=(2, 1), groups=2)


class Asked:
    """Asks a backward in this process; counts the questions, and is late after `most` of them."""

    def __init__(self, backward, most=float("inf")):
        self.backward, self.most, self.questions = backward, most, []

    @property
    def calls(self):
        """How many questions were put."""
        return len(self.questions)

    @property
    def is_late(self):
        """Is the time up?"""
        return self.calls >= self.most

    def ask(self, question, case):
        """The answer; what the backward raises is one too."""
        self.questions.append(question)
        try:
            outcome = Outcome(self.backward(case))
        except Exception as error:
            outcome = Outcome(Gradients(), error=f"{type(error).__name__}: {error}", error_kind="raised")
        return Answer(question, case, outcome)


def shrunk(target, spec, gradient, seed):
    """The smallest example of a target, a backward or what asks it."""
    asker = target if isinstance(target, Asked) else Asked(target)
    return shrink(Shrinking(asker, "user.py:f", gradient, seed), spec)


def test_a_right_backward_has_no_counterexample():
    """Nothing fails, nothing is shrunk."""
    assert shrunk(right_backward, SPECS[0], "weight", 0) is None


def test_the_mean_over_the_batch_needs_two_images_and_nothing_else():
    """All other numbers go to their least; the terms hold 1/2 where 1 is right."""
    target = Asked(backward_of("weight", planted("batch-mean", "weight")))
    found = shrunk(target, LARGE, "weight", 0)
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
    target = Asked(backward_of(gradient, planted(identifier, gradient)))
    found = shrunk(target, LARGE, gradient, 3)
    assert holds(found.spec)
    assert found.spec.batch == 1
    assert target.calls <= 400
    assert found.expected[found.entry] != found.actual[found.entry]


def test_the_terms_add_up_to_the_entry_on_both_sides():
    """Coefficients times G times X give the expected and the actual entry."""
    found = shrunk(backward_of("weight", planted("upstream-rotated", "weight")), SPECS[2], "weight", 1)
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

    found = shrunk(backward_of("weight", wrong), ConvSpec(1, 1, 1, 4, 4, (2, 2)), "weight", 0)
    assert found.terms == (Term((0, 0, 0, 0), (0, 0, 0, 0), 1.0, 0.0),)


def test_no_terms_are_claimed_of_what_is_not_linear():
    """A sum that starts from data has a part without G: no coefficients can describe it."""
    found = shrunk(backward_of("weight", planted("starts-from-data", "weight")), SPECS[0], "weight", 0)
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

    found = shrunk(target, LARGE, "weight", 0)
    assert found.spec == ConvSpec(1, 1, 1, 3, 1, (1, 1), stride=(2, 1))
    assert found.actual is None
    assert found.entry is None
    assert found.terms == ()


def test_a_wrong_shape_is_shown_as_it_came():
    """Unpadding by nothing leaves an empty array."""
    found = shrunk(backward_of("input", planted("unpad-empty", "input")), SPECS[1], "input", 0)
    assert found.spec == ConvSpec(1, 1, 1, 1, 1, (1, 1))
    assert found.actual.shape == (1, 1, 0, 0)
    assert np.array_equal(found.expected, found.weight * found.grad_output)


def test_code_that_answers_differently_each_time_is_no_crash():
    """Wrong on every call but the last one: there may be no wrong entry left to show, and that is no error."""
    for last in range(1, 60):
        calls = count(1)

        def moody(case, calls=calls, last=last):
            gradients = right_backward(case)
            if next(calls) >= last:
                return gradients
            return Gradients(weight=gradients.weight + 1, input=gradients.input, bias=gradients.bias)

        found = shrunk(moody, SPECS[0], "weight", 0)
        assert found is None or found.entry is None or found.actual[found.entry] != found.expected[found.entry]


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Outcome(Gradients(weight=np.ones(2))), ""),
        (Outcome(Gradients(weight=np.zeros(2))), "numbers"),
        (Outcome(Gradients(weight=np.array([1.0, np.nan]))), "not finite"),
        (Outcome(Gradients(weight=np.ones(3))), "shape"),
        (Outcome(Gradients(bias=np.ones(2))), "missing"),
        (Outcome(Gradients(), error="ValueError: odd", error_kind="raised"), "error ValueError"),
        (Outcome(Gradients(), error="only 3x3", error_kind="refused", supported=False), "error only 3x3"),
    ],
)
def test_failures_of_one_kind_are_shrunk_together(outcome, kind):
    """A smaller geometry counts only where it fails in the same way."""
    answer = Answer(Question("user.py:f", LARGE, "digits"), digits_case(LARGE, 0), outcome)
    assert kind == failure_of(answer, np.ones(2), "weight")


def test_a_backward_that_returns_nothing_is_a_counterexample():
    """Every field of it, at the smallest geometry."""
    found = shrunk(lambda case: Gradients(), LARGE, "bias", 0)

    assert ConvSpec(1, 1, 1, 1, 1, (1, 1)) == found.spec
    assert ("bias", None, "", ()) == (found.gradient, found.entry, found.other, found.terms)
    assert found.actual is None
    case = digits_case(found.spec, 0)
    for name in ("x", "weight", "grad_output"):
        assert np.array_equal(getattr(case, name), getattr(found, name))
    assert np.array_equal(case.grad_output.sum(axis=(0, 2, 3)), found.expected)


def test_every_call_counts_and_the_budget_ends_the_search():
    """Five on geometries and one for what is shown; without a limit all smaller geometries are tried."""

    def target(case):
        if case.spec == LARGE:
            raise IndexError
        return right_backward(case)

    counting = Asked(target)
    assert LARGE == shrunk(counting, LARGE, "weight", 0).spec
    assert 1 + len({*smaller(LARGE)}) + 1 == counting.calls

    limited = Asked(target)
    assert LARGE == shrink(Shrinking(limited, "user.py:f", "weight", 0, most=5), LARGE).spec
    assert 5 + 1 == limited.calls


def test_a_search_that_is_late_says_so_and_what_it_saw_is_kept():
    """No half-made example is shown for the smallest; what was asked up to then is known all the same."""
    late = Shrinking(Asked(backward_of("weight", planted("batch-mean", "weight")), most=3), "user.py:f", "weight", 0)
    with pytest.raises(OutOfTimeError):
        shrink(late, LARGE)
    assert 3 == len(late.seen) == late.asked
    assert {"", "numbers"} >= {*late.seen.values()}


def test_the_questions_say_what_they_are_about():
    """Digits of each geometry, then some of them changed for the terms; each calls the target once."""
    asker = Asked(backward_of("weight", planted("batch-mean", "weight")))
    found = shrink(Shrinking(asker, "user.py:f", "weight", 7), LARGE)

    assert ["digits", "terms"] == list(dict.fromkeys(question.probe for question in asker.questions))
    assert {found.spec} == {question.geometry for question in asker.questions if question.probe == "terms"}
    assert {("user.py:f", 7, "once")} == {(asked.target, asked.seed, asked.calls) for asked in asker.questions}
