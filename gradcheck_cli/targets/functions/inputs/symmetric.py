"""Matrices that are symmetric by what they are: as their name tells, or as the words of their author say."""

from __future__ import annotations

import re
from functools import lru_cache

from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.documented import comments_of
from gradcheck_cli.targets.functions.inputs.proposals import is_symmetric_name
from gradcheck_cli.targets.functions.pair import PairForm

# symmetric, symmetrisch, symétrique, simétrica, simmetrica, simetrik; no `asymmetric`, and no call of `symmetrize`.
_SYMMETRIC = r"s[iy]mm?[eéè]tri(?!z|s[ei])\w*"
# "D: pairwise distances, symmetric", "A must be a symmetric matrix"; on one line, and of nothing else in between.
_BETWEEN = r"(?:[ \t`:,\-()=]+(?!not\b|no\b|nicht\b|non\b)\w+){0,5}?[ \t`:,\-()]+"
# "symmetric positive definite A", "a symmetric matrix `A`".
_BEFORE = r"(?:[ \t]+(?:positive|definite|semi|semidefinite|real|square|matrix|weights?|adjacency)){0,4}[ \t`]+"


def is_symmetric(form: WrittenFunction, name: str) -> bool:
    """Is an argument symmetric by its name, or do the comments beside the forward or the backward say so?"""
    return is_symmetric_name(name) or says_symmetric(_texts(form), name)


def _texts(form: WrittenFunction) -> str:
    return f"{form.source}\n{form.back.source}" if isinstance(form, PairForm) else form.source


@lru_cache(maxsize=64)
def says_symmetric(source: str, name: str) -> bool:
    """Do comments or docstrings of a text say that a matrix is symmetric: "A symmetric", "a symmetric matrix A"?"""
    said = re.compile(
        rf"(?<![\w.])`?{re.escape(name)}`?{_BETWEEN}{_SYMMETRIC}|\b{_SYMMETRIC}{_BEFORE}{re.escape(name)}\b"
    )
    return any(said.search(text) for text in comments_of(source))
