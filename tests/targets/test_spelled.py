"""Settings in the form that the code wants: a number, a pair, four numbers, a dict beside a dict."""

from recognising import answer, recognised

from gradcheck_cli.model import ConvSpec

LOOPS = """
    dx, dw = np.zeros_like(xp), np.zeros_like(w)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows, columns = i * sh + dh * np.arange(w.shape[2]), j * sw + dw_ * np.arange(w.shape[3])
            at = np.ix_(range(len(x)), range(x.shape[1]), rows, columns)
            dw += np.einsum("nk,nchw->kchw", dout[:, :, i, j], xp[at])
            dx[at] += np.einsum("nk,kchw->nchw", dout[:, :, i, j], w)
"""


def is_right(folder, code, spec):
    """Whether dF and dX are right there."""
    chosen = recognised(folder, f"import numpy as np\n\n\n{code}", "conv_backward")
    assert chosen.candidate.refuses(spec) == ""
    return {"weight", "input"} <= answer(chosen, spec)[1]


def test_four_numbers_of_the_padding_are_handed_in_the_order_of_their_names(tmp_path):
    """Left, right, top, bottom: two numbers could not be taken apart into them."""
    code = (
        "def conv_backward(dout, x, w, pads, strides=(1, 1), dilations=(1, 1)):\n"
        "    left, right, top, bottom = pads\n    (sh, sw), (dh, dw_) = strides, dilations\n"
        f"    xp = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))\n{LOOPS}"
        "    return dx[:, :, top : top + x.shape[2], left : left + x.shape[3]], dw\n"
    )
    assert is_right(tmp_path, code, ConvSpec(2, 3, 4, 9, 8, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2)))


def test_a_pair_is_handed_to_what_is_taken_apart_whatever_the_defaults_of_others_are(tmp_path):
    """The kernel's size of a matrix of weights is a pair, the stride and the padding are one number each."""
    code = (
        "def conv_backward(dout, x, wmat, kernel_size, stride=1, pad=0):\n"
        "    kh, kw = kernel_size\n    sh = sw = stride\n    dh = dw_ = 1\n"
        "    w = wmat.T.reshape(-1, x.shape[1], kh, kw)\n"
        f"    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))\n{LOOPS}"
        "    return dx[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dw.reshape(len(w), -1).T\n"
    )
    assert is_right(tmp_path, code, ConvSpec(2, 3, 4, 9, 8, (3, 2), stride=(2, 2), padding=(1, 1)))


def test_a_rate_that_bounds_a_slice_is_a_dilation_and_no_rate_of_learning(tmp_path):
    """A number with a fraction could bound nothing."""
    code = (
        "def conv_backward(dout, x, w, rate):\n    sh = sw = 1\n    dh = dw_ = rate\n    xp = x[:, :, 0 * rate :]\n"
        f"{LOOPS}    return dx, dw\n"
    )
    assert is_right(tmp_path, code, ConvSpec(2, 3, 4, 9, 8, (3, 2), dilation=(2, 2)))


def test_a_dict_of_weights_and_a_dict_of_sizes_are_both_filled(tmp_path):
    """Each holds what is read from it."""
    code = (
        "def conv_backward(x, weights, dout, opts):\n    w = weights['filters']\n    sh = sw = opts['stride']\n"
        f"    dh = dw_ = 1\n    xp = x\n{LOOPS}    return {{'x': dx, 'filters': dw, 'b': dout.sum((0, 2, 3))}}\n"
    )
    assert is_right(tmp_path, code, ConvSpec(2, 3, 4, 9, 9, (3, 3), stride=(2, 2)))


def test_a_pair_that_is_read_by_its_places_is_a_pair_beside_a_plain_number(tmp_path):
    """`stride[0]` and `stride[1]`, and one dilation for both axes."""
    code = (
        "def conv_backward(dout, x, w, dilation, stride):\n    sh, sw = stride[0], stride[1]\n"
        f"    dh = dw_ = dilation\n    xp = x\n{LOOPS}    return dx, dw\n"
    )
    assert is_right(tmp_path, code, ConvSpec(2, 3, 4, 9, 8, (3, 2), stride=(2, 1), dilation=(2, 2)))
