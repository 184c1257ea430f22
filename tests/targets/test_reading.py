"""Where the gradients of a layer are told from its weights, from what was there before, and from one another."""

import pytest
from written_layers import PLAIN, STRIDED, recognised

from gradcheck_cli.model import ConvSpec

ALL = {"weight", "input", "bias"}
ONE_FILTER = ConvSpec(1, 2, 1, 5, 5, (3, 3))


def asked(known, spec, weight, bias, upstream):
    """The gradient of the bias that the layer shows for these arrays."""
    from dataclasses import replace

    from gradcheck_cli.targets.conventions.probes import integer_case

    case = integer_case(spec)
    case = replace(case, weight=case.weight * 0 + weight, bias=case.bias * 0 + bias)
    case = replace(case, grad_output=case.grad_output * 0 + upstream)
    return known.candidate.start(case)().items.get(known.chosen.plan["bias"])


TRAINED = """
class Conv:
    def __init__(self, n_in, n_out, size, stride=1, pad=0, updater=None):
        self.kernel, self.offset = np.random.rand(n_out, n_in, size, size), np.zeros(n_out)
        self.told, self.updater = (stride, pad), updater

    def forward(self, x):
        self.x = x
        return correlate(x, self.kernel, *self.told) + self.offset[:, None, None]

    def backward(self, g):
        below = input_gradient(self.x, self.kernel, g, *self.told)
        first = weight_gradient(self.x, self.kernel, g, *self.told)
        {step}
        return below
"""


@pytest.mark.parametrize(
    "step",
    [
        "self.updater.move('kernel', self.kernel, first); self.updater.move('offset', self.offset, g.sum((0, 2, 3)))",
        "self.kernel = self.updater(self.kernel, first); self.offset = self.updater(self.offset, g.sum((0, 2, 3)))",
        "self.updater.step([self.kernel.copy(), self.offset.copy()], [first, g.sum((0, 2, 3))])",
    ],
    ids=["in_place", "replaced", "copies"],
)
def test_a_gradient_with_the_values_of_its_parameter_is_still_a_gradient(tmp_path, step):
    """One filter, b = 9 and dE/db = 9: which of two equal arrays is the parameter is told by its memory."""
    known = recognised(tmp_path, TRAINED.replace("{step}", step))
    assert known.right(STRIDED) == ALL
    assert asked(known, ONE_FILTER, weight=2, bias=9, upstream=1) == [9]


def test_a_step_of_nothing_shows_a_gradient_of_zeros(tmp_path):
    """G = 0 moves no weight: the gradient is zero there, and not missing."""
    step = "self.kernel -= first; self.offset -= g.sum((0, 2, 3))"
    known = recognised(tmp_path, TRAINED.replace("{step}", step))
    assert known.candidate.exposure == "update"
    assert asked(known, ONE_FILTER, weight=2, bias=9, upstream=0) == [0]


LISTS = {
    "replaced": "self.slopes = [a, c]",
    "appended": "self.slopes.append(a); self.slopes.append(c)",
    "extended": "self.slopes += [a, c]",
    "cleared": "self.slopes.clear(); self.slopes.extend([a, c])",
}


@pytest.mark.parametrize("keep", LISTS.values(), ids=LISTS)
def test_gradients_in_a_list_have_one_name_in_every_call(tmp_path, keep):
    """Weights as a matrix, made by the first forward and kept in a list; gradients in another one."""
    code = f"""
class Conv:
    def __init__(self, maps, side, stride=1, pad=0):
        self.maps, self.side, self.told = maps, side, (stride, pad)
        self.learned, self.slopes = [], []

    def bank(self):
        return self.learned[0].reshape(self.maps, -1, self.side, self.side)

    def __call__(self, x):
        if not self.learned:
            self.learned = [np.random.rand(self.maps, x.shape[1] * self.side ** 2), np.zeros((self.maps, 1))]
        self.x = x
        return correlate(x, self.bank(), *self.told) + self.learned[1][:, :, None]

    def backward(self, g):
        a = weight_gradient(self.x, self.bank(), g, *self.told).reshape(self.maps, -1)
        c = g.sum((0, 2, 3))[:, None]
        {keep}
        return input_gradient(self.x, self.bank(), g, *self.told)
"""
    known = recognised(tmp_path, code)
    assert known.right(STRIDED) == ALL
    twice = known.candidate.start(_case(PLAIN))
    first, second = twice(), twice()
    key = known.chosen.plan["weight"]
    assert (first.items[key] == second.items[key]).all()


def _case(spec):
    from gradcheck_cli.targets.conventions.probes import integer_case

    return integer_case(spec)


HOLDERS = {
    "a_kind_of_array": """
class Learned(np.ndarray):
    @classmethod
    def of(cls, values):
        made = np.asarray(values, float).view(cls)
        made.grad = None
        return made
""",
    "an_object_with_slots": """
class Learned:
    __slots__ = ("array", "grad")

    @classmethod
    def of(cls, values):
        made = cls()
        made.array, made.grad = values, None
        return made
""",
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_gradient_is_read_beside_its_parameter(tmp_path, holder):
    """`.grad` of an array of the user's own kind, and of an object without a __dict__."""
    inner = "" if holder == "a_kind_of_array" else ".array"
    code = f"""{HOLDERS[holder]}
class Conv:
    def __init__(self, channels, filters, side, stride=1, pad=0):
        self.told = stride, pad
        self.taps = Learned.of(np.random.rand(filters, channels, side, side))
        self.shift = Learned.of(np.zeros(filters))

    def forward(self, x):
        self.x = x
        return correlate(x, np.asarray(self.taps{inner}), *self.told) + np.asarray(self.shift{inner})[:, None, None]

    def backward(self, g):
        taps = np.asarray(self.taps{inner})
        self.taps.grad = weight_gradient(self.x, taps, g, *self.told)
        self.shift.grad = g.sum((0, 2, 3))
        return input_gradient(self.x, taps, g, *self.told)
"""
    known = recognised(tmp_path, code)
    assert known.right(STRIDED) >= {"weight", "input"}
    assert known.chosen.plan["weight"] == ".taps.grad"


FORGETFUL = """
class Conv:
    def __init__(self, channels, filters, side, stride=1, pad=0):
        self.taps, self.told = np.random.rand(filters, channels, side, side), (stride, pad)

    def forward(self, x):
        self.x = x
        return correlate(x, self.taps, *self.told)

    def backward(self, g):
        self.d_taps = weight_gradient(self.x, self.taps, g, *self.told)
        below = input_gradient(self.x, self.taps, g, *self.told) * {factor}
"""


@pytest.mark.parametrize(("factor", "told"), [("1", True), ("2", False)])
def test_a_gradient_that_is_computed_and_not_returned_is_told_where_it_is_right(tmp_path, factor, told):
    """A local that equals dE/dX when the call ends; twice dE/dX proves nothing."""
    known = recognised(tmp_path, FORGETFUL.replace("{factor}", factor))
    sentence = "backward computes dE/dX, in `below`, and does not hand it out"
    assert (sentence in known.candidate.notes()) is told
    assert set(known.chosen.plan) == {"weight"}
