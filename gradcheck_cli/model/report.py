"""The two reports. Their public fields, in this order and spelling, are the keys of the JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

from gradcheck_cli.model.axis import PaddingMode
from gradcheck_cli.model.case import Array
from gradcheck_cli.model.errors import ExitCode
from gradcheck_cli.model.evidence import (
    ChannelDifference,
    Check,
    Counterexample,
    Counterfactual,
    Finding,
    FunctionExample,
    FunctionPower,
    Power,
    RungEvidence,
    Sameness,
    Verdict,
)
from gradcheck_cli.model.in_settings import SettingResult
from gradcheck_cli.model.judgement import Judgement
from gradcheck_cli.model.option import recording
from gradcheck_cli.model.options import Arithmetic, LossName, Reduction, RunOptions, Several
from gradcheck_cli.model.padding import Padding, Sides
from gradcheck_cli.model.setting import Autocast, MemoryFormat, Tf32
from gradcheck_cli.model.spec import UNLESS_USUAL, ConvName, ConvSpec, Size
from gradcheck_cli.model.tensors import GradientName

TargetKind: TypeAlias = Literal["", "convolution", "function"]

# Raised whenever a field changes its meaning or goes; a new field alone leaves it.
# 2: a geometry holds its verdicts under `gradients`; a target says its kind and its layer.
SCHEMA_VERSION = 2


@dataclass(frozen=True)
class Loss:
    """E as a function of O and the reference. `value` is what autograd computed, None before it ran."""

    name: LossName = "l1"
    reduction: Reduction = "mean"
    value: float | None = None


@dataclass(frozen=True)
@recording(RunOptions)
class Experiment:
    """What was run: everything that decides the numbers.

    Every option that is recorded is a field, also where it is not named here; those that are named are read by the
    renderers. `threads`, `convention` and `name`, the user's function or class, are what was taken, `batch`,
    `input_size` and `output_size` what came of the pictures; sizes are those of the layer's own axes.
    `channel_names` are the colours, where X is of pictures. `padded` is what `padding` adds: (before, after) by axis.
    """

    images: tuple[str, ...]
    conv: ConvName
    in_channels: int
    out_channels: int
    kernel_size: Size
    stride: Size
    padding: Padding
    padding_mode: PaddingMode
    output_padding: Size
    dilation: Size
    groups: int
    bias: bool
    size: Size
    input_size: Size
    output_size: Size
    batch: int
    unit_range: bool
    reference: str
    loss: Loss
    seed: int
    dtype: str
    device: str
    threads: int
    backward: str
    convention: str
    name: str = ""
    call: str = ""
    returns: str = ""
    arithmetic: Arithmetic = "direct"
    channel_names: tuple[str, ...] = ()
    padded: tuple[Sides, ...] = ()
    memory_format: MemoryFormat = "contiguous"
    compile: bool = False
    deterministic: bool = False
    tf32: Tf32 = "off"
    autocast: Autocast = "off"
    settings: Several = "one"


@dataclass(frozen=True)
class GradOutput:
    """G = dE/dO, a check of its own.

    `sign_flips`: outputs whose sign(O - ref) float32 and float64 decide differently, of `outputs`; None where the
    loss has no signs. `kinks`: outputs with a residual of exactly 0. `positive`, `negative`: outputs by sign of G.
    """

    outputs: int
    sign_flips: int | None
    kinks: int
    positive: int
    negative: int
    max_abs_difference: float


@dataclass(frozen=True)
class SamenessReport:
    """The forum's question, in both directions."""

    across_channels: Sameness
    across_filters: Sameness
    counterfactuals: tuple[Counterfactual, ...] = ()


@dataclass(frozen=True)
class SeedResult:
    """One seed of `--seeds N`: the same run with other weights."""

    seed: int
    verdict: Verdict
    loss: float
    across_channels: Sameness
    across_filters: Sameness


@dataclass(frozen=True)
class Figure:
    """One gradient of the run from both sides, and what rounding lets them differ by: three arrays of one shape.

    `hand` is that of the code under test; NaN where it returned nothing of that shape.
    """

    hand: Array
    autograd: Array
    allowed: Array


@dataclass(frozen=True)
class Figures:
    """The arrays of a run, for its pictures and for `--save`; never part of the JSON document.

    Attributes:
        x: (n, c_in, h, w).
        weight: F, (c_out, c_in/groups, kh, kw).
        reference: what O is compared with, (n or 1, 1, h_out, w_out).
        grad_output: G as autograd returned it, (n, c_out, h_out, w_out).
        gradients: those that both sides give; weight is always among them.
        numeric: grad_weight by finite differences, in float64.
    """

    x: Array
    weight: Array
    reference: Array
    grad_output: Array
    gradients: Mapping[GradientName, Figure]
    numeric: Array


@dataclass(frozen=True)
class RunReport(Judgement):
    """The result of `gradcheck run`."""

    command: ClassVar[str] = "run"

    verdict: Verdict
    exit_code: ExitCode
    answer: str
    environment: Mapping[str, Any]
    reproduce: str
    timings: Mapping[str, float]
    experiment: Experiment
    checks: tuple[Check, ...]
    grad_output: GradOutput
    channels: tuple[ChannelDifference, ...]
    sameness: SamenessReport
    seeds: tuple[SeedResult, ...] = ()
    power: Power = Power()
    findings: tuple[Finding, ...] = ()
    counterexample: Counterexample | None = None
    notes: tuple[str, ...] = ()
    settings: tuple[SettingResult, ...] = field(default=(), metadata=UNLESS_USUAL)
    figures: Figures = field(kw_only=True, compare=False, repr=False)


@dataclass(frozen=True)
class GradientResult:
    """One gradient of one target over all geometries."""

    verdict: Verdict
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class GeometryResult:
    """One geometry of one target. `supported` is False when the target refuses it; then nothing was compared.

    `gradients` are the verdicts by the name of the gradient.
    """

    spec: ConvSpec
    supported: bool
    gradients: Mapping[GradientName, Verdict]
    message: str = ""


@dataclass(frozen=True)
class Geometries:
    """Where a target was tried; `right` counts the supported ones on which every gradient is right."""

    tried: int
    supported: int
    right: int
    summary: str
    list: tuple[GeometryResult, ...] = ()


@dataclass(frozen=True)
class SampleResult:
    """One sample of a function. `text` says its sizes; `gradients` are the verdicts by the argument's name."""

    text: str
    gradients: Mapping[str, Verdict]
    message: str = ""


@dataclass(frozen=True)
class TargetReport:
    """One target of `gradcheck verify`.

    `convention` is the id of the recognised convention, `layout` NCHW, NHWC, CHW, HWC or HW, `why` how it was told.
    `output` is what the user's code printed (shown with -v only). `name` is that of the function or class, as it is
    called in the file; a finding without a line is told to stand in it. `call` and `returns` are what the user said of
    how it is called, "" where nothing was said. `scope` says which gradients a plain function gives, where that is less
    than all three ("weight only"), and "not its forward" where that stops short of it, and "square images only".
    `unreached` are the lines of the backward that no call executed, `unvaried` the optional parameters that kept their
    defaults in every call.
    `reason` is why the verdict is what it is, in one line. `kind` is what it was recognised as and `layer` which one,
    "" where it was not.

    Of a function the gradients go by the arguments' names; `geometries` counts its samples, which `samples` lists;
    `inputs` is how they were found, `evidence` what each rung of the ladder decided, and `power` what a pass is worth;
    None where it did not pass.

    `settings` is what came of other number formats, devices and modes; empty where none was asked for.
    """

    target: str
    file: str
    line: int | None
    convention: str
    layout: str
    why: str
    verdict: Verdict
    gradients: Mapping[str, GradientResult]
    geometries: Geometries
    findings: tuple[Finding, ...] = ()
    counterexample: Counterexample | FunctionExample | None = None
    notes: tuple[str, ...] = ()
    error: str = ""
    output: str = ""
    seconds: float = 0.0
    name: str = ""
    call: str = ""
    returns: str = ""
    scope: str = ""
    unreached: tuple[int, ...] = ()
    unvaried: tuple[str, ...] = field(default=(), metadata=UNLESS_USUAL)
    reason: str = ""
    kind: TargetKind = ""
    layer: str = ""
    samples: tuple[SampleResult, ...] = ()
    inputs: str = ""
    evidence: tuple[RungEvidence, ...] = ()
    power: FunctionPower | None = None
    settings: tuple[SettingResult, ...] = field(default=(), metadata=UNLESS_USUAL)

    @property
    def is_surrogate(self) -> bool:
        """Is its backward meant to be no derivative of its forward, so that nothing was compared?"""
        verdicts = {result.verdict for result in self.gradients.values()}
        return self.verdict is Verdict.PASS and verdicts == {Verdict.NOT_APPLICABLE}


@dataclass(frozen=True)
class VerifyReport(Judgement):
    """The result of `gradcheck verify`.

    `summary` maps each mistake to the targets that make it, the commonest first; `options` are those it was asked with,
    by name; `not_asked` are the targets that -x left out once one had failed, `without_forward` what of files that were
    asked whole was not asked: backwards beside which no forward stands, as they are named.
    """

    command: ClassVar[str] = "verify"

    verdict: Verdict
    exit_code: ExitCode
    environment: Mapping[str, Any]
    reproduce: str
    timings: Mapping[str, float]
    targets: tuple[TargetReport, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    not_asked: tuple[str, ...] = ()
    without_forward: tuple[str, ...] = field(default=(), metadata=UNLESS_USUAL)
    summary: Mapping[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        found: dict[str, dict[str, None]] = {}
        for target in self.targets:
            for finding in target.findings:
                found.setdefault(finding.id, {})[target.target] = None
        commonest = sorted(found.items(), key=lambda item: -len(item[1]))
        object.__setattr__(self, "summary", {mistake: tuple(names) for mistake, names in commonest})


Report = RunReport | VerifyReport
