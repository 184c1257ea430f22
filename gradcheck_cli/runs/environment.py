"""What the numbers may depend on: versions, processor class, threads. No name of a machine, user or folder."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

# What decides the numbers or the picture of a report.
PACKAGES = ("gradcheck-cli", "torch", "numpy", "opencv-python", "click", "rich")


def environment(torch_facts: dict[str, Any] | None = None) -> dict[str, Any]:
    """Versions and platform; `torch_facts` are added where torch took part."""
    facts: dict[str, Any] = {"python": platform.python_version(), "platform": platform.system()}
    facts["machine"] = platform.machine()
    facts |= {package: version_of(package) for package in PACKAGES}
    return facts | (torch_facts or {})


def version_of(package: str) -> str:
    """The installed version, or "not installed"."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
