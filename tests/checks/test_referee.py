"""The referee: which side it names, with which counts, what it allows, and what it says where it cannot tell."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from random_layers import specs

from gradcheck_cli.checks import referee
from gradcheck_cli.layers import conv
from gradcheck_cli.model import GRADIENTS, Case, Check, ConvSpec, Gradients, Verdict
from gradcheck_cli.model.text import counted
from gradcheck_cli.numbers.arithmetic import Judged, fft_slack, no_slack
from gradcheck_cli.oracles import adjoint, reference

U = 2.0**-53
SPEC = ConvSpec(1, 1, 1, 1, 4, (1, 2))
CASE = Case(
    SPEC, np.array([[[[1.0, 3, 5, 2]]]]), np.array([[[[5.0, 6]]]]), np.array([1.0]), np.array([[[[2.0, -4, 1]]]])
)
# By hand: 2*1 - 4*3 + 5 = -5 and 2*3 - 4*5 + 2 = -12; 2*5, 2*6 - 4*5, -4*6 + 5, 6; 2 - 4 + 1 = -1.
RIGHT = Gradients(np.array([[[[-5.0, -12]]]]), np.array([[[[10.0, -8, -19, 6]]]]), np.array([-1.0]))
# The sum of |products| of the last entry, and the largest number of products of any.
GAUGE_OF_LAST = {"weight": 28.0, "input": 6.0, "bias": 7.0}
TERMS = {"weight": 3, "input": 2, "bias": 3}
# 2 log2(4 * 4 points) u ||.|| ||G||: ||X||^2 = 39, ||F||^2 = 61, ||G||^2 = 21.
SLACK = {"weight": 8 * U * np.sqrt(39.0 * 21), "input": 8 * U * np.sqrt(61.0 * 21)}
HALVES = replace(CASE, x=CASE.x / 2, weight=CASE.weight / 2, grad_output=CASE.grad_output / 2)
OURS = Judged("ours", conv.backward, no_slack)
FFT = Judged("the FFT", conv.backward, fft_slack)
DEFINITION = "summed straight from the definition"
IDENTITY = "the adjoint identity with random integers (the definition takes too long)"


def failed(gradient):
    """A check that failed: only then is the referee asked."""
    return Check("exact", gradient, Verdict.FAIL, 1, 1, "actual == expected")


def asked(case, gradient, sides, judged=OURS):
    """The referee's word on the sides after a failed check."""
    check, word = referee.refereed(failed(gradient), case, gradient, sides, judged)
    assert failed(gradient) == check
    return word


def by_loops(case):
    """The three gradients and their gauges by the plainest loops, one product at a time."""
    spec = case.spec
    sums = {name: np.zeros(shape) for name, shape in shapes(spec).items()}
    sizes = {name: np.zeros(shape) for name, shape in shapes(spec).items()}

    def add(name, index, product):
        sums[name][index] += product
        sizes[name][index] += abs(product)

    c_in, c_out = spec.in_channels // spec.groups, spec.out_channels // spec.groups
    for n, o, p, q in np.ndindex(spec.output_shape):
        g = case.grad_output[n, o, p, q]
        add("bias", o, g)
        for i, u, v in np.ndindex(spec.weight_shape[1:]):
            row = spec.stride[0] * p + spec.dilation[0] * u - spec.padding[0]
            column = spec.stride[1] * q + spec.dilation[1] * v - spec.padding[1]
            if 0 <= row < spec.height and 0 <= column < spec.width:
                pixel = (n, o // c_out * c_in + i, row, column)
                add("weight", (o, i, u, v), g * case.x[pixel])
                add("input", pixel, g * case.weight[o, i, u, v])
    return sums, sizes


def shapes(spec):
    """The shape of each gradient."""
    return {"weight": spec.weight_shape, "input": spec.x_shape, "bias": (spec.out_channels,)}


@given(specs(), st.integers(0, 999))
@settings(max_examples=25)
def test_truth_and_gauge_of_random_layers(spec, seed):
    """On integers the truth is exact and the gauge is the sum of |products|, raised by its own rounding at most."""
    rng = np.random.default_rng(seed)
    x, weight, grad_output = (
        rng.integers(-9, 10, shape).astype(np.float64) for shape in (spec.x_shape, spec.weight_shape, spec.output_shape)
    )
    case = Case(spec, x, weight, np.zeros(spec.out_channels), grad_output)
    sums, sizes = by_loops(case)

    for name in GRADIENTS:
        assert np.array_equal(sums[name], referee.truth_of(case, name))
        gauge = referee.gauge_of(case, name)
        assert np.all(sizes[name] <= gauge)
        assert np.all(gauge <= sizes[name] * (1 + 1e-12))


@pytest.mark.parametrize(("name", "terms"), [("weight", 3 * 4 * 4), ("input", 3 * 2 * 5), ("bias", 3 * 4 * 4)])
def test_terms_by_hand(name, terms):
    """3 samples of 4 x 4 outputs; an input entry meets 3 filters of its group, with 2 x 5 taps each."""
    found = ConvSpec(3, 4, 6, 5, 8, (2, 5), groups=2).terms_of(name)

    assert (terms, int) == (found, type(found))


def test_a_check_that_did_not_fail_is_not_refereed():
    """Whatever the sides are."""
    for verdict in (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE):
        check = replace(failed("weight"), verdict=verdict)
        assert [check] == referee.refereed(check, CASE, "weight", {"ours": None}, OURS)


@pytest.mark.parametrize("name", GRADIENTS)
def test_the_word_in_full(name):
    """Name, gradient, entries, the largest count of wrong ones, the rule, and a sentence with both sides."""
    right = RIGHT.get(name)
    off = right + np.arange(1.0, right.size + 1).reshape(right.shape)
    said = f"the definition's sum says that grad_{name} is wrong in "
    whole = f"{right.size} of {counted(right.size, 'entry')}"

    for sides, detail in (
        ({"ours": off, "autograd": right}, f"ours ({whole}); autograd is right"),
        ({"ours": right, "autograd": off}, f"autograd ({whole}); ours is right"),
        ({"ours": None, "autograd": right}, f"ours ({whole}); autograd is right"),
        ({"ours": right[..., None], "autograd": right}, f"ours ({whole}); autograd is right"),
        ({"ours": off, "autograd": -off}, f"ours ({whole}) and autograd ({whole})"),
    ):
        word = Check("referee", name, Verdict.FAIL, right.size, right.size, DEFINITION, detail=said + detail)
        assert word == asked(CASE, name, sides)


def test_each_side_has_its_own_count():
    """One wrong entry of four, and three of four: the check holds the larger."""
    ours, theirs = RIGHT.input.copy(), RIGHT.input.copy()
    ours[..., 0] += 1
    theirs[..., 1:] -= 1

    word = asked(CASE, "input", {"ours": ours, "autograd": theirs})

    said = "the definition's sum says that grad_input is wrong in ours (1 of 4 entries) and autograd (3 of 4 entries)"
    assert (said, 4, 3) == (word.detail, word.entries, word.mismatched)


@pytest.mark.parametrize("name", GRADIENTS)
def test_both_right_is_told_and_decides_nothing(name):
    """The disagreement is then unexplained, which is no verdict on either side."""
    right = RIGHT.get(name)
    said = "both sides agree with the definition's sum; the disagreement is unexplained"

    word = Check("referee", name, Verdict.INCONCLUSIVE, right.size, 0, DEFINITION, detail=said)
    assert word == asked(CASE, name, {"ours": right, "autograd": right})


@pytest.mark.parametrize("part", ["x", "weight", "grad_output"])
def test_one_fraction_makes_a_case_no_integer_one(part):
    """All three arrays must be whole."""
    array = getattr(CASE, part).copy()
    array[0, 0, 0, -1] += 0.5

    assert referee.is_integer(CASE)
    assert not referee.is_integer(replace(CASE, **{part: array}))
    assert not referee.is_integer(HALVES)


def blamed(case, gradient, off, judged):
    """The verdicts where the code under test is off by `off` of the truth in its last entry, and where autograd is."""
    right = RIGHT.get(gradient) * (1 if case is CASE else 0.5 if gradient == "bias" else 0.25)
    wrong = right.copy()
    wrong.flat[-1] += off
    words = (
        asked(case, gradient, sides, judged).verdict
        for sides in ({judged.name: wrong, "autograd": right}, {judged.name: right, "autograd": wrong})
    )
    return [str(word) for word in words]


@pytest.mark.parametrize("name", GRADIENTS)
def test_on_integers_nothing_is_allowed(name):
    """The smallest difference there is names its side."""
    assert ["fail", "fail"] == blamed(CASE, name, 4e-15, OURS)
    assert ["inconclusive", "inconclusive"] == blamed(CASE, name, 0.0, OURS)


@pytest.mark.parametrize("name", GRADIENTS)
def test_on_real_data_the_float64_bound_is_allowed(name):
    """2 (n+2) u A, with the n and the A of the gradient."""
    allowed = 2 * (TERMS[name] + 2) * U * GAUGE_OF_LAST[name] * (0.5 if name == "bias" else 0.25)
    step = abs(np.spacing(RIGHT.get(name).flat[-1] * 0.25))
    steps = allowed // step

    assert ["inconclusive", "inconclusive"] == blamed(HALVES, name, steps * step, OURS)
    assert ["fail", "fail"] == blamed(HALVES, name, (steps + 1) * step, OURS)


@pytest.mark.parametrize("name", ["weight", "input"])
def test_the_slack_belongs_to_the_code_under_test_alone(name):
    """Autograd sums directly and gets none of it; the code gets its own and no more."""
    assert ["inconclusive", "fail"] == blamed(CASE, name, 0.95 * SLACK[name], FFT)
    assert ["fail", "fail"] == blamed(CASE, name, 1.05 * SLACK[name], FFT)


@pytest.fixture
def too_long(monkeypatch):
    """The sum by the definition costs one product too many."""
    monkeypatch.setattr(reference, "terms_of_reference", lambda spec: 10**10 + 1)


def test_when_the_definition_takes_too_long(too_long):
    """From 10^10 products on, on integers, and for code that is exact on them: else only the definition can tell."""
    sides = {"ours": RIGHT.weight, "autograd": RIGHT.weight + 1}

    assert IDENTITY == asked(CASE, "weight", sides).criterion
    assert DEFINITION == asked(HALVES, "weight", sides).criterion
    assert DEFINITION == asked(CASE, "weight", sides, FFT).criterion


def test_up_to_the_limit_the_definition_is_asked(monkeypatch):
    """10^10 products take about 20 seconds."""
    monkeypatch.setattr(reference, "terms_of_reference", lambda spec: 10**10)

    assert DEFINITION == asked(CASE, "weight", {"ours": RIGHT.weight, "autograd": RIGHT.weight}).criterion


@pytest.mark.parametrize("name", GRADIENTS)
def test_the_adjoint_identity_names_the_side(too_long, name):
    """The same blame without a gradient of its own: a side without an entry, or of another shape, is wrong too."""
    right = RIGHT.get(name)
    wrong = right.copy()
    wrong.flat[0] += 1e-9
    said = f"the adjoint identity says that grad_{name} is wrong in "

    for sides, guilty, detail in (
        ({"ours": wrong, "autograd": right}, 1, "ours; autograd is right"),
        ({"ours": right, "autograd": wrong}, 1, "autograd; ours is right"),
        ({"ours": None, "autograd": right}, 1, "ours; autograd is right"),
        ({"ours": right[..., None], "autograd": right}, 1, "ours; autograd is right"),
        ({"ours": wrong, "autograd": right + 1}, 2, "ours and autograd"),
    ):
        word = Check("referee", name, Verdict.FAIL, 2, guilty, IDENTITY, detail=said + detail)
        assert word == asked(CASE, name, sides)


def test_the_adjoint_identity_may_explain_nothing(too_long):
    """Both sides satisfy it: nobody is blamed."""
    said = "both sides satisfy the adjoint identity; the disagreement is unexplained"

    word = Check("referee", "weight", Verdict.INCONCLUSIVE, 0, 0, IDENTITY, detail=said)
    assert word == asked(CASE, "weight", {"ours": RIGHT.weight, "autograd": RIGHT.weight})


def test_the_random_integers_are_the_same_each_time(too_long, monkeypatch):
    """A verdict can be repeated, and both sides get the same ones."""
    states, real = [], adjoint.adjoint_mismatch

    def spy(case, gradients, rng):
        states.append(rng.bit_generator.state)
        return real(case, gradients, rng)

    monkeypatch.setattr(adjoint, "adjoint_mismatch", spy)
    asked(CASE, "weight", {"ours": RIGHT.weight, "autograd": RIGHT.weight + 1})

    assert 2 == len(states)
    assert states[0] == states[1]


def test_gradients_of_another_shape_are_left_out():
    """Those of the right shape stay, the very arrays."""
    given = Gradients(RIGHT.weight, RIGHT.input[..., :2], None)
    left = referee.of_right_shape(given, SPEC)

    assert left.weight is RIGHT.weight
    assert (None, None) == (left.input, left.bias)
    assert all(referee.of_right_shape(RIGHT, SPEC).get(name) is RIGHT.get(name) for name in GRADIENTS)


def test_all_three_truths_in_float64():
    """Of whole numbers, which are summed as integers, too."""
    truths = referee.truths_of(CASE)
    for name in GRADIENTS:
        assert np.array_equal(RIGHT[name], truths[name])
        assert np.float64 == truths[name].dtype


def word(detail, gradient="weight", verdict=Verdict.FAIL):
    """What the referee says."""
    return Check("referee", gradient, verdict, 8, 2, DEFINITION, detail=detail)


FIRST = word("grad_weight is wrong in ours (2 of 8 entries); autograd is right")


@pytest.mark.parametrize(
    "again",
    [
        FIRST,
        word("grad_weight is wrong in ours (7 of 54 entries); autograd is right"),
        word("grad_weight is wrong in ours"),
    ],
)
def test_the_same_word_is_said_once(again):
    """Of the same gradient and side: neither counts nor what is right make it another."""
    assert [FIRST] == referee.once([FIRST, again, again])


@pytest.mark.parametrize(
    "other",
    [
        word("grad_weight is wrong in autograd (2 of 8 entries); ours is right"),
        word(FIRST.detail, gradient="input"),
        word(FIRST.detail, verdict=Verdict.INCONCLUSIVE),
        word("grad_weight is wrong in ours and autograd; autograd is right"),
    ],
)
def test_another_word_is_kept(other):
    """On another side, of another gradient, or not decided; both stay in their order."""
    assert [FIRST, other] == referee.once([FIRST, other, FIRST])
    assert [other, FIRST] == referee.once([other, FIRST])


def test_only_the_referee_repeats_himself():
    """Checks that say the same stay, also where the referee has said it."""
    check = replace(FIRST, name="exact")
    assert [check, check, FIRST, check] == referee.once([check, check, FIRST, check])
    assert [] == referee.once([])
