"""The options by their names in Python, for type checkers. Made by docs/generate.py; do not edit.

They are declared in `options`; a type checker cannot read them there, since Python takes more: one number for a size, a
path, a function.
"""

from __future__ import annotations

from typing import TypedDict

from gradcheck_cli.model.axis import PaddingMode
from gradcheck_cli.model.options import (
    Arguments,
    Arithmetic,
    Autocast,
    Breadth,
    Device,
    Dtype,
    FileName,
    LossName,
    MemoryFormat,
    Progress,
    Reduction,
    Several,
    Target,
    Tf32,
)
from gradcheck_cli.model.padding import Padding
from gradcheck_cli.model.spec import ConvName, Size


class RunSettings(TypedDict, total=False):
    """The options of `gradcheck run`, by their names in Python."""

    conv: ConvName
    in_channels: int
    out_channels: int
    kernel_size: int | Size
    stride: int | Size
    padding: int | Padding
    padding_mode: PaddingMode
    output_padding: int | Size
    dilation: int | Size
    groups: int
    size: int | Size
    bias: bool
    unit_range: bool
    loss: LossName
    reduction: Reduction
    reference: FileName
    seed: int
    seeds: int
    dtype: Dtype
    device: Device
    threads: int | None
    backward: Target
    convention: str
    call: str
    returns: str
    arithmetic: Arithmetic
    timeout: float
    memory_format: MemoryFormat
    compile: bool
    deterministic: bool
    tf32: Tf32
    autocast: Autocast
    settings: Several
    progress: Progress


class VerifySettings(TypedDict, total=False):
    """The options of `gradcheck verify`, by their names in Python."""

    convention: str
    call: str
    returns: str
    arithmetic: Arithmetic
    inputs: Arguments | Target
    input: str
    against: Target
    all_configs: bool
    strict: bool
    geometries: Breadth
    geometry: str
    timeout: float
    exitfirst: bool
    jobs: int
    dtype: Dtype
    device: Device
    seed: int
    memory_format: MemoryFormat
    compile: bool
    deterministic: bool
    tf32: Tf32
    autocast: Autocast
    settings: Several
    progress: Progress
