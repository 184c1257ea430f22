"""The answer to the forum's question, in words."""

import pytest

from gradcheck_cli.answer import answer, code, method, same, verdict_of
from gradcheck_cli.model import Check, Finding, Power, Rung, Sameness, Verdict


def check(verdict, name="exact", detail="", entries=1):
    """A check with this verdict."""
    return Check(name, "weight", verdict, entries, 0, "criterion", detail=detail)


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

    assert expected == answer(True, [check(Verdict.PASS)], Verdict.PASS, [], DIFFERENT)


def test_the_method_is_not_claimed_where_finite_differences_could_not_decide():
    """An inconclusive oracle says nothing of the method."""
    assert "dE/dF[o,i] = corr(X[i], G[o]); finite differences could not decide it here." == method(None)


def test_a_finding_is_the_reason_why_the_code_is_wrong():
    """The named mistake beats the bare check."""
    finding = Finding("batch-mean", "weight", "proved", "your grad_weight is dE/dF divided by N = 2.", "sum")

    assert "wrong: your grad_weight is dE/dF divided by N = 2." == code([check(Verdict.FAIL)], Verdict.FAIL, [finding])


def test_the_referee_names_the_wrong_side():
    """Without a finding the referee's sentence is given."""
    checks = [check(Verdict.FAIL), check(Verdict.FAIL, "referee", "grad_weight is wrong in autograd")]

    assert "wrong: grad_weight is wrong in autograd." == code(checks, Verdict.FAIL, [])


def test_a_failure_without_referee_names_the_check():
    """The first failed check is told."""
    assert "wrong: exact of grad_weight failed." == code([check(Verdict.FAIL)], Verdict.FAIL, [])


def test_an_undecided_run_tells_why():
    """The first open check's reason is given."""
    checks = [check(Verdict.PASS), check(Verdict.INCONCLUSIVE, "numeric", "kinks are too near.")]

    assert "not decided (kinks are too near)." == code(checks, Verdict.INCONCLUSIVE, [])


@pytest.mark.parametrize(
    ("sameness", "expected"),
    [
        (Sameness(None, "the picture has one channel"), "nothing to compare, the picture has one channel."),
        (Sameness(Rung.IDENTICAL, "they are equal", relative_difference=(0, 0)), "yes, because they are equal."),
        (
            Sameness(Rung.IDENTICAL_TO_ROUNDING, "they are equal", relative_difference=(0, 1e-16)),
            "yes, up to rounding (they are equal).",
        ),
    ],
)
def test_sameness_in_words(sameness, expected):
    """Yes, yes up to rounding, or nothing to compare."""
    assert expected == same(sameness)
