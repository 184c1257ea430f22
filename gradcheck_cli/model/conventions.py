"""The words of `--convention`: how a target is called, and in which order its axes stand. Standard library only."""

from __future__ import annotations

FAMILIES = ("function", "cache", "autograd-function", "class")
LAYOUTS = ("nchw", "nhwc", "chw", "hwc", "hw", "nhw", "chwn", "hwcn")
CONVENTIONS = ("auto", *FAMILIES, *LAYOUTS)
