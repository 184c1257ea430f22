"""How a target written in a test is recognised and what it gives, in this process: for code that ends by itself."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets import resolve
from gradcheck_cli.targets.conventions import recognise
from gradcheck_cli.targets.conventions.probes import integer_case
from gradcheck_cli.targets.conventions.results import take
from gradcheck_cli.targets.load import load

PLAIN = ConvSpec(2, 3, 4, 9, 8, (3, 3))
STRIDED = ConvSpec(2, 3, 4, 9, 8, (3, 3), stride=(2, 2), padding=(1, 1))


def loaded_from(folder, code, name):
    """The target `name` of a file that holds `code`."""
    file = folder / "code.py"
    file.write_text(code)
    return load(resolve([f"{file}:{name}"])[0])


def recognised(folder, code, name):
    """What was chosen for the target `name` of a file that holds `code`."""
    return recognise(loaded_from(folder, code, name))


def answer(chosen, spec):
    """(what came back, names of the gradients that are right) of one call."""
    case = integer_case(spec)
    returned = chosen.candidate.start(case)()
    taken = take(returned, chosen.plan, spec, chosen.candidate.layout, chosen.candidate.bias_form)
    truth = conv.backward(case)
    given = {name: taken.gradients.get(name) for name in chosen.yields}
    return returned, {name for name, array in given.items() if np.array_equal(array, truth.get(name))}
