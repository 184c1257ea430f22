"""In what a gradient is computed: number format, device, memory format, compiler, and torch's switches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Literal

MemoryFormat = Literal["contiguous", "channels_last"]
Autocast = Literal["off", "bfloat16", "float16"]
Tf32 = Literal["off", "on"]

# In numpy there are no others.
NUMPY_DTYPES = ("float64", "float32", "float16")


@dataclass(frozen=True)
class Setting:
    """In what it is computed: what the arrays are made of, where and how they lie, and what torch is told.

    Attributes:
        dtype: of X, F, b and G: float64, float32, bfloat16, float16.
        device: where they lie, "cpu", "cuda", "cuda:1", "mps".
        memory_format: "channels_last" lays the channels of X, F and G beside each other.
        compile: the code runs through torch.compile.
        deterministic: torch is told to use deterministic algorithms only.
        tf32: "on" lets float32 products be cut to TF32, 11 bits, on devices that have it.
        autocast: the forward runs under torch.autocast in this number format, "off" without.
    """

    dtype: str = "float64"
    device: str = "cpu"
    memory_format: MemoryFormat = "contiguous"
    compile: bool = False
    deterministic: bool = False
    tf32: Tf32 = "off"
    autocast: Autocast = "off"

    @property
    def id(self) -> str:
        """ "float64-cpu", "bfloat16-cpu-channels_last-compile": what is not as usual stands behind."""
        return "-".join((self.dtype, self.device, *self._unusual()))

    @property
    def text(self) -> str:
        """ "bfloat16 on cpu, channels_last, compile"."""
        return ", ".join((f"{self.dtype} on {self.device}", *self._unusual()))

    @property
    def computed(self) -> str:
        """The number format of the products: autocast's where it is on."""
        return self.dtype if self.autocast == "off" else self.autocast

    @property
    def precision(self) -> str:
        """What is left of the factors of a product: "tf32" where float32 may be cut to it, else `computed`."""
        return "tf32" if self.tf32 == "on" and self.computed == "float32" else self.computed

    @property
    def cuts_sums(self) -> bool:
        """May units of matrix products add up, which cut instead of rounding? They take factors of 11 bits at most."""
        return self.device != "cpu" and self.precision in ("tf32", "bfloat16", "float16")

    @cached_property
    def asks_torch(self) -> bool:
        """Is there more to it than what numpy's own arrays can be?"""
        return self.dtype not in NUMPY_DTYPES or replace(self, dtype="float64") != PLAIN

    @property
    def needs_forward(self) -> str:
        """What of it is about a forward that torch differentiates; "" where nothing is."""
        return "torch.compile" if self.compile else "autocast" if self.autocast != "off" else ""

    def message(self) -> dict[str, Any]:
        """What the wire carries."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Setting:
        """The setting of a message."""
        return cls(**{field.name: message[field.name] for field in fields(cls)})

    def _unusual(self) -> Iterator[str]:
        if self.memory_format != "contiguous":
            yield self.memory_format
        for name in ("compile", "deterministic"):
            if getattr(self, name):
                yield name
        if self.tf32 == "on":
            yield "tf32"
        if self.autocast != "off":
            yield f"autocast-{self.autocast}"


PLAIN = Setting()
"""In which a target is recognised, and every mistake looked for."""


def every_setting(device: str) -> tuple[Setting, ...]:
    """What `--settings all` asks: every number format, and of float32 everything else, one thing at a time.

    On a device other than the CPU also float32 with TF32; MPS has no float64.
    """
    single = Setting("float32", device)
    others = [
        Setting("float64", device),
        single,
        Setting("bfloat16", device),
        Setting("float16", device),
        replace(single, memory_format="channels_last"),
        replace(single, deterministic=True),
        replace(single, compile=True),
        replace(single, autocast="bfloat16"),
    ]
    if device.startswith("cuda"):
        others += [replace(single, tf32="on"), replace(single, autocast="float16")]
    return tuple(setting for setting in others if (setting.dtype, device) != ("float64", "mps"))
