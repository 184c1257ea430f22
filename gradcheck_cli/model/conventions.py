"""The words of `--convention`: how a target is called, and in which order its axes stand. Standard library only."""

from __future__ import annotations

# How a target is called.
FAMILIES = ("function", "cache", "autograd-function", "class")
# In which order its axes stand: n pictures, c channels, h rows, w columns; of code for one axis, w alone, of
# code for three with d, the depth.
PICTURES = ("nchw", "nhwc", "chw", "hwc", "hw", "nhw", "chwn", "hwcn")
LINES = ("ncw", "nwc", "cw", "wc", "w", "nw", "cwn", "wcn")
VOLUMES = ("ncdhw", "ndhwc", "cdhw", "dhwc", "dhw")
LAYOUTS = (*PICTURES, *LINES, *VOLUMES)
CONVENTIONS = ("auto", *FAMILIES, *LAYOUTS)
