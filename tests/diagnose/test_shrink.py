"""The smallest counterexample and its terms."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from mistaken import SPECS, backward_of, planted, right_backward

from gradcheck_cli.diagnose import shrink
from gradcheck_cli.diagnose.shrink import _changes, _kind, _less, _smaller, fresh_case
from gradcheck_cli.mistakes import Problem
from gradcheck_cli.model import ConvSpec, Gradients, Term
from gradcheck_cli.model.errors import GeometryError

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


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0, [1, 1, 1, 1]), (2, [1, 1, 2, 5]), (1, [1, 1, 2, 8])],
    ids=["least", "halfway", "one less"],
)
def test_a_number_is_made_smaller_in_three_ways(share, expected):
    """To the least value, half the way there, by one; never below the least."""
    assert expected == [_less(value, 1, share) for value in (1, 2, 3, 9)]
    assert [0, 0, 0] == [_less(value, 0, share) for value in (0, 1, 1)]
    assert 3 == _less(6, 0, 2)


def test_a_fresh_case_holds_digits_without_zeros():
    """1 to 9 in X, F and b; G with signs; another seed gives other numbers, the same one the same."""
    spec = ConvSpec(1, 3, 40, 20, 20, (3, 3))
    case = fresh_case(spec, 5)

    for array in (case.x, case.weight):
        assert [*range(1, 10)] == np.unique(array).tolist()
    assert {*case.bias.tolist()} <= {*range(1, 10)}
    assert [*range(-9, 0), *range(1, 10)] == np.unique(case.grad_output).tolist()
    shapes = (spec.x_shape, spec.weight_shape, (40,), spec.output_shape)
    assert shapes == (case.x.shape, case.weight.shape, case.bias.shape, case.grad_output.shape)
    assert np.array_equal(case.x, fresh_case(spec, 5).x)
    assert not np.array_equal(case.x, fresh_case(spec, 6).x)


@pytest.mark.parametrize(
    ("actual", "error", "kind"),
    [
        (np.ones(2), "", ""),
        (np.zeros(2), "", "numbers"),
        (np.array([1.0, np.nan]), "", "not finite"),
        (np.ones(3), "", "shape"),
        (None, "", "missing"),
        (None, "ValueError", "error ValueError"),
    ],
)
def test_failures_of_one_kind_are_shrunk_together(actual, error, kind):
    """A smaller geometry counts only where it fails in the same way."""
    assert kind == _kind(np.ones(2), actual, error)


def changed(spec, share):
    """The geometries of `_changes`, None where one is impossible."""
    found = []
    for change in _changes(spec, share):
        try:
            found.append(change())
        except GeometryError:
            found.append(None)
    return found


@pytest.mark.parametrize(("share", "by"), [(0, "least"), (2, "half"), (1, "one")])
def test_every_number_of_a_geometry_is_tried(share, by):
    """Groups first where all goes to the least; then pairs together and apart; then the single numbers."""
    spec = ConvSpec(5, 8, 12, 60, 70, (6, 4), (4, 3), (5, 3), (3, 2), 4)
    least = {"least": [], "half": [], "one": []}
    least["least"] = [
        replace(spec, groups=1),
        replace(spec, in_channels=4, out_channels=4),
        replace(spec, groups=2, in_channels=2, out_channels=2),
    ]
    pairs = {
        "dilation": {"least": (1, 1), "half": (2, 1), "one": (2, 1)},
        "stride": {"least": (1, 1), "half": (2, 2), "one": (3, 2)},
        "kernel_size": {"least": (1, 1), "half": (3, 2), "one": (5, 3)},
        "padding": {"least": (0, 0), "half": (2, 1), "one": (4, 2)},
    }
    expected = least[by]
    for name, smaller in pairs.items():
        before, after = getattr(spec, name), smaller[by]
        for pair in (after, (after[0], before[1]), (before[0], after[1])):
            expected.append(replace(spec, **{name: pair}))
    numbers = {
        "batch": {"least": 1, "half": 3, "one": 4},
        "in_channels": {"least": None, "half": 4, "one": None},
        "out_channels": {"least": None, "half": None, "one": None},
        "height": {"least": None, "half": 30, "one": 59},
        "width": {"least": 1, "half": 35, "one": 69},
    }
    for name, smaller in numbers.items():
        expected.append(None if smaller[by] is None else replace(spec, **{name: smaller[by]}))

    assert expected == changed(spec, share)


def test_without_groups_none_are_tried():
    """A layer of one group has no fewer."""
    assert 4 * 3 + 5 == len(changed(ConvSpec(2, 2, 2, 5, 5, (2, 2)), 0))


def test_a_backward_that_returns_nothing_is_a_counterexample():
    """Every field of it, at the smallest geometry."""
    found = shrink(lambda case: Gradients(), LARGE, "bias", 0)

    assert ConvSpec(1, 1, 1, 1, 1, (1, 1)) == found.spec
    assert ("bias", None, "", ()) == (found.gradient, found.entry, found.other, found.terms)
    assert found.actual is None
    case = fresh_case(found.spec, 0)
    for name in ("x", "weight", "grad_output"):
        assert np.array_equal(getattr(case, name), getattr(found, name))
    assert np.array_equal(case.grad_output.sum(axis=(0, 2, 3)), found.expected)


def test_every_call_counts_and_the_budget_ends_the_search(monkeypatch):
    """Five on geometries and one for what is shown; without a limit all smaller geometries are tried."""

    def target(case):
        if case.spec == LARGE:
            raise IndexError
        return right_backward(case)

    counting = Counting(target)
    assert LARGE == shrink(counting, LARGE, "weight", 0).spec
    assert 1 + len({*_smaller(LARGE)}) + 1 == counting.calls

    monkeypatch.setattr(sys.modules["gradcheck_cli.diagnose.shrink"], "_SHRINK_CALLS", 5)
    limited = Counting(target)
    assert LARGE == shrink(limited, LARGE, "weight", 0).spec
    assert 5 + 1 == limited.calls


def test_smaller_geometries_are_all_possible_changes_the_boldest_first():
    """To the least, halfway, one less; what changes nothing or is impossible is left out."""
    spec = ConvSpec(5, 8, 12, 60, 70, (6, 4), (4, 3), (5, 3), (3, 2), 4)
    possible = [smaller for share in (0, 2, 1) for smaller in changed(spec, share) if smaller not in (None, spec)]

    assert possible == list(_smaller(spec))
    assert [] == list(_smaller(ConvSpec(1, 1, 1, 1, 1, (1, 1))))
