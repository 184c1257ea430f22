"""The pytest fixture `gradcheck`. pytest loads this module in every run, so it imports nothing but pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradcheck_cli.model import VerifyReport
    from gradcheck_cli.model.options import Target


class Gradcheck:
    """What a test is handed: a call judges, and fails the test where something is wrong or could not be checked."""

    def __call__(self, target: Target | Iterable[Target], **options: Any) -> VerifyReport:
        """Judge a hand-written backward of any kind, as `gradcheck verify` does.

        gradcheck(conv_backward), gradcheck("my_layers.py:conv_backward", geometries="full"): the arguments are those
        of `gradcheck_cli.verify`, and so is what is returned.
        """
        __tracebackhide__ = True
        return _verify(target, options)

    def function(self, target: Target, *inputs: Any, **options: Any) -> VerifyReport:
        """Judge any function on these arguments of its forward.

        gradcheck.function(MyNorm, x, gamma, beta, against=torch.nn.functional.layer_norm). Without arguments they are
        guessed, as they are for `gradcheck(MyNorm)`.
        """
        __tracebackhide__ = True
        return _verify(target, options | ({"inputs": inputs} if inputs else {}))


@pytest.fixture
def gradcheck() -> Gradcheck:
    """Verify a hand-written backward; the test fails with the finding.

    gradcheck(conv_backward), gradcheck.function(MyNorm, x, gamma, beta): see `gradcheck_cli.verify` for the options.
    """
    return Gradcheck()


def _verify(target: Target | Iterable[Target], options: dict[str, Any]) -> VerifyReport:
    __tracebackhide__ = True
    import gradcheck_cli

    try:
        report = gradcheck_cli.verify(target, **options)
    except gradcheck_cli.GradcheckError as error:
        pytest.fail(f"gradcheck: {error.text()}", pytrace=False)
    if report.exit_code:
        pytest.fail(f"{_mistakes(report)}\n\n{report}", pytrace=False)
    return report


def _mistakes(report: VerifyReport) -> str:
    """What pytest's short summary shows, which is the first line: the mistake, the gradient, the function."""
    named = [
        f"{finding.id} in {finding.about} of {target.name or target.target}"
        for target in report.targets
        for finding in target.findings
    ]
    first = named or [f"{target.name or target.target}: {target.reason}" for target in report.targets if target.reason]
    return first[0] + (f", and {len(first) - 1} more" if len(first) > 1 else "") if first else str(report.verdict)
