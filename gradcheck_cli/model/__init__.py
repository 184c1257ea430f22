"""The nouns of gradcheck: frozen dataclasses that every room shares. Nothing here computes or prints.

A noun is loaded when it is first asked for: `gradcheck --help` needs few of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

# The module of each noun, under its name here.
_NOUNS = {
    "axis": "PADDING_MODES Axis PaddingMode TransposedAxis",
    "case": "Array Case Gradients Shape",
    "evidence": (
        "CALL UNEXPLAINED CannotShow ChannelDifference ChannelPair Check CheckName CodePlace Counterexample "
        "Counterfactual Finding FindingAbout FunctionExample FunctionPower NotShown Power Rung RungEvidence "
        "Sameness Term Verdict Worst"
    ),
    "functions": (
        "GUESSED OF_TORCH WITHOUT_UPSTREAM FunctionForm FunctionOutcome InputsFrom ReturnedEntry Sample Value"
    ),
    "geometry": "Geometry",
    "in_settings": "Level SettingResult",
    "options": "Arithmetic Device Dtype LossName Progress Reduction RunOptions VerifyOptions no_progress",
    "report": (
        "SCHEMA_VERSION Experiment Figure Figures Geometries GeometryResult GradientResult GradOutput Loss "
        "Report RunReport SamenessReport SampleResult SeedResult TargetReport VerifyReport"
    ),
    "setting": "PLAIN Autocast MemoryFormat Setting",
    "spec": "CONVS ConvName ConvSpec Size",
    "tensors": "GIVEN GRADIENTS TENSORS ArrayName GradientName Tensor",
    "torch_layer": "TorchLayer",
}
_HOMES = {noun: module for module, nouns in _NOUNS.items() for noun in nouns.split()}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    noun = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return noun


def __dir__() -> list[str]:
    return list(_HOMES)
