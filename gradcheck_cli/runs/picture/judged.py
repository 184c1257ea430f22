"""The code under test: one of our own backwards, or the user's, in a worker process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gradcheck_cli.layers import conv
from gradcheck_cli.model import GRADIENTS, Case, GradientName, Gradients, RunOptions
from gradcheck_cli.numbers.arithmetic import Judged, fft_slack, no_slack
from gradcheck_cli.runs.picture.under_test import UnderTest


@contextmanager
def judged_code(options: RunOptions) -> Iterator[UnderTest]:
    """The backward that `--backward` names, for as long as the run needs it."""
    if options.backward == "direct":
        yield UnderTest(Judged("the hand-written backward", conv.backward, no_slack))
    elif options.backward == "fft":
        yield UnderTest(Judged("the FFT backward", _fft, fft_slack))
    else:
        from gradcheck_cli.runs.picture.user_code import user_code

        with user_code(options) as code:
            yield code


def _fft(case: Case, wanted: Sequence[GradientName] = GRADIENTS) -> Gradients:
    return conv.backward(case, wanted, "fft")
