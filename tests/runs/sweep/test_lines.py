"""Lines of JSON as dataclasses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from gradcheck_cli.model import Verdict
from gradcheck_cli.runs.sweep.lines import made


@dataclass(frozen=True)
class Line:
    """One of each kind of field."""

    name: str
    place: int
    seconds: float
    verdict: Verdict
    of: Mapping[Literal["weight", "bias"], Verdict]
    more: Mapping[str, Any] = field(default_factory=dict)
    is_exact: bool = False


SAID = {"name": "a", "place": 0, "seconds": 1, "verdict": "pass", "of": {"bias": "fail"}}


def test_what_fits_is_made():
    """Words become what they stand for; what has a default may be missing."""
    line = made(Line, SAID | {"more": {"any": [1, None]}, "is_exact": True})
    assert line == Line("a", 0, 1, Verdict.PASS, {"bias": Verdict.FAIL}, {"any": [1, None]}, is_exact=True)
    assert made(Line, SAID).more == {}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": 3}, "its 'name' is '3'"),
        ({"name": None}, "its 'name' is 'None'"),
        ({"place": "x"}, "its 'place' is 'x'"),
        ({"place": 1.5}, "its 'place' is '1.5'"),
        ({"place": -1}, "its 'place' is '-1'"),
        ({"place": True}, "its 'place' is 'True'"),
        ({"seconds": float("nan")}, "its 'seconds' is 'nan'"),
        ({"seconds": "fast"}, "its 'seconds' is 'fast'"),
        ({"verdict": "great"}, "its 'verdict' is 'great'"),
        ({"verdict": ["pass"]}, "its 'verdict' is \"['pass']\""),
        ({"of": []}, "its 'of' is '[]'"),
        ({"of": {"weight": "nice"}}, "its 'of' is \"{'weight': 'nice'}\""),
        ({"of": {"x": "pass"}}, "its 'of' is \"{'x': 'pass'}\""),
        ({"is_exact": 1}, "its 'is_exact' is '1'"),
        ({"other": 1}, "it has 'other', which is none of its fields"),
    ],
)
def test_what_does_not_fit_is_told_by_its_field(change, reason):
    """Nothing of another kind gets in, whoever wrote the line."""
    with pytest.raises(ValueError, match="it") as refused:
        made(Line, SAID | change)
    assert str(refused.value) == reason


def test_a_field_that_is_missing_is_told():
    """One without a default."""
    with pytest.raises(ValueError, match="it has no 'verdict'"):
        made(Line, {name: value for name, value in SAID.items() if name != "verdict"})
