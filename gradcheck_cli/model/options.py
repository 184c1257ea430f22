"""What the user asked for: one dataclass per command, the same names as the options of the command line.

Nothing of `model` is imported at load, so that `--help` and usage errors stay fast; `model` passes these names on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from gradcheck_cli.model.spec import ConvSpec, Size

LossName = Literal["l1", "mse", "sum", "random"]
Reduction = Literal["mean", "sum"]
Dtype = Literal["float32", "float64", "bfloat16", "float16"]
Device = Literal["cpu", "cuda", "mps"]
Arithmetic = Literal["direct", "fft"]

Progress: TypeAlias = Callable[[str, float], None]
"""Called with what is being done and the fraction done, 0..1; must be cheap."""


def no_progress(stage: str, fraction: float) -> None:
    """The progress callback of callers that want none."""


@dataclass(frozen=True)
class RunOptions:
    """Options of `gradcheck run`. `images` are file names, "-" for standard input, or "random:SHAPE".

    `batch` is the number of samples in all; None: one for each of `images`, as pictures are.
    """

    images: tuple[str, ...]
    in_channels: int = 3
    out_channels: int = 3
    kernel_size: Size = (32, 32)
    stride: Size = (1, 1)
    padding: Size = (0, 0)
    dilation: Size = (1, 1)
    groups: int = 1
    bias: bool = True
    size: Size = (256, 256)
    unit_range: bool = False
    loss: LossName = "l1"
    reduction: Reduction = "mean"
    reference: str = "gray"
    seed: int = 0
    seeds: int = 1
    dtype: Dtype = "float32"
    device: Device = "cpu"
    threads: int | None = None
    backward: str = "direct"
    convention: str = "auto"
    call: str = ""
    returns: str = ""
    arithmetic: Arithmetic = "direct"
    timeout: float = 60.0
    batch: int | None = None

    @property
    def spec(self) -> ConvSpec:
        """The geometry that the options describe.

        Raises:
            GeometryError: sizes that no convolution can have.
        """
        from gradcheck_cli.model.spec import ConvSpec

        return ConvSpec(
            batch=self.batch or max(1, len(self.images)),
            in_channels=self.in_channels,
            out_channels=self.out_channels,
            height=self.size[0],
            width=self.size[1],
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
        )


@dataclass(frozen=True)
class VerifyOptions:
    """Options of `gradcheck verify`. `timeout` is in seconds, per target."""

    targets: tuple[str, ...]
    convention: str = "auto"
    call: str = ""
    returns: str = ""
    arithmetic: Arithmetic = "direct"
    geometries: Literal["quick", "full"] = "quick"
    timeout: float = 60.0
    jobs: int = 1
    seed: int = 0
