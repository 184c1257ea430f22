"""Depthwise code without a parameter for groups: is it asked as such at all, and with several filters per channel?"""

from __future__ import annotations

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.conventions.layout import Layout


def is_wider(layout: Layout, narrow: Layout) -> bool:
    """Whether a layout with several filters for each channel looks just like `narrow` where there is one for each."""
    if "m" not in layout.weight or "m" in narrow.weight or not narrow.depthwise:
        return False
    alone = {layout.weight.replace("(gm)", "g"), layout.weight.replace("m", "i")}
    images = (layout.x, layout.output.replace("(mg)", "o"))
    return narrow.weight in alone and images == (narrow.x, narrow.output)


def looks_plain(layout: Layout, plain: Layout) -> bool:
    """Whether a depthwise layout looks just like `plain` where there is one channel."""
    alone = {layout.weight.replace("(gm)", "o"), layout.weight.replace("gm", "io"), layout.weight.replace("g", "o")}
    return not plain.depthwise and plain.weight in alone and plain.x == layout.x


def fills(gradient: Array | None) -> bool:
    """Whether grad_weight, in our layout, has something for every filter.

    Code for one filter per channel that is handed several leaves the rest of them at zero, or raises.
    """
    return gradient is not None and gradient.ndim > 1 and bool(np.all(np.any(gradient, axis=(1, 2, 3))))


def covers(gradient: Array | None) -> bool:
    """Whether grad_weight, in our layout, has something for every channel of every filter."""
    return gradient is not None and gradient.ndim > 1 and bool(np.all(np.any(gradient, axis=(2, 3))))
