"""The answer to the forum's question, in words."""

from dataclasses import replace

import pytest

from gradcheck_cli.model import Check, ConvSpec, Finding, Power, Rung, Sameness, TorchLayer, Verdict
from gradcheck_cli.runs.picture.answer import EXIT_OF_VERDICT, answer, code, method, same, verdict_of


def check(verdict, name="exact", detail="", entries=1):
    """A check with this verdict."""
    return Check(name, "weight", verdict, entries, 0, "criterion", detail=detail)


SPEC = ConvSpec(1, 3, 3, 8, 8, (3, 3))
DIFFERENT = Sameness(Rung.DIFFERENT, "X's channels differ (by 34 %)", {"different": 9}, relative_difference=(0.2, 0.4))


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["pass", "pass"], "pass"),
        (["pass", "not-applicable"], "pass"),
        (["pass", "inconclusive"], "inconclusive"),
        (["fail", "inconclusive", "pass"], "fail"),
        (["not-applicable"], "inconclusive"),
        ([], "inconclusive"),
    ],
)
def test_the_verdict_is_the_worst_check(verdicts, expected):
    """Fail beats inconclusive beats pass; nothing compared is not a pass; not-applicable changes nothing."""
    assert expected == verdict_of([check(Verdict(verdict)) for verdict in verdicts], Power())


def test_the_exit_code_is_the_verdict():
    """0 for right, 1 for wrong, 2 for what could not be decided."""
    expected = {"pass": 0, "fail": 1, "error": 1, "inconclusive": 2}

    assert expected == {verdict.value: int(code) for verdict, code in EXIT_OF_VERDICT.items()}


def test_a_mistake_that_would_be_missed_makes_the_run_inconclusive():
    """A pass that could not have failed is no pass."""
    power = Power(planted=("shifted",), missed=("shifted",))

    assert Verdict.INCONCLUSIVE == verdict_of([check(Verdict.PASS)], power)


def test_a_missed_mistake_does_not_excuse_a_failure():
    """Fail stays fail."""
    assert Verdict.FAIL == verdict_of([check(Verdict.FAIL)], Power(missed=("shifted",)))


def test_the_sentence_of_a_right_run():
    """Method, code and sameness, each from its evidence."""
    expected = (
        "Method: dE/dF[o,i] = corr(X[i], G[o]) is right. Code: right. Same for all channels: no, because X's channels "
        "differ (by 34 %); taking them as the same would be wrong by up to 40 %."
    )

    assert expected == answer(method(True, SPEC), [check(Verdict.PASS)], Verdict.PASS, [], DIFFERENT)


def test_the_method_is_not_claimed_where_finite_differences_could_not_decide():
    """An inconclusive oracle says nothing of the method."""
    assert "dE/dF[o,i] = corr(X[i], G[o]); finite differences could not decide it here." == method(None, SPEC)


@pytest.mark.parametrize(("holds", "says"), [(True, "is right."), (False, "is not what finite differences give.")])
def test_the_method_is_what_finite_differences_say(holds, says):
    """Right or not, in one clause."""
    assert f"dE/dF[o,i] = corr(X[i], G[o]) {says}" == method(holds, SPEC)


@pytest.mark.parametrize(
    ("changes", "formula"),
    [
        ({"stride": (2, 2)}, "corr(X[i], G[o] spread by the stride 2)"),
        ({"padding": (1, 2)}, "corr(X[i] padded by 1x2, G[o])"),
        ({"padding": (0, 1), "extra_after": (1, 1)}, "corr(X[i] padded by 0x1 before and 1x2 after, G[o])"),
        ({"dilation": (3, 3)}, "corr(X[i], G[o]) at steps of the dilation 3"),
        ({"groups": 6}, "corr(X[o], G[o])"),
        ({"groups": 6, "out_channels": 12}, "corr(X[o // 2], G[o])"),
        ({"groups": 3}, "corr(X[2*(o // 2) + i], G[o])"),
        ({"groups": 3, "out_channels": 3}, "corr(X[2*o + i], G[o])"),
    ],
)
def test_the_method_is_that_of_the_layer_that_ran(changes, formula):
    """Stride, padding, dilation and groups are in its formula."""
    spec = replace(ConvSpec(1, 6, 6, 9, 9, (3, 3)), **changes)

    assert f"dE/dF[o,i] = {formula} is right." == method(True, spec)


@pytest.mark.parametrize(
    ("layer", "formula"),
    [
        ({"conv": "conv1d", "padding": 2, "stride": 3}, "[o,i] = corr(X[i] padded by 2, G[o] spread by the stride 3)"),
        ({"conv": "conv1d", "padding": [(2, 0)]}, "[o,i] = corr(X[i] padded by 2 before and 0 after, G[o])"),
        ({"conv": "conv2d", "padding": 1, "padding_mode": "reflect"}, "[o,i] = corr(X[i] padded by 1 (reflect), G[o])"),
        ({"conv": "conv3d", "dilation": (1, 2, 1)}, "[o,i] = corr(X[i], G[o]) at steps of the dilation 1x2x1"),
        ({"conv": "conv_transpose2d"}, "[i,o] = corr(G[o], X[i])"),
        (
            {"conv": "conv_transpose1d", "padding": 1, "stride": 2},
            "[i,o] = corr(G[o] padded by 1, X[i] spread by the stride 2)",
        ),
        ({"conv": "conv_transpose1d", "groups": 2, "out_channels": 4}, "[i,o] = corr(G[2*(i // 3) + o], X[i])"),
        ({"conv": "conv_transpose1d", "groups": 6}, "[i,o] = corr(G[i], X[i])"),
    ],
    ids=str,
)
def test_the_method_of_every_form(layer, formula):
    """In the words of its own axes; a transposed layer reads G where another reads X."""
    sizes = {"in_channels": 6, "out_channels": 6, "size": 9, "kernel_size": 3}

    assert f"dE/dF{formula} is right." == method(True, TorchLayer(**{**sizes, **layer}).spec)


def test_the_sentence_of_a_wrong_run_carries_the_finding():
    """The findings reach the clause on the code, and a missing method that on the method."""
    finding = Finding("shifted", "weight", "proved", "grad_weight is shifted by one", "do not")

    text = answer(method(None, SPEC), [check(Verdict.FAIL)], Verdict.FAIL, [finding], DIFFERENT)

    assert "Method: dE/dF[o,i] = corr(X[i], G[o]); finite differences could not decide it here. Code: wrong" in text
    assert "Code: wrong: shifted (proved) in grad_weight. Same for all channels: no, " in text


def test_a_finding_is_the_reason_why_the_code_is_wrong():
    """The named mistakes beat the bare check; their sentences stand below."""
    first = Finding("batch-mean", "weight", "proved", "your grad_weight is dE/dF divided by N = 2.", "sum")
    second = Finding("shifted", "input", "proved", "your grad_input is shifted by one.", "do not")

    told = code([check(Verdict.FAIL)], Verdict.FAIL, [first, second])

    assert "wrong: batch-mean (proved) in grad_weight, shifted (proved) in grad_input." == told


def test_the_referee_names_the_wrong_side():
    """Without a finding the referee's sentence is given."""
    checks = [check(Verdict.FAIL), check(Verdict.FAIL, "referee", "grad_weight is wrong in autograd")]

    assert "wrong: grad_weight is wrong in autograd." == code(checks, Verdict.FAIL, [])


def test_only_a_referee_that_found_a_wrong_side_is_believed():
    """A referee that passed says nothing of the failure; of two that failed the first is told, with one full stop."""
    passed = check(Verdict.PASS, "referee", "both sides are right")
    failed = [check(Verdict.FAIL, "referee", f"grad_{name} is wrong in the hand-written code.") for name in ("a", "b")]

    assert "wrong: exact of grad_weight failed." == code([passed, check(Verdict.FAIL)], Verdict.FAIL, [])
    assert "wrong: grad_a is wrong in the hand-written code." == code([passed, *failed], Verdict.FAIL, [])


def test_a_failure_without_referee_names_the_check():
    """The first failed check is told, not the first check and not the last."""
    checks = [check(Verdict.PASS, "numeric"), check(Verdict.FAIL), check(Verdict.FAIL, "repeat")]

    assert "wrong: exact of grad_weight failed." == code(checks, Verdict.FAIL, [])


def test_an_undecided_run_tells_why():
    """The first open check's reason is given."""
    checks = [check(Verdict.PASS), check(Verdict.INCONCLUSIVE, "numeric", "kinks are too near.")]

    assert "not decided (kinks are too near)." == code(checks, Verdict.INCONCLUSIVE, [])


def test_a_run_that_would_have_missed_a_mistake_tells_so():
    """Every check passed, and the run is inconclusive all the same: because of the planted mistakes."""
    told = code([check(Verdict.PASS, detail="all is well")], Verdict.INCONCLUSIVE, [])

    assert "not decided (a planted mistake would not have been caught)." == told


@pytest.mark.parametrize(
    ("sameness", "expected"),
    [
        (Sameness(None, "the picture has one channel"), "the picture has one channel."),
        (Sameness(Rung.IDENTICAL, "they are equal", relative_difference=(0, 0)), "yes, because they are equal."),
        (
            Sameness(Rung.IDENTICAL_TO_ROUNDING, "they are equal", relative_difference=(0, 1e-16)),
            "yes, up to rounding (they are equal).",
        ),
        (
            Sameness(Rung.LOOKS_SAME, "X differs", relative_difference=(0.001, 0.002)),
            "no, because X differs; taking them as the same would be wrong by up to 0.2 %.",
        ),
        (Sameness(Rung.DIFFERENT, "it has no pairs"), "it has no pairs."),
        (Sameness(None, "it has no verdict", relative_difference=(0, 1)), "it has no verdict."),
    ],
)
def test_sameness_in_words(sameness, expected):
    """Yes, yes up to rounding, no although it looks so, or why there is nothing to compare."""
    assert expected == same(sameness)


def test_only_the_full_stop_of_a_reason_is_taken_away():
    """Not an X before it."""
    failed = Check("referee", "weight", Verdict.FAIL, 1, 1, "rule", detail="the sum says that it reads X.")
    open_one = Check("numeric", "weight", Verdict.INCONCLUSIVE, 1, 0, "rule", detail="nothing is known of X.")

    assert "wrong: the sum says that it reads X." == code([failed], Verdict.FAIL, [])
    assert "not decided (nothing is known of X)." == code([open_one], Verdict.INCONCLUSIVE, [])


def test_the_method_is_called_wrong_where_the_differences_say_so():
    """Not only right and undecided."""
    assert "dE/dF[o,i] = corr(X[i], G[o]) is not what finite differences give." == method(
        False, ConvSpec(1, 3, 3, 8, 8, (3, 3))
    )


def test_the_whole_answer_names_the_finding():
    """Checks and findings both reach the clause about the code."""
    failed = Check("exact", "weight", Verdict.FAIL, 1, 1, "rule")
    finding = Finding("batch-mean", "weight", "proved", "it divides by N", "do not")
    alone = Sameness(None, "there is one channel")

    assert "Code: wrong: batch-mean (proved) in grad_weight." in answer(
        "right.", [failed], Verdict.FAIL, [finding], alone
    )
    assert "Code: wrong: exact of grad_weight failed." in answer("right.", [failed], Verdict.FAIL, [], alone)


def test_a_miss_is_told_where_no_check_is_open():
    """Inconclusive without an inconclusive check: the power statement is the reason."""
    told = answer("right.", [], Verdict.INCONCLUSIVE, [], Sameness(None, "there is one channel"))

    assert "Code: not decided (a planted mistake would not have been caught)." in told


def test_one_channel_is_nothing_to_compare_even_with_numbers():
    """No verdict, or no range: neither makes a sentence about sameness."""
    assert "r." == same(Sameness(None, "r", relative_difference=(0.0, 0.0)))
    assert "r." == same(Sameness(Rung.IDENTICAL, "r"))
