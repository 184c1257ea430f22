"""The topics that are no mistake and no layer: how it is judged, how code is called, what a formula seemed to say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.explain.explanation import Explanation, Section
from gradcheck_cli.explain.grids import planes, side_by_side
from gradcheck_cli.explain.small_layers import plain_case
from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes import number
from gradcheck_cli.model import Case, ConvSpec

_ANY_FUNCTION = (
    'gradcheck verify FILE.py --call "fit(W, x, y) -> fit_grad(G, out[1], W)" \\\n'
    "    --input W=4x3,x=float:3,y=float:4 --returns W\n\n"
    "FORWARD       gives the output, or it and more: the first is the output\n"
    "out           all that FORWARD gave; what it binds by := is there too\n"
    "G             dE/d(output); a loss's BACKWARD does without\n"
    "--input       what each name is: x=4x3, a vector v=float:5, i=int:6<3, k=2,\n"
    "              positive:4x3, unit:4x3, mask:4x3, onehot:4x3, w.npy\n"
    "--inputs      FILE.py:NAME returns a dict of them\n"
    "--returns     whose gradients BACKWARD gives, in order; the rest is data\n\n"
    "weights in a dict    f(x, {'W': W}) -> f_back(G, {'W': W})\n"
    "data with attributes f(a, SimpleNamespace(y=y)) -> ...\n"
    "labels, shares       f(z, np.eye(3)[i]), f(z, np.exp(p) / np.exp(p).sum())\n"
    "distances, kernels   f(z, D + D.T): right code may rely on it\n"
    "an object            (l := Layer(4), setattr(l, 'W', W), l.up(x))[-1]\n"
    "                         -> (l.down(G), l.dW)\n"
    "a random mask        (np.random.seed(0), drop(x))[-1] -> drop_back(G)\n"
    "a loss beside its gradients                     loss(W, x) -> out[1:]"
)


def calling() -> Explanation:
    """How to say how code is called."""
    found = (
        "Your code is tried in three steps: build (the constructor and its wiring), run (which argument is what), read "
        "(where the gradients are). A refusal says at which step it ended and what was tried. Two ways out always work."
    )
    expression = (
        "gradcheck verify FILE.py --returns input,weight,bias \\\n"
        "    --call \"conv_backward(G, (x, w, b, {'stride': s, 'pad': p}))\"\n\n"
        "x, w, b, G    X (n, c, h, w), F (o, i, u, v), b (o,), dE/dO (n, o, p, q)\n"
        "s, p, d, k    stride, padding, dilation, size of the kernel: numbers; layers\n"
        "              whose rows and columns differ are not asked\n"
        "stride, padding, dilation, kernel_size    as pairs (rows, columns);\n"
        "                                          numbers where pairs raise\n"
        "groups, in_channels, out_channels         numbers\n"
        "padding_mode  'same' or 'valid'\n"
        "--returns     weight, input, bias in the order of the results; _ for another"
    )
    function = (
        "def gradcheck_call(x, weight, bias, grad_output,\n"
        "                   stride, padding, dilation, groups):\n"
        "    layer = MyConv(weight, bias, stride[0])\n"
        "    layer.forward(x)\n"
        "    dx = layer.backward(grad_output)\n"
        '    return {"input": dx, "weight": layer.dw, "bias": layer.db}'
    )
    layer = (
        "(l := Conv(in_channels, out_channels, k, stride=s), setattr(l, 'W', w),\n"
        " l.forward(x), l.backward(G), l.dW)[-2:]                --returns input,weight\n"
        "(v := [Var(a) for a in (x, w, b)], y := conv2d(*v, s, p), y.backprop(G),\n"
        " [a.grad for a in v])[-1]                          --returns input,weight,bias"
    )
    more = (
        "What the expression does not use (no s, say) is not asked. --convention nhwc hands the arrays over, and takes "
        "the gradients back, in that order of axes. raise NotImplementedError for a layer that your code does not take."
    )
    sections = (
        Section("How it is found", found),
        Section("On the command line; one expression serves a whole folder", expression, fixed=True),
        Section("A layer with a state; a type of your own with gradients", layer, fixed=True),
        Section("In your file", function, fixed=True),
        Section("Any other function: FORWARD -> BACKWARD", _ANY_FUNCTION, fixed=True),
        Section("More", more),
    )
    return Explanation("calling", "how to say how your code is called", sections)


def unexplained() -> Explanation:
    """What is wrong, and no mistake of the catalogue."""
    what = (
        "The numbers are wrong, and neither a mistake of the catalogue, nor a factor, nor a pair of them gives exactly "
        "these numbers on every geometry. No cause is guessed. What is told is where they are wrong, and the smallest "
        "example with the products that an entry should hold and those that it holds."
    )
    how = (
        "Read the terms of the counterexample: a missing product points to a loop that ends early, an extra one to a "
        "window that is too large, a product with another index to a mix-up of indices. Save the example as a script "
        "with --report repro=FILE.py and step through it."
    )
    sections = (Section("What it means", what), Section("How to go on", how))
    return Explanation("unexplained", "wrong, and no mistake of the catalogue gives these numbers", sections)


def tolerance() -> Explanation:
    """How much two right gradients may differ."""
    forum = ConvSpec(1, 3, 3, 256, 256, (32, 32))
    terms = forum.terms
    single, double = (terms + 2) * 2.0**-24, (terms + 2) * 2.0**-53
    whole = (
        "No tolerance is guessed. First both sides compute the same layer on integers: then every order of summation "
        "gives the same bits, so they must be equal, entry by entry. This decides."
    )
    bound = (
        "An entry is a sum of n = N*P*Q products. Let A be the sum of their absolute values and u the unit roundoff "
        "(2^-24 in float32, 2^-53 in float64). Any order of summation errs by at most (n + 2) u A, so two right "
        "results differ by at most twice that. For the forum's layer "
        f"n = {terms:,}: (n + 2) u is {single:.2g} in float32 and {double:.2g} in float64. The first is too wide "
        "to decide anything, the second very sharp: real data are judged in float64."
    )
    usual = (
        "rtol and atol look at the size of the result. But an entry whose products cancel has a small value and the "
        "full rounding of A: right code fails. And a fixed rtol passes a wrong factor that is close to 1."
    )
    example = (
        "1e8 + 1 - 1e8 in float32:\n"
        f"  computed  {number(float(np.float32(np.float32(1e8) + np.float32(1)) - np.float32(1e8)))}\n"
        "  right     1\n"
        f"  A         {number(2e8 + 1)}, so (n + 2) u A = {5 * 2.0**-24 * (2e8 + 1):.3g}: within the bound"
    )
    words = (
        "In float32 a difference up to sqrt(n) u A is called typical rounding; up to (n + 2) u A it is within the "
        "worst case of float32 and the integers decide; above it, no order of summation can explain it."
    )
    sections = (
        Section("Integers decide", whole),
        Section("Real data have a bound", bound),
        Section("Why not rtol and atol", usual),
        Section("Example", example, True),
        Section("What the words mean", words),
    )
    return Explanation("tolerance", "how much two right gradients may differ", sections)


def same_across_channels() -> Explanation:
    """When kernel gradients are the same, and when not."""
    spec = ConvSpec(1, 2, 2, 4, 4, (2, 2))
    case = plain_case(spec)
    gray = replace(case, x=np.repeat(case.x[:, :1], 2, axis=1))
    shared = replace(case, grad_output=np.repeat(case.grad_output[:, :1], 2, axis=1))
    method = (
        "dE/dF[o,i] = corr(X[i], G[o]). There is no sum over i and none over o. So the gradients of two channels i and "
        "i' agree when X[i] and X[i'] do, and those of two filters o and o' when G[o] and G[o'] do."
    )
    belief = (
        "A gray picture copied to three channels gives the same gradient for each. The channels of a photograph are "
        "alike, and pictures of the gradients that are each stretched to their own scale look alike too. A sum over "
        "the channels in the code makes them equal, wrongly."
    )
    filters = (
        "With the loss |O - ref|.mean(), G is sign(O - ref) / numel. Filters that lie below the reference at the same "
        "outputs get the same G and so the same gradient. That depends on the weights, and so on the seed."
    )
    sections = (
        Section("The method", method),
        Section("Example: two channels, two filters", _matrix(case), True),
        Section("The same with equal channels of X", _matrix(gray), True),
        Section("The same with equal G for both filters", _matrix(shared), True),
        Section("Where the belief comes from", belief),
        Section("Across filters", filters),
        Section("Try it", "gradcheck run --in 3 --out 3 --k 32 your-picture.jpg", True),
    )
    return Explanation("same-across-channels", "when kernel gradients are the same, and when not", sections)


def _matrix(case: Case) -> str:
    gradient = conv.grad_weight(case.x, case.grad_output, case.spec)
    rows = [
        side_by_side([(f"dE/dF[{o},{i}]", gradient[o, i]) for i in range(gradient.shape[1])])
        for o in range(gradient.shape[0])
    ]
    inputs = side_by_side([*planes("X", case.x), *planes("G", case.grad_output)])
    return "\n".join((inputs, *rows))
