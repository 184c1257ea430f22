"""Code whose padding is a word or a number: it is asked through both, by the rule that its own forward follows."""

import contextlib
from dataclasses import replace

import pytest
from recognising import answer, recognised

from gradcheck_cli.layers.geometries import QUICK, SAME, SIDES
from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets.conventions.padding_form import PaddingForm, with_padding

RULE = "tensorflow-more-after"
BY_SAME, BY_NUMBER = SAME[RULE][0], ConvSpec(2, 3, 4, 9, 8, (3, 3), padding=(2, 2))
BY_VALID, BY_ZERO = ConvSpec(2, 3, 4, 9, 8, (3, 3)), ConvSpec(2, 3, 4, 9, 7, (3, 3))

CODE = """
import numpy as np

def front(padding, size, taps, step):
    if padding == "same":
        return max((-(-size // step) - 1) * step + taps - size, 0) // 2
    return 0 if padding == "valid" else padding

def drift_forward(image, w, padding{default}, step=1):
    counts = [out(padding, image.shape[i], w.shape[i], step) for i in (2, 3)]
    wide = room(image, w, *(front(padding, image.shape[i], w.shape[i], step) for i in (2, 3)))
    return np.array([[at(wide, y, x, w, step).reshape(len(wide), -1) @ w.reshape(len(w), -1).T
                      for x in range(counts[1])] for y in range(counts[0])]).transpose(2, 3, 0, 1)

def out(padding, size, taps, step):
    return -(-size // step) if padding == "same" else (size + 2 * front(padding, size, taps, step) - taps) // step + 1

def room(image, w, top, left):
    wide = np.zeros((*image.shape[:2], image.shape[2] + 2 * w.shape[2] + 9, image.shape[3] + 2 * w.shape[3] + 9))
    wide[:, :, top:top + image.shape[2], left:left + image.shape[3]] = image
    return wide

def at(wide, y, x, w, step):
    return wide[:, :, y * step:y * step + w.shape[2], x * step:x * step + w.shape[3]]

def drift_backward(g, image, w, padding{default}, step=1):
    corner = []
    for i in (2, 3):
        if padding == "same":
            total = max((g.shape[i] - 1) * step + w.shape[i] - image.shape[i], 0)
            corner.append({same})
        elif padding == "valid":
            corner.append({valid})
        else:
            corner.append({number})
    wide, dw = room(image, w, *corner), np.zeros_like(w)
    dwide = np.zeros_like(wide)
    for y, x in np.ndindex(g.shape[2:]):
        dw += np.einsum("no,ncuv->ocuv", g[:, :, y, x], at(wide, y, x, w, step))
        at(dwide, y, x, w, step)[...] += np.einsum("no,ocuv->ncuv", g[:, :, y, x], w)
    top, left = corner
    return dwide[:, :, top:top + image.shape[2], left:left + image.shape[3]], dw
"""
RIGHT = {"same": "total // 2", "valid": "0", "number": "padding"}


def judged(folder, default, **wrong):
    """How it is called at last, and as what it is told its padding."""
    code = CODE
    for name, value in {**RIGHT, **wrong, "default": default}.items():
        code = code.replace("{" + name + "}", value)
    chosen = recognised(folder, code, "drift_backward")
    found = with_padding(chosen.candidate, lambda: None, contextlib.nullcontext)
    return replace(chosen, candidate=found.candidate), found


@pytest.mark.parametrize("default", ["", "=0", '="same"', '="valid"'])
@pytest.mark.parametrize(
    ("wrong", "failing"),
    [
        ({}, set()),
        ({"same": "total - total // 2"}, {BY_SAME}),
        ({"valid": "1"}, {BY_VALID}),
        ({"number": "padding + 1"}, {BY_NUMBER, BY_ZERO}),
    ],
)
def test_each_way_to_say_the_padding_is_asked_whatever_the_default(tmp_path, default, wrong, failing):
    """A mistake behind one of the words shows, and so does one behind the number; the forward tells the rule."""
    chosen, found = judged(tmp_path, default, **wrong)
    assert found.rules == {RULE, "tensorflow"}  # one and the same where the zeros are even in number
    for spec in (BY_SAME, BY_VALID, BY_ZERO, BY_NUMBER):
        assert not chosen.candidate.refuses(spec)
        assert not found.keeps_otherwise(spec)
        assert answer(chosen, spec)[1] == (set() if spec in failing else {"weight", "input"})


def test_what_its_same_does_not_pad_is_said_in_numbers_or_not_at_all(tmp_path):
    """Its own rule puts the odd zero behind; no number puts it in front."""
    chosen, found = judged(tmp_path, '="same"')
    other = SAME["tensorflow-more-before"][0]
    assert found.keeps_otherwise(other)
    assert not any(found.keeps_otherwise(spec) for spec in QUICK)
    assert not PaddingForm(chosen.candidate, None).keeps_otherwise(other)


def test_code_that_takes_words_alone_is_told_no_number(tmp_path):
    """Anything but its two words is a mistake of the caller's."""
    words = 'if padding not in ("same", "valid"):\n        raise KeyError(padding)\n    '
    code = CODE.replace("corner = []", f"{words}corner = []").replace("counts =", f"{words}counts =")
    for name, value in {**RIGHT, "default": '="valid"'}.items():
        code = code.replace("{" + name + "}", value)
    found = with_padding(recognised(tmp_path, code, "drift_backward").candidate, lambda: None, contextlib.nullcontext)
    assert found.candidate.refuses(BY_NUMBER) == "its padding is 'same' or 'valid'"
    assert found.rules == {RULE, "tensorflow"}  # one and the same where the zeros are even in number


# Its frame is as wide as each side says; the way back strips it.
FRAMED = """
import numpy as np

class Framed:
    def __init__(self, n_in, n_out, kh, kw, FRAME=DEFAULT):
        self.w, self.b, self.frame = np.random.randn(n_out, n_in, kh, kw), np.zeros(n_out), FRAME

    def forward(self, x):
        APART
        wide = np.pad(x, ((0, 0), (0, 0), (t, b), (l, r)))
        self.wide, (kh, kw) = wide, self.w.shape[2:]
        rows, cols = wide.shape[2] - kh + 1, wide.shape[3] - kw + 1
        parts = [np.einsum("nchw,oc->nohw", wide[:, :, i:i + rows, j:j + cols], self.w[:, :, i, j])
                 for i in range(kh) for j in range(kw)]
        return sum(parts) + self.b[:, None, None]

    def backward(self, g):
        APART
        back, self.dw = np.zeros(self.wide.shape), np.zeros(self.w.shape)
        rows, cols = g.shape[2:]
        for i, j in np.ndindex(self.w.shape[2:]):
            self.dw[:, :, i, j] = np.einsum("nohw,nchw->oc", g, self.wide[:, :, i:i + rows, j:j + cols])
            back[:, :, i:i + rows, j:j + cols] += np.einsum("nohw,oc->nchw", g, self.w[:, :, i, j])
        self.db = g.sum((0, 2, 3))
        return back[:, :, t:back.shape[2] - BOTTOM, l:back.shape[3] - r]
"""
FOUR = {"FRAME": "pad", "DEFAULT": "(0, 0, 0, 0)", "APART": "t, b, l, r = self.frame"}


@pytest.mark.parametrize(("bottom", "right"), [("b", {"weight", "input", "bias"}), ("t", {"weight", "bias"})])
def test_code_that_is_told_each_side_is_asked_with_sides_that_differ(tmp_path, bottom, right):
    """With as much behind as in front, a crop by the wrong one is as good as the right one."""
    code = FRAMED
    for name, value in {**FOUR, "BOTTOM": bottom}.items():
        code = code.replace(name, value)
    chosen = recognised(tmp_path, code, "Framed")
    assert with_padding(chosen.candidate, lambda: None, contextlib.nullcontext).sides
    spec = next(spec for spec in SIDES if max(spec.stride) == 1)
    assert not chosen.candidate.refuses(spec)
    assert answer(chosen, spec)[1] == right


def test_code_that_is_told_one_margin_is_not_asked_with_sides_that_differ(tmp_path):
    """What is a tuple of two is one number for each axis."""
    code = FRAMED.replace("BOTTOM", "b").replace("APART", "(t, l), (b, r) = self.frame, self.frame")
    for name, value in {"FRAME": "pad", "DEFAULT": "(0, 0)"}.items():
        code = code.replace(name, value)
    chosen = recognised(tmp_path, code, "Framed")
    assert not with_padding(chosen.candidate, lambda: None, contextlib.nullcontext).sides
    assert chosen.candidate.refuses(SIDES[0])


PAIRED = """
import numpy as np

def framed_forward(x, w, pad):
    (t, b), (l, r) = pad
    wide = np.pad(x, ((0, 0), (0, 0), (t, b), (l, r)))
    rows, cols = wide.shape[2] - w.shape[2] + 1, wide.shape[3] - w.shape[3] + 1
    return sum(np.einsum("nchw,oc->nohw", wide[:, :, i:i + rows, j:j + cols], w[:, :, i, j])
               for i, j in np.ndindex(w.shape[2:]))

def framed_backward(g, x, w, pad):
    (t, b), (l, r) = pad
    wide = np.pad(x, ((0, 0), (0, 0), (t, b), (l, r)))
    dwide, dw, (rows, cols) = np.zeros(wide.shape), np.zeros(w.shape), g.shape[2:]
    for i, j in np.ndindex(w.shape[2:]):
        dw[:, :, i, j] = np.einsum("nohw,nchw->oc", g, wide[:, :, i:i + rows, j:j + cols])
        dwide[:, :, i:i + rows, j:j + cols] += np.einsum("nohw,oc->nchw", g, w[:, :, i, j])
    return dwide[:, :, t:dwide.shape[2] - BOTTOM, l:dwide.shape[3] - r], dw
"""


@pytest.mark.parametrize(("bottom", "right"), [("b", {"weight", "input"}), ("t", {"weight"})])
def test_two_pairs_of_sides_are_asked_with_sides_that_differ(tmp_path, bottom, right):
    """`(top, bottom), (left, right)`, each with a number of its own."""
    chosen = recognised(tmp_path, PAIRED.replace("BOTTOM", bottom), "framed_backward")
    assert with_padding(chosen.candidate, lambda: None, contextlib.nullcontext).sides
    assert answer(chosen, SIDES[0])[1] == right
