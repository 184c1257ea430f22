"""The axes of an argument as its code and its comments tell them: `n, t, d = x.shape`, "x: (N, T, D)".

Both name lengths, and one name is one length in all arguments: that is what makes them fit each other.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.inputs.proposals import Proposal
from gradcheck_cli.targets.functions.spelling import word_set

# How a length is usually called -> the letter of `proposals.SIZES`. From the code and the docstrings of the courses
# (cs231n, deeplearning.ai, CMU 11-785), of llm.c and of papers' listings.
_LETTERS = {
    "n": word_set("n b bs rows batch batch_size m_samples num samples nsamples n_samples"),
    "t": word_set("t l s seq seqlen seq_len length time steps timesteps n_steps"),
    "d": word_set("d e f c_in in_features n_in input_size dim features embed embed_dim d_model in_dim n_x"),
    "m": word_set("m h k oc o out_features n_out output_size hidden hidden_size units out_dim n_h dv"),
    "v": word_set("v vocab vocab_size classes num_classes n_classes"),
    "c": word_set("c ch channels"),
}
# Lengths that differ from each other, for names that say nothing.
_SPARE = "dmtvnchw"
_HALF = "c"
# As wide as rows of examples are said to be, and not what code counts: arrays of thousands take minutes.
_LONG = 32
# "(N, T, D)", "[B, C]", "(n,)", "(N x D)"; a factor may stand in front of a name, as in (D, 4H), and a sum
# may stand for one.
_ONE = r"(?:\d+\s*\*?\s*)?[A-Za-z_]\w*(?:\s*//?\s*\d)?"
_LENGTH = rf"{_ONE}(?:\s*\+\s*{_ONE})*|\d+"
_SHAPE = re.compile(rf"(?:\(|(?<!\w)\[)\s*((?:{_LENGTH})(?:\s*[,x]\s*(?:{_LENGTH}))*\s*,?)\s*[)\]]")
# Words between a name and its shape: "x: input data, of shape (N, D)".
_BETWEEN = r"[\s:,\-=]*(?:[^()\[\]\n;]{0,90}?)"
# "shapes (N,)" is said of all arguments.
_ALL = "shapes"
# Arguments that hold whole numbers: "tags (T,) int".
_WHOLE = "int"
# "start, end (K,)"
_NAMES = r"`?[A-Za-z_]\w*`?(?:\s*[,/]\s*`?[A-Za-z_]\w*`?)*"
# "the last two axes of `a` (K, H, W)"
_QUOTED = re.compile(r"`+(\w+)`+\s*$")
# "- target: integer, the index of the target word"; not "y: int array (N,)".
_INTEGER = re.compile(
    r"^[\s\-*#]*`?(\w+)`?\s*(?::|--?|=)\s*(?:an?\s+)?(?:integer|int|index)\b(?!\s*(?:array|list|vector|tensor|arrays|s\b|\())",
    re.MULTILINE,
)
# Behind the name of what is not learnt.
_FROZEN = r"\W{1,3}(?:\w+\W+){0,2}(?:frozen|not trained|not trainable|not learnt|not learned)\b"
# What is said of an array that tells which entries count.
_MASK = r"(?:\b0/1\b|\b0 or 1\b|\bbinary\b|\bboolean\b|\bmask\b|\bindicators?\b)"
_FACTOR = re.compile(r"^(\d+)\s*\*?\s*([A-Za-z_]\w*)$")
# Of what the code only cuts in parts: the other axis.
_ROWS, _COLUMNS = "N", "D"


def documented_axes(source: str, name: str) -> str:
    """The axes in the letters of `proposals.SIZES`; "" where nothing tells them.

    Args:
        source: the text of the forward and of what it uses, with its comments.
    """
    letters = _letters(source)
    return letters.get(name, letters.get(_ALL, ""))


def as_documented(found: Sequence[Proposal], source: str, name: str, others: Sequence[str]) -> list[Proposal]:
    """The proposals, those of the told shape first, and none of another number of axes than the code takes apart.

    Args:
        found: by the argument's name.
        others: the names of the other arguments; whole numbers count one of their axes.
    """
    axes, rank = documented_axes(source, name), documented_rank(source, name)
    known = [named.split() for other in others if (named := documented_axes(source, other))]
    is_whole = name in _in_words(source)[_WHOLE] or name in indices_in(source)
    starts = [axes] if axes else [" ".join(each[:-1]) for each in known if len(each) > 1]
    if name in _whole_numbers(source) and found and found[0].kind in ("real", "index", "mask"):
        found = [Proposal("index", "", found[0].below), *found]
    elif is_whole and found and found[0].kind == "real":
        found = [*(Proposal("index", each) for each in (*starts, "n t", "n", "")), *found]
    elif found and found[0].kind in ("index", "mask"):  # one for each row of what is documented
        found = [*(replace(found[0], axes=each) for each in starts), *found]
    if not axes:
        found = [*_spread(found, source, name), *_with_lengths(found, known)]
        return list(dict.fromkeys(_with_counts(found, source, others)))
    first = _with_counts([replace(each, axes=axes) for each in _one_of_each_kind(found)], source, others)
    rest = [each for each in found if each.kind == "constant" or rank in (None, len(each.axes.split()))]
    return list(dict.fromkeys([*first, *rest]))


def is_said_a_mask(source: str, name: str) -> bool:
    """Do words say of an argument that it holds 0 and 1: "M 0/1 mask of the known ones", "observed: binary (n, d)"?"""
    said = re.compile(
        rf"(?<![\w.]){re.escape(name)}`?\b(?!\s*=)[^.,;\n(]{{0,25}}(?:\([^)\n]*\))?[^.,;\n]{{0,25}}?{_MASK}"
    )
    return any(said.search(text) for text in comments_of(source))


@lru_cache(maxsize=2**8)  # every call of an object asks again of all that it holds
def is_said_frozen(source: str, name: str) -> bool:
    """Does its author say that it is not learnt: "with W frozen", "frozen W", "gamma is not trained"?"""
    argument = rf"(?<![\w.]){re.escape(name)}\b"
    return re.search(rf"{argument}{_FROZEN}|\bfrozen\W{{1,3}}(?:weights?\W{{1,3}})?{argument}", source) is not None


@lru_cache(maxsize=16)
def _whole_numbers(source: str) -> frozenset[str]:
    """The arguments of which words say that they are one whole number: "target: integer, the index of the word"."""
    return frozenset(match[1] for text in comments_of(source) for match in _INTEGER.finditer(text))


def _spread(found: Sequence[Proposal], source: str, name: str) -> list[Proposal]:
    """`a[:, None]` spreads a number for each row over the columns, where it is no pair of rows that is meant."""
    is_column = re.search(rf"\b{name}\[:, ?(?:None|np\.newaxis|numpy\.newaxis)\]", source)
    kinds = dict.fromkeys(each.kind for each in found if each.kind in ("real", "positive", "unit"))
    return [Proposal(kind, "n") for kind in kinds] if is_column else []


def _with_lengths(found: Sequence[Proposal], known: Sequence[Sequence[str]]) -> list[Proposal]:
    """An argument of the lengths that others have: a scale for each entry of the last axis, scores from one to the
    other, the weights of a state."""
    letters = list(dict.fromkeys(each[-1] for each in known if len(each) > 1))
    if not found or found[0].kind != "real":
        return list(found)
    alone = [Proposal("real", letter) for letter in letters]
    return [*found[:1], *alone, *(Proposal("real", f"{letter} {letter}") for letter in letters), *found[1:]]


def _with_counts(found: Sequence[Proposal], source: str, others: Sequence[str]) -> list[Proposal]:
    """Whole numbers below each length that they may count."""
    return [
        replace(each, below=below)
        for each in found
        for below in (_counted(source, others, each.below) if each.kind == "index" else (each.below,))
    ]


@lru_cache(maxsize=16)
def indices_in(source: str) -> frozenset[str]:
    """The names that stand in the place of an index: `table[ids]`, `p[np.arange(n), y]`, `table[[ids[t]]]`."""
    found: set[str] = set()
    for node in syntax.nodes_in(source):
        if isinstance(node, ast.Subscript):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            parts = [each for part in parts for each in (part.elts if isinstance(part, ast.List) else [part])]
            for part in parts:
                inner = part.value if isinstance(part, ast.Subscript) else part
                found |= {inner.id} if isinstance(inner, ast.Name) else set()
    return frozenset(found)


def _one_of_each_kind(found: Sequence[Proposal]) -> list[Proposal]:
    kinds = {(each.kind, each.is_owed): each for each in reversed(found) if each.kind not in ("constant", "keep")}
    return [each for each in found if any(each is one for one in kinds.values())]


def _counted(source: str, others: Sequence[str], usual: str | int) -> list[str | int]:
    """What whole numbers may count: the columns of another argument, or its rows."""
    known = [axes.split() for other in others if (axes := documented_axes(source, other)) and " " in axes]
    return list(dict.fromkeys([*(each[-1] for each in known), *(each[0] for each in known), usual]))


def documented_rank(source: str, name: str) -> int | None:
    """How many axes the code takes apart: `n, d = x.shape` runs on no other number of them."""
    lengths = _unpacked(source).get(name)
    return None if lengths is None else len(lengths)


@lru_cache(maxsize=16)
def _letters(source: str) -> dict[str, str]:
    words, code = _in_words(source), _unpacked(source)
    found = {name: list(lengths) for name, lengths in (_in_parts(source) | words | code).items()}
    same = _same(
        pair
        for name in words.keys() & code.keys()
        if len(words[name]) == len(code[name])
        for pair in zip(words[name], code[name], strict=True)
    )
    written = _whole_constants(source)
    found = {
        name: [_symbol(same.get(length, length), written) for length in lengths] for name, lengths in found.items()
    }
    known = _sides(found.values())
    return {name: " ".join(_axis(length, known) for length in lengths) for name, lengths in found.items()}


def _symbol(length: str, written: frozenset[int]) -> str:
    """A name for a long length of an example, `(batch, 3072)`, that the code itself does not know."""
    is_example = length.isdigit() and int(length) > _LONG and int(length) not in written
    return f"_{length}" if is_example else length


@lru_cache(maxsize=16)
def _whole_constants(source: str) -> frozenset[int]:
    nodes = syntax.nodes_in(source)
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and type(node.value) is int)


def _sides(known: Iterable[Sequence[str]]) -> dict[str, str]:
    """The height and the width of pictures, where they end a shape: these lengths can be halved."""
    ends = [lengths[-2:] for lengths in known if len(lengths) > 2]
    return {name: side for end in ends if _is_height_and_width(*end) for name, side in zip(end, "hw", strict=True)}


def _is_height_and_width(one: str, other: str) -> bool:
    """ "H" and "W", "oh" and "ow", "height" and "width"."""
    first, second = one.lower(), other.lower()
    return (first, second) == ("height", "width") or (first[-1:] + second[-1:] == "hw" and first[:-1] == second[:-1])


def _same(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Name -> the one that stands for all of one length: a comment says (batch, dim), the code B, D, an einsum b, d."""
    groups: list[set[str]] = []
    for pair in pairs:
        met = [group for group in groups if group & set(pair)]
        groups = [*(group for group in groups if group not in met), set(pair).union(*met)]
    return {name: min(group) for group in groups for name in group}


def _axis(length: str, known: dict[str, str]) -> str:
    """ "4H" -> "4m", "H + D" -> "m+d".

    A name keeps its letter, and no two names share one as long as there are letters.
    """
    if length.isdigit():
        return length
    if "+" in length:
        return "+".join(_axis(part.strip(), known) for part in length.split("+"))
    if "/" in length:  # of a half the whole has to be there
        return _HALF
    factor = _FACTOR.match(length)
    if factor:
        return factor[1] + _axis(factor[2], known)
    if length not in known:
        usual = next((letter for letter, words in _LETTERS.items() if length.lower() in words), "")
        spare = [letter for letter in usual + _SPARE if letter not in known.values()]
        known[length] = spare[0] if spare else usual or "d"
    return known[length]


@lru_cache(maxsize=16)
def _unpacked(source: str) -> dict[str, tuple[str, ...]]:
    """Argument -> the names into which its shape is taken apart."""
    found: dict[str, tuple[str, ...]] = {}
    for targets, name in _unpackings(syntax.parse(source) if source else ast.Module([], [])):
        # `n, _ = x.shape` says that there are two axes; a length without a name is one of its own.
        lengths = [item.id if item.id != "_" else f"_{place}" for place, item in enumerate(targets)]
        found.setdefault(name, tuple(lengths))
    for name, letters in _summed(source):
        found.setdefault(name, letters)
    return found


def _in_parts(source: str) -> dict[str, list[str]]:
    """Argument -> its lengths, of one whose rows or columns the code cuts in equal parts: `K = out.shape[1] // 3`."""
    found: dict[str, list[str]] = {}
    nodes = syntax.nodes_in(source)
    named: dict[str, tuple[str, str]] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if (axis := _axis_of(value, {})) is not None:
                named[name] = axis
    for node in nodes:
        match node:
            case ast.BinOp(op=ast.FloorDiv(), left=left, right=ast.Constant(value=int(parts))) if parts > 1:
                if (axis := _axis_of(left, named)) is not None:
                    part = f"{parts}_part_of_{axis[0]}"
                    found.setdefault(axis[0], [part, _COLUMNS] if axis[1] == "0" else [_ROWS, part])
    return found


def _axis_of(node: ast.expr, named: Mapping[str, tuple[str, str]]) -> tuple[str, str] | None:
    """The array, and the place of its axis, of `z.shape[1]`, and of a name for it."""
    match node:
        case ast.Subscript(value=ast.Attribute(attr="shape", value=ast.Name(id=name)), slice=place):
            return (name, found) if (found := ast.unparse(place)) in ("0", "1", "-1") else None
        case ast.Name(id=name):
            return named.get(name)
    return None


def _summed(source: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The operands of an einsum, each with its letters; those of one that stands there twice are the same."""
    for node in syntax.nodes_in(source):
        if not isinstance(node, ast.Call) or syntax.called(node) != "einsum":
            continue
        formula = node.args[0] if node.args else None
        if isinstance(formula, ast.Constant) and isinstance(formula.value, str) and "." not in formula.value:
            subscripts = formula.value.replace(" ", "").partition("->")[0].split(",")
            named = [
                (operand.id, letters)
                for letters, operand in zip(subscripts, node.args[1:], strict=False)
                if isinstance(operand, ast.Name)
            ]
            first = dict(reversed(named))
            same = {mine: theirs for name, letters in named for mine, theirs in zip(letters, first[name], strict=False)}
            yield from ((name, tuple(same[letter] for letter in letters)) for name, letters in named)


def _unpackings(tree: ast.AST) -> Iterator[tuple[Sequence[ast.Name], str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
            continue
        names, value = node.targets[0].elts, node.value
        if isinstance(value, ast.Attribute) and value.attr == "shape":
            owner = value.value
        elif isinstance(value, ast.Call) and getattr(value.func, "attr", "") in ("shape", "size"):  # np.shape(x)
            owner = value.args[0] if value.args else getattr(value.func, "value", value)
        else:
            continue
        name = getattr(owner, "id", getattr(owner, "attr", ""))
        if name and all(isinstance(item, ast.Name) for item in names):
            yield [item for item in names if isinstance(item, ast.Name)], name


def _in_words(source: str) -> dict[str, list[str]]:
    """Argument -> the lengths that stand behind its name in a docstring or a comment, where they are in one place."""
    words = "\n".join(comments_of(source))
    found: dict[str, list[str]] = {_WHOLE: []}
    for match in _SHAPE.finditer(words):
        before = re.split(r"[\n;)\]]", words[max(0, match.start() - 120) : match.start()])[-1]
        if before.rstrip().lower().endswith(_ALL):
            found.setdefault(_ALL, _lengths(match[1]))
            continue
        named = _QUOTED.search(before) or re.match(r"^[\s\-*,;.]*(?:and\s+)?(" + _NAMES + ")" + _BETWEEN + "$", before)
        for name in re.findall(r"\w+", named[1]) if named else ():
            found.setdefault(name, _lengths(match[1]))
            if re.match(r"[)\],\s]*int", words[match.end() :]):
                found[_WHOLE].append(name)
    return found


def _lengths(text: str) -> list[str]:
    """ "N, 4H" and "N x 4H" -> ["N", "4H"]."""
    return [part.strip() for part in re.split(r",|\sx\s", text) if part.strip()]


def comments_of(source: str) -> Iterator[str]:
    """What stands in words: docstrings and comments."""
    for node in syntax.nodes_in(source):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
    for line in source.splitlines():
        if "#" in line:
            yield line.partition("#")[2]
