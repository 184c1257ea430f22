"""Words of a text, and the dictionary that says which row of a table each of them has: `word2Ind[word]`."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.spelling import tokens, word_set

# `word2Ind`, `token_to_idx`, `char2ix`.
_DICTIONARY = re.compile(r"(?:2|_?to_?)(?:ind|idx|ix|id|int|index|indices)$", re.IGNORECASE)
# Of a name: what may be such a dictionary as well, where what is looked up in it is called as a word is.
_TABLES = word_set("tokens vocab vocabulary dictionary dic dico index indices lookup mapping stoi ids")
_WORD_NAMES = word_set("word words char chars character characters token tokens wort worte mot mots palabra palabras")
# The rows of three words, not in their order; no table of the tries has fewer rows.
_ROWS = {"one": 2, "two": 0, "three": 1}
# One word, and several of which one comes twice: what writes where it should add is seen.
_WORD, _WORDS = "two", ("one", "three", "one")


def words_looked_up(source: str, name: str, names: Sequence[str]) -> list[Any]:
    """What a parameter may be that is such a dictionary, or the words that are looked up in one; [] for others.

    Args:
        names: of all parameters.
    """
    keys = {key: parts for each in names for key, parts in _keys(source, each).items()}
    if not keys or name not in names:
        return []
    if _keys(source, name):
        return [_ROWS]
    return [_WORDS] if name in keys.values() else [_WORD] if name in keys else []


@lru_cache(maxsize=16)
def _keys(source: str, name: str) -> dict[str, str]:
    """What is looked up in a dictionary of this name -> the sequence that it is taken from; "" for one word."""
    if not source or not (_DICTIONARY.search(name) or _TABLES & set(tokens(name))):
        return {}
    tree = syntax.nodes_in(source)
    loops = (node for node in tree if isinstance(node, ast.For | ast.comprehension))
    sequences = {getattr(node.target, "id", ""): getattr(node.iter, "id", "") for node in loops}
    keys = [node.slice for node in tree if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == name]
    found = {key.id: sequences.get(key.id, "") for key in keys if isinstance(key, ast.Name)}
    taken = [key.value for key in keys if isinstance(key, ast.Subscript)]
    found |= {one.id: one.id for one in taken if isinstance(one, ast.Name)}
    said = {part for pair in found.items() for each in pair for part in tokens(each)}
    return found if _DICTIONARY.search(name) or _WORD_NAMES & said else {}
