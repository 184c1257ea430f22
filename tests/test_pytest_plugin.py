"""The fixture `gradcheck`, in a pytest of its own."""

import pytest

TEST = """
    import sys, types
    import gradcheck_cli.api
    from gradcheck_cli.model.errors import ExitCode, TargetError
    from gradcheck_cli.model import *

    def backward(x, grad_output):
        pass

    def verify(target, **options):
        {body}

    def report(code, verdict):
        finding = Finding("batch-mean", "weight", "proved", "grad_weight is divided by the batch size 2.", "Sum.")
        places = Geometries(2, 2, 1, "right, except when batch > 1")
        results = dict(weight=GradientResult(verdict, ("batch-mean",)))
        target = TargetReport("t.py:backward", "t.py", 1, "function", "NCHW", "by name", verdict, results, places,
                              findings=(finding,))
        return VerifyReport(verdict, code, dict(), "gradcheck verify t.py:backward", dict(), (target,))

    def test_backward(gradcheck, monkeypatch):
        monkeypatch.setattr(gradcheck_cli, "verify", verify)
        assert gradcheck(backward, seed=3).verdict == Verdict.PASS
"""


@pytest.fixture
def outcome(pytester, monkeypatch):
    """Run the test above with a given body of `verify`."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(body):
        pytester.makepyfile(TEST.format(body=body))
        return pytester.runpytest_inprocess("-p", "gradcheck_cli.pytest_plugin", "-p", "no:cacheprovider")

    return run


def test_right_backward_passes(outcome):
    """The fixture returns the report of a right backward."""
    outcome("assert options == dict(seed=3); return report(ExitCode.PASS, Verdict.PASS)").assert_outcomes(passed=1)


def test_wrong_backward_fails_with_the_finding(outcome):
    """The failure's text is the finding, not a traceback."""
    result = outcome("return report(ExitCode.FAIL, Verdict.FAIL)")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*grad_weight is divided by the batch size 2.*"])
    assert "Traceback" not in result.stdout.str()
    assert "pytest_plugin.py" not in result.stdout.str()


def test_the_short_summary_names_the_mistake(outcome, monkeypatch):
    """It shows the first line of a failure, as far as the screen is wide."""
    monkeypatch.setenv("COLUMNS", "160")
    result = outcome("return report(ExitCode.FAIL, Verdict.FAIL)")

    result.stdout.fnmatch_lines(["FAILED *::test_backward - Failed: batch-mean in grad_weight of t.py:backward"])


def test_a_function_is_judged_on_the_arguments_that_are_given(pytester, monkeypatch):
    """They are those of its forward; without any they are guessed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        """
        from types import SimpleNamespace

        def test_functions(gradcheck, monkeypatch):
            import gradcheck_cli.api
            asked = []
            monkeypatch.setattr(gradcheck_cli, "verify", lambda target, **options: asked.append(options) or right)
            right = SimpleNamespace(exit_code=0)
            assert gradcheck.function(len, 1, 2, against="abs") is right
            gradcheck.function(len, seed=3)
            assert [dict(inputs=(1, 2), against="abs"), dict(seed=3)] == asked
        """
    )

    pytester.runpytest_inprocess("-p", "gradcheck_cli.pytest_plugin", "-p", "no:cacheprovider").assert_outcomes(
        passed=1
    )


def test_what_could_not_be_checked_fails(outcome):
    """Inconclusive is no pass."""
    outcome("return report(ExitCode.NOT_CHECKED, Verdict.INCONCLUSIVE)").assert_outcomes(failed=1)


def test_user_error_fails_with_its_text(outcome):
    """A target that cannot be loaded fails with the sentence of the command line."""
    result = outcome("raise TargetError('t.py has no backwrd.', hint='t.py:backward')")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["gradcheck: t.py has no backwrd.", "  hint: t.py:backward"])
