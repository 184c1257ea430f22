"""The pytest fixture `gradcheck`. pytest loads this module in every run, so it imports nothing but pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gradcheck_cli.model import VerifyReport
    from gradcheck_cli.model.options import Target


@pytest.fixture
def gradcheck() -> Callable[..., VerifyReport]:
    """Verify a hand-written convolution backward; the test fails with the finding.

    gradcheck(conv_backward), gradcheck("my_layers.py:conv_backward", geometries="full"): the arguments are those of
    `gradcheck_cli.verify`, and so is what is returned. What could not be checked fails too.
    """
    return _verify


def _verify(target: Target | Iterable[Target], **options: Any) -> VerifyReport:
    __tracebackhide__ = True
    import gradcheck_cli

    try:
        report = gradcheck_cli.verify(target, **options)
    except gradcheck_cli.GradcheckError as error:
        pytest.fail(f"gradcheck: {error.text()}", pytrace=False)
    if report.exit_code:
        pytest.fail(str(report), pytrace=False)
    return report
