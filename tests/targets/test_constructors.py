"""Constructors that are handed their weights, objects of settings, or values whose names tell nothing."""

import pytest
from written_layers import IMAGE, PLAIN, STRIDED, recognised

from gradcheck_cli.model import ConvSpec

ALL = {"weight", "input", "bias"}
SPREAD = ConvSpec(2, 3, 4, 9, 8, (3, 3), dilation=(2, 2))
BODY = """
    def forward(self, x):
        self.x = x
        return correlate(x, self.W, self.s, self.p) + self.b[:, None, None]

    def backward(self, g):
        self.dW = weight_gradient(self.x, self.W, g, self.s, self.p)
        self.db = g.sum((0, 2, 3))
        return input_gradient(self.x, self.W, g, self.s, self.p)

    def make(self, filters, channels, side, s=1, p=0):
        self.s, self.p = s, p
        self.W, self.b = np.random.rand(filters, channels, side, side), np.zeros(filters)
"""
HANDED_SETTINGS = {
    "keys_with_defaults": """
    def __init__(self, opt=None, **more):
        opt = dict(opt or {}, **more)
        start = {"small": 0.01, "large": 1.0}[opt.get("start", "small")]
        self.make(opt["filters"], opt["in_depth"], opt["sx"], opt.get("stride", 1), opt.get("pad", 0))
        self.W *= start
""",
    "named_values": """
    def __init__(self, **settings):
        side = settings.pop("kernel_size")
        self.make(settings["maps_out"], settings["n_in"], side, settings.get("stride", 1), settings.get("pad", 0))
""",
    "an_object_that_is_asked": """
    def __init__(self, setup):
        self.setup = setup
        self.make(setup.getNumFilters(), setup.getChannels(), setup.getFilterSize(), setup.getStride(), setup.getPad())
""",
    "an_object_under_another_name": """
    def __init__(self, hyper):
        self.hyper = hyper
        self.fill()

    def fill(self):
        h = self.hyper
        self.make(h.n_filters, h.channels, h.kernel_size, h.stride, h.padding)
""",
}

HANDED_SETTINGS |= {
    "a_dict_in_a_dict": """
    def __init__(self, spec):
        self.spec = spec
        maps, kernel = spec["maps"], spec["kernel"]["size"]
        self.make(self.spec["maps"]["out"], spec["maps"]["in"], kernel, spec["step"]["stride"], spec["step"]["pad"])
""",
    "an_object_in_an_object": """
    def __init__(self, args):
        conv = args.conv
        self.make(args.conv.n_out, args.conv.n_in, args.conv.kernel_size, args.conv.stride, args.conv.pad)
""",
    "asked_by_name": """
    def __init__(self, flags):
        side, stride = getattr(flags, "kernel_size"), getattr(flags, "stride", 1)
        self.make(getattr(flags, "n_out"), getattr(flags, "n_in"), side, stride, getattr(flags, "pad", 0))
""",
}


@pytest.mark.parametrize("init", HANDED_SETTINGS.values(), ids=HANDED_SETTINGS)
def test_settings_are_handed_over_in_the_form_in_which_they_are_read(tmp_path, init):
    """Keys with and without a default, `**settings`, methods that are asked, settings in settings, getattr."""
    code = f"class Conv:{init.replace('maps_out', 'n_out')}{BODY}"
    known = recognised(tmp_path, code)
    assert known.right(PLAIN) == ALL
    assert known.right(STRIDED) == ALL


CLASSES = {
    "asked": (
        """
class Keys:
    def __init__(self, n_in, n_out, side, stride_len=1, pad=0):
        self._all = n_in, n_out, side, stride_len, pad

    def sizes(self):
        return self._all[1], self._all[0], self._all[2]

    def steps(self):
        return self._all[3:]
""",
        "plan: 'Keys'",
        "self.make(*plan.sizes(), *plan.steps())",
    ),
    "by_what_it_has": (
        """
class Keys:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, kernel_size
        self.stride, self.padding = stride, padding

    @property
    def steps(self):
        return self.stride, self.padding
""",
        "plan",
        "self.make(plan.out_channels, plan.in_channels, plan.kernel_size, *plan.steps)",
    ),
    "optional_dataclass": (
        """
from dataclasses import dataclass, field
from typing import Optional

@dataclass
class Keys:
    n_in: int
    n_out: int
    size: int = 3
    stride: int = 1
    pad: int = 0
    extra: dict = field(default_factory=dict)
""",
        "plan: 'Optional[Keys]' = None",
        "self.make(plan.n_out, plan.n_in, plan.size, plan.stride, plan.pad)",
    ),
    "declared_keys": (
        """
from typing import TypedDict

class Keys(TypedDict):
    n_in: int
    n_out: int
    size: int
    stride: int
    pad: int
""",
        "plan: Keys",
        "self.make(plan['n_out'], plan['n_in'], plan['size'], plan['stride'], plan['pad'])",
    ),
}


@pytest.mark.parametrize("kind", CLASSES)
def test_an_object_of_settings_is_made_of_its_own_class(tmp_path, kind):
    """A class that is asked, one told by what it has, a dataclass that may be left out, declared keys."""
    definition, parameter, made = CLASSES[kind]
    code = f"{definition}\nclass Conv:\n    def __init__(self, {parameter}):\n        {made}\n{BODY}"
    known = recognised(tmp_path, code)
    assert known.right(PLAIN) == ALL
    assert known.right(STRIDED) == ALL


def test_a_layer_that_is_a_dataclass_fills_its_own_parameters(tmp_path):
    """`params` has a default and is no dict of settings: it is left alone."""
    code = """
from dataclasses import dataclass, field

@dataclass
class Conv:
    n_in: int
    n_out: int
    size: int
    params: dict = field(default_factory=dict)

    def __post_init__(self):
        if not self.params:
            self.params["W"] = np.random.rand(self.n_out, self.n_in, self.size, self.size)
            self.params["b"] = np.zeros(self.n_out)

    def forward(self, x):
        self.x = x
        return correlate(x, self.params["W"]) + self.params["b"][:, None, None]

    def backward(self, g):
        w = self.params["W"]
        return {"dX": input_gradient(self.x, w, g), "dW": weight_gradient(self.x, w, g), "db": g.sum((0, 2, 3))}
"""
    assert recognised(tmp_path, code).right(PLAIN) == ALL


WEIGHTED = """
class Conv:
    def __init__(self, {parameters}):
        {keep}

    def forward(self, x):
        self.x = x
        return correlate(x, self.zelle, self.schritt, self.rand) + self.versatz.reshape(-1, 1, 1)

    def backward(self, g):
        self.steigung = weight_gradient(self.x, self.zelle, g, self.schritt, self.rand)
        self.versatz_steigung = g.sum((0, 2, 3)).reshape(self.versatz.shape)
        return input_gradient(self.x, self.zelle, g, self.schritt, self.rand)

    def flaeche(self):
        return self.zelle.shape[2:]
"""
WEIGHTS = {
    "optional_steps": (
        "zelle, versatz, schritt=1, rand=0",
        "self.zelle, self.versatz, self.schritt, self.rand = zelle, versatz, schritt, rand",
    ),
    "required_steps": (
        "zelle, versatz, schritt, rand",
        "self.zelle, self.versatz, self.schritt, self.rand = zelle, versatz, int(schritt), int(rand)",
    ),
    "a_dict_of_them": (
        "state, schritt=1, rand=0",
        "self.zelle, self.versatz, self.schritt, self.rand = state['W'], state['b'], schritt, rand",
    ),
}


@pytest.mark.parametrize("way", WEIGHTS)
def test_what_is_read_as_an_array_is_an_array(tmp_path, way):
    """Weights and bias are handed to the constructor; names in another language tell nothing."""
    parameters, keep = WEIGHTS[way]
    known = recognised(tmp_path, WEIGHTED.format(parameters=parameters, keep=keep))
    assert known.right(PLAIN) == ALL
    assert known.right(STRIDED) == ALL


NAMELESS = """
class Conv:
    def __init__(self, ein, aus, {parameters}):
        self.made = np.random.rand(aus, ein, {side}, {side})
        self.told = {told}

    def forward(self, x):
        self.x = x
        return {spread}

    def backward(self, g):
        self.slope = weight_gradient(self.x, self.made, g, *self.told[:2])
        return input_gradient(self.x, self.made, g, *self.told[:2])
"""


def test_a_default_of_two_or_more_may_be_the_size_of_the_kernel(tmp_path):
    """One image at a time, a kernel of 5 by default."""
    code = NAMELESS.format(
        parameters="weite=5", side="weite", told="1, 0", spread="correlate(x[None], self.made)[0]"
    ).replace("self.x = x", "self.x = x[None]")
    code = code.replace("self.made, g,", "self.made, g[None],").replace("self.told[:2])\n", "self.told[:2])[0]\n", 2)
    code = code.replace("*self.told[:2])[0]\n        return", "*self.told[:2])\n        return")
    known = recognised(tmp_path, code)
    assert known.candidate.recipe.roles["weite"] == "kernel_size"
    assert known.right(IMAGE) == {"weight", "input"}


def test_a_step_is_taken_for_one_only_where_the_forward_shows_it(tmp_path):
    """`hop` is a stride, `halo` a padding; `gain` has the default of a stride and is none, `seed` that of a padding."""
    code = NAMELESS.format(
        parameters="size, gain=1, seed=0, hop=1, halo=0",
        side="size",
        told="hop, halo, gain, seed",
        spread="self.told[2] * correlate(x, self.made, *self.told[:2])",
    )
    known = recognised(tmp_path, code)
    assert {name: known.candidate.recipe.roles.get(name) for name in ("hop", "halo", "gain", "seed")} == {
        "hop": "stride",
        "halo": "padding",
        "gain": None,
        "seed": None,
    }
    assert known.right(STRIDED) == {"weight", "input"}
    assert "no parameter for dilation" in known.candidate.refuses(SPREAD)


def test_a_required_number_that_is_no_step_keeps_a_plain_value(tmp_path):
    """`gain` must be given something: 1, which the forward takes; it is never asked as a stride."""
    code = NAMELESS.format(
        parameters="size, gain", side="size", told="1, 0, gain", spread="self.told[2] * correlate(x, self.made)"
    )
    known = recognised(tmp_path, code)
    assert known.right(PLAIN) == {"weight", "input"}
    assert "no parameter for stride" in known.candidate.refuses(STRIDED)


def test_a_whole_rate_spreads_the_taps_and_is_no_learning_rate(tmp_path):
    """An attribute `rate` that is an integer is not set to 1.0."""
    code = """
class Conv:
    def __init__(self, filters, rate=1):
        self.filters, self.rate = filters, rate

    def spread(self):
        o, c, kh, kw = self.filters.shape
        whole = np.zeros((o, c, (kh - 1) * self.rate + 1, (kw - 1) * self.rate + 1))
        whole[:, :, :: self.rate, :: self.rate] = self.filters
        return whole

    def __call__(self, x):
        self.x = x
        return correlate(x, self.spread())

    def backward(self, g):
        self.d_filters = weight_gradient(self.x, self.spread(), g)[:, :, :: self.rate, :: self.rate]
        return input_gradient(self.x, self.spread(), g)
"""
    known = recognised(tmp_path, code)
    assert known.right(SPREAD) == {"weight", "input"}


def test_weights_are_handed_over_in_the_order_in_which_they_are_kept(tmp_path):
    """(channels, rows, columns, filters), the batch last: where the sizes are equal another order would fit too."""
    code = """
class Conv:
    def __init__(self, filters, stride=1, pad=0):
        self.filters, self.told = filters, (stride, pad)

    def bank(self):
        return self.filters.transpose(3, 0, 1, 2)

    def forward(self, x):
        self.x = x.transpose(3, 0, 1, 2)
        return correlate(self.x, self.bank(), *self.told).transpose(1, 2, 3, 0)

    def backward(self, g):
        g = g.transpose(3, 0, 1, 2)
        self.d_filters = weight_gradient(self.x, self.bank(), g, *self.told).transpose(1, 2, 3, 0)
        return input_gradient(self.x, self.bank(), g, *self.told).transpose(1, 2, 3, 0)
"""
    known = recognised(tmp_path, code)
    assert known.candidate.layout.id == "CHWN"
    assert known.right(STRIDED) == {"weight", "input"}


HANDED = """
class Conv:
    def __init__(self, {parameters}):
        {make}
        self.stride, self.pad = stride, {pad}

    def forward(self, x):
        self.x = x
        return correlate(x, self.taps, self.stride, self.pad)

    def backward(self, up):
        self.d_taps = weight_gradient(self.x, self.taps, up, self.stride, self.pad)
        return input_gradient(self.x, self.taps, up, self.stride, self.pad)
"""


@pytest.mark.parametrize(
    ("parameters", "make"),
    [
        ("source, shape, stride=1, pad=0", "self.taps = source.uniform(low=-1, high=1, size=shape)"),
        ("shape, gen, stride=1, pad=0", "self.taps = gen.standard_normal(shape) + 0 * gen.integers(0, 3, shape)"),
        ("o, c, k, dice, stride=1, pad=0", "self.taps = dice.randn(o, c, k, k)"),
        (
            "o, c, k, dice, stride=1, pad=0",
            "self.taps = np.array([dice.gauss(0, 1) for _ in range(o * c * k * k)]).reshape(o, c, k, k)",
        ),
        ("initializer, shape, stride=1, pad=0", "self.taps = initializer(shape)"),
        ("o, c, k, weight_init, stride=1, pad=0", "self.taps = weight_init(o, c, k, k)"),
        ("o, c, k, filler, stride=1, pad=0", "self.taps = filler.fill(shape=(o, c, k, k))"),
        (
            "o, c, k, scheme, stride=1, pad=0",
            "assert scheme in ('he', 'glorot'); self.taps = np.ones((o, c, k, k)) * (2 if scheme == 'he' else 1)",
        ),
    ],
)
def test_what_makes_the_first_weights_is_handed_over(tmp_path, parameters, make):
    """A source of random numbers of any kind, a function or an object that makes arrays, the word for a scheme."""
    known = recognised(tmp_path, HANDED.format(parameters=parameters, make=make, pad="pad"))
    assert known.right(STRIDED) == {"weight", "input"}


@pytest.mark.parametrize(
    "merge",
    [
        "told = dict(BASE); told.update(settings)",
        "told = {**BASE, **settings}",
        "told = BASE | settings",
        "told = dict(BASE, **settings)",
        "told = BASE.copy(); told.update(settings or {})",
    ],
)
@pytest.mark.parametrize("star", ["", "**"])
def test_settings_that_are_laid_over_defaults_have_their_keys_and_no_other(tmp_path, merge, star):
    """A key that the defaults do not have is refused by the class itself."""
    code = f"""
BASE = {{"filters": 2, "channels": 1, "kernel_h": 3, "kernel_w": 3, "stride": 1, "pad": 0}}
class Conv:
    def __init__(self, {star}settings):
        {merge}
        assert set(told) <= set(BASE), "unknown"
        self.told = told["stride"], told["pad"]
        self.taps = np.ones([told[key] for key in ("filters", "channels", "kernel_h", "kernel_w")])

    def forward(self, x):
        self.x = x
        return correlate(x, self.taps, *self.told)

    def backward(self, up):
        self.d_taps = weight_gradient(self.x, self.taps, up, *self.told)
        return input_gradient(self.x, self.taps, up, *self.told)
"""
    assert recognised(tmp_path, code).right(STRIDED) == {"weight", "input"}


@pytest.mark.parametrize("names", ["top, bottom, left, right", "t, l, b, r", "pad_l, pad_r, pad_t, pad_b"])
def test_four_margins_stand_in_the_order_in_which_they_are_taken_apart(tmp_path, names):
    """Asked with other margins for the rows than for the columns."""
    rows = [name for name in names.split(", ") if name.removeprefix("pad_")[0] in "tb"]
    columns = [name for name in names.split(", ") if name not in rows]
    code = f"""
class Conv:
    def __init__(self, n_in, n_out, kernel, margins=(0, 0, 0, 0)):
        self.taps, self.margins = np.ones((n_out, n_in, *kernel)), margins

    def around(self, x):
        {names} = self.margins
        return np.pad(x, ((0, 0), (0, 0), ({rows[0]}, {rows[1]}), ({columns[0]}, {columns[1]})))

    def forward(self, x):
        self.x = x
        return correlate(self.around(x), self.taps)

    def backward(self, up):
        {names} = self.margins
        self.d_taps = weight_gradient(self.around(self.x), self.taps, up)
        whole = input_gradient(self.around(self.x), self.taps, up)
        return whole[:, :, {rows[0]} : whole.shape[2] - {rows[1]}, {columns[0]} : whole.shape[3] - {columns[1]}]
"""
    uneven = ConvSpec(2, 3, 4, 6, 5, (3, 2), padding=(2, 1))
    assert recognised(tmp_path, code.replace("margins", "padding")).right(uneven) == {"weight", "input"}


@pytest.mark.parametrize("spread", ["", "*"])
@pytest.mark.parametrize(("factor", "right"), [("", ALL), (" * 2", {"input", "bias"})])
def test_the_shapes_of_weights_and_bias_are_two_settings(tmp_path, spread, factor, right):
    """One number for a bias that is made as `rand(size)`, a tuple for `rand(*shape)`."""
    code = f"""
class Conv:
    def __init__(self, weights_shape, bias_shape, stride=1, padding=0):
        self.W, self.b = np.random.rand(*weights_shape), np.random.rand({spread}bias_shape)
        self.s, self.p = stride, padding
""" + BODY.replace("g, self.s, self.p)\n        self.db", f"g, self.s, self.p){factor}\n        self.db")
    known = recognised(tmp_path, code)
    assert known.right(PLAIN) == right
    assert known.right(STRIDED) == right


ACTIVATED = """
class Ramp:
    def value(self, z):
        return np.maximum(z, 0)

    def slope(self, a):
        return 1.0 * (a > 0)

class Conv:
    def __init__(self, in_channels, out_channels, kernel_size, activation=Ramp):
        self.W = np.random.rand(out_channels, in_channels, kernel_size, kernel_size)
        self.b, self.activation = np.zeros(out_channels), activation()

    def forward(self, x):
        self.x = x
        self.a = self.activation.value(correlate(x, self.W) + self.b[:, None, None])
        return self.a

    def backward(self, g):
        below = g * self.activation.slope(self.a)
        d_weight = weight_gradient(self.x, self.W, {below})
        return input_gradient(self.x, self.W, below), d_weight, below.sum((0, 2, 3))
"""


@pytest.mark.parametrize(("below", "right"), [("below", ALL), ("below[::-1]", {"input", "bias"})])
def test_a_class_of_an_activation_keeps_its_default(tmp_path, below, right):
    """It makes an object of it: no word and no function of ours is one. What the default does is undone by the bias."""
    known = recognised(tmp_path, ACTIVATED.replace("{below}", below))
    assert known.candidate.rectified
    assert known.right(PLAIN) == right


def test_a_border_with_a_number_is_how_wide_it_is(tmp_path):
    """Not what it repeats: a word would raise in every way to call it."""
    code = """
class Conv:
    def __init__(self, weight, bias, step=1, border=0):
        self.W, self.b, self.s, self.p = weight, bias, step, border
"""
    assert recognised(tmp_path, code + BODY).right(STRIDED) == ALL
    wrong = BODY.replace("g, self.s, self.p)\n        self.db", "g, self.s, self.p)[::-1]\n        self.db")
    assert recognised(tmp_path, code + wrong).right(STRIDED) == {"input", "bias"}
