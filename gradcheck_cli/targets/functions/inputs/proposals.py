"""What a parameter may be by its name: shapes in letters, or a constant. The likeliest first; trial decides.

A shape is a word for each axis: "n d", a letter with a factor in front ("4m"), or a number. A letter is one length
throughout a call: that x and W share "d" is what makes them fit.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from gradcheck_cli.targets.functions.spelling import ANGLE_WORDS, RUNNING_WORDS, is_target, tokens, word_set

ProposalKind = Literal[
    "real",
    "small",
    "positive",
    "unit",
    "symmetric",
    "distances",
    "joint",
    "index",
    "mask",
    "one-hot",
    "one-hot-columns",
    "shares",
    "length",
    "lengths",
    "constant",
    "keep",
]
"""What is put there. small: normal numbers that leave layer upon layer unsaturated. symmetric: positive definite where
it is square, as a covariance is. distances: of points from one another. joint: chances of pairs, symmetric, that sum to
1 as a whole. index: whole numbers below a length; length: the length itself; lengths: those of its
axes in a tuple. one-hot: a single 1 in each row, or in each column. shares: rows that sum to 1. keep: the parameter
keeps its default."""

# Kinds that a gradient may be owed for.
REAL: tuple[ProposalKind, ...] = ("real", "small", "positive", "unit", "symmetric")


@dataclass(frozen=True)
class Proposal:
    """One guess.

    Attributes:
        axes: the shape in letters; "" is a single number.
        below: for indices, the letter of the length that they count, or the first number that is too large; of a
            length, its letter.
        value: of a constant.
        is_owed: a gradient is owed for it, if it holds real numbers: not so for what a loss compares with.
    """

    kind: ProposalKind
    axes: str = ""
    below: str | int = "d"
    value: Any = None
    is_owed: bool = True


# Lengths that meet in a call are not equal, so that nothing fits by chance; they are small, as the forward is asked for
# every entry; rows and columns can be halved, as pooling needs. The second set is where a finding is confirmed.
SIZES: tuple[Mapping[str, int], ...] = (
    {"n": 3, "d": 5, "m": 6, "t": 4, "c": 2, "h": 4, "w": 6, "v": 7, "k": 2, "g": 2},
    {"n": 4, "d": 7, "m": 3, "t": 5, "c": 3, "h": 6, "w": 2, "v": 9, "k": 2, "g": 2},
)

# Columns of samples before a single one: with one column what is divided by their number looks right.
_DATA = ("n d", "n t d", "n c h w", "d n", "d 1", "d", "n c t", "t d", "")
_WEIGHT = ("d m", "m d", "d", "n d", "d d", "c", "", "d 1")
_BIAS = ("m", "1 m", "m 1", "d", "1 d", "d 1", "c", "1", "")
# A factor or a summand called b, beside one that is called a.
_SECOND = ("d m", "n d", "n t d", "n g t d", "n d m", "m d", "d")
_SCALE = ("d", "1 d", "c", "1 c 1 1", "c 1 1", "n d", "d 1", "")
_STATE = ("n m", "n d", "m", "n 1", "m n")
# Tables of angles lie as the data do, one row for each position: a single number would turn all by the same.
_ANGLES = ("t d", "n d", "n t d", "d")
_TARGETS = ("n d", "n", "n 1", "d n", "d", "n t d")

_BY_NAME: Mapping[str, Sequence[str]] = {
    "aprev": ("n d", "d n", "n m", "d"),
    "wx": ("d m", "d 4m", "d 3m", "m d"),
    "wh": ("m m", "m 4m", "m 3m"),
    "wxh": ("m d", "d m"),
    "whh": ("m m",),
    "why": ("d m", "m d"),
    "wi": ("m d", "d m"),
    "wih": ("m d", "4m d", "3m d", "d m"),
    "q": ("n t d", "t d", "n d", "n g t d"),
    "query": ("n t d", "t d", "n d", "n g t d"),
    "k": ("n t d", "t d", "n d", "v d", "n g t d"),
    "key": ("n t d", "t d", "n d", "v d", "n g t d"),
    "v": ("n t d", "t d", "n d", "v d", "n g t d"),
    "value": ("n t d", "t d", "n d", "v d", "n g t d"),
    # How far a kernel reaches: one number, or one for each column.
    **dict.fromkeys(("ell", "lengthscale", "bandwidth"), ("", "d")),
}
# A share, as the wanted mean of hidden units, or a correlation.
_SHARES_OF_ONE = word_set("rho sparsity sparse")
# Normal numbers, the usual ones.
_NORMAL: tuple[ProposalKind, ...] = ("real",)
# Orders that are not their own inverse: at these the inverse shows.
_ORDERS = ((1, 2, 0), (2, 0, 1))
_TUPLES: Mapping[str, Sequence[tuple[int, ...]]] = {
    **dict.fromkeys(("order", "perm", "permutation", "axes", "dims"), _ORDERS),
    **dict.fromkeys(("shape", "newshape", "outshape"), ((-1, 3), (-1,))),
}
_WEIGHT_WORDS = word_set("w weight weights kernel theta wt mat matrix w1 w2 emb")
_BIAS_WORDS = word_set("b bias biases b1 b2 bh by")
_SCALE_WORDS = word_set("gamma beta scale shift gain offset g")
_STATE_WORDS = word_set("h c state hidden h0 c0 cell ht ct s")
_INDEX_WORDS = word_set("idx index indices ids token tokens ix positions words")
_STATES = word_set("hprev cprev sprev hlast clast hold cold htm1 ctm1 hpast cpast")
# Uz and Wh of a recurrent cell work on its state, Wz and Wx on its input.
_RECURRENT = re.compile(r"^(?:u[a-z]?|w[a-z]?h|wa?a)\d?$")
_WEIGHT_LIKE = re.compile(r"^w[a-z]{0,2}\d?$")
_BIAS_LIKE = re.compile(r"^b[a-z]{0,2}\d?$")
_DATA_WORDS = word_set("x inp input inputs data words sentence")
# What a loss takes the logarithm of; one that takes logits is as well given numbers between 0 and 1.
_PROBABILITY_WORDS = word_set("p q pred predicted prediction predictions prob probs probabilities hat output")
# Statistics of other batches, and the weights of a loss's classes: no gradient is owed for them.
_TAKEN_AS_CONSTANT = RUNNING_WORDS | word_set("class classes")
_MASK_WORDS = word_set("mask masks keep dropped")
_POSITIVE_WORDS = word_set("var variance std sigma rstd running temperature tau")

CONSTANTS: Mapping[str, Any] = {
    "eps": 1e-5,
    "epsilon": 1e-5,
    "alpha": 0.25,
    "slope": 0.25,
    "negative": 0.25,
    "leak": 0.25,
    "p": 0.5,
    "prob": 0.5,
    "rate": 0.5,
    "ratio": 0.5,
    "dropout": 0.5,
    "keep": 0.75,
    "momentum": 0.9,
    "decay": 0.9,
    "axis": -1,
    "dim": -1,
    "training": True,
    "train": True,
    "mode": "train",
    "causal": True,
    "temperature": 2.0,
    "tau": 2.0,
    "delta": 0.5,
    "margin": 1.0,
    "reg": 0.25,
    "lambda": 0.5,
    "lbda": 0.5,
    "lamda": 0.5,
    "lambd": 0.5,
    "lam": 0.5,
    "lmbda": 0.5,
    "seed": 3,
    "groups": 2,
    "heads": 2,
    "head": 2,
    "g": 2,
    "stride": 2,
    "pool": 2,
    "kernel": 2,
    "size": 2,
    # Sides of a window.
    **dict.fromkeys(["f", "fh", "fw", "kh", "kw", "ks", "ksize", "filter", "window"], 2),
    "width": 2,
    "height": 2,
    "pad": 0,
    "padding": 0,
    "lr": 1.0,
    # A step of time, so small that a simulation stays near where it began.
    **dict.fromkeys(["dt", "timestep"], 0.125),
    "learning": 1.0,
    "reduction": "mean",
    "scale": 0.5,
    "n": 2,
    "num": 2,
    "beta": 1.0,
    # The ends of a range, so that normal numbers lie beyond both.
    **dict.fromkeys(["lo", "low", "lower", "min", "minimum", "qn", "qmin"], -0.75),
    **dict.fromkeys(["hi", "high", "upper", "max", "maximum", "qp", "qmax"], 0.75),
}
"""What a plain number is by a word of its name; the last word of the name that is known counts."""
# Words of numbers that count, and the letters of what they count.
_COUNTS = word_set("size num n dim units nodes count number")
_LENGTHS: Mapping[str, frozenset[str]] = {
    "m": word_set("hidden users user"),
    "v": word_set("labels label classes class output outputs out"),
    "d": word_set("input inputs in features feature visible"),
    "n": word_set("movies movie items item samples examples"),
}
# Numbers of movies, users, features, inputs, hidden units and outputs, as formulas call them.
_SHORT_LENGTHS: Mapping[str, str] = {
    "nm": "n",
    "nu": "m",
    "nf": "d",
    "nx": "d",
    "n_x": "d",
    "nh": "m",
    "n_h": "m",
    "n_y": "v",
}
_EPSILONS = word_set("eps epsilon")
# What is divided by an epsilon and raised to a power, as in annealing, is finite with a large one alone.
_LARGE = (0.5,)
# How much the terms of a loss count that are no errors; C of a support vector machine, how much its errors do.
_OF_A_LOSS = word_set("alpha l1 l2 wd strength penalty regularization regularizer")
# Where a name is both a plain number and an array, in this order.
_NUMBERS_FIRST = word_set(
    "eps epsilon slope p prob rate ratio dropout momentum decay axis dim training train mode causal temperature tau "
    "delta margin reg lambda lamda lambd lam lmbda lbda seed groups heads stride pool size width height pad padding lr "
    "reduction num leak negative learning dt timestep"
)


def proposals(
    name: str, *, of_images: bool = False, is_loss: bool = False, looks_up: bool = False, of_chances: bool = False
) -> list[Proposal]:
    """What a parameter may be.

    Args:
        of_images: the function's name says that it works on images.
        is_loss: it gives a single number, so that `y` is what it is compared with.
        looks_up: it looks rows of a table up, so that its data are indices.
        of_chances: it takes logarithms, so that what it is compared with sums to 1, and p is no share that is dropped.
    """
    words = _without_split(tokens(name))
    plain = "".join(words)
    if name in ("A", "B"):
        return _real(_DATA if name == "A" else _SECOND)
    if is_loss and (name == "C" or set(words) & _OF_A_LOSS):
        return [Proposal("constant", value=constant(words)), *_real(_DATA)]
    last = words[-1] if words else ""
    if (is_loss and set(words) & _PROBABILITY_WORDS) or (of_chances and plain in ("p", "q")):
        return [Proposal("unit", "n d"), *_real(_DATA)]
    if plain in _TUPLES:
        return [Proposal("constant", value=value) for value in _TUPLES[plain]]
    if set(words) & _NUMBERS_FIRST:
        return [*_constants(words), *_real(_DATA)]
    if set(words) & _SHARES_OF_ONE:
        return [Proposal("unit"), *_real(("", *_DATA))]
    if plain in _BY_NAME:
        return _real(_BY_NAME[plain])
    if set(words) & ANGLE_WORDS:
        return _real(_ANGLES)
    if set(words) & _INDEX_WORDS and is_loss and is_target(name):
        return [Proposal("index", axes, "d") for axes in ("n", "", "n t")]
    if set(words) & _INDEX_WORDS:
        found = [Proposal("index", axes, below) for axes in ("n", "n t", "t") for below in ("v", "d")]
        return [*found, Proposal("index", "", 2)]
    if looks_up and plain in _DATA_WORDS:
        return [Proposal("index", axes, "v") for axes in ("n t", "n", "t")]
    if set(words) & _MASK_WORDS:
        return [Proposal("mask", axes) for axes in ("n d", "n t", "n t d", "n c h w", "t t", "n t t", "n")]
    if is_loss and is_target(name):
        return _targets("shares" if of_chances else "real")
    if set(words) & _TAKEN_AS_CONSTANT:
        return [Proposal("positive", axes, is_owed=False) for axes in _SCALE]
    if set(words) & _POSITIVE_WORDS:
        return [Proposal("positive", axes) for axes in _SCALE]
    if is_state_name(name):
        return _real(_STATE + _DATA)
    if _RECURRENT.match(plain):
        return _real(("m m", "m 4m", *_WEIGHT))
    if last in _SCALE_WORDS:
        return _real(("", *_SCALE) if is_loss else _SCALE)  # how much a term of a loss counts
    if is_bias_name(name):
        return _real(("m", "4m", "3m", "2m", *_BIAS[1:]))
    if is_weight_name(name):
        return _real(("v d", *_WEIGHT) if looks_up or "emb" in plain else _WEIGHT)
    found = _real(("n c h w", *_DATA) if of_images else _DATA)
    # Where a logarithm or a root refuses normal numbers.
    return [*found[:1], Proposal("unit", "n d"), *found[1:], Proposal("positive", "n d")] if is_loss else found


def _constants(words: Sequence[str]) -> list[Proposal]:
    values = dict.fromkeys([constant(words), *(_LARGE if set(words) & _EPSILONS else ())])
    return [Proposal("constant", value=value) for value in values]


def is_state_name(name: str) -> bool:
    """Is it called as the state of a cell is: h_prev, c, state?"""
    words = _without_split(tokens(name))
    return "prev" in words or bool(set(words) & _STATE_WORDS) or "".join(words) in _STATES


def is_symmetric_name(name: str) -> bool:
    """Is it called as a matrix is that is symmetric by what it is: K, Sigma, gram_matrix, cov?"""
    words = set(tokens(name))
    return name in ("K", "Sigma") or bool(words & _SYMMETRIC) or {"kernel", "matrix"} <= words


_SYMMETRIC = word_set("gram gramm gramian cov covariance precision laplacian kmat kxx")


def is_weight_name(name: str) -> bool:
    """Is it called as a weight is: W, w_out, theta?"""
    words = _without_split(tokens(name))
    return bool(words) and (words[-1] in _WEIGHT_WORDS or _WEIGHT_LIKE.match("".join(words)) is not None)


def is_bias_name(name: str) -> bool:
    """Is it called as a bias is: b, b1, bias?"""
    words = _without_split(tokens(name))
    return bool(words) and (words[-1] in _BIAS_WORDS or _BIAS_LIKE.match("".join(words)) is not None)


def _without_split(words: tuple[str, ...]) -> tuple[str, ...]:
    """ "x" of x_train: which part of the data it is tells nothing."""
    return words[:-1] if len(words) > 1 and words[-1] in _SPLITS else words


_SPLITS = word_set("train test valid val batch data")


def lengths(name: str) -> list[Proposal]:
    """What a plain number may be that is called as a length of the data: `hidden_layer_size`, `num_labels`."""
    words = set(tokens(name))
    if name in _SHORT_LENGTHS:
        return [Proposal("length", below=_SHORT_LENGTHS[name])]
    if not words & _COUNTS:
        return []
    return [Proposal("length", below=letter) for letter, named in _LENGTHS.items() if words & named][:1]


def positive(proposal: Proposal, kinds: Collection[ProposalKind] = _NORMAL) -> Proposal:
    """The same without numbers below 0, where it is of one of these kinds."""
    return replace(proposal, kind="positive") if proposal.kind in kinds else proposal


def _real(shapes: Sequence[str]) -> list[Proposal]:
    return [Proposal("real", axes) for axes in dict.fromkeys(shapes)]


def _targets(kind: ProposalKind) -> list[Proposal]:
    return [
        Proposal("index", "n", "d"),
        Proposal(kind, "n d", is_owed=False),
        Proposal("one-hot", "n d"),
        Proposal(kind, "n", is_owed=False),
        Proposal("index", "n", 2),
        Proposal("index", "n t", "d"),
        Proposal("index", "", "d"),
        *(Proposal(kind, axes, is_owed=False) for axes in _TARGETS[2:]),
    ]


def constant(words: Sequence[str], otherwise: Any = 0.5) -> Any:
    """A usual value for a plain number or word of this name."""
    return next((CONSTANTS[word] for word in reversed(words) if word in CONSTANTS), otherwise)


# The axes of a number that is learned and has a default: one for all entries, one for each, one for each column.
_LEARNED = ("", "n d", "d")


def learned(default: float) -> list[Proposal]:
    """What is learned and may be left out: `alpha=0.1`."""
    kind: ProposalKind = "unit" if 0 < default < 1 else "real"
    return [*(Proposal(kind, axes) for axes in _LEARNED), Proposal("keep")]
