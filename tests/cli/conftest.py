"""Stand-ins for the two library calls, so that the command line is tested without the work behind it."""

import sys
import types

import pytest

from gradcheck_cli.model import (
    Check,
    Experiment,
    Geometries,
    GradientResult,
    GradOutput,
    Loss,
    RunReport,
    Sameness,
    SamenessReport,
    TargetReport,
    Verdict,
    VerifyReport,
)
from gradcheck_cli.model.errors import ExitCode
from tests.report import recorded


def run_report(exit_code=ExitCode.PASS, verdict=Verdict.PASS):
    """A report of `gradcheck run`, as small as one can be."""
    nothing = Sameness(verdict=None, reason="There is one plane only.")
    return RunReport(
        verdict=verdict,
        exit_code=exit_code,
        answer="Method: right. Code: right. Same for all channels: no.",
        environment={"python": "3.11"},
        reproduce="gradcheck run x.jpg",
        timings={"total": 1.0},
        experiment=Experiment(
            images=("x.jpg",),
            conv="conv2d",
            in_channels=1,
            out_channels=1,
            kernel_size=(2, 2),
            stride=(1, 1),
            padding=(0, 0),
            padding_mode="zeros",
            output_padding=(0, 0),
            dilation=(1, 1),
            groups=1,
            bias=True,
            size=(3, 3),
            input_size=(3, 3),
            output_size=(2, 2),
            batch=1,
            unit_range=False,
            reference="gray",
            loss=Loss(value=1.0),
            seed=0,
            dtype="float32",
            device="cpu",
            threads=1,
            backward="direct",
            convention="auto",
        ),
        checks=(Check("exact", "weight", verdict, 4, 0, "actual == expected"),),
        grad_output=GradOutput(4, 0, 0, 4, 0, 0.0),
        channels=(),
        sameness=SamenessReport(nothing, nothing),
        figures=recorded.report("run-one-plane").figures,
    )


def verify_report(exit_code=ExitCode.PASS, verdict=Verdict.PASS):
    """A report of `gradcheck verify` with one target."""
    target = TargetReport(
        target="mine.py:backward",
        file="mine.py",
        line=1,
        convention="function",
        layout="NCHW",
        why="told by the parameter names",
        verdict=verdict,
        gradients={"weight": GradientResult(verdict)},
        geometries=Geometries(tried=1, supported=1, right=1, summary="right everywhere"),
    )
    return VerifyReport(
        verdict=verdict,
        exit_code=exit_code,
        environment={"python": "3.11"},
        reproduce="gradcheck verify mine.py:backward",
        timings={"total": 1.0},
        targets=(target,),
    )


class Stub:
    """A library call that remembers its options, and returns a report or raises."""

    def __init__(self, report):
        self.report = report
        self.error = None
        self.options = None

    def __call__(self, options, progress, **_beside):
        self.options = options
        if self.error is not None:
            raise self.error
        return self.report


def _stand_in(monkeypatch, module, function, report):
    stub = Stub(report)
    stand_in = types.ModuleType(module)
    setattr(stand_in, function, stub)
    monkeypatch.setitem(sys.modules, module, stand_in)
    return stub


@pytest.fixture
def experiment(monkeypatch):
    """`run_experiment` replaced by a `Stub`."""
    return _stand_in(monkeypatch, "gradcheck_cli.runs.picture", "run_experiment", run_report())


@pytest.fixture
def verification(monkeypatch):
    """`verify_targets` replaced by a `Stub`."""
    return _stand_in(monkeypatch, "gradcheck_cli.runs.verify", "verify_targets", verify_report())


@pytest.fixture
def reports():
    """The functions that make reports, for tests that need other verdicts."""
    return types.SimpleNamespace(run=run_report, verify=verify_report)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Every test of the command line runs in a folder of its own, away from our pyproject.toml."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
