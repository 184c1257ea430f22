"""What people call their arguments: from a name to the roles it may play, the likeliest first.

Names of arrays and sizes only; what is done with them is `binding`'s work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

# Where the names come from: 122 public backwards of convolutions, read and run one by one (solutions of courses, code
# of books, plain repositories; 66 of them NCHW, 34 NHWC), 64 more by strangers to this program, and what their authors
# call the same thing elsewhere in the same files. A pattern lists what was met, with the usual spellings of each word.
# The order counts: what a name may be first, it is taken for first.

# Of the parameters of a backward or a forward that is a function.
FUNCTION_ROLES: tuple[tuple[str, str], ...] = (
    (
        "x_padded",
        r"x_?pad(ded)?|xp|padded_?(x|input|a|image|data)|(input|a_prev|image|inp|a)_?pad(ded)?|x_p|pad(ded)?_x",
    ),
    ("output_padding", r"(out(put)?|adj)_?pad(ding)?|op|opad"),
    ("padding_mode", r"(pad(ding)?|border|boundary|edge)_?(mode|type|kind)|boundary|border|mode"),
    ("x_shape", r"(x|a|input|inp|in|image|img|data|tensor|a_prev|input_data)_?(shape|dims?|size|sz)|shape_x|shape"),
    ("in_size", r"(x|input|inp|in|image|img)_?(size|sz|hw)"),
    ("w_shape", r"(w|weights?|filters?|kernels?)_?(shape|dims?)|shape_w"),
    ("lr", r"lr|learning_?rate|learn_?rate|alpha|eta|rate|step_size|epsilon|learningrate|l_r|learnrate"),
    ("stride_d", r"s_?d|stride_?(d|z|depth)|sz"),
    ("stride_h", r"s_?h|stride_?(h|y|height)|sy"),
    ("stride_w", r"s_?w|stride_?(w|x|width)|sx"),
    ("padding_d", r"p_?d|pad_?(d|z|depth)|padding_(d|z)"),
    ("padding_h", r"p_?h|pad_?(h|y|height)|padding_(h|y)"),
    ("padding_w", r"p_?w|pad_?(w|x|width)|padding_(w|x)"),
    ("dilation_h", r"dil(ation)?_?(h|y)"),
    ("dilation_w", r"dil(ation)?_?(w|x)"),
    ("stride", r"s|strides?|stride_?(len|length|size)|step|steps|(conv|filter)_?stride|(conv|filter)_s|st"),
    ("padding", r"p|pads?|padding|zero_?pad(ding)?|pad_?(size|len|amount|width)|paddings|pd|conv_?pad(ding)?|n_?pad"),
    ("dilation", r"dil|dilations?|dilate|(dilation_?|atrous_?)?rates?|atrous|d"),
    ("groups", r"groups?|n_?groups|num_groups|grp"),
    (
        "cache",
        r"caches?|saved|memory|mem|store|stored|ctx|cached|conv_?cache|layer_cache|context|tape|state|intermediates?",
    ),
    (
        "params",
        r"(conv_?|hyper_?|h_?)(params?|parameters?)|hp|hps|config|cfg|opts?|options?|conv_?(config|opts?|options?)",
    ),
    ("kernel_h", r"kh|k_?h|fh|f_?h|hh|(kernel|filter|pool|field)_?(h|height)|f_?height|kernel_rows|krows"),
    ("kernel_w", r"kw|k_?w|fw|f_?w|ww|(kernel|filter|pool|field)_?(w|width)|f_?width|kernel_cols|kcols"),
    (
        "kernel_size",
        r"(kernel|filter|field|window|f|k)_?(size|dim|shape|sz|len)|ksize|fsize|ksz|ks|filtersize|kernel_?sizes|k_?shape|k",
    ),
    (
        "grad_output",
        r"d_?(out|outputs?|z|y|o|a|l|e|h|next|upper|values?|conv|top|s|v|u|c|loss|err|score|scores|res|result)"
        r"(_?(next|prev|l|curr|in|out|conv|\d))?"
        r"|d_?[lez](oss)?_?d_?(out|outputs?|z|y|o|a|h|s|c)|grad|grads|gradients?|g|gy|gz|go|gout|upstream\w*|deltas?|delta_?\w*"
        r"|(output|out|up|upstream|accum|accumulated|loss|prev|next|top|incoming|y|z|o)_?(grads?|gradients?|errors?|delta|diff|derivative)"
        r"|grads?_?(out|outputs?|y|z|o|a|h|in|upstream|accum|loss|next|top|conv)|gradients?_?(out|output|y|loss|upstream)\w*"
        r"|errors?|err|errs|residuals?|dj_?d\w+|d_?[le]_?d\w+|douts?|top_diff|sensitivity|back_?(grad|prop|error)\w*|d_?\w*out\w*|epsilon_next|pd_\w+"
        r"|eta|d",
    ),
    ("bias", r"b|bias|biases|beta|w_?0|theta_?0|b_?(conv|\d|c|l)|conv_?b(ias)?|bs|bias_?vec(tor)?"),
    (
        "weight",
        r"w|weights?|wt|ws|f|filters?|filt|filts|k|kernels?|ker|theta|thetas|w_?(conv|\d|c|l)|conv_?(w|weights?|filters?|kernels?)"
        r"|kern|kerns|wgt|flt|masks?|(filter|kernel)_?(weights?|bank)|parameters_w|w_?(mat|matrix)|cur_?(weights?|filters?)",
    ),
    (
        "x",
        r"x|x_?(in|prev|\d|i|data|input|batch|l|orig)|inp|inputs?|input_?(data|x|tensor|image|images|batch|volume|array|layer|map|feature|features|img)"
        r"|in_?|in_?data|a_?prev|prev_?a\w*|a_?in|images?|imgs?|im|a|a_?\d|a_?l|activations?|act|bottom|bottom_?data|data|feature_?maps?|fmap"
        r"|last_?(inputs?|x)|prev_?(layer|input|out|output|activations?)|layer_?(in|input)|xs|batch|features?|volume|signals?|seqs?|sequences?|h_?prev|z_?prev|i|conv_?(in|input)"
        r"|orig_?\w*|src|source|previous\w*|cached_?input|saved_?input|tensor",
    ),
    ("output", r"out|outputs?|y|z|o|a_?(out|cur|curr|l)|y_?(hat|pred)|conv_?out|top|forward_?out\w*|result"),
    ("out_size", r"(out|output|target|o)_?(size|shape|hw)"),
    ("batch", r"n|m|batch_?size|n_?batch|num_?images|bs"),
    ("in_channels", r"c|c_?in|in_?(channels?|ch)|n_?c_?prev|channels?"),
    ("out_channels", r"c_?out|out_?(channels?|ch)|n_?c|n_?filters|num_?filters|nf"),
    ("in_h", r"h|in_?h(eight)?|height|n_?h_?prev|h_?in|input_?h(eight)?"),
    ("in_w", r"w_?in|in_?w(idth)?|width|n_?w_?prev|input_?w(idth)?|length|seq_?len(gth)?|l_?in|(in|input)_?len(gth)?"),
    ("out_h", r"h_?out|out_?h(eight)?|oh|ho"),
    ("out_w", r"w_?out|out_?w(idth)?|ow|wo|l_?out|(out|output)_?len(gth)?"),
)

# Of the parameters of a layer's constructor: half of those files have a class.
CONSTRUCTOR_ROLES: tuple[tuple[str, str], ...] = (
    ("output_padding", r"(out(put)?|adj)_?pad(ding)?"),
    ("lr", r"lr|learning_?rate|learn_?rate|alpha|eta|l_?rate"),
    ("optimizer", r"optimi[sz]er|opt|optim|solver"),
    ("activation", r"act|activation\w*|act_?fn|act_?func\w*|nonlinearity|actfunc|non_?lin\w*"),
    (
        "input_shape",
        r"(input|in|image|x|img|inp)_?(shape|dims?|dimensions?|size)|input_?size|shape|insize|inputs?_shape",
    ),
    (
        "kernel_size",
        r"(kernel|filter|field|window|patch|f|k|conv|receptive_?field)_?(size|shape|dim|sz|len|length|width)?s?|ks|ksize|fsize|size|shape|spatial_?extent|filtersize|kernelsize|kernel_?sizes|kernel_?dims?|(n|num|number_?of)?_?taps?|side",
    ),
    ("w_shape", r"(w|weights?|filters?|kernels?|conv|convolution)_?(tensor_)?(shape|dims?)|k_?shape"),
    ("b_shape", r"(b|bias|biases)_?(shape|size|dims?)"),
    ("stride_h", r"s_?h|stride_?(h|y|height)|sy"),
    ("stride_w", r"s_?w|stride_?(w|x|width)|sx"),
    ("padding_h", r"p_?h|pad_?(h|y|height)|padding_(h|y)"),
    ("padding_w", r"p_?w|pad_?(w|x|width)|padding_(w|x)"),
    ("stride", r"s|strides?|stride_?(len|length|size|shape)|step|steps|conv_?stride"),
    (
        "padding",
        r"p|pads?|padding|zero_?pad(ding)?|pad_?(size|len|amount|width|mode|type)|mode|border_?mode|padding_?(mode|type|size)",
    ),
    ("padding_mode", r"(pad(ding)?|border|boundary)_?(mode|type|kind)|boundary|border|mode"),
    ("dilation", r"dil|dilations?|dilate|dilation_?(rate|factor)|d"),
    ("groups", r"groups?|n_?groups|num_groups"),
    ("use_bias", r"use_?bias|with_?bias|has_?bias|bias|fit_?bias|add_?bias|bias_?(term|flag|enabled)|biased|b"),
    (
        "kernel_h",
        r"kh|k_?h|fh|f_?h|hh|(kernel|filter|k|f)_?(h|height|rows|y)|f_?height|n_?rows|(h|height|rows)_?(kernel|filter|k|f)|sy",
    ),
    (
        "kernel_w",
        r"kw|k_?w|fw|f_?w|ww|(kernel|filter|k|f)_?(w|width|cols|x)|f_?width|n_?cols|(w|width|cols)_?(kernel|filter|k|f)|sx",
    ),
    (
        "out_channels",
        r"(n|num|nb|no|number|count|n_?of|num_?of|number_?of)_?(of_?)?(filters?|kernels?|out\w*|feature_?maps?|f|k|maps|units|neurons)|out_?(channels?|chans?|ch|c|planes|features|maps|dim|depth|filters|put_?channels?)"
        r"|(embed|emb|embedding)_?dims?|outputs?(_?(channels?|depth|dim|maps|size|features|ch|filters))?|c_?out|filters?|kernels?|depth|f|n_?f|n_?out|n_?o|nfilters?|nkernels?|out|oc|outc|co|cout|n_?c|channels_?out|out_?n|filter_?(num|count|nums|number|depth_?out)|kernel_?(num|count|nums|number)|ch_?out|k_?num|next_?channels|num|count",
    ),
    (
        "in_channels",
        r"(n|num|nb|no|number|number_?of)_?(of_?)?(channels?|in\w*|c)|in_?(channels?|chans?|ch|c|planes|features|maps|dim|depth|put_?channels?)|inputs?(_?(channels?|depth|dim|maps|features|ch))?"
        r"|c_?in|channels?|c|n_?in|n_?i|n_?c_?prev|in|ic|inc|ci|cin|channels_?in|ch_?in|image_?(channels?|depth)|img_?(channels?|depth)|prev_?channels|ch|(filter|kernel)_?(depth|channels?)|input_?n|n_?channel|depth_?in|depth",
    ),
    ("in_h", r"h|in_?h(eight)?|height|input_?h(eight)?|image_?h(eight)?|img_?h(eight)?|x_?h|h_?in|in_?s?y"),
    (
        "in_w",
        r"w|in_?w(idth)?|width|input_?w(idth)?|image_?w(idth)?|img_?w(idth)?|x_?w|w_?in|in_?s?x|length|seq_?len(gth)?|l_?in",
    ),
    ("in_size", r"(image|img|input)_?(len|length|side)"),
    ("batch", r"n|m|batch_?size|bs|n_?batch|batch|mini_?batch_?size"),
    (
        "weight",
        r"w|weights?|filter_?weights|kernel|kernels|filters|w_?init\w*|initial_?weights?|taps?|coeffs?|coefficients?"
        r"|impulse_?response|h",
    ),
    ("bias", r"b|bias|biases|b_?init\w*"),
    ("params", r"(conv_?|hyper_?|h_?)?(params?|parameters?)|hp|config|cfg|options?"),
    ("name", r"name|layer_?name|id|tag|label"),
)

# Of what comes back: keys of a dict, attributes, names behind `return`: dW, gradient_weights, delta_w.
GRADIENT_NAMES: tuple[tuple[str, str], ...] = (
    (
        "weight",
        r"(d|grads?|g|gradients?|delta|del|nabla|partial|dl_?d|de_?d|dj_?d|d_?l_?d_?|d_?loss_?d_?)_?(w|ws|weights?|f|filters?|filts?|k|ks|kernels?|ker|theta|filt|wt|param_w)(_?\d|_?conv|_?total|_?sum|_?acc)?"
        r"|(w|weights?|f|filters?|k|kernels?)_?(grads?|gradients?|d|delta|deltas|error|derivative|diff|update)|dw\w*|dk\w*|df\w*|gradient_?w\w*|grad_?w\w*",
    ),
    (
        "bias",
        r"(d|grads?|g|gradients?|delta|del|nabla|partial|dl_?d|de_?d|dj_?d|d_?l_?d_?|d_?loss_?d_?)_?(b|bs|bias|biases)(_?\d|_?conv|_?total|_?sum|_?acc)?"
        r"|(b|bias|biases)_?(grads?|gradients?|d|delta|deltas|error|derivative|diff|update)|db\w*|gradient_?b\w*|grad_?b\w*",
    ),
    (
        "input",
        r"(d|grads?|g|gradients?|delta|del|nabla|partial|dl_?d|de_?d|dj_?d|d_?l_?d_?|d_?loss_?d_?)_?(x|xs|inputs?|inp|in|i|a|a_?prev|prev|image|images|img|im|data|z_?prev|h|feature_?map)(_?\w*)?"
        r"|(x|inputs?|a_?prev|image|in)_?(grads?|gradients?|d|delta|deltas|error|derivative|diff)|dx\w*|grad_?x\w*|bottom_diff|output_error|in_?diff|out|result|dprev\w*|da\w*",
    ),
)


NO_GRADIENTS = ("dat", "dim", "dep", "dil", "dic", "dev", "dty", "deb", "dro", "den")
"""Words that begin with a d and are no derivative."""


def function_roles(name: str) -> list[str]:
    """Roles that a parameter of a backward or forward function may play; [] for a name that tells nothing."""
    return list(_match(name, FUNCTION_ROLES)) or _as_of_an_array(name)


# Words beside the name of an array that say no more: `in_bias`, `my_weights`, `bias_term`. Alone they may say much.
_BESIDE = r"(?:(?:in|my|the|this|layer|given)_)?(\w+?)(?:_(?:term|value|values|array|tensor|param))?"


def _as_of_an_array(name: str) -> list[str]:
    """The array that the rest of a name means, when what only stands beside it is left out."""
    found = re.fullmatch(_BESIDE, _plain(name))
    rest = found[1] if found else ""
    if rest == _plain(name) or (len(rest) == 1 and rest not in "xwb"):  # `in_k` is a number as well
        return []
    return [role for role in _match(rest, FUNCTION_ROLES) if role in ("x", "weight", "bias")]


def constructor_roles(name: str) -> list[str]:
    """Roles that a parameter of a layer's constructor may play."""
    return list(_match(name, CONSTRUCTOR_ROLES))


def gradient_role(name: str) -> str:
    """ "weight", "bias" or "input" for a name such as dW, grad_b, d_input; "" for another."""
    if _plain(name).startswith(NO_GRADIENTS):
        return ""
    roles = _match(name, GRADIENT_NAMES)
    return roles[0] if roles else ""


# What people call the four margins, in the languages of courses: role -> words.
_MARGINS: Mapping[str, str] = {
    "padding_h": r"top|up(per)?|above|north|oben|arriba|haut|cima|alto|sopra|boven",
    "padding_h_after": r"bot(tom)?|down|lower|below|south|unten|abajo|bas|baixo|basso|sotto|onder",
    "padding_w": r"l(ef)?t|left|west|links|izq(uierda)?|gauche|esq(uerda)?|sinistra",
    "padding_w_after": r"r(igh)?t|right|east|rechts|der(echa)?|droite|dir(eita)?|destra",
}
# The same by their first letters.
_INITIALS: Mapping[str, str] = {
    "t": "padding_h",
    "u": "padding_h",
    "b": "padding_h_after",
    "d": "padding_h_after",
    "l": "padding_w",
    "r": "padding_w_after",
}


def corners(names: Sequence[str]) -> tuple[str, ...]:
    """The roles of four margins in the order of their names; top, left, bottom, right where no names tell."""
    return _margins(names) or ("padding_h", "padding_w", "padding_h_after", "padding_w_after")


def are_margins(names: Sequence[str]) -> bool:
    """Whether four names say one side each: `top, bottom, left, right = border`."""
    return bool(_margins(names))


def _margins(names: Sequence[str]) -> tuple[str, ...]:
    """The role of each name, () where they do not tell four sides."""
    words = [re.sub(r"^(p(ad(ding)?)?_?|_)|_?p(ad(ding)?)?$", "", name.lower()) for name in names]
    said = [next((role for role, known in _MARGINS.items() if re.fullmatch(known, word)), "") for word in words]
    found = said if all(said) else [_INITIALS.get(word[:1], "") for word in words]
    return tuple(found) if len(found) == 4 and set(found) == set(_MARGINS) else ()


@cache
def _match(name: str, table: tuple[tuple[str, str], ...]) -> list[str]:
    plain = _plain(name)
    return [role for role, pattern in table if _compiled(pattern).fullmatch(plain)]


# When it is first asked for: all of them take a twentieth of a second.
_compiled = cache(re.compile)


def compile_all() -> None:
    """The patterns of every table, now."""
    for table in (FUNCTION_ROLES, CONSTRUCTOR_ROLES, GRADIENT_NAMES):
        for _, pattern in table:
            _compiled(pattern)


def _plain(name: str) -> str:
    """Lower case, camelCase split, outer underscores and a leading "self" dropped."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name)
    return split.lower().strip("_")
