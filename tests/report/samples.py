"""The recorded reports by what they are good for, and their variations: a test changes the one field that it is about.

Import as `from tests.report.samples import sample_run_report` (the repository root is on the path).
"""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np

from gradcheck_cli.model import (
    Counterexample,
    Experiment,
    Figure,
    Figures,
    Finding,
    RunReport,
    TargetReport,
    VerifyReport,
)
from gradcheck_cli.runs.verify.reason import reason_of
from tests.report import recorded
from tests.report.targets import HOSTILE_PICTURES

EVIL_NAMES = HOSTILE_PICTURES
SAMPLES = {name: partial(recorded.report, name) for name in recorded.NAMES}
RUN_SAMPLES = {name: make for name, make in SAMPLES.items() if name.startswith("run")}
VERIFY_SAMPLES = {name: make for name, make in SAMPLES.items() if name.startswith("verify")}
report = recorded.report
evil_run_report = SAMPLES["run-hostile"]
evil_verify_report = SAMPLES["verify-hostile"]
seeds_run_report = SAMPLES["run-seeds"]


def sample_run_report(**changes: Any) -> RunReport:
    """A passing run of a layer on one colour photograph."""
    return replace(report("run-right"), **changes)


def sample_experiment(**changes: Any) -> Experiment:
    """What that run was about."""
    return replace(sample_run_report().experiment, **changes)


def failing_run_report(**changes: Any) -> RunReport:
    """A run on two pictures with a backward of the user's that divides grad_weight by the batch size."""
    return replace(report("run-wrong-weight"), **changes)


def sample_finding(**changes: Any) -> Finding:
    """That mistake."""
    return replace(failing_run_report().findings[0], **changes)


def sample_counterexample(**changes: Any) -> Counterexample:
    """Its smallest example: two pictures of one entry, 16 is right, 8 was returned."""
    return replace(failing_run_report().counterexample, **changes)


def input_counterexample() -> Counterexample:
    """grad_input with the kernel not rotated: a 1x2 picture, a 1x2 kernel."""
    return report("run-wrong-input").counterexample


def bare_counterexample() -> Counterexample:
    """The same where nothing was returned, so there is no entry and there are no terms."""
    return sample_counterexample(actual=None, entry=None, terms=())


def inconclusive_run_report(**changes: Any) -> RunReport:
    """A run whose autograd overflowed."""
    return replace(report("run-overflow"), **changes)


def sample_target(**changes: Any) -> TargetReport:
    """One right target."""
    return _changed(report("verify-right").targets[0], changes)


def failing_target(**changes: Any) -> TargetReport:
    """The one with the batch mean, for which strides and padding are refused."""
    return _changed(report("verify-wrong").targets[0], changes)


def crashed_target(**changes: Any) -> TargetReport:
    """One whose code raised."""
    found = next(each for each in report("verify-kinds").targets if each.target.startswith("raising"))
    return _changed(found, changes)


def inconclusive_target(**changes: Any) -> TargetReport:
    """One that could not be imported."""
    return _changed(report("verify-few").targets[3], changes)


def _changed(target: TargetReport, changes: dict[str, Any]) -> TargetReport:
    """The target with these changes, and the reason that the program gives for its verdict then."""
    changed = replace(target, **changes)
    return replace(changed, reason=changes.get("reason") or reason_of(changed))


def shaped_figures(*shape: int, **changes: Any) -> Figures:
    """The numbers of a recorded run in a kernel gradient of that shape; `changes` replaces a side of it."""
    figures = report("run-many-planes").figures
    recorded_one = figures.gradients["weight"]
    sides = {side.name: np.resize(getattr(recorded_one, side.name), shape) for side in fields(Figure)}
    return replace(figures, gradients={"weight": Figure(**{**sides, **changes})})


def sample_verify_report(**changes: Any) -> VerifyReport:
    """A passing verify of one target."""
    return replace(report("verify-right"), **changes)


def failing_verify_report(**changes: Any) -> VerifyReport:
    """Four targets: right, wrong, unfinished, not importable."""
    return replace(report("verify-few"), **changes)
