"""Matrices of pairs that are symmetric by what they are: distances, chances of neighbours, what the text calls so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gradcheck_cli.targets.functions.inputs.proposals import Proposal, ProposalKind, is_symmetric_name
from gradcheck_cli.targets.functions.spelling import tokens, word_set

_AXES = ("d d", "n n")
# The ends of what a comment or a docstring says of one thing.
_ENDS = re.compile(r"[.;\n]")
_SYMMETRIC = re.compile(r"(?<!not )(?<!non-)\bsymmetric\b(?!\()", re.IGNORECASE)
_SUMS_TO_ONE = re.compile(r"\bsums? to (?:one|1)\b", re.IGNORECASE)
_DISTANCES = word_set("dist dists distance distances dissimilarity dissimilarities")
# All differences of points from one another.
_FROM_ONE_ANOTHER = re.compile(r"\b(\w+)\[:, (?:None|np\.newaxis)(?:, :)?\] - \1\[|\b(?:pdist|cdist|squareform)\(")
# What is divided by its own sum, and a logarithm of a quotient.
_OWN_SHARE = re.compile(r"\b(\w+) / (?:\w+\.)?(?:\1\.sum\(\)|sum\(\1\))")
_QUOTIENT = re.compile(r"\blog\(\s*P(?:\[\w+\])? / |\blog\(P\b")


def of_pairs(source: str, name: str, names: Sequence[str]) -> Iterator[Proposal]:
    """What an argument may be that no gradient is handed to; none where it is not called or said to be one.

    Args:
        source: of both directions, and the comments of their class.
        names: of all arguments: beside one that is said to be such a matrix, a name alone says less.
    """
    kind = _said(source, name)
    if kind is None and is_symmetric_name(name) and not any(_said(source, other) for other in names):
        kind = "symmetric"
    is_owed = kind == "symmetric"  # the others are what is compared with
    yield from (Proposal(kind, axes, is_owed=is_owed) for axes in _AXES if kind)


def _said(source: str, name: str) -> ProposalKind | None:
    """By the text of the code, its comments among it."""
    said = [part for part in _ENDS.split(source) if re.search(rf"\b{re.escape(name)}\b", part)]
    said = [part for part in said if _SYMMETRIC.search(part)]
    is_joint = name == "P" and _OWN_SHARE.search(source) and _QUOTIENT.search(source)
    if is_joint or any(_SUMS_TO_ONE.search(part) for part in said):
        return "joint"
    if (name == "D" or set(tokens(name)) & _DISTANCES) and _FROM_ONE_ANOTHER.search(source):
        return "distances"
    return "symmetric" if said else None
