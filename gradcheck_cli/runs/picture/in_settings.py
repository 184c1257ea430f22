"""Autograd's side of a run in every setting of the device, on whole numbers of the run's own layer."""

from __future__ import annotations

from functools import partial

from gradcheck_cli.checks.levels import Leveller, Reply
from gradcheck_cli.layers import conv
from gradcheck_cli.model import Case, ConvSpec, RunOptions
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.in_settings import SettingResult
from gradcheck_cli.model.options import setting_of, settings_of
from gradcheck_cli.oracles import autograd
from gradcheck_cli.oracles.autograd import LayerSettings


def autograd_in_settings(options: RunOptions, spec: ConvSpec) -> tuple[SettingResult, ...]:
    """A row for each gradient in each setting; nothing where one setting is asked for, which the checks judge.

    But for TF32: how much of the numbers it keeps shows on none that it has, so on none of those checks.

    The right gradients are those of our own backward in float64, which the checks of the run hold against autograd's.
    """
    if options.settings == "one" and setting_of(options).precision != "tf32":
        return ()
    found: list[SettingResult] = []
    for setting in settings_of(options):
        settings = LayerSettings.of(setting, options.threads)
        leveller = Leveller(partial(_asked, settings), setting, options.seed, conv.backward)
        found += leveller.results(spec, lambda _larger: False)
    return tuple(found)


def _asked(settings: LayerSettings, case: Case) -> Reply:
    try:
        return Reply(autograd.backward(case, settings))
    except UsageError as error:
        return Reply(refused=error.sentence)
