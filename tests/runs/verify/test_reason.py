"""The one line that stands beside a verdict: never empty, never the target's own name once more."""

from dataclasses import replace

import pytest

from gradcheck_cli.model import (
    GRADIENTS,
    ConvSpec,
    Finding,
    Geometries,
    GeometryResult,
    GradientResult,
    TargetReport,
    Verdict,
)
from gradcheck_cli.runs.verify.reason import reason_of

ENDED = "ended by SIGILL, on all 2 geometries."
NOT_ASKED = Verdict.NOT_APPLICABLE


def target(**changes):
    """A target that is right on four geometries, and these changes."""
    gradients = {"weight": GradientResult(Verdict.PASS)}
    geometries = Geometries(4, 4, 4, "right on all 4 geometries")
    right = TargetReport("a.py:f", "/home/a.py", 3, "function", "NCHW", "", Verdict.PASS, gradients, geometries)
    return replace(right, **changes)


def refused(message, stride):
    """A geometry that was refused."""
    spec = ConvSpec(1, 1, 1, 9, 9, (2, 2), stride=(stride, stride))
    return GeometryResult(spec, False, dict.fromkeys(GRADIENTS, NOT_ASKED), message)


def test_a_right_target_says_where():
    """The places that were tried."""
    assert reason_of(target()) == "right on all 4 geometries"


def test_a_wrong_target_names_each_mistake_once_and_tells_the_first():
    """Two gradients with the same mistake have it once."""
    found = [Finding(name, gradient, "proved", f"{name} is so.", "") for name, gradient in FOUND]

    assert reason_of(target(verdict=Verdict.FAIL, findings=tuple(found))) == "shifted, batch-mean: shifted is so."


def test_a_cause_that_is_not_proved_is_told_to_be_probable():
    """A table has no other word for it; where no cause is told none is probable."""
    supposed = Finding("shifted", "weight", "probable", "it is so.", "")
    told = [replace(supposed, id=name) for name in ("shifted", "unexplained")]

    assert ["probably shifted: it is so.", "unexplained: it is so."] == [
        reason_of(target(verdict=Verdict.FAIL, findings=(each,))) for each in told
    ]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "The backward raises on all 19 geometries, first with x (2, 3), stride 1: KeyError: 'pad'.",
            "KeyError: 'pad', on all 19 geometries.",
        ),
        (
            "The forward raises on 3 of 19 geometries, first with x (2, 3), stride 1: ValueError: a: b; elsewhere "
            "KeyError.",
            "ValueError: a: b; elsewhere KeyError, in the forward on 3 of 19 geometries.",
        ),
        ("The call stops with x (2, 3), stride 1: f returns nothing.", "returns nothing."),
        ("The forward stops with x (2, 3), stride 1: g returns nothing.", "g returns nothing, in the forward."),
        ("The call stops on all 2 geometries, first with x (2): the process was ended by SIGILL.", ENDED),
        ("The backward raises KeyError: 'a' on x 3x5.", "KeyError: 'a' on x 3x5."),
        ("No answer within 5 s (x (2, 3)).", "No answer within 5 s (x (2, 3))."),
    ],
)
def test_why_a_call_did_not_end_comes_before_where(message, told):
    """A row of a folder's table ends at the edge of the screen, and its author wants to know the reason."""
    found = Finding("crashes", "call", "proved", message, "")

    assert f"crashes: {told}" == reason_of(target(name="Layer.f", verdict=Verdict.FAIL, findings=(found,)))


FOUND = (("shifted", "weight"), ("batch-mean", "weight"), ("shifted", "input"))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            "/home/a.py:7 imports seaborn, which is not installed.\n  hint: install it",
            "line 7 imports seaborn, ",
        ),
        ("a.py:f: no parameter is the upstream gradient.", "no parameter is the upstream gradient."),
        ("a.py has no f.\n  similar  g", "has no f."),
        ("cannot read it: Permission denied.", "cannot read it: Permission denied."),
    ],
)
def test_an_error_is_told_without_the_name_beside_it(error, reason):
    """Its first sentence."""
    assert reason_of(target(verdict=Verdict.ERROR, error=error)).startswith(reason)


def test_a_target_that_refuses_everything_is_told_with_the_simplest_refusal():
    """Stride 1 is what a reader tries first."""
    listed = (refused("no strides", 2), refused("one image at a time", 1))
    geometries = Geometries(2, 0, 0, "no geometry was compared", listed)
    told = reason_of(target(verdict=Verdict.INCONCLUSIVE, geometries=geometries))

    assert told == "every geometry was refused: one image at a time"


def test_numbers_that_are_neither_right_nor_wrong_are_told_by_their_summary():
    """The notes are about other things then."""
    open_ = target(
        verdict=Verdict.INCONCLUSIVE,
        gradients={"weight": GradientResult(Verdict.INCONCLUSIVE)},
        geometries=Geometries(4, 4, 0, "right but for rounding on 4 of 4 geometries"),
        notes=("its script part fails",),
    )

    assert reason_of(open_) == "right but for rounding on 4 of 4 geometries"


def test_right_numbers_without_a_verdict_are_told_by_what_stopped_it():
    """That note comes last."""
    stopped = target(verdict=Verdict.INCONCLUSIVE, notes=("its script part fails", "stopped after 4 geometries"))

    assert reason_of(stopped) == "stopped after 4 geometries"
