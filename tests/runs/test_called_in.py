"""One target in one setting: what counts as its own failure there."""

from types import SimpleNamespace
from typing import Any

import pytest

from gradcheck_cli.model import ConvSpec, Gradients, Setting, Verdict
from gradcheck_cli.runs.called_in import CalledIn
from gradcheck_cli.targets import Outcome
from gradcheck_cli.trials.answer import Answer

SPEC = ConvSpec(1, 1, 1, 3, 3, (2, 2))
STOPPED = Outcome(Gradients(), error="no answer within 5 s", error_kind="timeout", seconds=5.0)


def _rows(setting: Setting, outcome: Outcome) -> list[tuple[str, Verdict, str]]:
    asker: Any = SimpleNamespace(ask=lambda question, case: Answer(question, case, outcome))
    described: Any = SimpleNamespace(layer="conv", yields=("weight",))
    rows = CalledIn(setting, asker, described, 0).results(SPEC, counts=False)
    return [(row.gradient, row.verdict, row.detail) for row in rows]


def test_a_compiler_that_takes_long_is_no_fault_of_the_code() -> None:
    """On a busy machine torch.compile takes a minute; whether the code ends is seen in the settings without it."""
    said = "torch.compile was not done in 5 s; --timeout gives it longer"
    assert [("call", Verdict.NOT_APPLICABLE, said)] == _rows(Setting("float32", compile=True), STOPPED)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_code_that_does_not_end_fails(dtype: Any) -> None:
    """In a setting that compiles nothing."""
    ((_, verdict, detail),) = _rows(Setting(dtype), STOPPED)
    assert (verdict, detail) == (Verdict.ERROR, "no answer within 5 s")


@pytest.mark.parametrize(
    ("said", "told"),
    [("no room " * 20, "no room " * 15 + "..."), ("x" * 200, "x" * 120 + " ..."), ("short", "short")],
)
def test_what_is_raised_is_told_to_the_end_of_a_word(said: str, told: str) -> None:
    """Torch's compiler says more than fits a table."""
    raised = Outcome(Gradients(), error=said, error_kind="raised")
    ((_, verdict, detail),) = _rows(Setting("float32"), raised)
    assert (verdict, detail) == (Verdict.ERROR, told)
