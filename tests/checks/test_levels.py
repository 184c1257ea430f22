"""How exactly code computes: each kind of rounding is told from the others, and from a wrong formula."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_cli.checks.levels import Leveller, Reply
from gradcheck_cli.checks.referee import truths_of
from gradcheck_cli.model import ConvSpec, Gradients, Setting, Verdict
from gradcheck_cli.numbers.formats import BITS, cut_to, rounded_to

SPEC = ConvSpec(2, 3, 4, 8, 7, (3, 3))
FLOAT32, BFLOAT16, FLOAT16 = Setting("float32"), Setting("bfloat16"), Setting("float16")


def levelled(code, setting):
    """gradient -> what is said of code(case), whose arrays are in the setting's format."""
    leveller = Leveller(lambda case: Reply(code(case)), setting, 0)
    return {row.gradient: row for row in leveller.results(SPEC, lambda larger: True)}


def said(row):
    """The verdict and the level."""
    return row.verdict, row.level


def once(bits):
    """Exact sums, rounded at the end."""
    return lambda case: Gradients(**{name: rounded_to(each, bits) for name, each in truths_of(case).items()})


def one_by_one(bits):
    """The bias is added up term by term, and each sum is rounded."""

    def code(case):
        total = np.zeros(case.spec.out_channels)
        for terms in np.moveaxis(case.grad_output, 1, -1).reshape(-1, case.spec.out_channels):
            total = rounded_to(total + terms, bits)
        return replace(once(bits)(case), bias=total)

    return code


def with_inputs(fewer, bits):
    """Exact sums of inputs that have fewer bits."""
    return lambda case: truths_of(replace(case, x=fewer(case.x, bits), weight=fewer(case.weight, bits)))


@pytest.mark.parametrize("setting", [Setting(), FLOAT32, replace(FLOAT32, memory_format="channels_last")])
def test_exact_sums_are_equal_bit_for_bit(setting):
    """In every wide format."""
    rows = levelled(truths_of, setting)
    assert {said(row) for row in rows.values()} == {(Verdict.PASS, "bit for bit")}
    assert list(rows) == ["weight", "input", "bias"]


@pytest.mark.parametrize("setting", [BFLOAT16, FLOAT16, replace(FLOAT32, autocast="bfloat16")])
def test_an_exact_sum_that_is_rounded_at_the_end_is_right(setting):
    """As kernels do that add up in float32."""
    rows = levelled(once(BITS[setting.computed]), setting)
    assert {said(row) for row in rows.values()} == {(Verdict.PASS, "rounded once")}


def test_samples_that_are_rounded_one_by_one_are_as_right_as_torch():
    """Two samples of bfloat16, added in bfloat16."""

    def code(case):
        parts = [
            truths_of(replace(case, spec=replace(case.spec, batch=1), x=x[None], grad_output=g[None])).weight
            for x, g in zip(case.x, case.grad_output, strict=True)
        ]
        return replace(once(8)(case), weight=rounded_to(rounded_to(parts[0], 8) + rounded_to(parts[1], 8), 8))

    assert said(levelled(code, BFLOAT16)["weight"]) == (Verdict.PASS, "rounded in parts")


@pytest.mark.parametrize(("setting", "stop"), [(BFLOAT16, 256), (FLOAT16, 2048)])
def test_a_sum_that_stops_is_named(setting, stop):
    """One more changes nothing: the known bug of a bias in bfloat16."""
    rows = levelled(one_by_one(BITS[setting.dtype]), setting)
    assert said(rows["bias"]) == (Verdict.FAIL, "accumulates in low precision")
    assert rows["bias"].detail.startswith(f"accumulates in {setting.dtype}: stops at {stop} where ")
    assert rows["bias"].error > 0.3 > rows["bias"].allowed
    assert rows["weight"].verdict is Verdict.PASS


def test_float32_that_adds_up_with_fewer_bits_is_named_where_inputs_are_exact():
    """Few bits of the sums, though all inputs have but eight."""
    rows = levelled(once(11), FLOAT32)
    assert said(rows["weight"]) == (Verdict.FAIL, "accumulates in low precision")
    assert rows["weight"].detail.startswith("adds up with fewer than 24 bits: ")


@pytest.mark.parametrize("fewer", [rounded_to, cut_to])
@pytest.mark.parametrize(("tf32", "verdict"), [("on", Verdict.PASS), ("off", Verdict.FAIL)])
def test_tf32_is_told_by_its_own_sum(fewer, tf32, verdict):
    """Exactly the sum of inputs of 11 bits, whether hardware rounds or cuts; right only where it is on."""
    rows = levelled(with_inputs(fewer, 11), replace(FLOAT32, tf32=tf32))
    assert said(rows["weight"]) == (verdict, "TF32 rounding")
    assert 0 < rows["weight"].error <= rows["weight"].allowed == 2.0**-9 + 2.0**-20
    assert rows["weight"].detail.endswith("TF32 is off") == (tf32 == "off")
    assert said(rows["bias"]) == (Verdict.PASS, "bit for bit")


def test_inputs_that_are_rounded_to_bfloat16_are_no_tf32():
    """Eight bits, also where TF32 is allowed."""
    row = levelled(with_inputs(rounded_to, 8), replace(FLOAT32, tf32="on"))["input"]
    assert said(row) == (Verdict.FAIL, "rounded inputs")
    assert row.detail.startswith("rounds its inputs to bfloat16: ")


def test_a_hidden_float32_shows_in_float64():
    """On numbers that float32 does not have."""
    row = levelled(lambda case: once(24)(with_inputs_of(case)), Setting())["weight"]
    assert said(row) == (Verdict.FAIL, "rounded inputs")
    assert row.detail.startswith("computes with fewer than 53 bits: ")


def with_inputs_of(case):
    """The case in float32."""
    return replace(case, x=rounded_to(case.x, 24), grad_output=rounded_to(case.grad_output, 24))


@pytest.mark.parametrize("setting", [Setting(), FLOAT32, BFLOAT16])
def test_a_wrong_formula_is_no_rounding(setting):
    """One entry off by 1 on numbers of eight bits, by far less than rounding allows in bfloat16."""

    def code(case):
        return replace(truths_of(case), bias=truths_of(case).bias + (np.arange(case.spec.out_channels) == 1))

    rows = levelled(code, setting)
    assert said(rows["bias"]) == (Verdict.FAIL, "not rounding")
    assert rows["bias"].detail.endswith("on whole numbers that 8 bits hold: no rounding")


@pytest.mark.parametrize(
    ("reply", "verdict", "level"),
    [
        (Reply(refused="numpy has no bfloat16"), Verdict.NOT_APPLICABLE, ""),
        (Reply(error="TypeError: no"), Verdict.ERROR, "raised"),
    ],
)
def test_nothing_compared_is_no_pass(reply, verdict, level):
    """A refusal, and a call that raised: one row, with the reason."""
    (row,) = Leveller(lambda case: reply, BFLOAT16, 0).results(SPEC, lambda larger: True)
    assert (row.gradient, row.detail, *said(row)) == ("call", reply.refused or reply.error, verdict, level)


def test_a_gradient_that_is_not_returned_has_no_row():
    """Nothing is claimed of it."""
    assert list(levelled(lambda case: replace(truths_of(case), input=None), FLOAT32)) == ["weight", "bias"]


def transformed(size):
    """Right sums and a little beside them, as an algorithm does that goes through fractions."""
    return lambda case: Gradients(**{name: each + size * np.cos(each) for name, each in truths_of(case).items()})


@pytest.mark.parametrize(("device", "expected"), [("cuda", "inconclusive"), ("cpu", "fail")])
def test_what_a_transform_leaves_is_no_mistake_and_no_pass_on_a_device(device, expected):
    """A CPU sums, and what is no sum there is another formula; a library of a device may choose another algorithm."""
    rows = levelled(transformed(1e-5), Setting("float32", device))
    assert {row.verdict for row in rows.values()} == {expected}
    assert {row.level for row in rows.values()} == {"transformed" if device == "cuda" else "not rounding"}


def upside_down(case):
    """Another formula, of whole numbers."""
    return truths_of(replace(case, x=case.x[::-1]))


@pytest.mark.parametrize("code", [transformed(0.5), one_by_one(8), upside_down])
def test_a_device_is_no_excuse(code):
    """Too far off for a transform, sums of few bits, and another formula are what they are anywhere."""
    here, there = (levelled(code, Setting("float32", device)) for device in ("cpu", "cuda"))
    assert [said(row) for row in here.values()] == [said(row) for row in there.values()]
    assert Verdict.FAIL in {row.verdict for row in there.values()}
