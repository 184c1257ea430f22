"""Classes written to a file, recognised in this process, and asked for their gradients."""

from dataclasses import dataclass

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.model import GRADIENTS, ConvSpec
from gradcheck_cli.targets import resolve
from gradcheck_cli.targets.conventions import recognise
from gradcheck_cli.targets.conventions.probes import integer_case
from gradcheck_cli.targets.conventions.results import take
from gradcheck_cli.targets.load import load

PLAIN = ConvSpec(2, 3, 4, 9, 8, (3, 3))
STRIDED = ConvSpec(2, 3, 4, 9, 8, (3, 3), stride=(2, 2), padding=(1, 1))
IMAGE = ConvSpec(1, 3, 4, 9, 8, (3, 3))

ROUTINES = """
import numpy as np

def windows(x, kh, kw, s, p):
    padded = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)])
    return np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), (2, 3))[:, :, ::s, ::s]

def correlate(x, w, s=1, p=0):
    return np.einsum("ncpquv,fcuv->nfpq", windows(x, *w.shape[2:], s, p), w)

def weight_gradient(x, w, g, s=1, p=0):
    return np.einsum("ncpquv,nfpq->fcuv", windows(x, *w.shape[2:], s, p), g)

def input_gradient(x, w, g, s=1, p=0):
    n, c, height, width = x.shape
    whole = np.zeros((n, c, height + 2 * p, width + 2 * p))
    for u in range(w.shape[2]):
        for v in range(w.shape[3]):
            part = np.einsum("nfpq,fc->ncpq", g, w[:, :, u, v])
            whole[:, :, u : u + s * g.shape[2] : s, v : v + s * g.shape[3] : s] += part
    return whole[:, :, p : p + height, p : p + width]
"""


@dataclass(frozen=True)
class Known:
    """A recognised target."""

    chosen: object

    @property
    def candidate(self):
        """The way to call it."""
        return self.chosen.candidate

    def call(self, spec=PLAIN):
        """What it returned for a case."""
        return self.candidate.start(integer_case(spec))()

    def right(self, spec=PLAIN):
        """Names of the gradients that equal the convolution's on `spec`."""
        case = integer_case(spec)
        taken = take(self.call(spec), self.chosen.plan, spec, self.candidate.layout, self.candidate.bias_form)
        truth = conv.backward(case)
        return {name for name in GRADIENTS if np.array_equal(taken.gradients.get(name), truth.get(name))}


def recognised(folder, code, name="Conv", routines=ROUTINES):
    """The target `name` of a file with `code`.

    Raises:
        NotRecognisedError: what the user would be told.
    """
    file = folder / "planted.py"
    file.write_text(routines + code)
    return Known(recognise(load(resolve([f"{file}:{name}"])[0])))
