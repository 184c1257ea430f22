"""The options of `run` and `verify`: one dataclass per command, in which each field declares its option.

This is an option's one place. The command line, [tool.gradcheck], GRADCHECK_* variables, Python, the checks of ranges,
the reproduce line, the report's record and the reference pages are made from it; see docs/contributing.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from gradcheck_cli.model.axis import PaddingMode
from gradcheck_cli.model.conventions import CONVENTIONS
from gradcheck_cli.model.files import is_array, may_move
from gradcheck_cli.model.option import Group, Kind, Option, Range, declare, options_of
from gradcheck_cli.model.padding import Padding, normal_padding
from gradcheck_cli.model.setting import (
    Autocast as Autocast,
    MemoryFormat as MemoryFormat,
    Setting,
    Tf32 as Tf32,
    every_setting,
)
from gradcheck_cli.model.spec import OWN_AXES, ConvName, ConvSpec, Size, is_transposed
from gradcheck_cli.model.torch_layer import TorchLayer

LossName = Literal["l1", "mse", "sum", "random"]
Reduction = Literal["mean", "sum"]
Dtype = Literal["float32", "float64", "bfloat16", "float16"]
Device = Literal["cpu", "cuda", "mps"]
Arithmetic = Literal["direct", "fft"]
Breadth = Literal["quick", "full"]
Several = Literal["one", "all"]

FileName: TypeAlias = str | os.PathLike[str]


@runtime_checkable
class HoldsArray(Protocol):
    """What numpy can read: its own arrays, and the tensors of torch."""

    def __array__(self, *arguments: Any, **named: Any) -> Any:
        """The numbers as numpy has them."""


Input: TypeAlias = FileName | HoldsArray
"""An input of `run`, as Python is given it: a file name, or an array (n, c, h, w), (c, h, w) or (h, w).

Behind samples and channels an array has the axes of the layer.
"""
Target: TypeAlias = FileName | Callable[..., Any]
"""The user's code, as Python is given it: a place, or the function or class itself."""

Arguments: TypeAlias = tuple[Any, ...] | Mapping[str, Any] | list[tuple[Any, ...]]
"""What a function is called with, as Python is given it: by place, by name, or several calls of it by place."""

Progress: TypeAlias = Callable[[str, float], None]
"""Called with what is being done and the fraction done, 0..1; must be cheap."""


def no_progress(stage: str, fraction: float) -> None:
    """The progress callback of callers that want none."""


# No axis is longer than the largest array, whose entries are limits.LARGEST_ARRAY.
LENGTH = Range(1, 2**31 - 1)
PADDING = Range(0, LENGTH.most)
# Of a picture: rows and columns.
PICTURE_AXES = 2
# What every generator takes: the oldest of numpy's has 32 bits.
SEED = Range(0, 2**32 - 1)
# Each seed is a whole run; more than this is a slip of the keyboard.
SEEDS = Range(1, 10_000)
# Beyond any machine, so a slip as well.
THREADS = Range(1, 1024)
# Each job is a process with a numpy of its own.
JOBS = Range(1, 256)
# A day: who waits longer has no limit in mind.
TIMEOUT = Range(0, 86_400)

_geometry = partial(Option, Group.GEOMETRY)
_experiment = partial(Option, Group.EXPERIMENT)
_target = partial(Option, Group.TARGET)
_verification = partial(Option, Group.VERIFICATION)
_sweep = partial(Option, Group.SWEEP)
_setting = partial(Option, Group.SETTING)

# What both commands take is said once for both.
_seed = partial(declare, 0, Option(Group.CHANCE, "Seed of all random numbers.", allowed=SEED, always=True))
_convention = partial(
    declare,
    "auto",
    _target(
        "How your function is called; worked out unless given.",
        kind=Kind.WORDS,
        choices=CONVENTIONS,
        metavar="auto|NAME",
    ),
)
_call = partial(
    declare,
    "",
    _target(
        "How your code is called: an expression over x, w, b, G, s, p, d (or stride, padding, dilation), groups; of "
        "any function FORWARD -> BACKWARD, over its arguments, out and G.",
        metavar="EXPRESSION",
    ),
)
_returns = partial(
    declare,
    "",
    _target(
        "What --call gives, in order: input, weight, bias, or the arguments of FORWARD, and _ for the rest.",
        metavar="ROLES",
    ),
)
_arithmetic: partial[Arithmetic] = partial(declare, "direct", _target("fft: judged by FFT's own bound."))
_timeout = partial(declare, 60.0, _target("Seconds that your code may take, per target.", allowed=TIMEOUT))
_resume = partial(
    declare,
    "",
    _sweep(
        "Add each answer to this file; what it holds is not asked again.",
        kind=Kind.FILE,
        metavar="FILE.jsonl",
        recorded=False,
    ),
)
_shard = partial(declare, "", _sweep("Ask only this share of the questions.", metavar="I/N", recorded=False))
_fail_fast = partial(declare, False, _sweep("Stop after the first wrong answer.", short="-x", recorded=False))
_code_dtype: partial[Dtype] = partial(
    declare, "float64", _setting("Number format of the arrays that your code is also asked with.")
)
_code_device: partial[Device] = partial(declare, "cpu", _setting("Where the arrays lie that your code is asked with."))


@dataclass(frozen=True, kw_only=True)
class SettingOptions:
    """In what it is computed, of every command: in `run` autograd's side, in the others the user's code.

    Which number format and which device are a command's own: they have other defaults and other words.
    """

    memory_format: MemoryFormat = declare(
        "contiguous", _setting("How X, F and G lie in memory; channels_last needs pictures or volumes.")
    )
    compile: bool = declare(False, _setting("Run the code through torch.compile."))
    deterministic: bool = declare(False, _setting("Tell torch to use deterministic algorithms only."))
    tf32: Tf32 = declare("off", _setting("Let float32 be cut to TF32, where the device has it."))
    autocast: Autocast = declare("off", _setting("Run the forward under torch.autocast in this format."))
    settings: Several = declare(
        "one", _setting("all: ask the same in every number format, memory format and mode, and table it.")
    )


@dataclass(frozen=True)
class RunOptions(SettingOptions):
    """Options of `gradcheck run`. `images` are file names, "-" for standard input, or "random:SHAPE".

    One number for a size means every axis of the layer: it is spread over them here. Pictures have a `size` of two
    numbers whatever the layer: one of one axis reads their rows, one of three takes them as its depth.
    `held` is how many samples the inputs hold in all; None: one for each of `images`, as pictures are.
    """

    images: tuple[str, ...]
    conv: ConvName = declare("conv2d", _geometry("Which convolution: of 1, 2 or 3 axes, or transposed."))
    in_channels: int = declare(
        3, _geometry("Input channels; a picture has 3, or 1 as gray.", "--in", allowed=LENGTH, always=True)
    )
    out_channels: int = declare(3, _geometry("Filters, the output channels.", "--out", allowed=LENGTH, always=True))
    kernel_size: Size = declare(
        (32,), _geometry("Kernel size; 3x5 is 3 rows, 5 columns.", "--k", allowed=LENGTH, always=True)
    )
    stride: Size = declare((1,), _geometry("Step of the kernel.", allowed=LENGTH))
    padding: Padding = declare(
        (0,),
        _geometry(
            "What is added around the input: on every side, on each side (top,bottom,left,right), same or valid.",
            allowed=PADDING,
        ),
    )
    padding_mode: PaddingMode = declare("zeros", _geometry("What the padding repeats."))
    output_padding: Size = declare((0,), _geometry("Added at the end of a transposed layer's output.", allowed=PADDING))
    dilation: Size = declare((1,), _geometry("Distance of the kernel's taps.", allowed=LENGTH))
    groups: int = declare(1, _geometry("Groups of channels that do not mix.", allowed=LENGTH))
    size: Size = declare((256,), _geometry("Size of the input; a picture is resized to it.", allowed=LENGTH))
    bias: bool = declare(True, _experiment("Give the layer a bias."))
    unit_range: bool = declare(False, _experiment("Divide the pictures by 255; the reference stays at 0..255."))
    # The record has both under `loss`, beside its value.
    loss: LossName = declare("l1", _experiment("Loss E as a function of O and the reference.", recorded=False))
    reduction: Reduction = declare("mean", _experiment("How the loss is summed up.", recorded=False))
    reference: str = declare(
        "gray",
        _experiment(
            "What O is compared with: each picture in gray, or one FILE for all.", kind=Kind.FILE, metavar="gray|FILE"
        ),
    )
    seed: int = _seed()
    # The report has an entry for each.
    seeds: int = declare(
        1, _experiment("Repeat with this many seeds and tell what changes.", allowed=SEEDS, recorded=False)
    )
    dtype: Dtype = declare("float32", _setting("Precision of autograd's run."))
    device: Device = declare("cpu", _setting("Where autograd runs."))
    threads: int | None = declare(
        None, _experiment("Threads of torch.", allowed=THREADS, no_value="torch's own", always=True)
    )
    backward: str = declare(
        "direct",
        _experiment("The backward under test: ours, or yours.", kind=Kind.TARGET, metavar="direct|fft|FILE.py:NAME"),
    )
    convention: str = _convention()
    call: str = _call()
    returns: str = _returns()
    arithmetic: Arithmetic = _arithmetic()
    timeout: float = _timeout()
    held: int | None = None

    def __post_init__(self) -> None:
        """Say everything in one way, so that equal options are equal."""
        spread: dict[str, Any] = {name: _spread(getattr(self, name), self.axes) for name in PER_AXIS}
        spread["size"] = _spread(self.size, PICTURE_AXES if self.takes_pictures else self.axes)
        spread["padding"] = normal_padding(self.padding, self.axes)
        for name, value in spread.items():
            object.__setattr__(self, name, value)

    @property
    def axes(self) -> int:
        """How many the layer has; as of "conv2d" where there is no such layer."""
        return OWN_AXES.get(self.conv, PICTURE_AXES)

    @property
    def is_transposed(self) -> bool:
        """Whether the layer is one of torch's ConvTranspose."""
        return is_transposed(self.conv)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Everything that is read: the images, and the reference where it is one FILE."""
        return self.images if self.reference == "gray" else (*self.images, self.reference)

    @property
    def is_counted(self) -> bool:
        """Whether the size of the input is known. The frames of a picture, the depth of three axes, are in its file."""
        return self.held is not None or self.axes <= PICTURE_AXES or not any(map(may_move, self.images))

    @property
    def takes_pictures(self) -> bool:
        """Whether an input is no array."""
        return not all(map(is_array, self.images))

    @property
    def spec(self) -> ConvSpec:
        """The geometry that the options describe.

        Raises:
            GeometryError: sizes that no convolution can have.
        """
        batch, size = self.held or max(1, len(self.images)), self.size
        if self.takes_pictures and self.axes < PICTURE_AXES:
            batch, size = batch * size[0], size[1:]
        if self.takes_pictures and self.axes > PICTURE_AXES:
            batch, size = 1, (batch, *size)
        said: dict[str, Any] = {name: getattr(self, name) for name in (*ALIKE, *PER_AXIS, "padding")}
        return TorchLayer(batch=batch, size=size, **said).spec

    def verifying(self, target: str) -> VerifyOptions:
        """What `verify` would be asked about the target: every option that both commands have.

        But for the setting, which in `run` is that of autograd's side.
        """
        mine = {option.name for option in options_of(RunOptions) if option.group is not Group.SETTING}
        common = [option.name for option in options_of(VerifyOptions) if option.name in mine]
        return VerifyOptions((target,), **{name: getattr(self, name) for name in common})


@dataclass(frozen=True)
class SumOptions(RunOptions):
    """Options of `gradcheck sweep run`: those of a run, and who asks about which pictures and when to stop.

    `images` are folders too, and each picture or array of them is judged by itself.
    """

    resume: str = _resume()
    shard: str = _shard()
    fail_fast: bool = _fail_fast()

    def alone(self, name: str) -> SumOptions:
        """About one picture or array; one number for the size means the axes of what it is, not of what it was."""
        size = self.size[:1] if len(set(self.size)) == 1 else self.size
        return replace(self, images=(name,), size=size)


@dataclass(frozen=True)
class VerifyOptions(SettingOptions):
    """Options of `gradcheck verify`. `timeout` is in seconds, per target."""

    targets: tuple[str, ...]
    convention: str = _convention()
    call: str = _call()
    returns: str = _returns()
    arithmetic: Arithmetic = _arithmetic()
    inputs: str = declare(
        "",
        _target("A function that returns the arguments of yours.", kind=Kind.ARGUMENTS, metavar="FILE.py:NAME"),
    )
    input: str = declare(
        "",
        _target("What arguments are, with commas: x=5x7, idx=int:5<7, eps=1e-5, w=w.npy.", metavar="NAME=SPEC"),
    )
    against: str = declare(
        "",
        _target(
            "What the forward should be, as torch.nn.functional.gelu; judged first.",
            kind=Kind.TARGET,
            metavar="NAME|FILE.py:NAME",
        ),
    )
    all_configs: bool = declare(
        False,
        _verification("Run autotuned Triton kernels with each of their configurations, not with the first alone."),
    )
    strict: bool = declare(
        False,
        _verification("Fail what is meant to be no derivative too: straight-through estimators, gradient reversal."),
    )
    geometries: Breadth = declare("quick", _verification("How many geometries are tried."))
    geometry: str = declare(
        "",
        _verification(
            "Try only this one, in a report's own words, or as benchdnn writes it.", metavar='"batch 2, in 3, ..."'
        ),
    )
    timeout: float = _timeout()
    exitfirst: bool = declare(False, _verification("Stop after the first target that fails.", short="-x"))
    jobs: int = declare(1, _verification("Targets that run at the same time.", allowed=JOBS))
    dtype: Dtype = _code_dtype()
    device: Device = _code_device()
    seed: int = _seed()


@dataclass(frozen=True)
class SweepOptions(SettingOptions):
    """Options of `gradcheck sweep verify`. `timeout` is in seconds, per call."""

    targets: tuple[str, ...]
    convention: str = _convention()
    call: str = _call()
    returns: str = _returns()
    arithmetic: Arithmetic = _arithmetic()
    geometries: str = declare(
        "quick", _sweep("Which geometries, or a FILE with one on each line.", metavar="quick|full|FILE")
    )
    from_module: str = declare(
        "",
        _sweep(
            "In place of --geometries: what the convolutions of a torch model meet; NAME is a module or runs one.",
            kind=Kind.TARGET,
            metavar="FILE.py:NAME",
        ),
    )
    timeout: float = _timeout()
    dtype: Dtype = _code_dtype()
    device: Device = _code_device()
    # What follows says who asks and when to stop; the questions are the same.
    resume: str = _resume()
    shard: str = _shard()
    fail_fast: bool = _fail_fast()
    seed: int = _seed()
    seeds: int = declare(1, _sweep("Ask each question with this many seeds.", allowed=SEEDS))


# What torch is told of a layer in the same words, and what has a number for each of its axes.
ALIKE = ("conv", "in_channels", "out_channels", "groups", "padding_mode")
PER_AXIS = ("kernel_size", "stride", "dilation", "output_padding")


def _spread(numbers: Size, axes: int) -> Size:
    """One number for each axis, where one was said for all."""
    return tuple(numbers) * axes if len(numbers) == 1 else tuple(numbers)


def setting_of(options: object) -> Setting:
    """The one that the options of any command, or their record in a report, spell out."""
    return Setting(**{each.name: getattr(options, each.name) for each in fields(Setting)})


def settings_of(options: RunOptions | VerifyOptions | SweepOptions) -> tuple[Setting, ...]:
    """What is asked for: one setting, or all of the device."""
    return every_setting(options.device) if options.settings == "all" else (setting_of(options),)


def spelling(parameter: str) -> str:
    """The option of the command line that sets `parameter`."""
    declared = (*options_of(RunOptions), *options_of(VerifyOptions), *options_of(SweepOptions))
    flags = (option.flag for option in declared if option.name == parameter)
    return next(flags, "--" + parameter.replace("_", "-"))
