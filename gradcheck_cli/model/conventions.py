"""The words of `--convention`: how a target is called, and in which order its axes stand. Standard library only."""

from __future__ import annotations

# How a target is called.
FAMILIES = ("function", "cache", "autograd-function", "class")
# In which order its axes stand: n pictures, c channels, h rows, w columns; of code for one axis, w alone.
PICTURES = ("nchw", "nhwc", "chw", "hwc", "hw", "nhw", "chwn", "hwcn")
LINES = ("ncw", "nwc", "cw", "wc", "w", "nw", "cwn", "wcn")
LAYOUTS = (*PICTURES, *LINES)
CONVENTIONS = ("auto", *FAMILIES, *LAYOUTS)
