"""Every plantable mistake is named, nothing else is, and right gradients are left alone."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from mistaken import (
    SPECS,
    UNEQUAL,
    fractions,
    geometries_for,
    integers,
    is_told,
    observe,
    planted,
    right_backward,
    tiny,
)

from gradcheck_cli.diagnose import Observation, diagnose, naming, words_for
from gradcheck_cli.diagnose.causes import Cause, Found, Structure, search, singles
from gradcheck_cli.diagnose.factors import Factor
from gradcheck_cli.diagnose.naming import clearest, enough, unambiguous
from gradcheck_cli.diagnose.observation import Comparison, gather, in_our_order
from gradcheck_cli.diagnose.words import Words
from gradcheck_cli.mistakes import CATALOGUE, Problem, Variant
from gradcheck_cli.model import GRADIENTS, Case, ConvSpec, Finding, Gradients

HIDDEN_BY_INTEGERS = {"integer-dtype", "rounded-decimals"}
NOT_BY_FORMULA = {"accumulates-between-calls", "single-precision", *HIDDEN_BY_INTEGERS}
HAS_NO_SIGN = "no sign"
FURTHER = ((), pytest.mark.further_form)
FORMS = [
    pytest.param(gradient, mistake.id, number, id=f"{gradient}-{mistake.id}-{number}", marks=FURTHER[number > 0])
    for gradient in GRADIENTS
    for mistake in CATALOGUE.values()
    for number, form in enumerate(mistake.forms(gradient))
    if is_told(mistake.id, form) and (mistake.id not in NOT_BY_FORMULA or HAS_NO_SIGN in form.label)
]


def named(findings):
    """Ids with their certainty."""
    return [(finding.id, finding.certainty) for finding in findings]


@pytest.mark.parametrize(("gradient", "identifier", "number"), FORMS)
def test_every_planted_mistake_is_named_and_nothing_else(gradient, identifier, number):
    """One finding, proved, with the right id; probable where some entries are anybody's."""
    findings = diagnose(observe(gradient, planted(identifier, gradient, number), geometries_for(identifier)), gradient)
    certainty = "probable" if CATALOGUE[identifier].forms(gradient)[number].brings else "proved"
    assert named(findings) == [(identifier, certainty)]


@pytest.mark.parametrize(
    ("gradient", "identifier", "number"),
    [
        pytest.param(gradient, identifier, number, id=f"{gradient}-{identifier}-{number}", marks=FURTHER[number > 0])
        for gradient in GRADIENTS
        for identifier in sorted(HIDDEN_BY_INTEGERS)
        for number, form in enumerate(CATALOGUE[identifier].forms(gradient))
        if HAS_NO_SIGN not in form.label
    ],
)
def test_what_integers_hide_is_named_on_fractions_and_tiny_numbers(gradient, identifier, number):
    """Right on integers, and the very formula elsewhere; zeros alone would be no proof."""
    wrong = planted(identifier, gradient, number)
    seen = observe(gradient, wrong)
    assert diagnose(seen, gradient) == ()

    seen += observe(gradient, wrong, draw=fractions) + observe(gradient, wrong, draw=tiny)
    assert named(diagnose(seen, gradient)) == [(identifier, "proved")]


def test_zeros_in_place_of_tiny_numbers_prove_no_rounding():
    """Taking what is small for 0 is not rounding, though both give zeros where all is tiny."""

    def wrong(problem):
        return np.where(np.abs(problem.grad_weight) < 0.01, 0.0, problem.grad_weight)

    findings = diagnose(observe("weight", wrong) + observe("weight", wrong, draw=tiny), "weight")

    assert {finding.certainty for finding in findings} == {"probable"}


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_right_gradients_give_no_finding(gradient):
    """The definition, called twice, raises no false alarm."""
    seen = []
    for spec in SPECS:
        case = integers(spec)
        seen.append(Observation(case, right_backward(case), right_backward(case)))
    assert diagnose(seen, gradient) == ()


def test_the_message_holds_the_user_s_own_numbers():
    """Batch size, entry, both values (of the rounder batch size), when it shows and how to mend it."""
    spec = ConvSpec(3, 2, 4, 5, 6, (2, 3))
    other = replace(spec, batch=2, height=7)
    single = replace(spec, batch=1)
    seen = observe("weight", planted("batch-mean", "weight"), (spec, other, single))
    (finding,) = diagnose(seen, "weight")
    right = Problem(seen[1].case).grad_weight[0, 0, 0, 0]
    assert finding.message == (
        "your grad_weight is exactly dE/dF divided by the batch size N = 2: "
        f"on small integers, entry [0, 0, 0, 0] is {right / 2:.0f} where {right:.0f} is right."
    )
    assert finding.fails_when == "batch > 1"
    assert finding.fix == "Sum over the batch and do not divide: G already carries the factor of the loss."


@pytest.mark.parametrize(
    ("identifier", "gradient", "label", "does", "mend"),
    [
        ("channels-summed", "weight", "", "adds the input channels together and gives every channel the sum", "no sum"),
        ("channels-summed", "weight", "the first channel's for all", "gives every channel what belongs to the first",
         "at the channel's own index"),
        ("channels-summed", "input", "the last channel's for all", "gives every channel what belongs to the last one",
         "at the channel's own index"),
        ("last-sample-only", "weight", "only the first image is used", "keeps the first image of the batch in place of",
         "Go through all images"),
        ("kernel-rotated", "weight", "a quarter turn to the left", "returns the kernel gradient turned by a quarter",
         "Do not turn"),
        ("upstream-rotated", "weight", "only upside down", "turns G upside down before", "Correlate X with G"),
        ("last-window-only", "input", "in the loop over the taps, so the last tap wins",
         "overwrites with `=` in the loop over the taps", "`+=` for every tap"),
    ],
)  # fmt: skip
def test_each_way_to_make_a_mistake_is_told_by_what_it_does(identifier, gradient, label, does, mend):
    """Code that takes the first channel for all adds nothing together, and is not mended by leaving out a sum."""
    forms = CATALOGUE[identifier].forms(gradient)
    number = next(number for number, form in enumerate(forms) if form.label == label)
    (finding,) = diagnose(observe(gradient, planted(identifier, gradient, number)), gradient)
    assert finding.id == identifier
    assert does in finding.message
    assert mend in finding.fix
    assert label == "" or f"({label}" not in finding.message


def test_the_fix_speaks_the_user_s_convention():
    """The names of its arrays; rows and columns are where its layout has them."""
    words = words_for("cache-dict", "NHWC")

    def wrong(problem):
        array = planted("unpad-empty", "input")(problem)
        return array if array.size else turned_to_channels_last(array, "input")

    (finding,) = diagnose(observe("input", wrong), "input", words)
    assert finding.fix.startswith("Take the rows p : p + H and the columns p : p + W of dX_padded")
    (finding,) = diagnose(observe("weight", planted("upstream-padded", "weight")), "weight", words_for("cache-dict"))
    assert finding.fix == "Leave dout as it is; pad x only."


PAIRS = {
    "rotated and mean": ("weight", ("upstream-rotated", "batch-mean")),
    "summed channels and minus": ("weight", ("channels-summed", "sign-flipped")),
    "reversed and transposed": ("weight", ("channels-reversed", "axes-transposed")),
    "stride and rotated": ("weight", ("stride-ignored", "kernel-rotated")),
    "unrotated and unpadded": ("input", ("input-grad-kernel-unrotated", "unpad-empty")),
    "totalled and mean": ("bias", ("bias-totalled", "batch-mean")),
}


@pytest.mark.parametrize(("gradient", "identifiers"), PAIRS.values(), ids=PAIRS.keys())
def test_two_mistakes_at_once_are_both_named(gradient, identifiers):
    """The second is planted on the result of the first."""

    def wrong(problem):
        first = planted(identifiers[0], gradient)(problem)
        if first.shape != problem.right(gradient).shape:
            return first
        return planted(identifiers[1], gradient)(Problem.supposing(problem.case, gradient, first))

    findings = diagnose(observe(gradient, wrong), gradient)
    assert sorted(named(findings)) == sorted((identifier, "proved") for identifier in identifiers)
    assert {gradient} == {finding.gradient for finding in findings}
    first, second = findings
    assert f", together with {second.id}: " in first.message
    assert f", together with {first.id}: " in second.message


def test_where_all_windows_lie_on_zeros_nothing_is_told_of_a_condition():
    """There every gradient is 0: a 1x1 kernel on a single pixel says not that G may be padded for such kernels."""

    def wrong(problem):
        first = planted("upstream-padded", "input")(problem)
        return planted("unpad-empty", "input")(Problem.supposing(problem.case, "input", first))

    on_zeros = ConvSpec(1, 2, 3, 1, 1, (1, 1), stride=(3, 3), padding=(1, 1))
    assert not Problem(integers(on_zeros)).grad_input.any()
    findings = diagnose(
        observe("input", wrong, [*SPECS, ConvSpec(1, 2, 3, 1, 1, (2, 2), stride=(3, 3), padding=(1, 1))]), "input"
    )
    assert {finding.id: finding.fails_when for finding in findings} == {
        "upstream-padded": "padding > 0",
        "unpad-empty": "padding = 0",
    }


def test_a_gradient_without_entries_is_explained_as_one_with_some():
    """Where a margin of p and no zeros between the values of G leave nothing, the shape still tells both."""

    def wrong(problem):
        spec = problem.spec
        plain = CATALOGUE["input-grad-stride-not-dilated"].prepare(problem.case)
        result = CATALOGUE["full-margin-wrong"].formulas["input"](Problem(plain))
        return np.zeros((spec.batch, spec.in_channels, 0, 0)) if result is None else result

    specs = [
        ConvSpec(2, 3, 4, 4, 5, (3, 3)),
        ConvSpec(2, 3, 4, 4, 4, (3, 3)),
        ConvSpec(2, 3, 4, 7, 9, (3, 3)),
        ConvSpec(3, 2, 5, 9, 7, (3, 3), stride=(2, 2), padding=(1, 1)),
        ConvSpec(2, 3, 4, 8, 11, (3, 3), stride=(2, 2)),
        ConvSpec(3, 2, 5, 11, 8, (4, 4), stride=(3, 3), padding=(2, 2)),
    ]
    seen = observe("input", wrong, specs)
    assert any(0 in one.actual.input.shape for one in seen)
    findings = diagnose(seen, "input")
    assert sorted(named(findings)) == [("full-margin-wrong", "proved"), ("input-grad-stride-not-dilated", "proved")]


def test_each_of_two_mistakes_says_where_it_shows_by_itself():
    """The mean needs a batch. A turned kernel needs two taps that reach the image: no condition says that."""

    def wrong(problem):
        return planted("kernel-rotated", "weight")(problem) / problem.spec.batch

    findings = diagnose(observe("weight", wrong), "weight")
    assert {finding.id: finding.fails_when for finding in findings} == {
        "kernel-rotated": "",
        "batch-mean": "batch > 1",
    }


def test_a_mistake_on_another_s_case_is_found_too():
    """G padded, and only the last image counted: both change what goes in, not what comes out."""

    def wrong(problem):
        case = CATALOGUE["last-sample-only"].prepare(problem.case)
        return planted("upstream-padded", "weight")(Problem(case))

    findings = diagnose(observe("weight", wrong), "weight")
    assert sorted(named(findings)) == [("last-sample-only", "proved"), ("upstream-padded", "proved")]
    assert {finding.id: finding.fails_when for finding in findings} == {
        "last-sample-only": "batch > 1",
        "upstream-padded": "padding > 0",
    }


@pytest.mark.parametrize(
    ("factor", "phrase"),
    [
        (lambda spec: 1 / (spec.output_size[0] * spec.output_size[1]), "divided by the outputs of an image, P*Q = "),
        (lambda spec: spec.output_size[0], "times P = "),
        (lambda spec: 0.01, "times 0.01: "),
        (lambda spec: 1 / 3, "divided by 3: "),
        (lambda spec: 2 / 7, "times 2/7: "),
        (lambda spec: 2, "times 2: "),
        (lambda spec: -1, "with the opposite sign: "),
        (lambda spec: -2, "with the opposite sign and times 2: "),
        (lambda spec: 1 / (spec.terms * spec.out_channels), "divided by the size of O, numel(O) = "),
    ],
)
def test_constant_factors_are_read_off_and_named(factor, phrase):
    """A factor of the sizes by name, any other by its value."""
    findings = diagnose(observe("weight", lambda problem: problem.grad_weight * factor(problem.spec)), "weight")
    assert {item.id for item in findings} <= {"sign-flipped", "scaled-constant"}
    for finding in findings:
        assert finding.certainty == "proved"
        assert finding.message.startswith(f"your grad_weight is exactly dE/dF {phrase}")


def test_the_learning_rate_of_an_early_update_is_fitted():
    """dE/dX through weights that were already updated with lr = 0.1."""

    def wrong(problem):
        return 0.9 * problem.grad_input + 0.1 * planted("updated-too-early", "input")(problem)

    (finding,) = diagnose(observe("input", wrong), "input")
    assert (finding.id, finding.certainty) == ("updated-too-early", "proved")
    assert "learning rate 0.1" in finding.message


def test_one_geometry_is_no_proof():
    """A formula that fits once is only probable."""
    findings = diagnose(observe("weight", planted("kernel-rotated", "weight"), SPECS[:1]), "weight")
    assert named(findings) == [("kernel-rotated", "probable")]


def test_mistakes_that_cannot_be_told_apart_are_not_proved():
    """With N = c_in everywhere, 1/N and 1/c_in are the same number."""
    specs = (ConvSpec(2, 2, 3, 6, 7, (3, 2)), ConvSpec(3, 3, 4, 6, 7, (3, 2)), ConvSpec(1, 1, 3, 6, 7, (3, 2)))
    (finding,) = diagnose(observe("weight", lambda problem: problem.grad_weight / problem.spec.batch, specs), "weight")
    batch, constant = CATALOGUE["batch-mean"].title, CATALOGUE["scaled-constant"].title
    message = (
        "your grad_weight fits more than one mistake, which give the same numbers on all that was tried: "
        f"it {batch} (batch-mean), or it {constant} (scaled-constant)."
    )
    fix = f"Probably: {CATALOGUE['batch-mean'].fix}"
    assert Finding("batch-mean", "weight", "probable", message, fix) == finding


def test_a_fault_outside_of_the_catalogue_gets_no_name():
    """One entry off by one, differently on each geometry."""

    def wrong(problem):
        array = problem.grad_weight.copy()
        array.flat[problem.spec.terms % array.size] += problem.spec.batch
        return array

    assert diagnose(observe("weight", wrong), "weight") == ()


def test_a_mistake_on_some_geometries_only_is_probable():
    """Rotated where the stride is not 1, and otherwise a fault without a name: exact there, but not proved."""

    def wrong(problem):
        if problem.spec.stride != (1, 1):
            return planted("kernel-rotated", "weight")(problem)
        array = problem.grad_weight.copy()
        array[-1, -1, -1, -1] += 1
        return array

    findings = diagnose(observe("weight", wrong), "weight")
    assert named(findings) == [("kernel-rotated", "probable")]
    assert findings[0].message.startswith("On 4 of 15 wrong geometries your grad_weight is exactly")
    # No geometry tells "stride > 1" from "stride of the rows > 1".
    assert (findings[0].fails_when, findings[0].gradient) == ("", "weight")


def nameless(problem):
    """One entry too large by one: no formula of the catalogue."""
    array = problem.grad_weight.copy()
    array[-1, -1, -1, -1] += 1
    return array


def test_at_most_three_formulas_are_told_for_parts_of_the_geometries():
    """Four would fit a kind of geometries each: with and without a stride, with and without padding."""
    four = ["kernel-rotated", "channels-reversed", "upstream-rotated", "channels-summed"]
    specs = [spec for spec in SPECS + UNEQUAL if min(spec.in_channels, *spec.kernel_size) > 1 and spec.groups == 1]

    def wrong(problem):
        kind = 2 * (max(problem.spec.stride) > 1) + (max(problem.spec.padding) > 0)
        return planted(four[kind], "weight")(problem)

    found = named(diagnose(observe("weight", wrong, specs), "weight"))
    assert 3 == len({identifier for identifier, _ in found}) == len(found)
    assert {"probable"} == {certainty for _, certainty in found}


def test_a_formula_that_fits_geometries_of_no_kind_is_not_told():
    """Two of many, with nothing in common that the others lack: the next one would be a guess."""
    chosen = (SPECS[0], SPECS[4])

    def wrong(problem):
        return planted("kernel-rotated", "weight")(problem) if problem.spec in chosen else nameless(problem)

    assert () == diagnose(observe("weight", wrong), "weight")


def test_a_formula_that_is_wrong_where_the_user_is_right_explains_no_part():
    """A fixed padding of 2 meets a margin that is 2 too narrow on some kernels, but the code is right at padding 1."""

    def wrong(problem):
        if problem.spec.padding == (0, 0) and problem.spec.stride == (1, 1):
            return planted("padding-hard-coded", "input", 2)(problem)
        return problem.grad_input if problem.spec.padding != (0, 0) else nameless_input(problem)

    def nameless_input(problem):
        array = problem.grad_input.copy()
        array[-1, -1, 0, 0] += 1
        return array

    assert CATALOGUE["padding-hard-coded"].forms("input")[2].label == "always 2"
    assert [("wrong-shape", "proved")] == named(diagnose(observe("input", wrong, SPECS + UNEQUAL), "input"))


def test_code_that_branches_is_told_by_what_it_does_on_all_that_is_wrong():
    """Transposed taps for square kernels, right for the others."""

    def wrong(problem):
        square = problem.spec.kernel_size[0] == problem.spec.kernel_size[1]
        return planted("axes-transposed", "weight")(problem) if square else problem.grad_weight

    (finding,) = diagnose(observe("weight", wrong), "weight")
    count = sum(spec.kernel_size[0] == spec.kernel_size[1] > 1 for spec in SPECS)
    assert ("axes-transposed", "probable") == (finding.id, finding.certainty)
    assert finding.message.startswith(f"On all {count} geometries where it is wrong your grad_weight is exactly")
    assert "" == finding.fails_when  # several conditions fit what was asked, and nothing tells them apart here


def test_a_loop_that_ends_too_early_where_no_row_is_left_over_is_told_with_that_condition():
    """`range(0, h - kh, s)` in place of `h - kh + 1`: the last row is missing where the windows fit exactly."""

    def wrong(problem):
        return problem.right("input") if problem.spec.remainder[0] else planted_way(problem)

    planted_way = next(
        variant.formula
        for variant in CATALOGUE["partial-output"].variants["input"]
        if variant.label == "the last row is left out"
    )
    specs = [spec for spec in (*SPECS, *UNEQUAL) if spec.output_size[0] > 1]
    found = [item for item in diagnose(observe("input", wrong, specs), "input") if item.id == "partial-output"]

    assert ["no row is left over"] == [item.fails_when for item in found]


def test_two_formulas_that_explain_the_same_part_are_both_told():
    """Which of them the code does cannot be told from there."""
    forms = ["kernel-rotated", "axes-transposed"]
    one = [Structure(((CATALOGUE[name], Variant("", None)),), lambda problem: problem.grad_weight) for name in forms]
    seen = gather(observe("weight", nameless, SPECS[:2]), "weight", "NCHW")
    found = naming.partly(one, seen[:1], seen, "weight", Words())

    assert all(f"({name})" in found.message for name in forms)
    assert found.message.startswith("On 1 of 2 wrong geometries your grad_weight fits more than one mistake")
    assert "probable" == found.certainty


@pytest.mark.parametrize(
    ("there", "explained", "said"),
    [
        (1, 1, "On 1 of 1 wrong geometry "),
        (2, 2, "On all 2 geometries where it is wrong "),
        (2, 1, "On 1 of 2 wrong geometries "),
        (3, 2, "On 2 of 3 wrong geometries "),
    ],
)
def test_a_part_says_how_large_it_is(there, explained, said):
    """With the number of the noun, and all are called all."""
    seen = gather(observe("weight", nameless, SPECS[:there]), "weight", "NCHW")
    one = [Structure(((CATALOGUE["kernel-rotated"], Variant("", None)),), lambda problem: problem.grad_weight)]
    found = naming.partly(one, seen[:explained], seen, "weight", Words())

    assert found.message.startswith(said)
    assert ("kernel-rotated", "weight", "probable") == (found.id, found.gradient, found.certainty)


FOUR = ["batch-mean", "sign-flipped", "scaled-constant", "bias-spatial-mean"]


def test_of_many_ties_three_are_listed():
    """Four factors that are 2 on all that was tried."""
    wrong_ones = gather(observe("weight", lambda problem: 2 * problem.grad_weight, SPECS[:2]), "weight", "NCHW")
    twos = [Cause(singles("weight")[0], Factor(name, (name,), lambda _: Fraction(2))) for name in FOUR]
    (finding,) = naming.findings_of(twos, wrong_ones, "weight", Words())
    assert FOUR[:3] == [name for name in FOUR if f"({name})" in finding.message]


def test_a_formula_that_fits_a_single_geometry_of_many_is_not_told():
    """One may be an accident."""

    def wrong(problem):
        return planted("kernel-rotated", "weight")(problem) if problem.spec == SPECS[0] else nameless(problem)

    assert () == diagnose(observe("weight", wrong), "weight")


def test_no_constant_is_read_off_for_a_part_of_the_geometries():
    """Three times the turned kernel where the stride is not 1: two guesses at once, for some geometries only."""

    def wrong(problem):
        if problem.spec.stride != (1, 1):
            return 3 * planted("kernel-rotated", "weight")(problem)
        return nameless(problem)

    assert () == diagnose(observe("weight", wrong), "weight")


def test_a_wrong_shape_beside_a_formula_for_some_geometries_is_left_to_it():
    """What is probable comes first; the shape would be told where nothing fits."""

    def wrong(problem):
        return planted("kernel-rotated", "weight")(problem) if problem.spec.stride != (1, 1) else np.ones((2, 2))

    assert [("kernel-rotated", "probable")] == named(diagnose(observe("weight", wrong), "weight"))


def wide(case):
    """The same case with X so large that sums need more than 24 bits."""
    return Case(case.spec, case.x * 2.0**22 + 1, case.weight * 2.0**22 + 1, case.bias, case.grad_output)


@pytest.mark.parametrize("gradient", ["weight", "input"])
def test_float32_inside_is_seen_on_wide_integers(gradient):
    """Right on small integers, off by float32 rounding on large ones."""
    seen = observe(gradient, lambda problem: problem.right(gradient))
    for seed, spec in enumerate(SPECS[:3]):
        case = wide(integers(spec, seed))
        narrow = planted("single-precision", gradient)(Problem(case))
        seen.append(Observation(case, Gradients(**{gradient: narrow})))
    findings = diagnose(seen, gradient)
    assert named(findings) == [("single-precision", "proved")]


def test_wide_integers_do_not_stand_in_the_way_of_a_factor():
    """Where sums are too large for a proof, an observation can only refute."""
    seen = observe("weight", planted("batch-mean", "weight"))
    for spec in SPECS[:2]:
        case = wide(integers(spec))
        case = replace(case, x=case.x * 2.0**20)
        seen.append(Observation(case, Gradients(weight=Problem(case).grad_weight / spec.batch)))
    assert named(diagnose(seen, "weight")) == [("batch-mean", "proved")]


def test_float32_beside_another_mistake_is_told_as_probable():
    """The mean over the batch is proved on small integers, float32 only suspected on large ones."""
    seen = observe("weight", planted("batch-mean", "weight"))
    for spec in SPECS[:3]:
        case = wide(integers(spec))
        narrow = planted("single-precision", "weight")(Problem(case))
        seen.append(Observation(case, Gradients(weight=narrow / spec.batch)))
    findings = diagnose(seen, "weight")
    assert named(findings) == [("batch-mean", "proved"), ("single-precision", "probable")]
    assert {"weight"} == {finding.gradient for finding in findings}


def test_float32_beside_two_other_mistakes():
    """The pair is proved on small integers."""
    inner, outer = planted("channels-reversed", "weight"), planted("axes-transposed", "weight")

    def wrong(problem):
        first = inner(problem)
        return outer(Problem.supposing(problem.case, "weight", first)) if first.ndim == 4 else first

    seen = observe("weight", wrong)
    for spec in SPECS[:3]:
        case = wide(integers(spec))
        array = wrong(Problem(case))
        seen.append(Observation(case, Gradients(weight=array.astype(np.float32).astype(np.float64))))
    expected = [("channels-reversed", "proved"), ("axes-transposed", "proved"), ("single-precision", "probable")]
    assert sorted(expected) == sorted(named(diagnose(seen, "weight")))


def test_float32_is_no_excuse_on_small_integers():
    """A factor off by 1e-9 is refused there, though large sums would fit it in float32; no batch is 1."""

    def wrong(problem):
        return problem.grad_weight / problem.spec.batch * (1 + 1e-9)

    seen = observe("weight", wrong, SPECS[:6])
    for spec in SPECS[:3]:
        case = wide(integers(spec))
        seen.append(Observation(case, Gradients(weight=wrong(Problem(case)))))
    assert () == diagnose(seen, "weight")


def test_how_far_float32_may_put_a_factor_off():
    """Its rounding may do more, but what is off by more than 1e-6 is no constant factor at all."""
    spec = ConvSpec(2, 1, 1, 1, 1, (1, 1))
    case = Case(spec, *(np.full(shape, 1.0) for shape in (spec.x_shape, spec.weight_shape, (1,), spec.output_shape)))
    case = replace(case, x=case.x * (2.0**30 + 1))

    def names(error):
        wide_one = Observation(case, Gradients(weight=Problem(case).grad_weight / 2 * (1 + error)))
        return named(diagnose([*observe("weight", planted("batch-mean", "weight")), wide_one], "weight"))

    assert [("batch-mean", "proved"), ("single-precision", "probable")] == names(9e-7)
    assert [] == names(1.1e-6)


def test_where_all_is_right_to_24_bits_no_formula_is_searched(monkeypatch):
    """Float32 is proved; the search costs a second."""
    case = wide(integers(SPECS[0]))
    narrow = Observation(case, Gradients(weight=planted("single-precision", "weight")(Problem(case))))
    monkeypatch.setattr(naming, "search", None)

    assert [("single-precision", "proved")] == named(diagnose([narrow], "weight"))


def test_formulas_are_searched_once(monkeypatch):
    """Where sums are large, with room for float32 at once: what is exact is among what that lets through."""
    searched = []
    monkeypatch.setattr(naming, "search", lambda evidence, *others: searched.append(evidence) or Found())
    case = wide(integers(SPECS[0]))

    assert () == diagnose(observe("weight", nameless), "weight")
    assert 1 == len(searched)
    diagnose([Observation(case, Gradients(weight=nameless(Problem(case))))], "weight")
    assert 2 == len(searched)


def test_a_nearly_right_factor_is_refused():
    """1/N with a relative error of 1e-9 is another number, not batch-mean."""
    findings = diagnose(observe("weight", lambda p: p.grad_weight / p.spec.batch * (1 + 1e-9)), "weight")
    assert findings == ()


def test_the_bias_gradient_with_axes_kept_is_still_diagnosed():
    """(1, F, 1, 1) is a finding of its own and does not hide the mean over the batch."""

    def wrong(problem):
        return (problem.grad_bias / problem.spec.batch).reshape(1, -1, 1, 1)

    findings = diagnose(observe("bias", wrong), "bias")
    assert named(findings) == [("wrong-shape", "proved"), ("batch-mean", "proved")]
    assert findings[0].message == (
        "grad_bias has shape (1, 4, 1, 1) where (4,) is right; axes of length 1 are the difference."
    )


def test_unexplained_shapes_are_said_to_be_wrong():
    """A shape that no formula has, with both shapes."""
    findings = diagnose(observe("weight", lambda problem: np.ones((2, 2))), "weight")
    assert named(findings) == [("wrong-shape", "proved")]
    assert findings[0].message == "grad_weight has shape (2, 2) where (4, 3, 3, 3) is right."


def turned_to_channels_last(array, gradient):
    """As code with channels last returns it."""
    return array.transpose((2, 3, 1, 0) if gradient == "weight" else (0, 2, 3, 1))


@pytest.mark.parametrize(
    ("gradient", "identifier"),
    [("weight", "axes-transposed"), ("weight", "in-out-swapped"), ("input", "padding-not-stripped")],
)
def test_a_wrong_shape_is_read_in_the_order_of_the_target_s_axes(gradient, identifier):
    """Channels last: what fits nothing comes as the target returned it, and is still named."""

    def wrong(problem):
        array = planted(identifier, gradient)(problem)
        right = problem.right(gradient).shape
        return array if array.shape == right else turned_to_channels_last(array, gradient)

    (finding,) = diagnose(observe(gradient, wrong, SPECS[:-1]), gradient, words_for("cache-dict", "NHWC"))
    assert (finding.id, finding.certainty) == (identifier, "proved")
    assert "channel, row, column)" in finding.message


@pytest.mark.parametrize(
    ("layout", "gradient", "shape", "ours"),
    [
        ("NHWC", "input", (2, 5, 6, 3), (2, 3, 5, 6)),
        ("HWC", "input", (5, 6, 3), (1, 3, 5, 6)),
        ("CHW", "input", (3, 5, 6), (1, 3, 5, 6)),
        ("HW", "input", (5, 6), (1, 1, 5, 6)),
        ("NHWC", "weight", (4, 2, 3, 7), (7, 3, 4, 2)),
        ("HW", "weight", (7, 4, 2), (7, 1, 4, 2)),
        ("HW", "weight", (4, 2), (1, 1, 4, 2)),
        ("NCHW", "weight", (7, 3, 4, 2), (7, 3, 4, 2)),
        ("NHWC", "input", (5, 6), (5, 6)),
    ],
)
def test_axes_are_put_in_our_order(layout, gradient, shape, ours):
    """By the letters of the layout; what has another number of axes stays."""
    assert in_our_order(np.zeros(shape), gradient, layout).shape == ours


def test_each_cause_is_shown_where_it_changes_the_result():
    """G padded as well does nothing for padding 0, where [p:-p] does something; each is told alone."""

    def wrong(problem):
        if max(problem.spec.padding) == 0:
            return planted("unpad-empty", "input")(problem)
        return planted("upstream-padded", "input")(problem)

    found = {each.id: each for each in diagnose(observe("input", wrong), "input")}
    assert set(found) == {"upstream-padded", "unpad-empty"}
    assert "(padding 0): its shape is (" in found["unpad-empty"].message
    assert (found["unpad-empty"].fails_when, found["upstream-padded"].fails_when) == ("padding = 0", "padding > 0")
    assert not any("together" in each.message for each in found.values())


def test_three_mistakes_in_the_bias_gradient_are_told_by_the_factors_of_the_bias():
    """The last image only, totalled, and divided by the outputs of an image, which has a name of its own there."""

    def wrong(problem):
        last = Problem(CATALOGUE["last-sample-only"].prepare(problem.case) or problem.case)
        return planted("bias-totalled", "bias")(last) / (problem.spec.output_size[0] * problem.spec.output_size[1])

    evidence = gather(observe("bias", wrong), "bias", "NCHW")
    best = search(evidence, "bias").exact[0]
    assert {"last-sample-only", "bias-totalled", "bias-spatial-mean"} == set(best.ids)


PLAIN = ConvSpec(1, 1, 1, 1, 1, (1, 1))


def evidence(actual, right=(1.0, 2.0, 3.0, 4.0, 5.0), spec=PLAIN):
    """Numbers by hand, on a geometry of small integers."""
    return Comparison(Problem(integers(spec)), np.array(right), np.array(actual, np.float64), 2.0**-53)


def test_zeros_tell_only_where_all_is_zero():
    """Zeros beside other numbers fit many formulas; zeros of another shape, or everywhere, are something."""
    zeros, other, shape = evidence([0] * 5), evidence([2] * 5), evidence([0] * 3)

    assert [zeros, zeros] == unambiguous([zeros, zeros], [zeros, zeros])
    assert [other, shape] == unambiguous([zeros, other, shape], [zeros, other, shape])
    assert [] == unambiguous([zeros], [zeros, other])


def test_two_geometries_and_four_entries_are_enough():
    """Only the wrong entries count, all of them where the shape is wrong, and only small integers."""
    tall = replace(PLAIN, height=2)
    one, two = evidence([9, 2, 3, 4, 5]), evidence([9, 9, 3, 4, 5], spec=tall)
    three = evidence([9, 9, 9, 4, 5], spec=tall)

    assert enough([one, three])
    assert not enough([one, two])
    assert not enough([evidence([9] * 5), evidence([9] * 5)])
    assert enough([one, evidence([9], spec=tall)])
    large = replace(
        three.problem.case, x=three.problem.case.x * 2.0**30 + 1, weight=three.problem.case.weight * 2.0**30
    )
    assert not enough([one, replace(three, problem=Problem(replace(large, grad_output=large.grad_output + 0.5)))])


def quoted(factor, *specs):
    """The geometry that is quoted, of evidence on each."""
    return clearest([evidence([0] * 5, spec=spec) for spec in specs], factor).spec


def test_the_clearest_observation_has_a_round_factor_then_different_sizes():
    """1/2 rather than 1/3; 2 rather than 1 where the factor has a name; 1 where it has none; then the sizes."""
    batches = [replace(PLAIN, batch=batch) for batch in (3, 1, 2)]
    batch = Factor("1/N", ("batch-mean",), lambda spec: 1 / Fraction(spec.batch))
    unnamed = Factor("", (), lambda spec: Fraction(spec.batch, 3))

    assert 2 == quoted(batch, *batches).batch
    assert 2 == quoted(batch, *batches, replace(PLAIN, height=4, width=5)).batch
    assert 3 == quoted(unnamed, *batches).batch
    tall = replace(PLAIN, batch=3, height=4)
    assert tall == quoted(naming.NONE, *batches, tall)


def test_of_equally_clear_observations_the_smaller_array_is_quoted():
    """Fewer numbers to look at."""
    long, short = evidence([0] * 5), evidence([0] * 3, right=(1.0, 2.0, 3.0))

    assert short is clearest([long, short])
    assert long is clearest([long, long])


def past_the_end(problem):
    """dE/dX from windows that run on in memory, with numbers of the moment where the array has ended."""
    forms = CATALOGUE["full-margin-wrong"].forms("input")
    (formula,) = (form.formula for form in forms if form.brings)
    result = formula(problem)
    if result is None:
        return problem.grad_input
    return np.where(np.isnan(result), np.random.default_rng().normal(size=result.shape), result)


def test_what_is_read_past_the_end_is_told_by_its_cause_and_not_as_a_second_mistake():
    """Two calls differ, since the memory behind an array is anybody's; what lies inside tells the margin."""
    seen = [
        replace(first, second=second.actual)
        for first, second in zip(observe("input", past_the_end), observe("input", past_the_end), strict=True)
    ]
    (finding,) = diagnose(seen, "input")

    assert (finding.id, finding.certainty) == ("full-margin-wrong", "probable")
    assert "read on past its end by as_strided" in finding.message
    assert (
        finding.message.count("no number of its own, which is why two calls may differ: on small integers, entry [")
        == 1
    )


def test_each_of_two_mistakes_is_shown_where_it_changes_something():
    """The forgotten stride on a geometry with a stride, the wrong margin on one where k - 1 - p differs from it."""

    def wrong(problem):
        prepared = problem.prepared(CATALOGUE["input-grad-stride-not-dilated"].prepare)
        return planted("full-margin-wrong", "input")(prepared or problem)

    plain = [spec for spec in SPECS if spec.groups == 1 and spec.dilation == (1, 1)]
    findings = {item.id: item for item in diagnose(observe("input", wrong, plain), "input")}

    assert {"input-grad-stride-not-dilated", "full-margin-wrong"} == set(findings)
    assert "stride 1)" not in findings["input-grad-stride-not-dilated"].message
    assert {"proved"} == {item.certainty for item in findings.values()}


def test_zeros_on_some_geometries_are_no_cause():
    """What skips the rim leaves nothing of small outputs, and so does whatever skips more of them."""

    def wrong(problem):
        inner = np.zeros_like(problem.case.grad_output)
        inner[:, :, 1:-1, 2:-1] = problem.case.grad_output[:, :, 1:-1, 2:-1]
        return Problem(replace(problem.case, grad_output=inner)).grad_weight

    small = tuple(ConvSpec(2, channels, 3, 4, 5, (3, 3)) for channels in (3, 4, 5))
    assert () == diagnose(observe("weight", wrong, SPECS + small), "weight")


def test_what_may_hold_any_number_explains_nothing():
    """A formula that reads memory behind an array fits zeros there as it fits everything."""

    def wrong(problem):
        array = problem.grad_input.copy()
        array[:, 4:] = 0
        return array

    many = tuple(ConvSpec(2, channels, 3, 7, 6, (3, 3)) for channels in (5, 6, 7, 9))
    found = {finding.id for finding in diagnose(observe("input", wrong, SPECS + many), "input")}
    assert "full-margin-wrong" not in found
