"""An option that the backward forgot, read off the source."""

import pytest

from gradcheck_cli.diagnose.code import Code
from gradcheck_cli.diagnose.unused import unused_option

SOURCE = """\
import torch.nn.functional as F

def forward(ctx, x, w, dilation=1, groups=1):
    cols = F.unfold(x, (3, 3), dilation=dilation)
    return F.conv2d(x, w, None, 1, 0, dilation, groups)

def backward(ctx, g):
    x, w, dilation = ctx.saved
    cols = w.t() @ g
    return F.fold(cols, x.shape, (3, 3), padding=1)

def other(ctx, g):
    return F.fold(g, (3, 3), dilation=ctx.dilation)
"""
TOLD = "`backward` never uses `dilation`, which `forward` hands to `F.unfold` (line 4): hand it on to `F.fold` too."


def test_the_option_is_named_with_where_it_is_used_and_where_it_is_not():
    """Unpacked and never read: that is no use."""
    assert unused_option(Code(SOURCE), 10, "dilation > 1") == TOLD


def test_a_line_without_a_call_is_told_without_one():
    """`x, w, dilation = ctx.saved` calls nothing."""
    told = unused_option(Code(SOURCE), 8, "dilation > 1")
    assert told == TOLD.replace("hand it on to `F.fold` too", "use it here too")


@pytest.mark.parametrize(
    ("line", "when"),
    [
        (10, "padding > 0"),
        (10, "groups > 1"),
        (10, ""),
        (14, "dilation > 1"),
        (1, "dilation > 1"),
        (None, "dilation > 1"),
    ],
    ids=["used", "handed by position", "no condition", "read as an attribute", "no function", "no line"],
)
def test_what_the_source_does_not_show_is_not_said(line, when):
    """Each for its reason."""
    assert unused_option(Code(SOURCE), line, when) == ""


def test_a_file_that_cannot_be_read_says_nothing():
    """No tree."""
    assert unused_option(Code("def ("), 1, "dilation > 1") == ""
