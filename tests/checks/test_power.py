"""What a pass is worth."""

import numpy as np
import pytest

from gradcheck_cli.checks.power import Probe, power_of
from gradcheck_cli.mistakes import CATALOGUE
from gradcheck_cli.mistakes.mistake import Mistake, Problem
from gradcheck_cli.model import CannotShow, Case, ConvSpec, TorchLayer
from gradcheck_cli.numbers import exact


def mistake(name, formula, gradient="weight"):
    """A mistake of this name in one gradient."""
    return Mistake(name, "does", "why", "hides", "fix", f"show {name}", {gradient: formula})


def probe(allowed=0.0, rounding=0.0):
    """A probe on one 2x2 picture with a 1x1 kernel: grad_weight = 1 + 2 + 3 + 4 = 10."""
    spec = ConvSpec(1, 1, 1, 2, 2, (1, 1))
    x = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    case = Case(spec, x, np.ones((1, 1, 1, 1)), np.zeros(1), np.ones((1, 1, 2, 2)))
    return Probe(Problem(case), np.array(allowed), np.array(rounding))


def test_a_visible_mistake_is_caught_and_a_hidden_one_is_told_with_its_remedy():
    """Doubling shows; multiplying by N = 1 cannot."""
    catalogue = {
        "double": mistake("double", lambda problem: 2 * problem.grad_weight),
        "times-n": mistake("times-n", lambda problem: problem.spec.batch * problem.grad_weight),
    }

    power = power_of([probe()], [], catalogue)

    assert (("double",), ("double",), ()) == (power.planted, power.caught, power.missed)
    assert (CannotShow("times-n", "show times-n"),) == power.cannot_show


def test_a_mistake_smaller_than_the_allowance_is_missed_and_said_to_be():
    """Off by 1 where 5 is allowed: planted, not caught."""
    power = power_of([probe(allowed=5.0)], [], {"off": mistake("off", lambda problem: problem.grad_weight + 1)})

    assert (("off",), (), ("off",)) == (power.planted, power.caught, power.missed)


def test_a_sharper_probe_catches_what_another_misses():
    """One probe that would refuse it is enough."""
    catalogue = {"off": mistake("off", lambda problem: problem.grad_weight + 1)}

    power = power_of([probe(allowed=5.0), probe()], [], catalogue)

    assert (("off",), ()) == (power.caught, power.missed)


def test_a_difference_within_rounding_is_no_mistake():
    """A formula that is the truth up to rounding cannot show, it is not missed."""
    catalogue = {"reordered": mistake("reordered", lambda problem: problem.grad_weight + 1e-15)}

    assert ("reordered",) == tuple(
        hidden.id for hidden in power_of([probe(1e-9, rounding=1e-12)], [], catalogue).cannot_show
    )


def test_another_shape_is_caught():
    """A wrong shape never passes a comparison."""
    assert ("flat",) == power_of([probe(9e9)], [], {"flat": mistake("flat", lambda problem: np.zeros(3))}).caught


def test_a_mistake_without_meaning_or_formula_is_not_planted():
    """None hides; a mistake of behaviour is not part of the power of numbers."""
    catalogue = {
        "none": mistake("none", lambda problem: None),
        "crashes": Mistake("crashes", "does", "why", "hides", "fix", "show"),
    }

    power = power_of([probe()], [], catalogue)

    assert ((), ("none",)) == (power.planted, tuple(hidden.id for hidden in power.cannot_show))


def test_a_comparison_on_other_data_may_catch_what_the_data_show_but_miss():
    """Missed on the data, refused elsewhere: caught."""
    catalogue = {"off": mistake("off", lambda problem: problem.grad_weight + 1)}

    power = power_of([probe(allowed=5.0)], [probe()], catalogue)

    assert (("off",), ()) == (power.caught, power.missed)


def test_other_data_do_not_make_a_mistake_show():
    """What the data hide is told as hidden, though other data would show it."""
    catalogue = {"sum": mistake("sum", lambda problem: problem.grad_weight * problem.case.bias.size)}

    assert ("sum",) == tuple(hidden.id for hidden in power_of([probe()], [probe()], catalogue).cannot_show)


def test_a_mistake_of_another_gradient_does_not_end_the_planting():
    """It is left out, and the ones behind it are planted."""
    catalogue = {
        "of-bias": mistake("of-bias", lambda problem: problem.grad_bias + 1, "bias"),
        "of-weight": mistake("of-weight", lambda problem: problem.grad_weight + 1),
    }

    assert ("of-weight",) == power_of([probe(0.0)], [], catalogue).caught


def test_further_probes_are_asked_only_where_the_data_miss_a_mistake():
    """A formula is worked out no more often than needed: it is the price of a run."""
    asked = []

    def formula(problem):
        asked.append(problem)
        return problem.grad_weight + 1

    first, second, third = probe(0.0), probe(5.0), probe(0.0)
    catalogue = {"off": mistake("off", formula)}

    power_of([first, second], [third], catalogue)
    assert [first.problem] == asked

    asked.clear()
    assert ("off",) == power_of([second, first], [third], catalogue).caught
    assert [second.problem, first.problem] == asked

    asked.clear()
    assert ("off",) == power_of([second], [third], catalogue).caught
    assert [second.problem, third.problem] == asked


def test_a_mistake_within_rounding_cannot_show():
    """Not missed: two right codes may differ as much."""
    power = power_of([probe(5.0, rounding=2.0)], [], {"off": mistake("off", lambda p: p.grad_weight + 1)})

    assert ((), ("off",)) == (power.missed, tuple(hidden.id for hidden in power.cannot_show))


@pytest.mark.parametrize(
    "layer",
    [
        {"conv": "conv3d", "kernel_size": (2, 3, 2), "size": (3, 5, 4), "padding": (1, 0, 1)},
        {"conv": "conv_transpose2d", "kernel_size": 3, "size": (4, 5), "stride": 2},
        {"kernel_size": 3, "size": (4, 5), "padding": 1, "padding_mode": "reflect"},
    ],
    ids=str,
)
def test_only_what_is_written_for_the_form_is_planted(layer):
    """A formula that reads rows and columns among zeros says nothing of other layers."""
    spec = TorchLayer(batch=2, in_channels=3, out_channels=4, **layer).spec
    case = exact.narrow_case(spec, np.random.default_rng(0))

    power = power_of([Probe(Problem(case), np.zeros(()), np.zeros(()))], [], CATALOGUE)

    told = {*power.planted, *(spot.id for spot in power.cannot_show)}
    assert {"batch-mean", "sign-flipped", "last-sample-only"} <= set(power.caught)
    assert not told & {"stride-ignored", "shifted", "padding-hard-coded"}
    assert ("channels-summed" in told) == (not spec.transposed)
