"""The nouns of gradcheck: frozen dataclasses that every room shares. Nothing here computes or prints."""

from gradcheck_cli.model.axis import (
    PADDING_MODES as PADDING_MODES,
    Axis as Axis,
    PaddingMode as PaddingMode,
    TransposedAxis as TransposedAxis,
)
from gradcheck_cli.model.case import Array as Array, Case as Case, Gradients as Gradients, Shape as Shape
from gradcheck_cli.model.evidence import (
    CALL as CALL,
    UNEXPLAINED as UNEXPLAINED,
    CannotShow as CannotShow,
    ChannelDifference as ChannelDifference,
    ChannelPair as ChannelPair,
    Check as Check,
    CheckName as CheckName,
    CodePlace as CodePlace,
    Counterexample as Counterexample,
    Counterfactual as Counterfactual,
    Finding as Finding,
    FindingAbout as FindingAbout,
    FunctionExample as FunctionExample,
    FunctionPower as FunctionPower,
    NotShown as NotShown,
    Power as Power,
    Rung as Rung,
    RungEvidence as RungEvidence,
    Sameness as Sameness,
    Term as Term,
    Verdict as Verdict,
    Worst as Worst,
)
from gradcheck_cli.model.functions import (
    GUESSED as GUESSED,
    OF_TORCH as OF_TORCH,
    WITHOUT_UPSTREAM as WITHOUT_UPSTREAM,
    FunctionForm as FunctionForm,
    FunctionOutcome as FunctionOutcome,
    InputsFrom as InputsFrom,
    ReturnedEntry as ReturnedEntry,
    Sample as Sample,
    Value as Value,
)
from gradcheck_cli.model.geometry import Geometry as Geometry
from gradcheck_cli.model.in_settings import Level as Level, SettingResult as SettingResult
from gradcheck_cli.model.options import (
    Arithmetic as Arithmetic,
    Device as Device,
    Dtype as Dtype,
    LossName as LossName,
    Progress as Progress,
    Reduction as Reduction,
    RunOptions as RunOptions,
    VerifyOptions as VerifyOptions,
    no_progress as no_progress,
)
from gradcheck_cli.model.report import (
    SCHEMA_VERSION as SCHEMA_VERSION,
    Experiment as Experiment,
    Figure as Figure,
    Figures as Figures,
    Geometries as Geometries,
    GeometryResult as GeometryResult,
    GradientResult as GradientResult,
    GradOutput as GradOutput,
    Loss as Loss,
    Report as Report,
    RunReport as RunReport,
    SamenessReport as SamenessReport,
    SampleResult as SampleResult,
    SeedResult as SeedResult,
    TargetReport as TargetReport,
    VerifyReport as VerifyReport,
)
from gradcheck_cli.model.setting import (
    PLAIN as PLAIN,
    Autocast as Autocast,
    MemoryFormat as MemoryFormat,
    Setting as Setting,
)
from gradcheck_cli.model.spec import (
    CONVS as CONVS,
    ConvName as ConvName,
    ConvSpec as ConvSpec,
    Size as Size,
)
from gradcheck_cli.model.tensors import (
    GIVEN as GIVEN,
    GRADIENTS as GRADIENTS,
    TENSORS as TENSORS,
    ArrayName as ArrayName,
    GradientName as GradientName,
    Tensor as Tensor,
)
from gradcheck_cli.model.torch_layer import TorchLayer as TorchLayer
