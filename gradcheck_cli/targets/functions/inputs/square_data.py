"""Matrices of pairs that are more than symmetric: distances of points from one another, chances of neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.drawing import symmetric_among
from gradcheck_cli.targets.functions.inputs.proposals import Proposal, ProposalKind, is_symmetric_name
from gradcheck_cli.targets.functions.inputs.symmetric import is_symmetric
from gradcheck_cli.targets.functions.spelling import tokens, word_set

SYMMETRIC = "{} taken as symmetric, as {}: with others it was not asked"
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


def symmetric_notes(form: WrittenFunction, samples: Sequence[Sample]) -> list[str]:
    """What is symmetric on all samples, as the name or the words of its author say."""
    found = [name for name in symmetric_among(samples) if is_symmetric(form, name) or _kind(form.source, name)]
    by = "the name says" if all(map(is_symmetric_name, found)) else "the words beside it say"
    return [SYMMETRIC.format(" and ".join(found), by)] if found else []


def _kind(source: str, name: str) -> ProposalKind | None:
    if name == "P" and _OWN_SHARE.search(source) and _QUOTIENT.search(source):
        return "joint"
    if (name == "D" or set(tokens(name)) & _DISTANCES) and _FROM_ONE_ANOTHER.search(source):
        return "distances"
    return None
