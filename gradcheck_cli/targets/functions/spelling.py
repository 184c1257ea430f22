"""What names say: which function is whose backward, which gradient is whose. Nothing is executed here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

# d in front of a tensor's name: dx, dW, d_w1, dgamma; not data, not dim.
_D = re.compile(
    r"^d(?:_\w+|[A-Z]\w*|[a-z]\d?|[wbxyzhqkv][a-z]?\d?|gamma|beta|scores|logits|out|pred|weights?|bias|theta|emb"
    r"|[wbxyzhcsa]\d?_(?:prev|next|new|old|in|out)|[wb]\d?_\w+)$"
)


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for membership."""
    return frozenset(text.split())


def in_order(text: str) -> tuple[str, ...]:
    """The words of a text, the likeliest first."""
    return tuple(text.split())


# Of each kind the English words first; then German, French, Spanish, Portuguese, Italian, Polish, Turkish, Russian in
# Latin letters, Indonesian, Chinese and Japanese in theirs.
FORWARD_WORDS = word_set(
    "forward fwd fprop fw vorwaerts adelante avante avanti ileri vpered maju "
    "qianxiang zhengxiang dopredu voorwaarts przod framat"
)
# Of these, what says that it goes back through all that a forward did.
THROUGH_ALL = word_set(
    "backward bwd backprop bprop backwards backpropagation backpropagate vjp pullback rueckwaerts "
    "retropropagation retropropagacion retropropagacao retropropagazione fanxiang"
)
BACKWARD_WORDS = THROUGH_ALL | word_set(
    "back bw grad gradient grads gradients derivative derivatives deriv derive prime der d diff dx adjoint adj "
    "derivada gradiente ableitung derivee pochodna turev turevi gradienten gradientes gradienti gradiens gradien "
    "derivata proizvodnaya turunan tidu koubai arriere atras tras indietro wstecz geri nazad obratno"
)
# By itself a matrix has one too.
_BESIDE_A_NAME = word_set("adjoint adj")
# What an upstream is called, beside d and the name of an output.
UPSTREAM_WORDS = word_set(
    "dout d_out dy dz dl_dout dl_dy dldy grad_output grad_outputs grad_out output_grad output_gradient upstream "
    "upstream_grad g grad gradient delta deltas dvalues doutput dz_out da dh ds dscores error err grad_y gy gout "
    "output_error out_grad accum_grad grads top_grad topgrad top_diff dtop dloss dprev d_output back_grad d_y do "
    "next_grad dnext upstream_gradient dl incoming incoming_grad derivative g_out dldz dl_dz d_loss"
)
# Tables of angles, which are computed and not learnt.
ANGLE_WORDS = word_set("cos sin freq freqs cis")
# A letter of a value, and the layer's number; not that of its data.
_BETWEEN_LAYERS = re.compile(r"d_?[A-WYZa-wyz]_?\d+")
LOSS_WORDS = word_set(
    "loss cross entropy crossentropy xent logloss ce cce mse mae rmse sse rss mape hinge svm nll bce huber l1 l2 "
    "criterion kl kld kldiv jsd divergence focal dice tversky triplet contrastive pinball cost error objective "
    "posterior likelihood loglikelihood loglik elbo logp logpdf logprob energy potential hamiltonian penalty "
    "kosten verlust perte cout costo coste perdida custo perda perdita koszt strata maliyet kayip poteri biaya "
    "kerugian sunshi sonshitsu"
)
# Of a loss's name, what only says that it is one: `compute_gradient` belongs to `compute_cost`.
_MERELY_LOSS = word_set(
    "loss cost objective criterion function func fn funktion fonction funcion funcao funzione funkcja fonksiyon fungsi "
    "kosten verlust perte cout costo coste perdida custo perda perdita koszt strata maliyet kayip poteri biaya kerugian"
)
TARGET_WORDS = word_set("y t target targets label labels truth gt true expected tgt")
PREDICTED_WORDS = word_set("pred predicted prediction predictions hat logits logit output outputs scores score probs")
COUNT_WORDS = word_set("size count num number length len m n batch samples dim dims units features classes")
RATES = word_set("lr learning_rate learn_rate eta alpha rate step_size stepsize learningrate l_rate")
RUNNING_WORDS = word_set("running moving ema")
CACHE_WORDS = word_set("cache caches saved ctx context memory memo residual residuals res tape stash saved_tensors")


def tokens(name: str) -> tuple[str, ...]:
    """ "LayerNorm_backward2" -> ("layer", "norm", "backward", "2"); how many axes there are is one word: "1d".

    Letters are read without their accents: "dérivée" -> ("derivee",).
    """
    if not name.isascii():
        name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    parts = re.findall(r"\d+[dD](?![A-Za-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", name)
    return tuple(part.lower() for part in parts)


def base_of(name: str) -> tuple[str, ...]:
    """A function's name without what says its direction: ("affine",) for "affine_backward" and for "forward_affine"."""
    said = FORWARD_WORDS | BACKWARD_WORDS
    whole = tuple(part for part in tokens(name) if part not in said)
    return tuple(part for part in whole if part not in _VERBS) or whole


_VERBS = word_set("apply compute calc calculate eval evaluate get cached func fun fn function")
# What formulas call a function, and an objective.
_OF_FUNCTIONS = ("f", "j", "l", "e")
# Written into one word with what it is the derivative of: dsigmoid, sigmoidprime, gradf.
_IN_FRONT = in_order("d d_ grad deriv")
# Before what is called propagation in any language.
_BACK = in_order("retro back back_ retro_")
_BEHIND = in_order("prime grad gradient deriv derivative der backward bwd _ad")
# The derivative of one by another, in one name: dL_dw, dfdx, dloss_dtheta.
_BY_ANOTHER = re.compile(
    r"^d_?(?:[A-Za-z]|loss|cost|err|error|energy|objective)_?d_?"
    r"(?P<by>[A-Za-z]\d?|theta|beta|gamma|alpha|mu|sigma|phi|weights?|bias|params?|pred|logits?)$"
)
# `ds`, `Ws` and `dxs` are names of one thing.
_SHORT = 3


def bases_of(backward: str) -> tuple[tuple[str, ...], ...]:
    """What its forward may be called: ("dsigmoid",) or ("sigmoid",) for "dsigmoid", and ("dense",) for "dense_grad"."""
    base = base_of(backward)
    says_nothing = len(base) == len(tokens(backward))
    if says_nothing and base and base[0][:1] == "d" and len(base[0]) > 3:
        return base, (base[0][1:], *base[1:])
    return (base,)


def goes_backward(name: str) -> bool:
    """Does a name say that it is a backward?"""
    is_said = bool(BACKWARD_WORDS & set(tokens(name)) - _BESIDE_A_NAME) or _BY_ANOTHER.match(name) is not None
    is_said = is_said or (bool(_BESIDE_A_NAME & set(tokens(name))) and not set(tokens(name)) <= _BESIDE_A_NAME)
    return is_said and not FORWARD_WORDS & set(tokens(name))


def backwards_among(names: Iterable[str]) -> list[str]:
    """Those that are backwards of others: by their words, or in one word with another's name (dsigmoid, fprime)."""
    known = list(names)
    return [name for name in known if goes_backward(name) or _derived_from(name, known)]


def _derived_from(name: str, names: Iterable[str]) -> list[str]:
    """Those with whose name it is written in one word."""
    return [other for other in names if other != name and name.lower() in _derivatives(other.lower())]


@lru_cache(maxsize=2**12)  # of every name beside every other of a file
def _derivatives(name: str) -> frozenset[str]:
    back = _BACK if name.startswith("prop") else ()  # a `background` is no derivative of a `ground`
    return frozenset([*(mark + name for mark in (*_IN_FRONT, *back)), *(name + mark for mark in _BEHIND)])


def derived_argument(backward: str, arguments: Sequence[str]) -> str:
    """The argument by which a function's name says that it is the derivative: "w" of grad_w and dL_dw; "" for none."""
    by = _BY_ANOTHER.match(backward)
    found = belongs_to(f"d{by['by']}" if by else backward, arguments)
    return found if found != backward else ""


def goes_forward(name: str) -> bool:
    """Does a name say that it is a forward?"""
    return bool(FORWARD_WORDS & set(tokens(name)))


def forward_for(backward: str, names: Iterable[str]) -> str:
    """The forward that a backward belongs to, among the functions of its file; "" where none is.

    The same name but for the direction, else but for the word that says that it is a loss ("compute_cost" for
    "compute_gradient") or for the letter of a function ("f_ridge" for "grad_ridge"), else the one whose initials it
    holds ("negative_log_likelihood" for "derivative_nll"), else the longest name that is a part of the backward's own
    ("batchnorm_forward" for "batchnorm_backward_alt"), else the only one that says that it is a forward.
    """
    base = base_of(backward)
    known = list(names)
    backwards = backwards_among(known)
    others = [name for name in known if name != backward and name not in backwards]
    same = [name for name in others if base_of(name) in bases_of(backward)]
    if same:
        return min(same, key=lambda name: (not goes_forward(name), len(name)))
    losses = [name for name in others if _is_loss_of(name, base)]
    losses = losses or [
        name for name in others if tokens(name) in [(letter, *base) for letter in _OF_FUNCTIONS if base]
    ]
    if len(losses) == 1:
        return losses[0]
    derived = _derived_from(backward, others)
    if derived:
        return max(derived, key=len)
    short = [name for name in others if _initials(name) in base]
    if len(short) == 1:
        return short[0]
    parts = [name for name in others if goes_forward(name) and base_of(name) and set(base_of(name)) < set(base)]
    if parts:
        return max(parts, key=lambda name: len(base_of(name)))
    return ""


def _initials(name: str) -> str:
    """ "mse" of mean_squared_error_loss; "" of what has too few words for anybody to shorten it."""
    words = list(base_of(name))
    while words and words[-1] in _MERELY_LOSS:
        words.pop()
    return "".join(word[0] for word in words) if len(words) > 2 else ""


def _is_loss_of(name: str, base: tuple[str, ...]) -> bool:
    """Is it called as the gradient is, but that it is a loss?"""
    parts = base_of(name)
    is_loss = bool(set(parts) & (_MERELY_LOSS & LOSS_WORDS))
    own, others = ([part for part in each if part not in _MERELY_LOSS | _VERBS] for each in (parts, base))
    return is_loss and own == others


def belongs_to(gradient: str, names: Sequence[str]) -> str:
    """The argument that a gradient's name means: "x" for dx, grad_x, x_grad; "" for none.

    Exactly as it is written before without regard to capitals, as W and w may be two; one of many last.
    """
    return _belongs_to(gradient, tuple(names))


@lru_cache(maxsize=2**12)  # every call of an object asks again of all that it holds
def _belongs_to(gradient: str, names: tuple[str, ...]) -> str:
    last = gradient.rpartition(".")[2]
    for fold in (str, str.lower, _singular):
        known = {fold(name).strip("_"): name for name in names}
        found = _marked(fold(last).strip("_"), known)
        if found:
            return found
    return ""


def _singular(name: str) -> str:
    """ "prediction" of predictions; what is as short as `ds` and `Ws` is no plural."""
    return name.lower().removesuffix("s") if len(name) > _SHORT else name.lower()


def are_renamed(names: Sequence[str], arguments: Sequence[str]) -> bool:
    """Are these the arguments, each in its place, with the same letters before or behind: datax, datay for x, y?"""
    pairs = [(name, argument) for name, argument in zip(names, arguments, strict=False) if name != argument]
    before = {name.removesuffix(argument) for name, argument in pairs if name.endswith(argument)}
    behind = {name.removeprefix(argument) for name, argument in pairs if name.startswith(argument)}
    is_one = any(
        len(added) == 1 and all(match(name, argument) for name, argument in pairs)
        for added, match in ((before, str.endswith), (behind, str.startswith))
    )
    return len(names) == len(arguments) and len(pairs) > 1 and is_one


def argument_called(name: str, arguments: Sequence[str]) -> str:
    """The argument of a forward that a parameter of its backward means: "X" for X, x or X_batch; "" for none or two."""
    folded = {each.lower(): each for each in arguments}
    if name in arguments or name.lower() in folded:
        return name if name in arguments else folded[name.lower()]
    begin = tokens(name)
    found = [each for each in arguments if tokens(each) and begin[: len(tokens(each))] == tokens(each)]
    return found[0] if len(found) == 1 else ""


def derived_from(gradient: str, names: Sequence[str]) -> str:
    """The one whose gradient a name says with a word behind it: "alpha" of d_alpha_extra; "" for none or two."""
    words = tokens(gradient)
    if len(words) < 3 or words[0] not in ("d", "grad"):
        return ""
    found = [name for name in names if words[1 : 1 + len(tokens(name))] == tokens(name)]
    return found[0] if len(found) == 1 else ""


# In front of an argument's name.
_MARKS = in_order(
    "grad_ nabla_ delta_nabla_ d_ d gradient_ derivative_ deriv_ delta_ g_ dl_d dldd dld dl_ grad dloss_d "
    "de_d dj_d djd dc_d dcost_d g"
)
# What is written out in a gradient's name, and in short as an argument.
_IN_SHORT = {"weight": "w", "weights": "w", "bias": "b", "biases": "b", "input": "x", "inputs": "x"}
# And in short in a gradient's name, `dw`, what is written out as an argument.
_IN_LONG = {"w": in_order("weight weights"), "b": in_order("bias biases"), "x": in_order("input inputs")}


def _marked(name: str, known: dict[str, str]) -> str:
    if name in known:
        return known[name]
    for mark in _MARKS:
        if name.startswith(mark) and name[len(mark) :].strip("_") in known:
            return known[name[len(mark) :].strip("_")]
    for mark in _MARKS:
        short = _IN_SHORT.get(name[len(mark) :].strip("_"), "") if mark.endswith("_") and name.startswith(mark) else ""
        if short in known:
            return known[short]
    for mark in _MARKS:
        full = _IN_LONG.get(name[len(mark) :].strip("_"), ()) if name.startswith(mark) else ()
        if found := next((known[each] for each in full if each in known), ""):
            return found
    for mark in ("_grad", "_gradient", "grad", "_bar", "_g", "_delta", "_updates", "_diff", "_ad", "_adj"):
        stem = name[: -len(mark)].strip("_") if name.endswith(mark) else ""
        if found := next((known[each] for each in (stem, f"{stem}s", f"{stem}es") if stem and each in known), ""):
            return found
    return ""


def looks_like_gradient(name: str) -> bool:
    """Is something called as gradients are: dx, dW, grad, grads, grad_x, x_grad?"""
    plain = name.rpartition(".")[2].strip("_")
    words = tokens(plain)
    return bool({"grad", "grads", "gradient", "gradients", "derivative", "nabla"} & set(words)) or bool(_D.match(plain))


def is_between_layers(name: str) -> bool:
    """Is something called as the gradient of a value of one layer of several is: dZ2, da_1? Not dx1."""
    return _BETWEEN_LAYERS.fullmatch(name) is not None


def is_upstream(name: str) -> bool:
    """Is a parameter of a backward called as dE/dO is?"""
    plain = name.lower().strip("_")
    return plain in UPSTREAM_WORDS or plain.startswith(("dout", "grad_out", "dnext", "upstream", "d_out", "grad_next"))


def is_target(name: str) -> bool:
    """Is it what a loss compares with: y_true, labels, target?"""
    words = set(tokens(name))
    is_gradient = is_upstream(name) or looks_like_gradient(name)  # dY
    return bool(words & TARGET_WORDS) and not words & PREDICTED_WORDS and not is_gradient


def is_running(name: str) -> bool:
    """Is it called as the statistics are that a norm moves on with each batch: running_mean, moving_var?"""
    return bool(set(tokens(name)) & RUNNING_WORDS)


def is_cache(name: str) -> bool:
    """Is a parameter of a backward called as what its forward kept?"""
    return name.lower().strip("_") in CACHE_WORDS or name.lower().endswith(("cache", "saved"))


def shape_called(name: str, given: Sequence[str]) -> str:
    """The argument whose shape is meant: "x" by x_shape, the first by input_shape and shape; "" for none."""
    words = tokens(name)
    if words[-1:] != ("shape",):
        return ""
    return argument_called("_".join(words[:-1]), given) or (given[0] if set(words) <= _OF_THE_INPUT else "")


_OF_THE_INPUT = word_set("shape in input orig original")


def counts_data(name: str) -> bool:
    """Is a parameter of a backward called as the number of rows or columns is: batch_size, m?"""
    return bool(set(tokens(name)[-1:]) & COUNT_WORDS)
