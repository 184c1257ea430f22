"""What a pass is worth: what only certain sizes, strides or kernels show is met by a geometry that is asked."""

import textwrap

import pytest

from gradcheck_cli.model import Verdict, VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

HEAD = """
import numpy as np

def windows(x, kh, kw):
    return np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))

def spread(g, w, shape):
    out, (kh, kw) = np.zeros(shape), w.shape[2:]
    for r in range(g.shape[2]):
        for c in range(g.shape[3]):
            out[:, :, r:r + kh, c:c + kw] += np.einsum("nf,fcuv->ncuv", g[:, :, r, c], w)
    return out
"""


@pytest.fixture
def judged(tmp_path):
    """The reports of files with these bodies below `HEAD`, in one run of `verify`; the target is called `back`."""

    def run(*bodies, name="back", **options):
        targets = []
        for number, body in enumerate(bodies):
            file = tmp_path / f"user{number}.py"
            file.write_text(HEAD + textwrap.dedent(body))
            targets.append(f"{file}:{name}")
        return verify_targets(VerifyOptions(tuple(targets), jobs=2, **options)).targets

    return run


BY_FOUR_CHANNELS = """
    def back(x, w, g):
        dw = np.zeros(w.shape)
        for c in range(0, x.shape[1], 4):
            some = x[:, c % 4:][:, :dw[:, c:c + 4].shape[1]]
            dw[:, c:c + 4] = np.einsum("ncpquv,nfpq->fcuv", windows(some, *w.shape[2:]), g)
        return dw, spread(g, w, x.shape), g.sum((0, 2, 3))
    """
BY_EIGHT_FILTERS = """
    def back(x, w, g):
        pieces = [g[:, :8]] + [g[:, f - 8:][:, :min(8, len(w) - f)] for f in range(8, len(w), 8)]
        dw = [np.einsum("ncpquv,nfpq->fcuv", windows(x, *w.shape[2:]), piece) for piece in pieces]
        return np.concatenate(dw), spread(g, w, x.shape), g.sum((0, 2, 3))
    """
BY_SIXTEEN_IMAGES = """
    def back(x, w, g):
        dx = np.zeros(x.shape)
        for n in range(0, len(x) // 16 * 16 or len(x), 16):
            dx[n:n + 16] = spread(g[n:n + 16], w, x[n:n + 16].shape)
        return np.einsum("ncpquv,nfpq->fcuv", windows(x, *w.shape[2:]), g), dx, g.sum((0, 2, 3))
    """
BY_THIRTY_TWO_COLUMNS = """
    def back(x, w, g):
        seen, db = windows(x, *w.shape[2:]), 0
        dw = np.zeros(w.shape)
        for q in range(0, g.shape[3], 32):
            tile = g[..., q:q + 32]
            dw = np.einsum("ncpquv,nfpq->fcuv", seen[:, :, :, q:q + 32], tile)
            db = db + tile.sum((0, 2, 3))
        return dw, spread(g, w, x.shape), db
    """


def test_what_is_wrong_from_the_second_block_on_fails(judged):
    """Channels in blocks of 4, filters of 8, images of 16, columns of 32; the first block is right."""
    reports = judged(BY_FOUR_CHANNELS, BY_EIGHT_FILTERS, BY_SIXTEEN_IMAGES, BY_THIRTY_TWO_COLUMNS)

    assert [Verdict.FAIL] * 4 == [report.verdict for report in reports]
    # The blocks' own sizes are asked about too, so more than the list's large geometries may be wrong.
    assert all(report.geometries.supported // 2 < report.geometries.right > 8 for report in reports)


SAME = """
    def back(g, x, w, s=1):
        (a, A), (b, B) = [margins(x.shape[d + 2], w.shape[d + 2], s) for d in (0, 1)]
        xp = np.pad(x, ((0, 0), (0, 0), (a, A), (b, B)))
        dw, dxp, (kh, kw) = np.zeros(w.shape), np.zeros(xp.shape), w.shape[2:]
        for i in range(g.shape[2]):
            for j in range(g.shape[3]):
                there = (slice(None), slice(None), slice(i * s, i * s + kh), slice(j * s, j * s + kw))
                dw += np.einsum("nf,ncuv->fcuv", g[:, :, i, j], xp[WEIGHTS])
                dxp[there] += np.einsum("nf,fcuv->ncuv", g[:, :, i, j], w)
        return dxp[:, :, a:a + x.shape[2], b:b + x.shape[3]], dw

    def margins(size, k, s):
        total = TOTAL
        return FIRST, total - FIRST
    """


def keeping(total, first="total // 2", weights="there"):
    """Code that pads by itself: what it adds to an axis, and how much of that before it."""
    return SAME.replace("TOTAL", total).replace("FIRST", first).replace("WEIGHTS", weights)


AS_TENSORFLOW = "max((-(-size // s) - 1) * s + k - size, 0)"
STRIDE_FORGOTTEN = "(*there[:2], slice(i, i + kh), slice(j, j + kw))"


def asked(report, **wanted):
    """Was it compared, and right, on a geometry with these sizes?"""
    supported = [
        place for place in report.geometries.list if place.supported and place.gradients["weight"] is Verdict.PASS
    ]
    return any(all(getattr(place.spec, name) == size for name, size in wanted.items()) for place in supported)


def test_code_that_keeps_the_size_by_itself_is_asked_at_every_stride(judged):
    """By whichever rule it pads: right code passes, code whose dE/dF forgets the stride fails."""
    rules = ["k - 1", "2 * (k // 2)", AS_TENSORFLOW, "(size - 1) * s + k - size"]
    right = judged(*map(keeping, rules))
    wrong = judged(*(keeping(rule, weights=STRIDE_FORGOTTEN) for rule in rules))

    assert [Verdict.PASS] * 4 == [report.verdict for report in right]
    assert all(asked(report, stride=(2, 2)) and asked(report, stride=(3, 3)) for report in right)
    assert [Verdict.FAIL] * 4 == [report.verdict for report in wrong]
    assert all("stride-ignored" in {found.id for found in report.findings} for report in wrong)


def test_code_that_keeps_the_size_by_itself_is_asked_about_even_kernels(judged):
    """Under the rule that it follows."""
    low, high, tensorflow = judged(keeping("2 * ((k - 1) // 2)"), keeping("2 * (k // 2)"), keeping(AS_TENSORFLOW))

    assert asked(low, kernel_size=(4, 4), stride=(1, 1), padding=(1, 1))
    assert asked(high, kernel_size=(4, 4), stride=(1, 1), padding=(2, 2))
    assert asked(tensorflow, kernel_size=(4, 4), stride=(2, 2), padding=(1, 1))
    assert {Verdict.PASS} == {low.verdict, high.verdict, tensorflow.verdict}


def test_code_that_does_not_take_even_kernels_does_not_fail_for_that(judged):
    """It raises; code that pads more on one side is asked under that rule."""
    guarded, lopsided = judged(keeping("k - 1 if k % 2 else 1 // 0"), keeping("k - 1", first="(total - total // 2)"))

    assert [Verdict.PASS] * 2 == [guarded.verdict, lopsided.verdict]
    assert not asked(guarded, kernel_size=(4, 4))
    assert asked(lopsided, kernel_size=(4, 4), padding=(2, 2), extra_after=(-1, -1))


SWAPPED = """
    def back(g, x, w):
        ph, pw = w.shape[3] // 2, w.shape[2] // 2
        xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))[:, :, :x.shape[2] + w.shape[2] - 1]
        xp = np.pad(xp, ((0, 0), (0, 0), (0, 9), (0, 9)))
        xp = xp[:, :, :x.shape[2] + w.shape[2] - 1, :x.shape[3] + w.shape[3] - 1]
        seen = windows(xp, *w.shape[2:])
        dx = spread(g, w, xp.shape)[:, :, ph:ph + x.shape[2], pw:pw + x.shape[3]]
        return dx, np.einsum("ncpquv,nfpq->fcuv", seen, g)
    """


def test_margins_of_rows_and_columns_mixed_up_show_without_any_option_for_padding(judged):
    """A kernel of 3x5 at margins of (1, 2)."""
    (report,) = judged(SWAPPED)
    wrong = [place.spec.kernel_size for place in report.geometries.list if place.gradients["weight"] is Verdict.FAIL]

    assert report.verdict is Verdict.FAIL
    assert (3, 5) in wrong


LAYER = """
    class Layer:
        def __init__(self, channels, filters, size):
            self.W, self.b = np.random.randn(filters, channels, size, size), np.zeros(filters)

        def forward(self, X):
            self.X = X
            seen = windows(X, *self.W.shape[2:])
            return np.einsum("ncpquv,fcuv->nfpq", seen, self.W) + self.b[:, None, None]

        def backward(self, G):
            self.G = G
            LINES
    """
GRADIENTS = {
    "input": "dX = spread(G, self.W, self.X.shape)",
    "weight": "self.dW = np.einsum('ncpquv,nfpq->fcuv', windows(self.X, *self.W.shape[2:]), G)",
    "bias": "self.db = G.sum((0, 2, 3))",
}


def layer_without(missing):
    """A layer that keeps the gradients of its weight and bias, but for one that is computed elsewhere."""
    lines = [line for name, line in GRADIENTS.items() if name != missing]
    return LAYER.replace("LINES", "; ".join([*lines, "return None" if missing == "input" else "return dX"]))


def test_a_layer_passes_with_every_gradient_that_its_forward_depends_on(judged):
    """What was not found was not judged, and that is no pass."""
    whole, *partly = judged(*map(layer_without, ("", "weight", "bias", "input")), name="Layer")

    assert whole.verdict is Verdict.PASS
    for name, report in zip(("weight", "bias", "input"), partly, strict=True):
        assert report.verdict is Verdict.INCONCLUSIVE
        assert f"the gradient of the {name} was not found: not judged" in report.notes


def test_a_plain_function_that_gives_fewer_gradients_says_which(judged):
    """In its verdict; a function that gives all three has nothing to add."""
    weight = "np.einsum('ncpquv,nfpq->fcuv', windows(x, *w.shape[2:]), g)"
    given, bias = "spread(g, w, x.shape)", "g.sum((0, 2, 3))"
    returned = [weight, given, f"{weight}, {bias}", f"{weight}, {given}, {bias}"]
    reports = judged(*(f"def back(x, w, g):\n    return {values}" for values in returned))

    assert [Verdict.PASS] * 4 == [report.verdict for report in reports]
    assert ["weight only", "input only", "weight and bias", ""] == [report.scope for report in reports]


def at_a_number(line, head="", call="back"):
    """A right function, but for `line`."""
    return f"""
    {head}
    def back(x, w, g, stride=1, pad=0):
        xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        dw, dxp, db = np.zeros(w.shape), np.zeros(xp.shape), g.sum((0, 2, 3))
        for i in range(g.shape[2]):
            for j in range(g.shape[3]):
                r, c = i * stride, j * stride
                cut = (slice(None), slice(None), slice(r, r + w.shape[2]), slice(c, c + w.shape[3]))
                dw += np.einsum("nf,ncuv->fcuv", g[:, :, i, j], xp[cut])
                dxp[cut] += np.einsum("nf,fcuv->ncuv", g[:, :, i, j], w)
        dx = dxp[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]]
        {line}
        return dx, dw, db
    """


def test_a_number_in_the_code_is_asked_about_on_every_axis(judged):
    """Literals, constants of the file, defaults, numbers in helpers; sizes, strides and margins."""
    lines = {
        "if x.shape[1] > 40: dw[:, 41:] *= 2": "",
        "db[UNIT:] = 0": "UNIT = 50",
        "if stride == 5: dx = -dx": "",
        "if pad == 4: dx = dx * 2": "",
        "if w.shape[2] == 6: dw = dw * 2": "",
        "dx = special(dx, x)": "def special(dx, x, most=12):\n        return dx if len(x) < most else dx / 3",
        "if len(x) % 7 == 0: db = db * 2": "",
    }
    reports = judged(*(at_a_number(line, head) for line, head in lines.items()))

    assert [Verdict.FAIL] * len(lines) == [report.verdict for report in reports], lines
    assert all(report.geometries.right > 30 for report in reports)


SPECIAL = """
    def back(x, w, g, stride=1):
        if x.dtype == np.float16:
            x = x * 2
        shape = list(x.shape)
        dw, dx = np.zeros(w.shape), np.zeros(shape)
        for i in range(g.shape[2]):
            for j in range(g.shape[3]):
                at = np.s_[:, :, i * stride:i * stride + w.shape[2], j * stride:j * stride + w.shape[3]]
                dw += np.einsum("nf,ncuv->fcuv", g[:, :, i, j], x[at])
                dx[at] += np.einsum("nf,fcuv->ncuv", g[:, :, i, j], w)
        return dw, dx, total(g)

    def total(g):
        if g.shape[0] == 11:
            g = g + 0
        return g.sum((0, 2, 3))
    """


def test_lines_that_no_call_executed_are_listed(judged, tmp_path):
    """A branch on a size is asked about and so reached; a branch on what is never asked is not."""
    (report,) = judged(SPECIAL)
    text = (tmp_path / "user0.py").read_text().splitlines()

    assert report.verdict is Verdict.PASS
    assert ["x = x * 2"] == [text[line - 1].strip() for line in report.unreached]


FLOAT32 = """
    class Layer:
        def __init__(self, channels, filters, size):
            self.W = np.random.randn(filters, channels, size, size).astype("float32")
            self.b = np.zeros(filters, "float32")

        def forward(self, X):
            self.X = np.asarray(X, "float32")
            return np.einsum("ncpquv,fcuv->nfpq", windows(self.X, *self.W.shape[2:]), self.W) + self.b[:, None, None]

        def backward(self, G):
            G = np.asarray(G, "float32")
            self.dW = np.einsum("ncpquv,nfpq->fcuv", windows(self.X, *self.W.shape[2:]), G)
            self.db = G.sum((0, 2, 3))
            return spread(G, self.W, self.X.shape).astype("float32")SPOILED
    """
FLOAT32_NOTE = "computed in float32; right to its rounding"


def test_a_layer_of_float32_by_declaration_passes_with_a_note(judged):
    """Its arrays say so; what is more than rounding fails, and is not called float32."""
    right, wrong = judged(FLOAT32.replace("SPOILED", ""), FLOAT32.replace("SPOILED", " * 2"), name="Layer")

    assert right.verdict is Verdict.PASS
    assert FLOAT32_NOTE in right.notes
    assert wrong.verdict is Verdict.FAIL
    assert {("scaled-constant", "input")} == {(found.id, found.gradient) for found in wrong.findings}


def test_float32_inside_a_function_that_returns_float64_stays_a_finding(judged):
    """Nothing of what it returns says so."""
    body = "np.einsum('ncpquv,nfpq->fcuv', windows(x, *w.shape[2:]).astype('f4'), g.astype('f4')).astype('f8')"
    (report,) = judged(f"def back(x, w, g):\n    return {body}, spread(g, w, x.shape), g.sum((0, 2, 3))")

    assert report.verdict is Verdict.FAIL
    assert {("single-precision", "weight")} == {(found.id, found.gradient) for found in report.findings}
    assert FLOAT32_NOTE not in report.notes


PARTICULAR = """
    def back(x, w, g, stride=1, pad=0):
        if REFUSED:
            raise NotImplementedError("not that")
        xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        dw, dxp = np.zeros(w.shape), np.zeros(xp.shape)
        for i in range(g.shape[2]):
            for j in range(g.shape[3]):
                at = np.s_[:, :, i * stride:i * stride + w.shape[2], j * stride:j * stride + w.shape[3]]
                dw += np.einsum("nf,ncuv->fcuv", g[:, :, i, j], xp[at])
                dxp[at] += np.einsum("nf,fcuv->ncuv", g[:, :, i, j], w)
        dx = dxp[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]]
        SPOILED
        return dw, dx
    """


def test_what_a_particular_target_takes_is_asked_in_all_its_kinds(judged):
    """Square images: with uneven kernels; single ones: with even kernels; padded ones: one image, too."""
    cases = {
        "x.shape[2] != x.shape[3]": "dw = dw * (2 if w.shape[2] != w.shape[3] else 1)",
        "x.shape[2] != x.shape[3] or len(x) > 1": "dx = dx * (2 if w.shape[3] % 2 == 0 else 1)",
        "pad != stride": "dx = dx * (2 if len(x) == 1 else 1)",
    }
    right = judged(*(PARTICULAR.replace("REFUSED", refused).replace("SPOILED", "") for refused in cases))
    wrong = judged(
        *(PARTICULAR.replace("REFUSED", refused).replace("SPOILED", line) for refused, line in cases.items())
    )

    assert [Verdict.PASS] * 3 == [report.verdict for report in right]
    assert all(report.geometries.supported >= 8 for report in right)
    assert [Verdict.FAIL] * 3 == [report.verdict for report in wrong]


ONLY_DILATED = """
    def back(x, w, g, dilation=1):
        d, (kh, kw), (rows, columns) = dilation, w.shape[2:], g.shape[2:]
        dw, dx = np.zeros(w.shape), np.zeros(x.shape)
        for u in range(kh):
            for v in range(kw):
                here = np.s_[:, :, u * d:u * d + rows, v * d:v * d + columns]
                there = np.s_[:, :, u * d:u * d + rows, V:V + columns]
                dw[:, :, u, v] = np.einsum("nfpq,ncpq->fc", g, x[here])
                dx[there] += np.einsum("nfpq,fc->ncpq", g, w[:, :, u, v])
        return dw, dx
    """


def test_an_option_is_asked_about_where_those_beside_it_are_not_taken(judged):
    """A dilation without any padding, or one number for both axes, is met though the list has it only with others."""
    right, wrong = judged(ONLY_DILATED.replace("V:V", "v * d:v * d"), ONLY_DILATED.replace("V:V", "v:v"))

    assert Verdict.PASS is right.verdict
    assert asked(right, dilation=(2, 2), padding=(0, 0))
    assert ["dilation-ignored"] == [finding.id for finding in wrong.findings]


KEEPS_COLUMNS = """
    class back:
        def __init__(self, w):
            self.w, self.seen = w, None

        def forward(self, x):
            KEPT
            self.shape = x.shape
            return np.einsum("ncpquv,fcuv->nfpq", self.seen, self.w)

        def backward(self, g):
            self.dw = np.einsum("ncpquv,nfpq->fcuv", self.seen, g)
            return spread(g, self.w, self.shape)
    """


def test_what_a_layer_keeps_of_other_pictures_is_met(judged):
    """One object is used twice, on other numbers first: windows that are made once are those of the first picture."""
    fresh = "self.seen = windows(x, *self.w.shape[2:])"
    once = "self.seen = windows(x, *self.w.shape[2:]) if self.seen is None else self.seen"
    right, wrong = judged(KEEPS_COLUMNS.replace("KEPT", fresh), KEEPS_COLUMNS.replace("KEPT", once))

    assert Verdict.PASS is right.verdict
    assert {("not-repeatable", "weight")} == {(found.id, found.gradient) for found in wrong.findings}


def test_gaps_between_windows_are_met(judged):
    """A fast way for windows that touch, taken for all that do not overlap."""
    (report,) = judged(at_a_number("if stride > w.shape[2]: dx = dx * 2"))
    assert Verdict.FAIL is report.verdict
