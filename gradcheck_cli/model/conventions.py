"""The words of `--convention`: how a target is called, and in which order its axes stand. Standard library only."""

from __future__ import annotations

# How a target is called.
FAMILIES = ("function", "cache", "autograd-function", "class")
# In which order its axes stand: n pictures, c channels, h rows, w columns.
LAYOUTS = ("nchw", "nhwc", "chw", "hwc", "hw", "nhw", "chwn", "hwcn")
CONVENTIONS = ("auto", *FAMILIES, *LAYOUTS)
