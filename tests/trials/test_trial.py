"""One answer beside the truth: what is a pass, what a failure, what neither."""

from dataclasses import replace

import numpy as np
import pytest
from answering import NAME, Answering, asked, trial_of

from gradcheck_cli.layers import conv
from gradcheck_cli.model import ConvSpec, Gradients, Verdict
from gradcheck_cli.numbers.arithmetic import fft_slack, no_slack, update_slack
from gradcheck_cli.targets import Outcome
from gradcheck_cli.targets.contract import ForwardBeside
from gradcheck_cli.trials.asker import Asker
from gradcheck_cli.trials.question import Question

SPEC = ConvSpec(2, 1, 2, 5, 4, (2, 2))
ASKED = asked(SPEC)
RIGHT = ASKED.gradients
ALL = ("weight", "input", "bias")


def trial(outcome, yields=ALL, slack=no_slack, truth=ASKED):
    """An answer to the one question."""
    return trial_of(truth, outcome, yields, slack)


def weight(changed):
    """All right but for grad_weight."""
    return Outcome(Gradients(weight=changed, input=RIGHT.input, bias=RIGHT.bias))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (RIGHT.weight, Verdict.PASS),
        (-RIGHT.weight, Verdict.FAIL),
        (RIGHT.weight[0], Verdict.FAIL),
        (RIGHT.weight * np.nan, Verdict.FAIL),
        (None, Verdict.FAIL),
        (RIGHT.weight * (1 + 2**-52), Verdict.INCONCLUSIVE),
        (RIGHT.weight * (1 + 1e-9), Verdict.FAIL),
    ],
)
def test_only_equal_bits_pass(changed, expected):
    """Right but for rounding is neither right nor wrong."""
    assert expected == trial(weight(changed)).verdict("weight")
    assert (expected == Verdict.PASS) == trial(weight(changed)).right
    assert (expected == Verdict.FAIL) == trial(weight(changed)).failed


def test_declared_fft_is_judged_by_its_bound():
    """Its rounding passes, one entry that is off by 1e-9 does not."""
    off = RIGHT.weight.copy()
    off[0, 0, 0, 0] *= 1 + 1e-9

    assert trial(weight(RIGHT.weight * (1 + 2**-52)), slack=fft_slack).verdict("weight") is Verdict.PASS
    assert trial(weight(off), slack=fft_slack).verdict("weight") is Verdict.FAIL


def test_declared_fft_is_diagnosed_on_whole_numbers():
    """Formulas give integers: FFT rounding is taken off before they are compared, in both calls."""
    outcome = weight(RIGHT.weight + 2.0**-40)
    twice = Outcome(outcome.gradients, second=outcome.gradients)
    seen = trial(twice, slack=fft_slack).observation()

    assert np.array_equal(RIGHT.weight, seen.actual.weight)
    assert np.array_equal(RIGHT.weight, seen.second.weight)
    assert not np.array_equal(RIGHT.weight, trial(twice).observation().actual.weight)


def test_what_is_read_off_an_update_is_right_but_for_its_rounding():
    """On wide integers too, where its rounding is more than 1: the diagnosis sees the truth there."""
    wide, slack = asked(SPEC, "wide"), update_slack(0.01)
    right = wide.gradients
    assert slack(wide.case, "weight") > 1
    read = Outcome(Gradients(right.weight + 1, right.input, right.bias))
    off = Outcome(Gradients(right.weight * (1 + 1e-9), right.input, right.bias))

    assert trial(read, slack=slack, truth=wide).verdict("weight") is Verdict.PASS
    assert trial(read, truth=wide).verdict("weight") is Verdict.INCONCLUSIVE
    assert np.array_equal(right.weight, trial(read, slack=slack, truth=wide).observation().actual.weight)
    assert trial(off, slack=slack, truth=wide).verdict("weight") is Verdict.FAIL
    assert not np.array_equal(right.weight, trial(off, slack=slack, truth=wide).observation().actual.weight)


def test_a_refused_geometry_is_not_compared():
    """Not applicable, neither right nor wrong."""
    refused = trial(Outcome(Gradients(), supported=False, error="only 3x3", error_kind="refused"))

    assert refused.verdict("weight") is Verdict.NOT_APPLICABLE
    assert (refused.right, refused.failed) == (False, False)


def test_nothing_yielded_is_never_right():
    """A convention without gradients passes nowhere."""
    assert not trial(Outcome(Gradients()), yields=()).right


def test_a_hung_call_took_its_limit():
    """The diagnosis quotes the limit."""
    hung = Answering(lambda truth: Outcome(Gradients(), error="no answer within 3 s", error_kind="timeout"))
    answer = Asker(hung, 3.0).ask(Question(NAME, SPEC), ASKED.case)
    seen = answer.observation()

    assert (seen.timed_out, seen.seconds) == (True, 3.0)
    assert trial(answer.outcome).verdict("bias") is Verdict.ERROR


WIDE = asked(SPEC, "wide")
NARROW_32 = {name: RIGHT.get(name).astype(np.float32) for name in ALL}


def in_float32(truth, **dtypes):
    """What a layer that casts its arrays to float32 gives, with some gradients in other dtypes."""
    cast = {name: getattr(truth.case, name).astype(np.float32) for name in ("x", "weight", "grad_output")}
    found = conv.backward(replace(truth.case, **cast))
    found = {name: found.get(name).astype(dtypes.get(name, "float32")) for name in ALL}
    return Outcome(Gradients(**found), dtypes={name: str(array.dtype) for name, array in found.items()})


def test_a_declared_float32_is_right_to_its_rounding():
    """Where every array that it returns is float32; one of float64 says that float32 is hidden in it."""
    declared, mixed = trial(in_float32(WIDE), truth=WIDE), trial(in_float32(WIDE, bias="float64"), truth=WIDE)

    assert not np.array_equal(declared.outcome.gradients.weight, WIDE.gradients.weight)
    assert all(declared.verdict(name) is Verdict.PASS for name in ALL)
    assert declared.rounds_to_float32("weight")
    assert mixed.verdict("weight") is Verdict.FAIL


def test_a_forward_in_float32_declares_it_for_its_backward():
    """Its derivative is known no better; gradients of float64 say nothing then."""
    mixed = in_float32(WIDE, weight="float64", input="float64", bias="float64")
    beside = replace(mixed, beside=ForwardBeside("forward", "agrees", in_float32=True))

    assert trial(mixed, truth=WIDE).verdict("weight") is Verdict.FAIL
    assert all(trial(beside, truth=WIDE).verdict(name) is Verdict.PASS for name in ALL)


def test_a_declared_float32_is_exact_where_its_sums_fit_and_bounded_where_they_do_not():
    """One unit on small integers is wrong; so is more than rounding on large ones."""
    off = {**NARROW_32, "weight": NARROW_32["weight"] + np.float32(1)}
    small = trial(Outcome(Gradients(**off), dtypes=dict.fromkeys(ALL, "float32")))
    large = in_float32(WIDE)
    spoiled = replace(large.gradients, input=large.gradients.input * np.float32(1.0001))
    wrong = trial(replace(large, gradients=spoiled), truth=WIDE)

    assert small.verdict("weight") is Verdict.FAIL
    assert wrong.verdict("input") is Verdict.FAIL
    assert wrong.verdict("weight") is Verdict.PASS
