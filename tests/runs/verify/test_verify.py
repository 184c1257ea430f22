"""Whole targets through `verify_targets`: hostile ones, restricted ones, and several at once."""

import os
import subprocess
import sys

import pytest
from answering import Answering, asked, session_of, trial_of

from gradcheck_cli.model import ConvSpec, GradientResult, Gradients, Verdict, VerifyOptions
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.runs.verify import verify_targets
from gradcheck_cli.runs.verify.target import judge
from gradcheck_cli.targets import Described, Outcome, TargetRef
from gradcheck_cli.trials.asker import Running
from gradcheck_cli.trials.transcript import Transcript
from helpers import RIGHT, ROOT

DESCRIBED = Described("function", "NCHW", "by the names of its parameters", 3, ("weight",))
REF, OPTIONS = TargetRef("user.py:f", "user.py", "f", 3), VerifyOptions(("user.py:f",))


@pytest.fixture
def check(tmp_path):
    """Verify functions with these bodies, one file each; returns the report."""

    def run(*bodies, also=(), **options):
        names = []
        for number, body in enumerate(bodies):
            file = tmp_path / f"user{number}.py"
            lines = body.splitlines()
            file.write_text(RIGHT + "\ndef backward(x, w, dout):\n" + "".join(f"    {line}\n" for line in lines))
            names.append(f"{file}:backward")
        return verify_targets(VerifyOptions((*names, *also), **options))

    return run


def findings(report):
    """(id, gradient) of everything that is proved in the only target."""
    return {(found.id, found.gradient) for found in report.targets[0].findings if found.certainty == "proved"}


def test_a_target_that_takes_one_image_size_only_is_asked_about_neighbours(check):
    """Wrong on two geometries at least, so that the cause is proved."""
    report = check(
        "if w.shape[2:] != (5, 5): raise NotImplementedError\ndx, dw, db = right(x, w, dout)\n"
        "return dx, dw / len(x), db"
    )
    assert {("batch-mean", "weight")} == findings(report)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"inputs": "nofile.py:f"},
            "--inputs nofile.py:f: there is no file nofile.py.\n  folder  {here}\n"
            "  hint: FILE.py:NAME of a function without arguments that returns those of yours",
        ),
        (
            {"against": "user.py:g"},
            "--against user.py:g: user.py has no g.\n  it holds  f\n"
            "  hint: FILE.py:NAME of a forward, or a dotted name as in torch.nn.functional.gelu",
        ),
    ],
    ids=["no file", "no such name"],
)
def test_what_stands_beside_the_targets_is_looked_for_first(tmp_path, monkeypatch, options, text):
    """A slip in the name of the inputs or of the reference is told once, with its option, before anything is run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user.py").write_text("def f(x):\n    return x\n")

    with pytest.raises(TargetError) as raised:
        verify_targets(VerifyOptions(("user.py:f",), **options))
    assert raised.value.text() == text.format(here=tmp_path)


def test_refusing_everything_is_no_verdict(check):
    """Nothing compared is never a pass; the reason is the target's own words."""
    report = check("if x.shape[2] != 1000:\n    raise NotImplementedError('only 1000x1000')")

    assert report.exit_code == 2
    assert "NotImplementedError: only 1000x1000" in report.targets[0].error + "".join(report.targets[0].notes)


def test_refusing_all_geometries_but_those_that_told_the_convention_is_no_verdict():
    """The note quotes the refusal of the simplest geometry."""
    specs = [ConvSpec(2, 1, 1, 6, 5, (3, 3), padding=(pad, pad)) for pad in (1, 0)]
    answers = ["no padding here", "only 1000x1000"]
    refusals = [Outcome(Gradients(), supported=False, error=answer, error_kind="refused") for answer in answers]
    trials = [trial_of(asked(spec), refusal, ("weight",)) for spec, refusal in zip(specs, refusals, strict=True)]
    report = judge(REF, Transcript(DESCRIBED, trials=tuple(trials)), OPTIONS)

    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.notes == ("every geometry was refused, the simplest one with: only 1000x1000",)
    assert report.geometries.summary == "no geometry was compared"


def test_a_crash_on_some_geometries_is_a_failure_with_its_line(check):
    """The others are told apart."""
    report = check("if x.shape[0] == 3: [][1]\nreturn right(x, w, dout)")

    assert report.exit_code == 1
    assert [(found.id, found.line) for found in report.targets[0].findings] == [("crashes", 14)]
    assert report.targets[0].findings[0].about == "the call"
    assert 0 < report.targets[0].geometries.right < report.targets[0].geometries.supported
    assert {Verdict.PASS} == {result.verdict for result in report.targets[0].gradients.values()}


def judged(*outcomes):
    """The report of a session in which a function of no file answered so, one geometry each."""
    trials = []
    for width, outcome in enumerate(outcomes, start=5):
        truth = asked(ConvSpec(2, 1, 1, 6, width, (3, 3)))
        trials.append(trial_of(truth, outcome(truth) if callable(outcome) else outcome, ("weight",)))
    return judge(REF, Transcript(DESCRIBED, trials=tuple(trials)), OPTIONS)


def test_a_crash_on_all_geometries_is_an_error_of_every_gradient():
    """Nothing was seen of any; the finding is of the call, stands without a line and is told beside each gradient."""
    report = judged(*[Outcome(Gradients(), error="NameError: name 'q' is not defined", error_kind="raised")] * 2)

    assert report.verdict is Verdict.FAIL
    assert [(found.id, found.gradient, found.line) for found in report.findings] == [("crashes", "call", None)]
    assert report.gradients["weight"] == GradientResult(Verdict.ERROR, ("crashes",))
    assert report.name == "f"


def test_a_gradient_is_judged_where_the_call_ended():
    """Right there, it is no error; wrong there, it is wrong, and its name comes before the crash."""
    crash = Outcome(Gradients(), error="KeyError: 1", error_kind="raised")

    def times(factor):
        return lambda truth: Outcome(Gradients(weight=truth.gradients.weight * factor))

    right, wrong = judged(crash, times(1)), judged(crash, times(-1), times(-1))
    assert (right.verdict, right.gradients["weight"].verdict) == (Verdict.FAIL, Verdict.PASS)
    assert right.geometries.summary == "wrong on 1 of 2 geometries; no single condition"
    assert [found.id for found in wrong.findings] == ["sign-flipped", "crashes"]
    assert wrong.gradients["weight"] == GradientResult(Verdict.FAIL, ("sign-flipped",))


def test_a_target_that_keeps_dying_is_given_up(check):
    """Then the rest is not tried: what was counted is what was called, and the report says the same number twice."""
    (target,) = check("import os\nif x.shape[2] != 8: os._exit(0)\nreturn right(x, w, dout)").targets

    assert target.verdict is Verdict.FAIL
    (note,) = [note for note in target.notes if "ended the target" in note]
    dead = [each for each in target.geometries.list if "ended the process" in each.message]
    assert note == f"stopped after {len(dead)} calls that ended the target, hung or outgrew its memory"
    assert f"on all {target.geometries.supported} geometries" in target.findings[0].message


def test_a_hanging_target_is_stopped_at_the_limit(check):
    """The finding names the limit; nothing waits for ever."""
    (target,) = check("while x.shape[2] == 7: pass\nreturn right(x, w, dout)", timeout=4.0).targets

    assert {"too-slow"} == {found.id for found in target.findings}
    assert "No answer within 4 s" in target.findings[0].message


def test_changed_arguments_are_a_failure_of_right_numbers(check):
    """All gradients pass, the target does not."""
    (target,) = check("result = right(x, w, dout)\ndout *= 0\nreturn result").targets

    assert target.verdict is Verdict.FAIL
    assert {"mutates-input"} == {found.id for found in target.findings}
    assert {Verdict.PASS} == {result.verdict for result in target.gradients.values()}


def test_undeclared_inexact_numbers_are_inconclusive(check):
    """Right but for rounding; neither "right" nor "wrong" is claimed."""
    body = "dx, dw, db = right(x, w, dout)\nreturn dx, dw * (1 + 2.0**-52), db"
    (target,) = check(body).targets
    (declared,) = check(body, arithmetic="fft").targets

    assert target.verdict is Verdict.INCONCLUSIVE
    assert target.findings == ()
    assert target.geometries.summary.startswith("right but for rounding on ")
    assert "not exact on integers, as FFT arithmetic is: if that is meant, say --arithmetic fft" in target.notes
    assert declared.verdict is Verdict.PASS
    assert declared.findings == ()


def test_one_broken_target_never_stops_the_others(check, tmp_path):
    """A failure beats what could not be checked, which beats a pass."""
    right, wrong = "return right(x, w, dout)", "return right(x, w, -dout)"
    (tmp_path / "broken.py").write_text("import no_such_package\n\ndef backward(x, w, dout):\n    return x\n")
    broken = (f"{tmp_path / 'broken.py'}:backward",)
    report = check(right, wrong, also=broken, jobs=2)

    assert report.exit_code == 1
    assert [target.verdict for target in report.targets] == [Verdict.PASS, Verdict.FAIL, Verdict.ERROR]
    assert check(right, also=broken).exit_code == 2
    assert check(right).exit_code == 0


def test_a_glob_without_files_is_an_error(tmp_path):
    """Nothing is checked and nothing passes."""
    with pytest.raises(TargetError, match="no file matches"):
        verify_targets(VerifyOptions((f"{tmp_path}/*.py:f",)))


LEAVING = """
import sys, threading, torch
from gradcheck_cli.runs import verify as verification
from gradcheck_cli.cli import main

said = threading.Event()

def work():
    torch.ones(3, requires_grad=True).mul(2).sum().backward()

def long_start():
    while not said.is_set():
        work()
    for _ in range(5000):
        work()

verification.load_oracles = long_start
code = main()
said.set()
sys.exit(code)
"""


def test_torch_is_never_ended_in_the_middle_of_its_start(tmp_path):
    """All is said while torch is still at work in another thread: the exit code is ours, not that of SIGABRT."""
    file = tmp_path / "user.py"
    file.write_text("import nowhere_to_be_found\n\n@nowhere_to_be_found.f\ndef backward(x, w, dout):\n    return x\n")
    command = [sys.executable, "-c", LEAVING, "verify", f"{file}:backward"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    assert (2, "") == (done.returncode, done.stderr)
    assert "1 target: 1 not judged" in done.stdout


def test_an_interrupt_ends_all_workers_at_once():
    """Their processes are closed and nothing is asked any more."""
    worker, running = Answering(lambda truth: Outcome(truth.gradients)), Running()
    running.watch(worker)
    running.end()

    assert worker.closed
    with pytest.raises(InterruptedError):
        session_of(worker, DESCRIBED, running=running).try_all([ConvSpec(1, 1, 1, 6, 5, (3, 3))])
    assert [] == worker.asked


def test_neighbours_of_neighbours_are_asked_without_end_of_their_list():
    """A target that takes one geometry is asked about those around it, then around these, up to the bound."""
    takes_large_batches = Answering(lambda truth: Outcome(truth.gradients, supported=truth.case.spec.batch > 4))
    session = session_of(takes_large_batches, DESCRIBED)
    session.try_all([ConvSpec(5, 1, 1, 6, 5, (3, 3))])
    session.try_more()

    assert any(trial.case.spec.batch > 5 for trial in session.trials)
    assert len(session.trials) == len({trial.case.spec for trial in session.trials})
