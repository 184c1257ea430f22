"""Reports built by hand for the tests of the renderers: passing, failing, inconclusive, and with hostile content.

Import as `from tests.report.samples import sample_run_report` (the repository root is on the path). Nothing here runs
a convolution of ours: the few small gradients are summed by the definition.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck_cli.model import (
    CannotShow,
    ChannelDifference,
    ChannelPair,
    Check,
    ConvSpec,
    Counterexample,
    Counterfactual,
    Experiment,
    Figures,
    Finding,
    Geometries,
    GeometryResult,
    GradientResult,
    GradOutput,
    Loss,
    Power,
    Rung,
    RunReport,
    Sameness,
    SamenessReport,
    SeedResult,
    TargetReport,
    Term,
    Verdict,
    VerifyReport,
    Worst,
)
from gradcheck_cli.model.errors import ExitCode
from gradcheck_cli.runs.verify.reason import reason_of

EVIL_NAMES = (
    "<img src=x onerror=alert(1)>.jpg",
    "a[bold red]b[/].jpg",
    "\x1b[31mred\x1b[0m\x07.jpg",
    "pipe|back`tick`\\slash & \"quote\" 'single'.jpg",
    "cat 🐈\u200d⬛ näme.jpg",
    "new\nline\r::error::injected.jpg",
    "not-utf8-\udcff.jpg",
    "]]>--%0A{{ 7*7 }}</script>.jpg",
)

ENVIRONMENT = {
    "gradcheck": "0.1.0",
    "python": "3.11.7",
    "torch": "2.13.0+cpu",
    "numpy": "2.4.6",
    "opencv": "5.0.0",
    "platform": "Linux x86_64",
    "processor": "AVX512",
    "threads": 2,
    "deterministic": True,
}

UNIT = 2.0**-24


def sample_run_report(**changes: Any) -> RunReport:
    """A passing run of the forum's layer on one colour photograph: 3 filters of 3x32x32, L1 mean, float32."""
    report = RunReport(
        verdict=Verdict.PASS,
        exit_code=ExitCode.PASS,
        answer=(
            "Method: dE/dF[o,i] = corr(X[i], G[o]) is right. Code: right. Same for all channels: no, because X's"
            " channels differ (relative difference up to 0.71); taking them as the same would be wrong by up to 183 %."
        ),
        environment=dict(ENVIRONMENT),
        reproduce="gradcheck run --in 3 --out 3 --k 32 --seed 0 --threads 2 images/coffee.jpg",
        timings={"images": 0.012, "autograd": 0.061, "hand": 0.008, "numeric": 0.31, "total": 0.452},
        experiment=sample_experiment(),
        checks=sample_checks(),
        grad_output=GradOutput(
            outputs=151875,
            sign_flips=2,
            kinks=0,
            positive=60211,
            negative=91664,
            max_abs_difference=1.3168724279835391e-05,
        ),
        channels=sample_channels(),
        sameness=sample_sameness(),
        power=Power(
            planted=("kernel-rotated", "channels-summed", "filters-collapsed", "scaled-constant", "shifted"),
            caught=("kernel-rotated", "channels-summed", "filters-collapsed", "scaled-constant", "shifted"),
            cannot_show=(
                CannotShow("batch-mean", "two images"),
                CannotShow("stride-ignored", "--stride 2"),
            ),
        ),
        notes=("images/coffee.jpg: 16-bit picture, read as 8-bit.",),
        figures=sample_figures(),
    )
    return replace(report, **changes)


def sample_experiment(**changes: Any) -> Experiment:
    """What the sample run was about."""
    experiment = Experiment(
        images=("images/coffee.jpg",),
        in_channels=3,
        out_channels=3,
        kernel_size=(32, 32),
        stride=(1, 1),
        padding=(0, 0),
        dilation=(1, 1),
        groups=1,
        bias=True,
        size=(256, 256),
        output_size=(225, 225),
        batch=1,
        unit_range=False,
        reference="gray",
        loss=Loss("l1", "mean", 116.38284301757812),
        seed=0,
        dtype="float32",
        device="cpu",
        threads=2,
        backward="direct",
        convention="auto",
    )
    return replace(experiment, **changes)


def sample_checks() -> tuple[Check, ...]:
    """The checks of a passing run."""
    rule = "|autograd - hand| <= (n+2) 2^-24 A"
    return (
        Check("exact", "weight", Verdict.PASS, 9216, 0, "autograd == hand on integers, narrow and wide probe"),
        Check("exact", "input", Verdict.PASS, 196608, 0, "autograd == hand on integers, narrow and wide probe"),
        Check("exact", "bias", Verdict.PASS, 3, 0, "autograd == hand on integers, narrow and wide probe"),
        Check(
            "hand-vs-autograd",
            "weight",
            Verdict.PASS,
            9216,
            0,
            rule,
            Worst((2, 0, 31, 7), 64.41279, 64.41285, 6.1035e-05, 0.2043, 6.1035e-05 / 0.2043),
            "typical rounding of float32",
        ),
        Check(
            "numeric",
            "weight",
            Verdict.PASS,
            9216,
            0,
            "|numeric - hand| <= kink bound + rounding",
            Worst((0, 1, 4, 4), -12.503117, -12.503117, 3.1e-9, 1.2e-5, 2.6e-4),
            "central differences of the loss, every entry",
        ),
        Check("repeat", "weight", Verdict.PASS, 18432, 0, "two runs agree bit for bit"),
        Check(
            "grad-output",
            "output",
            Verdict.PASS,
            151875,
            0,
            "G = sign(O - ref)/numel",
            None,
            "2 signs hang on rounding",
        ),
        Check("adjoint", "weight", Verdict.NOT_APPLICABLE, 0, 0, "the full reference was affordable"),
    )


def sample_channels() -> tuple[ChannelDifference, ...]:
    """Nine planes, all within float32's typical rounding."""
    return tuple(
        ChannelDifference(o, i, (1 + o + 2 * i) * 7.6e-6, (1 + o + 2 * i) * 3.7e-5, 1024 - 60 * (o + i), 1024)
        for o in range(3)
        for i in range(3)
    )


def sample_sameness() -> SamenessReport:
    """Across channels different (coffee), across filters nearly the same."""
    channels = tuple(
        ChannelPair(pair, Rung.DIFFERENT, 0.18 + 0.3 * n, 0.993 - 0.01 * n, 12.5 + n, False, filter=o)
        for o in range(3)
        for n, pair in enumerate(((0, 1), (0, 2), (1, 2)))
    )
    filters = tuple(
        ChannelPair(pair, Rung.NEARLY_SAME, 0.0054 + 0.001 * n, 0.99999, 0.31, False, channel=i)
        for i in range(3)
        for n, pair in enumerate(((0, 1), (0, 2), (1, 2)))
    )
    return SamenessReport(
        across_channels=Sameness(
            Rung.DIFFERENT,
            "X's channels differ: relative difference of the planes 0.21 to 0.71, none an affine copy of another.",
            _counts(channels),
            channels,
            (0.18, 0.78),
            (0.973, 0.993),
            0,
        ),
        across_filters=Sameness(
            Rung.NEARLY_SAME,
            "G's filters agree in the sign of O - ref at 99.1 % of the outputs.",
            _counts(filters),
            filters,
            (0.0054, 0.0074),
            (0.99999, 0.99999),
            0,
        ),
        counterfactuals=(
            Counterfactual(
                "gray-channels", "the gray image copied to all channels", "channels", Rung.IDENTICAL, Rung.IDENTICAL
            ),
            Counterfactual("equal-g", "G of filter 0 for all filters", "filters", Rung.IDENTICAL, Rung.IDENTICAL),
        ),
    )


def _counts(pairs: tuple[ChannelPair, ...]) -> dict[str, int]:
    return {rung.value: sum(pair.verdict is rung for pair in pairs) for rung in Rung}


def sample_figures(c_out: int = 3, c_in: int = 3, kh: int = 32, kw: int = 32) -> Figures:
    """Smooth planes that differ by rounding; the same arrays every time."""
    generator = np.random.Generator(np.random.PCG64(7))
    rows, columns = np.mgrid[0:kh, 0:kw]
    planes = [
        (1 + o) * np.sin(rows / (5 + i)) + (1 + i) * np.cos(columns / (4 + o)) - 0.2 * o
        for o in range(c_out)
        for i in range(c_in)
    ]
    hand = 20 * np.array(planes).reshape(c_out, c_in, kh, kw)
    allowed = np.full(hand.shape, 0.2)
    return Figures(hand, hand + 6e-5 * generator.standard_normal(hand.shape), allowed)


def failing_run_report(**changes: Any) -> RunReport:
    """A run with `--backward my_layers.py:conv_backward` that divides by the batch size."""
    worst = Worst((2, 1, 3, 30), 64.41279, 32.206395, 32.206395, 0.2043, 157.64)
    figures = sample_figures()
    wrong = replace(figures, grad_weight_hand=figures.grad_weight_hand / 2)
    checks = (
        Check("exact", "weight", Verdict.FAIL, 9216, 9211, "autograd == yours on integers", worst),
        Check("exact", "input", Verdict.PASS, 196608, 0, "autograd == yours on integers"),
        Check("hand-vs-autograd", "weight", Verdict.FAIL, 9216, 9216, "|autograd - yours| <= (n+2) 2^-24 A", worst),
        Check("referee", "weight", Verdict.FAIL, 9216, 9211, "the int64 sum of the definition", None, "yours is wrong"),
        Check(
            "exact", "bias", Verdict.MISSING, 0, 0, "autograd == yours on integers", None, "no bias gradient returned"
        ),
    )
    report = sample_run_report(
        verdict=Verdict.FAIL,
        exit_code=ExitCode.FAIL,
        answer="Method: right. Code: wrong, my_layers.py:conv_backward divides the gradient by the batch size.",
        reproduce=(
            "gradcheck run --backward my_layers.py:conv_backward --in 3 --out 3 --k 32 --seed 0"
            " images/coffee.jpg images/rocket.jpg"
        ),
        experiment=sample_experiment(
            images=("images/coffee.jpg", "images/rocket.jpg"), batch=2, backward="my_layers.py:conv_backward"
        ),
        checks=checks,
        channels=tuple(
            ChannelDifference(o, i, 32.2 - 3 * o - i, 157.6 - 10 * o - i, 0, 1024) for o in range(3) for i in range(3)
        ),
        findings=(sample_finding(),),
        counterexample=sample_counterexample(),
        figures=wrong,
    )
    return replace(report, **changes)


def sample_finding(**changes: Any) -> Finding:
    """The batch-mean, proved."""
    finding = Finding(
        id="batch-mean",
        gradient="weight",
        certainty="proved",
        message="grad_weight is divided by the batch size: yours is exactly 1/2 of the truth with 2 images.",
        fix="Sum over the batch; drop the division by x.shape[0].",
        fails_when="batch > 1",
        line=12,
    )
    return replace(finding, **changes)


def sample_counterexample() -> Counterexample:
    """batch-mean on two 2x2 pictures under a 1x1 kernel: 5 is right, 2.5 was returned."""
    spec = ConvSpec(2, 1, 1, 2, 2, (1, 1))
    x = np.array([[[[1, 2], [3, 0]]], [[[0, 1], [2, -1]]]], dtype=np.float64)
    grad_output = np.array([[[[1, -1], [1, 1]]], [[[1, 1], [1, 0]]]], dtype=np.float64)
    total = float((x * grad_output).sum())
    terms = tuple(Term((n, 0, p, q), (n, 0, p, q), 1.0, 0.5) for n in range(2) for p in range(2) for q in range(2))
    return Counterexample(
        gradient="weight",
        spec=spec,
        x=x,
        weight=np.array([[[[2.0]]]]),
        grad_output=grad_output,
        expected=np.array([[[[total]]]]),
        actual=np.array([[[[total / 2]]]]),
        entry=(0, 0, 0, 0),
        other="x",
        terms=terms,
        bias=np.array([3.0]),
    )


def input_counterexample() -> Counterexample:
    """grad_input with the kernel not rotated: a 3x3 picture, a 2x2 kernel, the entry (0, 0, 0, 0)."""
    weight = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    grad_output = np.array([[[[1.0, 0.0], [0.0, 0.0]]]])
    expected = np.zeros((1, 1, 3, 3))
    expected[0, 0, :2, :2] = weight[0, 0]
    actual = np.zeros((1, 1, 3, 3))
    actual[0, 0, :2, :2] = weight[0, 0, ::-1, ::-1]
    return Counterexample(
        gradient="input",
        spec=ConvSpec(1, 1, 1, 3, 3, (2, 2)),
        x=np.ones((1, 1, 3, 3)),
        weight=weight,
        grad_output=grad_output,
        expected=expected,
        actual=actual,
        entry=(0, 0, 0, 0),
        other="weight",
        terms=(
            Term((0, 0, 0, 0), (0, 0, 0, 0), 1.0, 0.0),
            Term((0, 0, 0, 0), (0, 0, 1, 1), 0.0, 1.0),
        ),
        bias=np.array([2.0]),
    )


def bare_counterexample() -> Counterexample:
    """A target that crashed: nothing was returned, so there is no entry and there are no terms."""
    return replace(sample_counterexample(), actual=None, entry=None, other="", terms=())


def inconclusive_run_report(**changes: Any) -> RunReport:
    """A run whose numbers are NaN and infinite, with one plane only, so there is nothing to compare."""
    nothing = Sameness(None, "There is only one channel.")
    worst = Worst((0, 0, 0, 0), float("nan"), float("inf"), float("nan"), 0.0, float("inf"))
    report = sample_run_report(
        verdict=Verdict.INCONCLUSIVE,
        exit_code=ExitCode.NOT_CHECKED,
        answer="Nothing was compared: the output is not finite.",
        checks=(Check("hand-vs-autograd", "weight", Verdict.INCONCLUSIVE, 4, 4, "|difference| <= (n+2) u A", worst),),
        channels=(ChannelDifference(0, 0, float("nan"), float("-inf"), 0, 4),),
        sameness=SamenessReport(nothing, nothing),
        power=Power(planted=("shifted",), missed=("shifted",)),
        notes=(),
        figures=Figures(*(np.full((1, 1, 2, 2), value) for value in (np.nan, np.inf, 0.0))),
    )
    return replace(report, **changes)


def seeds_run_report(**changes: Any) -> RunReport:
    """A passing run with `--seeds 3`."""
    sameness = sample_sameness()
    seeds = tuple(
        SeedResult(seed, Verdict.PASS, 116.4 + seed, sameness.across_channels, sameness.across_filters)
        for seed in range(3)
    )
    return sample_run_report(seeds=seeds, **changes)


def evil_run_report(**changes: Any) -> RunReport:
    """A failing run whose every free text is hostile."""
    evil = "".join(EVIL_NAMES)
    pair = ChannelPair((0, 1), Rung.DIFFERENT, float("inf"), float("nan"), float("inf"), False, filter=0)
    sameness = Sameness(Rung.DIFFERENT, evil, {"different": 1}, (pair,), (float("nan"), float("inf")), None)
    report = failing_run_report(
        answer=evil,
        environment={**ENVIRONMENT, "evil": evil, "nested": {"value": float("nan")}},
        reproduce=f"gradcheck run {evil}",
        experiment=sample_experiment(
            images=EVIL_NAMES, reference=EVIL_NAMES[0], backward=f"{evil}.py:f", loss=Loss("l1", "mean", float("nan"))
        ),
        checks=(
            Check(
                "exact",
                "weight",
                Verdict.FAIL,
                4,
                1,
                evil,
                Worst((0,), float("nan"), 1.0, float("inf"), 0.0, float("inf")),
                evil,
            ),
        ),
        sameness=SamenessReport(
            sameness, sameness, (Counterfactual(evil, evil, "channels", Rung.DIFFERENT, Rung.IDENTICAL),)
        ),
        findings=(sample_finding(message=evil, fix=evil, fails_when=evil),),
        notes=EVIL_NAMES,
        power=Power(planted=("shifted",), caught=("shifted",), cannot_show=(CannotShow("batch-mean", evil),)),
    )
    return replace(report, **changes)


def sample_target(**changes: Any) -> TargetReport:
    """One right target, tried on three geometries."""
    passed = GradientResult(Verdict.PASS)
    target = TargetReport(
        target="my_layers.py:conv_backward",
        file="my_layers.py",
        line=10,
        convention="function",
        layout="NCHW",
        why="the parameters are called x, weight, grad_output",
        verdict=Verdict.PASS,
        gradients={"weight": passed, "input": passed, "bias": passed},
        geometries=Geometries(3, 3, 3, "right on all 3 geometries", _geometries(Verdict.PASS)),
        seconds=0.81,
    )
    return _with_reason(target, changes)


def _with_reason(target: TargetReport, changes: dict[str, Any]) -> TargetReport:
    """The target with these changes, and the reason that the program gives for its verdict."""
    changed = replace(target, **changes)
    return replace(changed, reason=changes.get("reason") or reason_of(changed))


def _geometries(weight: Verdict) -> tuple[GeometryResult, ...]:
    specs = (
        ConvSpec(1, 1, 1, 4, 4, (2, 2)),
        ConvSpec(2, 3, 4, 7, 6, (3, 2)),
        ConvSpec(3, 2, 5, 9, 8, (3, 3), stride=(2, 2), padding=(1, 1)),
    )
    verdicts = (Verdict.PASS, weight, weight)
    return tuple(
        GeometryResult(spec, True, verdict, Verdict.PASS, Verdict.PASS)
        for spec, verdict in zip(specs, verdicts, strict=True)
    )


def failing_target(**changes: Any) -> TargetReport:
    """One wrong target: batch-mean in the weight, no bias returned, stride refused."""
    refused = GeometryResult(
        ConvSpec(1, 2, 3, 9, 9, (3, 3), stride=(2, 2)),
        False,
        Verdict.NOT_APPLICABLE,
        Verdict.NOT_APPLICABLE,
        Verdict.NOT_APPLICABLE,
        "has no parameter for stride",
    )
    target = sample_target(
        target="submissions/anna.py:conv_backward",
        file="submissions/anna.py",
        line=4,
        verdict=Verdict.FAIL,
        gradients={
            "weight": GradientResult(Verdict.FAIL, ("batch-mean",)),
            "input": GradientResult(Verdict.PASS),
            "bias": GradientResult(Verdict.MISSING),
        },
        geometries=Geometries(4, 3, 1, "right only for a batch of 1", (*_geometries(Verdict.FAIL), refused)),
        findings=(sample_finding(),),
        counterexample=sample_counterexample(),
        notes=("returns no bias gradient",),
        output="debug: dw (3, 2, 3, 3)\n",
    )
    return _with_reason(target, changes)


def crashed_target(**changes: Any) -> TargetReport:
    """One target whose code raised."""
    target = sample_target(
        target="submissions/ben.py:conv_backward",
        file="submissions/ben.py",
        line=7,
        verdict=Verdict.ERROR,
        gradients={name: GradientResult(Verdict.ERROR, ("crashes",)) for name in ("weight", "input", "bias")},
        geometries=Geometries(1, 1, 0, "right nowhere"),
        findings=(
            sample_finding(
                id="crashes", message="raises IndexError for a batch of 1.", fix="Check the index in line 9.", line=9
            ),
        ),
        error=(
            '  File "submissions/ben.py", line 9, in conv_backward\n'
            "    dw[o, i] = x[n + 1]\n"
            "IndexError: index 1 is out of bounds"
        ),
    )
    return _with_reason(target, changes)


def inconclusive_target(**changes: Any) -> TargetReport:
    """One target that could not be imported."""
    target = sample_target(
        target="submissions/cleo.py:conv_backward",
        file="submissions/cleo.py",
        line=None,
        convention="",
        layout="",
        why="",
        verdict=Verdict.INCONCLUSIVE,
        gradients={name: GradientResult(Verdict.INCONCLUSIVE) for name in ("weight", "input", "bias")},
        geometries=Geometries(0, 0, 0, "nothing was compared"),
        error="submissions/cleo.py cannot be imported: No module named 'tensorflow'.",
    )
    return _with_reason(target, changes)


def sample_verify_report(**changes: Any) -> VerifyReport:
    """A passing verify of one target."""
    report = VerifyReport(
        verdict=Verdict.PASS,
        exit_code=ExitCode.PASS,
        environment=dict(ENVIRONMENT),
        reproduce="gradcheck verify my_layers.py:conv_backward --seed 0",
        timings={"total": 0.93},
        targets=(sample_target(),),
    )
    return replace(report, **changes)


def failing_verify_report(**changes: Any) -> VerifyReport:
    """Four targets: right, wrong, crashed, not importable."""
    report = sample_verify_report(
        verdict=Verdict.FAIL,
        exit_code=ExitCode.FAIL,
        reproduce="gradcheck verify my_layers.py:conv_backward 'submissions/*.py:conv_backward' --seed 0",
        targets=(sample_target(), failing_target(), crashed_target(), inconclusive_target()),
    )
    return replace(report, **changes)


def evil_verify_report(**changes: Any) -> VerifyReport:
    """A verify report whose every free text is hostile."""
    evil = "".join(EVIL_NAMES)
    target = failing_target(
        target=f"{evil}.py:f",
        file=f"{evil}.py",
        why=evil,
        findings=(sample_finding(message=evil, fix=evil, fails_when=evil),),
        error=evil,
        output=f"{evil}\n::set-output name=x::y\n",
        notes=EVIL_NAMES,
        geometries=Geometries(1, 1, 0, evil, (replace(_geometries(Verdict.FAIL)[0], message=evil),)),
    )
    report = sample_verify_report(
        verdict=Verdict.FAIL, exit_code=ExitCode.FAIL, reproduce=f"gradcheck verify {evil}", targets=(target, target)
    )
    return replace(report, **changes)


RUN_SAMPLES = {
    "passing": sample_run_report,
    "failing": failing_run_report,
    "inconclusive": inconclusive_run_report,
    "seeds": seeds_run_report,
    "evil": evil_run_report,
}
VERIFY_SAMPLES = {
    "passing": sample_verify_report,
    "failing": failing_verify_report,
    "evil": evil_verify_report,
}
SAMPLES = {
    **{f"run-{name}": make for name, make in RUN_SAMPLES.items()},
    **{f"verify-{name}": make for name, make in VERIFY_SAMPLES.items()},
}
