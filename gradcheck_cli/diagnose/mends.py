"""How to mend an exception, by its kind and in its own words. None of these was tried: where it may be another
thing, the sentence says "probably".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from gradcheck_cli.diagnose.code import Code
from gradcheck_cli.diagnose.misfits import misfit
from gradcheck_cli.targets.undefined import mend_of_member, mend_of_name


@dataclass(frozen=True)
class Raised:
    """An exception as the diagnosis sees it: its sentence ("NameError: name 'padd' is not defined") and its line."""

    error: str
    line: int | None = None
    code: Code = field(default_factory=Code)


NOT_WRITTEN = "Write it: the body stops before it computes anything."
_Mend = str | Callable[[re.Match[str], Raised], str]

# Types that the user's file does not define, so that an attribute they lack cannot be added there.
_BUILT_IN = ("ndarray", "Tensor", "list", "tuple", "dict", "int", "float", "str", "function", "module")
_SHAPES_DIFFER = (
    r"broadcast input array|broadcastable output operand|be broadcast together"
    r"|not aligned|cannot be multiplied|cannot reshape|is invalid for input of"
    r"|must match|[Mm]ismatch|mismatch in its core dimension|negative dimensions|expected input\[|Given groups"
    r"|can't contain negative|does not match|cannot copy sequence|setting an array element with a sequence"
)


def mend(raised: Raised) -> str:
    """One sentence on what to do about an exception."""
    for pattern, words in _RULES:
        found = re.search(pattern, raised.error)
        if found:
            return found.expand(words) if isinstance(words, str) else words(found, raised)
    return "Start at the line that raised: the exception says what is missing there."


def _name(found: re.Match[str], _: Raised) -> str:
    return mend_of_name(found["name"])


def _of_module(found: re.Match[str], _: Raised) -> str:
    return mend_of_member(found["module"], found["name"])


def _attribute(found: re.Match[str], raised: Raised) -> str:
    kind, name = found["kind"].rpartition(".")[2], found["name"]
    if kind == "NoneType":
        return f"What is asked for `.{name}` is None here: give it its value before this line."
    if kind in _BUILT_IN:
        return f"A {found['kind']} has no `{name}`: convert it first, or write what its own type has."
    near = raised.code.nearest_attribute(name)
    return f"Set `{name}` before it is read, or correct the name" + (f": `{near}` is set." if near else ".")


def _truth(_: re.Match[str], raised: Raised) -> str:
    """`bias if bias`, `if not bias`, `bias and ...`: what is asked is almost always whether it is there."""
    asked = [question for node in raised.code.at(raised.line) for question in _asked(node)]
    if asked:
        return f"Compare with None: `{asked[0]}`; an array of several entries is neither true nor false."
    return "Say what is asked of it: `is not None` for whether it is there, `.any()` or `.all()` for its entries."


def _asked(node: ast.AST) -> list[str]:
    """Of an expression or statement that asks for the truth of a bare name, the question as it should be asked."""
    parts: list[ast.expr] = []
    if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
        parts = [node.test]
    elif isinstance(node, ast.BoolOp):
        parts = node.values
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and _is_bare(node.operand):
        return [f"{ast.unparse(node.operand)} is None"]
    return [f"{ast.unparse(part)} is not None" for part in parts if _is_bare(part)]


def _is_bare(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute)


def _shapes(_: re.Match[str], raised: Raised) -> str:
    return misfit(raised.error, raised.code, raised.line)


def _bounds(found: re.Match[str], _: Raised) -> str:
    return (
        f"Index {found['index']} does not exist where axis {found['axis']} has size {found['size']}: look at the limit "
        "of what counts it, and whether it counts this axis."
    )


def _key(found: re.Match[str], raised: Raised) -> str:
    key = found["key"]
    near = raised.code.nearest_text(key.strip("'\""))
    return f"Use the key under which it was stored, or store it as {key}" + (
        f": '{near}' is in the file." if near else "."
    )


def _missing_argument(found: re.Match[str], _: Raised) -> str:
    return f"Hand over {found['names'].replace(chr(39), '`')} in this call, or give it a default in the definition."


# (what the sentence of the exception holds, what is said). A text is a template of the match: \1 is its first group.
# The first that fits is taken, so the narrow ones stand before the wide ones.
_RULES: tuple[tuple[str, _Mend], ...] = (
    (r"\(no return statement\)", "Return the gradients at the end: what the code computes is dropped otherwise."),
    (r"returns None in place of", "Write it: what it returns was set to None, and nothing else since."),
    (r"returns no array", "Return the gradients themselves, as arrays of numbers."),
    (r"is not implemented", NOT_WRITTEN),
    (r"^UnboundLocalError: .*?variable '(\w+)'", r"Give `\1` a value on every way to this line."),
    (r"^NameError: .*?name '(?P<name>\w+)' is not defined", _name),
    (r"^AttributeError: module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'", _of_module),
    (r"^AttributeError: '(?P<kind>[\w.]+)' object has no attribute '(?P<name>\w+)'", _attribute),
    (r"^ModuleNotFoundError: No module named '([\w.]+)'", r"Install \1, or put it beside the file."),
    (r"^ImportError: cannot import name '(\w+)' from '([\w.]+)'", r"The installed \2 has no `\1`: correct the name."),
    (r"truth value of an? |Boolean value of Tensor", _truth),
    (
        r"not enough values to unpack \(expected (\d+), got (\d+)\)",
        r"Unpack what is there, \2 of them, where \1 names stand on the left.",
    ),
    (
        r"too many values to unpack \(expected (\d+)(?:, got \d+)?\)",
        r"Unpack all that was stored, in its order: there are more than the \1 names on the left.",
    ),
    (
        r"index (?P<index>-?\d+) is out of bounds for (?:axis|dimension) (?P<axis>\d+) with size (?P<size>\d+)",
        _bounds,
    ),
    (
        r"array is (\d+)-dimensional, but (\d+) were indexed",
        r"Index no more axes than the array has here, \1, or keep all \2 (no `squeeze`, no single index before).",
    ),
    (_SHAPES_DIFFER, _shapes),
    (r"^KeyError: (?P<key>.+)$", _key),
    (r"missing \d+ required (?:positional|keyword-only) arguments?: (?P<names>.+)$", _missing_argument),
    (r"got an unexpected keyword argument '(\w+)'", r"Take `\1` as a parameter, or call without it."),
    (
        r"takes (?:from )?(\d+)(?: to (\d+))? positional arguments? but (\d+) (?:was|were) given",
        r"Call it with as many arguments as it takes; here they are \3.",
    ),
    (
        r"'NoneType' object is not|with 'NoneType'|NoneType' and|and 'NoneType'",
        "Something is None here: return it where it is made, or give it its value before this line.",
    ),
    (
        r"'float' object cannot be interpreted as an integer|slice indices must be integers"
        r"|only integer scalar arrays can be converted|indices must be integers|integer .*required",
        "Compute sizes and indices as whole numbers: `//` in place of `/`, or `int(...)`.",
    ),
    (
        r"'tuple' object cannot be interpreted as an integer|and 'tuple'|'tuple' and",
        "A pair stands where one number is meant: take the number out of it, `stride[0]`.",
    ),
    (
        r"only (?:length-1|0-dimensional) arrays can be converted|only one element tensors can be converted",
        "Take the one number out of the array with `.item()`: `float` and `int` take a number only.",
    ),
    (
        r"same dtype|expected scalar type|Input type .* and weight type",
        "Make all arrays in the dtype of the first: `dtype=X.dtype`, `torch.zeros_like(X)`.",
    ),
    (r"Can't call numpy\(\) on Tensor that requires grad", "Call `.detach().numpy()`."),
    (r"a leaf Variable that requires grad", "Work on a copy, or inside `torch.no_grad()`."),
    (r"^ZeroDivisionError", "Look at the divisor: it is 0 here."),
    (
        r"^RecursionError",
        "It calls itself without an end: call the function that was meant, or give it a case that ends.",
    ),
    (
        r"^(?:FloatingPointError|OverflowError)",
        "Look at the operation on this line: its result is no finite number of its type.",
    ),
    (r"^AssertionError", "The code's own assertion about a result fails: the result is not what its author meant."),
    (
        r"^MemoryError|allocate memory|Unable to allocate|out of memory",
        "Make smaller arrays: loop over the taps or the outputs, and add up in place.",
    ),
    (
        r"^SystemExit|ended the process",
        "Do not end the process (`exit`, `quit`, `os._exit`): return the gradients, or raise an exception.",
    ),
    (
        r"was ended by SIG",
        "The process was killed in compiled code, or by `os.abort`: look for memory used out of bounds.",
    ),
    (r"^TypeError", "Look at what is handed over on this line: it is not of the type that is needed."),
)
