"""What a report can do in the hands of a program: be true or false, be read, and raise."""

import pytest

import gradcheck_cli
from gradcheck_cli.model import Verdict
from tests.report.samples import failing_run_report, failing_verify_report, sample_run_report, sample_verify_report


@pytest.mark.parametrize("make", [sample_run_report, sample_verify_report])
@pytest.mark.parametrize("verdict", Verdict)
def test_only_a_pass_is_true(make, verdict):
    """What could not be checked is no pass, though nothing failed."""
    assert bool(make(verdict=verdict)) is (verdict is Verdict.PASS)


@pytest.mark.parametrize(
    ("make", "last"),
    [(failing_run_report, "Reproduce  gradcheck run"), (failing_verify_report, "Reproduce  gradcheck verify")],
)
def test_a_report_reads_as_on_the_terminal(make, last):
    """From the verdict to the command that gives it again, without colours."""
    text = str(make())

    assert text.startswith("FAIL  ")
    assert last in text.split("\n\n")[-1]
    assert "\x1b" not in text


def test_a_pass_raises_nothing():
    """One line in a script is enough, and goes on."""
    assert sample_verify_report().raise_for_verdict() is None


@pytest.mark.parametrize("make", [failing_run_report, failing_verify_report])
def test_all_else_raises_with_its_text(make):
    """An error of ours that holds all that the terminal would show."""
    report = make()
    with pytest.raises(gradcheck_cli.VerdictError) as caught:
        report.raise_for_verdict()

    assert isinstance(caught.value, gradcheck_cli.GradcheckError)
    assert str(caught.value) == caught.value.text() == str(report)
