"""Sentences about pictures, retold for code with one axis: it has positions and taps, and no rows."""

from __future__ import annotations

import re

# Tried from the first to the last, each on what those before it left. What is about rows and columns together comes
# before what is about one of them.
_RULES: tuple[tuple[str, str], ...] = (
    # Formulas: of two indices, steps or slices for rows and columns, the one that is left.
    (r"\[:, :, (?:[^,\]]+), ([^\]]+)\]", r"[:, :, \1]"),
    (r"\[\.\.\., (?:[^,\]]+), ([^\]]+)\]", r"[..., \1]"),
    (r"\[::-1, ::-1\]", "[::-1]"),
    (r"axis=\(0, 2, 3\)", "axis=(0, 2)"),
    (r"\baxes 0, 1, 2\b", "axes 0, 1"),
    (r"\bw_out\b|\bh_out\b", "l_out"),
    (r"\bkh, kw\b|\bkh\*kw\b", "k"),
    (r"\bkh\b|\bkw\b", "k"),
    (r"\bP\*Q\b", "l_out"),
    (r"\bH\*W\b|\bH, W\b", "L"),
    (r"(?<=\+ )[HW](?=\]|`|\b)", "L"),
    (r"p in range\(l_out\), q in range\(l_out\), with l_out, l_out", "p in range(l_out), with l_out"),
    (r"\(p, q\)", "p"),
    (r"\(u, v\)|\[v, u\]|\[u, v\]", "u"),
    (r"\bs\*q\b", "s*p"),
    (r"\bd\*v\b", "d*u"),
    (r"\bs\*p and s\*p\b", "s*p"),
    (r"row (\S+(?: \+ \S+)?) and column \1", r"position \1"),
    (r"row p and column q", "position p"),
    (r"row ([a-z]+\*p) and column [a-z]+\*q", r"position \1"),
    (r"\bq : q \+", "p : p +"),
    (r"\b(correlate|convolve)2d\b", r"\1"),
    (r"\bconv2d\b", "conv1d"),
    (r"\brot90\b", "flip"),
    (r"--k (\d+)x\d+", r"--k \1"),
    (r"\b1x1\b", "one tap"),
    (r"\bNCHW\b", "NCW"),
    (r"\bthe rows ((?:p|top) : (?:p|top) \+ L) and the columns (?:p|left) : (?:p|left) \+ L", r"the positions \1"),
    (r"\bthe first k rows and the first k columns of taps", "the first k taps"),
    (r"\btop\b", "before"),
    # Places.
    (r"\b(?:the )?bottom and right\b", "end"),
    (r"\b(?:the )?bottom and the right\b", "end"),
    (r"\b(?:the )?top and left\b", "beginning"),
    (r"\babove and left of\b", "in front of"),
    (r"\bbottom or right\b", "end"),
    (r"\bat end\b", "at the end"),
    (r"\bat beginning\b", "at the beginning"),
    # Conditions.
    (r"the kernel is larger than one tap", "the kernel has more than one tap"),
    (r"the kernel is one tap", "the kernel has one tap"),
    (r"the kernel has an even side", "the kernel has an even number of taps"),
    (r"the kernel has odd sides", "the kernel has an odd number of taps"),
    (r"columns of outputs|outputs of an image", "outputs"),
    (r"columns of the image", "positions of the input"),
    (r"columns of the kernel", "taps"),
    # Words.
    (r"\boutputs 1x(\d+)", r"outputs \1"),
    (r"\b(?:a|one) pixel\b", "one position"),
    (r"\bpixels\b", "positions"),
    (r"\bpixel\b", "position"),
    (r"\b[Rr]ows and columns\b", "positions"),
    (r"\brow and column\b", "position"),
    (r"\b(?:rows|columns) of taps\b", "taps"),
    (r"\bcolumns of F\b|\brows of F\b", "taps of F"),
    (r"\bcolumns\b|\brows\b", "positions"),
    (r"\bcolumn\b|\brow\b", "position"),
    (r"\ban image\b", "a sample"),
    (r"\b([Ii])mages\b", "samples"),
    (r"\b([Ii])mage\b", "sample"),
    (r"\bpictures\b", "samples"),
    (r"\bpicture\b", "sample"),
)
_COMPILED = tuple((re.compile(pattern), retold) for pattern, retold in _RULES)


def of_one_axis(text: str) -> str:
    """`text` without rows: "the rows p : p + H and the columns p : p + W" are "the positions p : p + L"."""
    for pattern, retold in _COMPILED:
        text = pattern.sub(retold, text)
    return text
