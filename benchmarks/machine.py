"""The machine that a run was measured on, in neutral words: no names, no paths."""

from __future__ import annotations

import os
import platform
import resource
from importlib.metadata import version
from pathlib import Path

VECTOR_FLAGS = {"amx_tile": "AMX", "avx512f": "AVX-512", "avx2": "AVX2", "asimd": "NEON", "sse4_2": "SSE4.2"}


def describe() -> str:
    """One line: architecture, cores, widest vector instructions, versions."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "torch"))
    return (
        f"{platform.machine()}, {cores()} cores, {_vectors()}, {platform.system()}, "
        f"Python {platform.python_version()}, {packages}"
    )


def load() -> str:
    """What else ran: on a machine that is not idle, rows with several threads say little."""
    if not hasattr(os, "getloadavg"):
        return "The load of the machine is not known."
    return f"Load average at the end: {os.getloadavg()[1]:.1f} on {cores()} cores; above that, other work disturbed it."


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def peak() -> float:
    """MiB that this process has held at most since it runs this program.

    Not what `getrusage` says where the system tells more: that counts from the fork on, when a process that a large one
    starts is as large as that.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    held = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return (held[0] if held else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024


def _vectors() -> str:
    """The widest vector instructions that the processor lists."""
    listing = Path("/proc/cpuinfo")
    words = set(listing.read_text(encoding="utf-8").split()) if listing.exists() else set()
    return next((name for flag, name in VECTOR_FLAGS.items() if flag in words), "vector instructions unknown")
