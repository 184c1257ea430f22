"""Findings in words: the whole sentences, with sizes, factors and the user's names."""

from fractions import Fraction

import numpy as np
import pytest

from gradcheck_cli.diagnose.causes import Cause, Structure
from gradcheck_cli.diagnose.factors import NONE, Factor
from gradcheck_cli.diagnose.observation import Comparison
from gradcheck_cli.diagnose.sentences import either, finding, message_for
from gradcheck_cli.diagnose.words import Words, words_for
from gradcheck_cli.mistakes import CATALOGUE, Problem, describe
from gradcheck_cli.model import Case, ConvSpec, Finding

SPEC = ConvSpec(2, 1, 1, 2, 2, (1, 1))
CASE = Case(SPEC, np.ones(SPEC.x_shape), np.ones(SPEC.weight_shape), np.zeros(1), np.ones(SPEC.output_shape))
RIGHT = Structure((), lambda problem: problem.grad_weight)


def seen(actual, right=8.0):
    """grad_weight of one entry."""
    return Comparison(Problem(CASE), np.full((1, 1, 1, 1), right), np.asarray(actual, np.float64), 2.0**-53)


def factor(name, value, *ids):
    """A factor that is the same for every geometry."""
    return Factor(name, ids, lambda _spec: Fraction(value))


def mistaken(identifier, number=0):
    """The structure of one form of a mistake in grad_weight."""
    form = CATALOGUE[identifier].forms("weight")[number]
    return Structure(((CATALOGUE[identifier], form),), form.formula)


ENTRY = "on small integers, entry [0, 0, 0, 0] is 4 where 8 is right."


@pytest.mark.parametrize(
    ("found", "phrase"),
    [
        (factor("1/N", Fraction(1, 2), "batch-mean"), "divided by the batch size N = 2"),
        (
            factor("-1/N", Fraction(-1, 2), "sign-flipped", "batch-mean"),
            "with the opposite sign and divided by the batch size N = 2",
        ),
        (factor("-1", -1, "sign-flipped"), "with the opposite sign"),
        (factor("1/(P*Q)", Fraction(1, 4), "scaled-constant"), "divided by the outputs of an image, P*Q = 4"),
        (factor("1/(H*W)", Fraction(1, 4), "scaled-constant"), "divided by H*W = 4"),
        (factor("1/3", Fraction(1, 3), "scaled-constant"), "divided by 3"),
        (factor("c_in", 5, "scaled-constant"), "times the number of channels, c_in = 5"),
        (factor("H", 7, "scaled-constant"), "times H = 7"),
        (factor("0.01", Fraction(1, 100), "scaled-constant"), "times 0.01"),
        (factor("-2", -2, "sign-flipped", "scaled-constant"), "with the opposite sign and times 2"),
        (factor("groups", 1, "scaled-constant"), "times groups = 1"),
    ],
)
def test_a_factor_alone_is_told_as_a_person_would(found, phrase):
    """The right formula times something."""
    cause = Cause(RIGHT, found)

    assert f"your grad_weight is exactly dE/dF {phrase}: {ENTRY}" == message_for(
        cause, found.ids[0], seen([[[[4.0]]]]), "weight", Words()
    )


ROTATED = "returns the kernel gradient turned by 180 degrees (kernel 1x1)"


@pytest.mark.parametrize(
    ("found", "clause"),
    [
        (factor("-1", -1, "sign-flipped"), "returns the gradient with the opposite sign"),
        (factor("1/N", Fraction(1, 2), "batch-mean"), "divides the gradient by the batch size (N = 2)"),
        (factor("2", 2, "scaled-constant"), "multiplies the whole gradient by a constant (2)"),
        (factor("0.01", Fraction(1, 100), "scaled-constant"), "multiplies the whole gradient by a constant (0.01)"),
        (factor("-1/3", Fraction(-1, 3), "scaled-constant"), "multiplies the whole gradient by a constant (1/3)"),
        (factor("-H*W", -30, "scaled-constant"), "multiplies the whole gradient by a constant (H*W = 30)"),
        (
            Factor("H*W", ("scaled-constant",), lambda spec: Fraction(spec.height * spec.width)),
            "multiplies the whole gradient by a constant (H*W = 4)",
        ),
    ],
)
def test_a_factor_beside_a_mistake_is_a_finding_of_its_own(found, clause):
    """Each names the other; the number is told where the title does not hold it."""
    cause = Cause(mistaken("kernel-rotated"), found)
    (identifier,) = found.ids
    told = "your grad_weight is exactly what comes out when the code"

    assert f"{told} {clause}, together with kernel-rotated: {ENTRY}" == message_for(
        cause, identifier, seen([[[[4.0]]]]), "weight", Words()
    )
    assert f"{told} {ROTATED}, together with {identifier}: {ENTRY}" == message_for(
        cause, "kernel-rotated", seen([[[[4.0]]]]), "weight", Words()
    )


@pytest.mark.parametrize(("name", "told"), [("", "learning rate 1"), ("0.1", "learning rate 0.1")])
def test_an_update_that_came_too_early_tells_its_rate(name, told):
    """1 where no factor is needed."""
    early = CATALOGUE["updated-too-early"]
    structure = Structure(((early, early.forms("input")[0]),), early.forms("input")[0].formula, fits_rate=True)
    cause = Cause(structure, factor(name, 1) if name else NONE)

    assert f"(1 filter; {told})" in message_for(cause, "updated-too-early", seen([[[[4.0]]]]), "input", Words())


def test_the_form_of_a_mistake_is_told():
    """Its label, in brackets behind the title."""
    message = message_for(Cause(mistaken("clipped", 1), NONE), "clipped", seen([[[[4.0]]]]), "weight", Words())

    assert "when the code clips the gradient (every entry to -5..5): on small integers, entry" in message


def test_another_shape_is_the_proof():
    """With the meaning of the axes where the user's order is another."""
    cause, wide = Cause(mistaken("kernel-rotated"), NONE), seen(np.zeros((1, 1, 2, 2)))

    assert message_for(cause, "kernel-rotated", wide, "weight", Words()).endswith(
        ": its shape is (1, 1, 2, 2) where (1, 1, 1, 1) is right."
    )
    nhwc = words_for("cache", "NHWC")
    assert message_for(cause, "kernel-rotated", wide, "weight", nhwc).endswith("(filter, channel, row, column).")
    assert message_for(cause, "kernel-rotated", wide, "input", nhwc).endswith("(image, channel, row, column).")
    assert message_for(cause, "kernel-rotated", wide, "bias", nhwc).endswith(" is right.")
    entry = message_for(cause, "kernel-rotated", seen([[[[4.0]]]]), "weight", nhwc)
    assert entry.endswith("entry [0, 0, 0, 0] (filter, channel, row, column) is 4 where 8 is right.")


def test_several_causes_are_all_told():
    """Where they give the same numbers nothing is proved."""
    causes = [
        Cause(mistaken("kernel-rotated"), NONE),
        Cause(mistaken("axes-transposed"), factor("-1", -1, "sign-flipped")),
    ]

    assert (
        "your grad_weight fits more than one mistake, which give the same numbers on all that was tried: "
        "it returns the kernel gradient turned by 180 degrees (kernel-rotated), or it "
        f"{CATALOGUE['axes-transposed'].title} and returns the gradient with the opposite sign "
        "(axes-transposed + sign-flipped)."
    ) == either(causes, "weight", Words())


def test_a_finding_carries_the_fix_in_the_user_s_words():
    """Every field."""
    words = words_for("cache")
    expected = Finding("batch-mean", "weight", "proved", "why", "Sum it; dout has the factor.", "batch > 1")
    found = finding("batch-mean", "weight", "why", words, fails_when="batch > 1")

    assert (
        expected.id,
        expected.gradient,
        expected.certainty,
        expected.message,
        expected.fails_when,
    ) == (
        found.id,
        found.gradient,
        found.certainty,
        found.message,
        found.fails_when,
    )
    assert "Sum over the batch and do not divide: dout already carries the factor of the loss." == found.fix
    assert "probable" == finding("batch-mean", "weight", "why", words, certain=False).certainty
    assert finding("batch-mean", "weight", "w", words).fails_when == ""


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (ConvSpec(1, 2, 3, 4, 5, (1, 2)), "x (1, 2, 4, 5), weight (3, 2, 1, 2), stride 1, padding 0"),
        (
            ConvSpec(1, 4, 2, 9, 9, (2, 2), (2, 1), (1, 0), (2, 2), 2),
            "x (1, 4, 9, 9), weight (2, 2, 2, 2), stride (2, 1), padding (1, 0), dilation 2, groups 2",
        ),
        (
            ConvSpec(1, 2, 3, 4, 5, (2, 2), padding=(1, 1), extra_after=(-1, 0)),
            "x (1, 2, 4, 5), weight (3, 2, 2, 2), stride 1, padding 1 before and (0, 1) after",
        ),
    ],
)
def test_a_geometry_in_a_few_words(spec, text):
    """Only what differs from the simplest."""
    assert text == describe(spec)


def test_a_title_without_details_has_no_brackets():
    """The entry follows at once."""
    plain = CATALOGUE["upstream-ignored"]
    message = message_for(
        Cause(mistaken("upstream-ignored"), NONE), "upstream-ignored", seen([[[[4.0]]]]), "weight", Words()
    )

    assert "" == plain.numbers
    assert message.endswith(f"when the code {plain.title}: {ENTRY}")


def test_three_mistakes_at_once_name_both_others():
    """In the order of the cause."""
    structure = Structure(mistaken("kernel-rotated").parts + mistaken("axes-transposed").parts, lambda _: None)
    cause = Cause(structure, factor("-1", -1, "sign-flipped"))
    message = message_for(cause, "axes-transposed", seen([[[[4.0]]]]), "weight", Words())

    assert f", together with kernel-rotated and sign-flipped: {ENTRY}" in message
