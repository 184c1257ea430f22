"""Matrices of pairs that are more than symmetric: distances of points from one another, chances of neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.proposals import Proposal, ProposalKind
from gradcheck_cli.targets.functions.spelling import tokens, word_set

_AXES = ("n n", "d d")
_DISTANCES = word_set("dist dists distance distances dissimilarity dissimilarities")
# All differences of points from one another.
_FROM_ONE_ANOTHER = re.compile(r"\b(\w+)\[:, (?:None|np\.newaxis)(?:, :)?\] - \1\[|\b(?:pdist|cdist|squareform)\(")
# What is divided by its own sum, and a logarithm of a quotient.
_OWN_SHARE = re.compile(r"\b(\w+) / (?:\w+\.)?(?:\1\.sum\(\)|sum\(\1\))")
_QUOTIENT = re.compile(r"\blog\(\s*P(?:\[\w+\])? / |\blog\(P\b")


def of_pairs(form: WrittenFunction, name: str) -> Iterator[Proposal]:
    """What an argument may be that is compared with such a matrix of points; none where it is none."""
    kind = _kind(form.source, name)
    yield from (Proposal(kind, axes, is_owed=False) for axes in _AXES if kind)


def is_of_pairs(form: WrittenFunction, name: str) -> bool:
    """Is an argument such a matrix, as far as its name and the text tell?"""
    return _kind(form.source, name) is not None


def _kind(source: str, name: str) -> ProposalKind | None:
    if name == "P" and _OWN_SHARE.search(source) and _QUOTIENT.search(source):
        return "joint"
    if (name == "D" or set(tokens(name)) & _DISTANCES) and _FROM_ONE_ANOTHER.search(source):
        return "distances"
    return None
