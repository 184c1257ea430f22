"""Which rule of padding 'same' a target follows, and what it is asked then."""

import contextlib
import textwrap
from collections import Counter
from dataclasses import replace

import pytest
import torch
from hypothesis import given, strategies as st

from gradcheck_cli.layers.forms import TRANSPOSED
from gradcheck_cli.layers.geometries import QUICK, SAME
from gradcheck_cli.model import ConvSpec, Verdict, VerifyOptions
from gradcheck_cli.model.line import as_line
from gradcheck_cli.runs.verify import verify_targets
from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.same import (
    DIVIDING,
    OF_LINES,
    OF_TRANSPOSED,
    RULES,
    followed,
    padded_by,
    rules_of,
)

# (size, kernel, stride) -> zeros before and after, by hand.
BY_HAND = {
    "floor": {(7, 3, 1): (1, 1), (7, 4, 1): (1, 1), (6, 2, 2): (0, 0)},
    "floor-before": {(7, 3, 1): (1, 1), (7, 4, 1): (1, 2), (6, 2, 2): (0, 1)},
    "half": {(7, 3, 1): (1, 1), (7, 4, 1): (2, 2), (6, 2, 2): (1, 1)},
    "half-before": {(7, 3, 1): (1, 1), (7, 4, 1): (2, 1), (6, 2, 2): (1, 0)},
    "tensorflow": {(7, 3, 2): (1, 1), (7, 4, 1): None, (6, 2, 2): (0, 0), (8, 1, 3): (0, 0)},
    "tensorflow-more-after": {(8, 3, 2): (0, 1), (7, 4, 1): (1, 2), (6, 2, 2): (0, 0), (7, 2, 3): (0, 1)},
    "tensorflow-more-before": {(8, 3, 2): (1, 0), (7, 4, 1): (2, 1), (6, 2, 2): (0, 0), (7, 2, 3): (1, 0)},
    "keep": {(7, 3, 2): (4, 4), (7, 2, 2): None},
    "causal": {(7, 3, 1): (2, 0), (7, 4, 2): (3, 0), (5, 1, 1): (0, 0)},
    "keep-more-after": {(7, 3, 2): (4, 4), (7, 2, 2): (3, 4)},
    "keep-more-before": {(7, 3, 2): (4, 4), (7, 2, 2): (4, 3)},
    "keep-more-on-both": {(7, 3, 2): (4, 4), (7, 2, 2): (4, 4)},
    "upsampling": {(4, 4, 2): (1, 1), (4, 3, 2): None, (3, 2, 3): None},
    "upsampling-more-after": {(4, 4, 2): (1, 1), (4, 3, 2): (0, 1), (3, 5, 2): (1, 2)},
    "upsampling-more-before": {(4, 4, 2): (1, 1), (4, 3, 2): (1, 0), (3, 5, 2): (2, 1)},
}
TAPS = ConvSpec(1, 1, 1, 6, 7, (2, 2), extra_after=(1, 1))


@pytest.mark.parametrize("name", RULES)
def test_a_rule_by_hand(name):
    """Every rule, where it agrees with others and where it does not."""
    assert BY_HAND[name] == {numbers: RULES[name](*numbers) for numbers in BY_HAND[name]}


@pytest.mark.parametrize("name", sorted(set(RULES) - OF_TRANSPOSED))
def test_the_geometries_of_a_rule_are_padded_by_it(name):
    """Each of them, and for what the rule is there: the odd zero on the rows, on the columns and on both."""
    assert all(name in rules_of(as_line(spec) if name in OF_LINES else spec) for spec in SAME[name])
    odd = Counter(tuple(bool(extra) for extra in spec.extra_after) for spec in SAME[name])
    sided = "before" in name or "after" in name
    assert sided == (odd[True, True] > 0)
    assert not sided or odd[True, False] + odd[False, True] > 0


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # that the zeros are copied, once in a process
@given(size=st.integers(1, 9), taps=st.integers(1, 5))
def test_floor_before_is_what_torch_calls_same(size, taps):
    """The output shows where the zeros are: the sum over a window that no other shift of the rule would give."""
    before, after = RULES["floor-before"](size, taps, 1)
    x = torch.arange(1.0, size + 1).reshape(1, 1, 1, size)
    kernel = torch.arange(1.0, taps + 1).reshape(1, 1, 1, taps)

    same = torch.nn.functional.conv2d(x, kernel, padding="same")

    assert torch.equal(same, torch.nn.functional.conv2d(torch.nn.functional.pad(x, (before, after)), kernel))


def test_padding_by_a_rule():
    """Both sides of both axes; None where the rule has no margin for one of them."""
    bare = ConvSpec(1, 1, 1, 6, 7, (2, 3))

    assert replace(bare, padding=(0, 1), extra_after=(1, 0)) == padded_by("floor-before", bare)
    assert padded_by("tensorflow", bare) is None


def test_of_no_known_rule_only_what_all_agree_on_is_expected():
    """Never a geometry whose sides differ; one rule is enough to be asked by it."""
    assert not followed(TAPS, frozenset())
    assert followed(TAPS, frozenset({"floor-before"}))
    assert not followed(TAPS, frozenset({"half-before"}))
    assert followed(ConvSpec(1, 1, 1, 7, 7, (3, 3), padding=(1, 1)), frozenset())
    assert not any(rules_of(spec) >= DIVIDING for name in SAME for spec in SAME[name] if not spec.is_symmetric)


@pytest.mark.parametrize(
    ("roles", "same", "mode", "reason"),
    [
        ({"padding"}, False, False, "it takes the same padding on both sides"),
        ({"padding_h", "padding_w"}, False, False, "it takes the same padding on both sides"),
        ({"padding"}, False, True, ""),
        (set(), True, False, ""),
        (set(), False, False, "it has no parameter for padding"),
    ],
)
def test_one_number_for_the_padding_is_never_asked_for_two(roles, same, mode, reason):
    """What pads by itself may be asked; what is told a number cannot be told both sides."""
    form = Form(Layout(), pairs=True, mode=mode)

    assert reason == binding.refuses(TAPS, form, roles, same)


def test_the_quick_geometries_pad_alike_on_both_sides():
    """They are asked of everybody."""
    assert all(spec.is_symmetric for spec in QUICK)


FORWARD = """
    import numpy as np

    class Same:
        def __init__(self, inputs, outputs, kernel_size):
            self.W = np.random.rand(outputs, inputs, kernel_size, kernel_size)

        def sides(self):
            return {sides}

        def forward(self, x):
            self.shape = x.shape
            self.padded = np.pad(x, ((0, 0), (0, 0), self.sides(), self.sides()))
            k = self.W.shape[2]
            windows = np.lib.stride_tricks.sliding_window_view(self.padded, (k, k), axis=(2, 3))
            return np.einsum("nchwuv,ocuv->nohw", windows, self.W)

        def backward(self, g):
            k = self.W.shape[2]
            windows = np.lib.stride_tricks.sliding_window_view(self.padded, (k, k), axis=(2, 3))
            self.dW = np.einsum("nchwuv,nohw->ocuv", windows, g)
            whole = np.zeros(self.padded.shape)
            for u in range(k):
                for v in range(k):
                    part = np.einsum("nohw,oc->nchw", g, self.W[:, :, u, v])
                    whole[:, :, u : u + g.shape[2], v : v + g.shape[3]] += part
            p = {start}
            return whole[:, :, p : p + self.shape[2], p : p + self.shape[3]]
"""


@pytest.mark.parametrize(
    ("sides", "start", "failing"),
    [
        ("((self.W.shape[2] - 1) // 2, self.W.shape[2] // 2)", "(k - 1) // 2", False),
        ("((self.W.shape[2] - 1) // 2, self.W.shape[2] // 2)", "k // 2", True),
        ("(self.W.shape[2] // 2, (self.W.shape[2] - 1) // 2)", "k // 2", False),
        ("(self.W.shape[2] // 2, (self.W.shape[2] - 1) // 2)", "(k - 1) // 2", True),
    ],
)
def test_its_own_forward_says_on_which_side_it_pads(tmp_path, sides, start, failing):
    """A wrong cut of dE/dX fits the other rule: by that one it is not judged, or dE/dF would be called wrong."""
    file = tmp_path / "same.py"
    file.write_text(textwrap.dedent(FORWARD.format(sides=sides, start=start)))

    with contextlib.chdir(tmp_path):
        (target,) = verify_targets(VerifyOptions((f"{file}:Same",))).targets
    sided = [result for result in target.geometries.list if result.supported and not result.spec.is_symmetric]

    assert len(sided) >= 2
    assert Verdict.PASS is target.gradients["weight"].verdict
    assert (Verdict.FAIL if failing else Verdict.PASS) is target.gradients["input"].verdict
    assert failing == ("padding-split-wrong" in {finding.id for finding in target.findings})
    assert all(finding.fails_when == "padding differs between the sides" for finding in target.findings)


@pytest.mark.parametrize("name", sorted(OF_TRANSPOSED))
def test_a_transposed_layer_has_rules_of_its_own(name):
    """Some geometry that is asked of transposed layers is cut by it, and none of a convolution is padded so."""
    assert any(name in rules_of(spec) for spec in TRANSPOSED)
    assert not any(name in rules_of(spec) for spec in QUICK)


UPSAMPLING = """
import numpy as np


class Up2D:
    def __init__(self, kernel, strides=(2, 2), padding="same"):
        self.kernel, self.strides, self.padding = kernel, strides, padding

    def _cut(self, n, k, s):
        spare = max(k - s, 0) if self.padding == "same" else 0
        return spare // 2, (n - 1) * s + k - (spare - spare // 2)

    def call(self, x):
        self.x, (_, h, w, _), (kh, kw, _, _) = x, x.shape, self.kernel.shape
        (sh, sw), self.full = self.strides, np.zeros((len(x), (h - 1) * self.strides[0] + kh,
                                                      (w - 1) * self.strides[1] + kw, self.kernel.shape[2]))
        for u, v in np.ndindex(kh, kw):
            self.full[:, u:u + (h - 1) * sh + 1:sh, v:v + (w - 1) * sw + 1:sw] += x @ self.kernel[u, v].T
        (top, bottom), (left, right) = self._cut(h, kh, sh), self._cut(w, kw, sw)
        self.kept = np.s_[:, top:bottom, left:right]
        return self.full[self.kept]

    def gradients(self, dy):
        (sh, sw), (_, h, w, _), (kh, kw, _, _) = self.strides, self.x.shape, self.kernel.shape
        g = np.zeros_like(self.full)
        g[KEPT] = dy
        dx, dk = np.zeros_like(self.x), np.zeros_like(self.kernel)
        for u, v in np.ndindex(kh, kw):
            part = g[:, u:u + (h - 1) * sh + 1:sh, v:v + (w - 1) * sw + 1:sw]
            dx += part @ self.kernel[u, v]
            dk[u, v] = np.einsum("bhwo,bhwi->oi", part, self.x)
        return dx, dk
"""
OTHER_END = "[:, len(g[0]) - self.kept[1].stop:len(g[0]) - self.kept[1].start, self.kept[2]]"


@pytest.mark.parametrize(("kept", "verdict"), [("[self.kept]", "pass"), (OTHER_END, "fail")])
def test_an_upsampling_layer_is_asked_where_it_cuts_more_on_one_side(tmp_path, kept, verdict):
    """A backward that puts the rows back at the other end is right wherever both sides are cut alike."""
    file = tmp_path / "up.py"
    file.write_text(UPSAMPLING.replace("[KEPT]", kept))
    with contextlib.chdir(tmp_path):
        (target,) = verify_targets(VerifyOptions((f"{file}:Up2D",))).targets
    assert target.verdict == verdict
    assert all(finding.fails_when == "padding differs between the sides" for finding in target.findings)
