"""The layers that people know by name: each entry is one file in `catalogue/`, found by listing that folder."""

from __future__ import annotations

from gradcheck_cli.layers.known.layer import (
    Argument as Argument,
    KnownLayer as KnownLayer,
    LayerConstant as LayerConstant,
    LayerSetting as LayerSetting,
    Pack as Pack,
    Slip as Slip,
    upstream as upstream,
)
from gradcheck_cli.layers.known.match import Match as Match, ObservedCall as ObservedCall
from gradcheck_cli.layers.known.matching import equals_known as equals_known, matches as matches
from gradcheck_cli.layers.known.namespace import NUMPY as NUMPY
from gradcheck_cli.layers.known.naming import called as called, plain as plain
from gradcheck_cli.layers.known.notes import DerivationStep as DerivationStep
from gradcheck_cli.layers.known.registry import KNOWN as KNOWN
