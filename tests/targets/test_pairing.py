"""Backwards that need a forward of their file: by what it leaves, by its cache, by the function that it hands out."""

import pytest
from recognising import PLAIN, answer, recognised

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets.conventions import NotRecognisedError

STRIDED = ConvSpec(2, 3, 4, 9, 8, (3, 3), stride=(2, 2))
PADDED = ConvSpec(2, 3, 4, 9, 8, (3, 2), stride=(2, 2), padding=(1, 1))
SIDES = ConvSpec(2, 3, 4, 9, 8, (3, 2), padding=(2, 1))
ALL = {"weight", "input", "bias"}

SHIFTS = """
import numpy as np


def view(a, k, s):
    return np.lib.stride_tricks.sliding_window_view(a, k, axis=(2, 3))[:, :, ::s, ::s]


def spread(g, k, s, shape):
    back = np.zeros(shape)
    for u, v in np.ndindex(*k.shape[2:]):
        rows, columns = slice(u, u + s * g.shape[2], s), slice(v, v + s * g.shape[3], s)
        back[:, :, rows, columns] += np.tensordot(g, k[:, :, u, v], (1, 0)).transpose(0, 3, 1, 2)
    return back
"""
NOTEBOOK = (
    SHIFTS
    + """
box = {}


def tuck(label, pictures, stencils, shifts, hop=1):
    box[label] = pictures, stencils, hop
    return np.einsum("bcpquv,ocuv->bopq", view(pictures, stencils.shape[2:], hop), stencils) + shifts[:, None, None]


def untuck(label, blame):
    pictures, stencils, hop = box.pop(label)
    pixels = np.einsum("bcpquv,bopq->ocuv", view(pictures, stencils.shape[2:], hop), blame)
    return spread(blame, stencils, hop, pictures.shape), pixels, blame.sum((0, 2, 3))
"""
)
GLOBAL_STATEMENT = (
    SHIFTS
    + """
last = None


def conv_forward(x, w, b, stride=1):
    global last
    last = (x, w, stride)
    return np.einsum("bcpquv,ocuv->bopq", view(x, w.shape[2:], stride), w) + b[:, None, None]


def conv_backward(dout):
    x, w, stride = last
    dw = np.einsum("bcpquv,bopq->ocuv", view(x, w.shape[2:], stride), dout)
    return spread(dout, w, stride, x.shape), dw, dout.sum((0, 2, 3))
"""
)
TAPE = (
    SHIFTS
    + """
tape = []


def conv(x, w, b, stride=1):
    def undo(g):
        dw = np.einsum("bcpquv,bopq->ocuv", view(x, w.shape[2:], stride), g)
        return spread(g, w, stride, x.shape), dw, g.sum((0, 2, 3))

    tape.append(undo)
    return np.einsum("bcpquv,ocuv->bopq", view(x, w.shape[2:], stride), w) + b[:, None, None]


def rewind(g):
    return tape.pop()(g)
"""
)
IN_A_DICT = (
    SHIFTS
    + """
def vooruit(beeld, lagen, stap=1, rand=0):
    masker, drempel = lagen["masker"], lagen["drempel"]
    ruim = np.pad(beeld, ((0, 0), (0, 0), (rand, rand), (rand, rand)))
    uit = np.einsum("bcpquv,ocuv->bopq", view(ruim, masker.shape[2:], stap), masker) + drempel.reshape(-1, 1, 1)
    return uit, (ruim, masker, stap, rand)


def terug(fout, rest):
    ruim, masker, stap, rand = rest
    naar_masker = np.einsum("bcpquv,bopq->ocuv", view(ruim, masker.shape[2:], stap), fout)
    ruim_terug = spread(fout, masker, stap, ruim.shape)
    hoog, breed = ruim.shape[2] - rand, ruim.shape[3] - rand
    return ruim_terug[:, :, rand:hoog, rand:breed], naar_masker, fout.sum((0, 2, 3))
"""
)
LAMBDA = (
    SHIFTS
    + """
def conv(x, w, b, stride=1):
    windows = view(x, w.shape[2:], stride)
    out = np.einsum("bcpquv,ocuv->bopq", windows, w) + b[:, None, None]
    return out, lambda g: (spread(g, w, stride, x.shape), np.einsum("bcpquv,bopq->ocuv", windows, g), g.sum((0, 2, 3)))
"""
)
OBJECT = (
    SHIFTS
    + """
class Undo:
    def __init__(self, x, w, stride):
        self.x, self.w, self.stride = x, w, stride

    def __call__(self, dy):
        dw = np.einsum("bcpquv,bopq->ocuv", view(self.x, self.w.shape[2:], self.stride), dy)
        return spread(dy, self.w, self.stride, self.x.shape), dw, dy.sum((0, 2, 3))


def conv(x, w, b, stride=1):
    out = np.einsum("bcpquv,ocuv->bopq", view(x, w.shape[2:], stride), w) + b[:, None, None]
    return out, Undo(x, w, stride)
"""
)
PARTIAL = (
    SHIFTS
    + """
from functools import partial


def pull(xp, w, stride, borders, ct):
    (top, bottom), (left, right) = borders
    dw = np.einsum("bcpquv,bopq->ocuv", view(xp, w.shape[2:], stride), ct)
    dx = spread(ct, w, stride, xp.shape)
    return dx[:, :, top : xp.shape[2] - bottom, left : xp.shape[3] - right], dw, ct.sum((0, 2, 3))


def conv_and_pull(x, w, b, stride=1, padding=((0, 0), (0, 0))):
    (top, bottom), (left, right) = padding
    xp = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    out = np.einsum("bcpquv,ocuv->bopq", view(xp, w.shape[2:], stride), w) + b[:, None, None]
    return out, partial(pull, xp, w, stride, padding)
"""
)
TENSORS = """
import torch

kept = {}


def vorne(name, bild, kern, versatz, schritt=1):
    fenster = bild.unfold(2, kern.shape[2], schritt).unfold(3, kern.shape[3], schritt)
    kept[name] = bild, kern, fenster, schritt
    return torch.einsum("bcpquv,ocuv->bopq", fenster, kern) + versatz[:, None, None]


def hinten(name, strom):
    bild, kern, fenster, schritt = kept[name]
    zurueck = torch.zeros_like(bild)
    for u in range(kern.shape[2]):
        for v in range(kern.shape[3]):
            reihen = slice(u, u + schritt * strom.shape[2], schritt)
            spalten = slice(v, v + schritt * strom.shape[3], schritt)
            zurueck[:, :, reihen, spalten] += torch.einsum("bopq,oc->bcpq", strom, kern[:, :, u, v])
    return zurueck, torch.einsum("bcpquv,bopq->ocuv", fenster, strom), strom.sum((0, 2, 3))
"""


@pytest.mark.parametrize(
    ("code", "name", "spec"),
    [
        pytest.param(NOTEBOOK, "untuck", STRIDED, id="a dict of the file, with a label"),
        pytest.param(GLOBAL_STATEMENT, "conv_backward", STRIDED, id="a global statement"),
        pytest.param(TAPE, "rewind", STRIDED, id="a tape of functions"),
        pytest.param(TENSORS, "hinten", STRIDED, id="tensors in a dict of the file"),
        pytest.param(IN_A_DICT, "terug", PADDED, id="weights in a dict, settings of unknown names"),
        pytest.param(LAMBDA, "conv", STRIDED, id="a lambda"),
        pytest.param(OBJECT, "conv", STRIDED, id="an object that is called"),
        pytest.param(PARTIAL, "conv_and_pull", SIDES, id="a partial, padding by sides"),
    ],
)
def test_a_backward_is_called_after_the_forward_that_it_needs(tmp_path, code, name, spec):
    """None of these names the other half of its pair."""
    _, right = answer(recognised(tmp_path, code, name), spec)
    assert right == ALL


@pytest.mark.parametrize(
    ("code", "name"),
    [(NOTEBOOK, "untuck"), (TAPE, "rewind"), (IN_A_DICT, "terug"), (LAMBDA, "conv"), (PARTIAL, "conv_and_pull")],
)
def test_a_wrong_gradient_of_such_a_backward_is_wrong_and_the_others_are_right(tmp_path, code, name):
    """The pair is told by its forward, so the backward may be anything."""
    _, right = answer(recognised(tmp_path, code.replace(".sum((0, 2, 3))", ".mean((0, 2, 3))"), name), PLAIN)
    assert right == {"weight", "input"}


def test_gradients_in_a_dict_with_the_keys_of_the_weights_are_theirs(tmp_path):
    """`drempel` tells nothing by itself, and (filters, 1) is not the first shape that is tried."""
    returned = "return ruim_terug[:, :, rand:hoog, rand:breed], naar_masker, fout.sum((0, 2, 3))"
    named = (
        "return dict(beeld=ruim_terug[:, :, rand:hoog, rand:breed], masker=naar_masker, "
        "drempel=fout.reshape(len(masker), -1).sum(1, keepdims=True))"
    )
    chosen = recognised(tmp_path, IN_A_DICT.replace(returned, named), "terug")
    assert set(chosen.yields) == ALL
    assert answer(chosen, PLAIN)[1] == {"weight", "input"}


def test_a_forward_that_computes_something_else_makes_no_pair(tmp_path):
    """Nothing says that it belongs to the backward, so nothing is judged."""
    code = NOTEBOOK.replace("return np.einsum(", "return 2 * np.einsum(")
    with pytest.raises(NotRecognisedError):
        recognised(tmp_path, code, "untuck")


def test_what_is_read_from_the_files_own_variables_is_told(tmp_path):
    """A reader sees what was run before the backward."""
    chosen = recognised(tmp_path, TAPE, "rewind")
    assert chosen.candidate.why() == (
        "by the names of its parameters (g = grad_output); it reads what conv leaves in the file's own variables"
    )
