"""Layers of every form at random, small, and whole numbers for them."""

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.model import CONVS, GRADIENTS, PADDING_MODES, Case, ConvSpec, TorchLayer
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.oracles import autograd, reference


def drawn(generator, name=None):
    """A layer of a form, or of any; what fits together is drawn until it does."""
    while True:
        try:
            return _layer(generator, name or generator.choice(CONVS)).spec
        except GeometryError:
            continue


def _layer(generator, name):
    groups, axes, transposed = generator.choice((1, 1, 1, 2, 3)), int(name[-2]), "transpose" in name

    def numbers(*choices):
        return [generator.choice(choices) for _ in range(axes)]

    pairs = list(zip(numbers(0, 1, 2), numbers(0, 1, 3), strict=True))
    return TorchLayer(
        conv=name,
        batch=generator.choice((1, 2)),
        in_channels=groups * generator.choice((1, 2)),
        out_channels=groups * generator.choice((1, 2)),
        size=numbers(1, 2, 3, 4, 5, 7),
        kernel_size=numbers(1, 2, 3),
        stride=numbers(1, 2, 3),
        padding=generator.choice((numbers(0, 1, 2), generator.choice((0, 1, 2)), pairs, "same")),
        dilation=numbers(1, 1, 2),
        groups=groups,
        padding_mode="zeros" if transposed else generator.choice(PADDING_MODES),
        output_padding=numbers(0, 0, 1, 2) if transposed else 0,
    )


def whole(spec: ConvSpec, seed=0, largest=9) -> Case:
    """Whole numbers of one digit."""
    random = np.random.default_rng(seed)
    shapes = (spec.x_shape, spec.weight_shape, spec.bias_shape, spec.output_shape)
    return Case(spec, *(random.integers(-largest, largest, shape, endpoint=True).astype(float) for shape in shapes))


def disagreeing(spec, seed):
    """The sources that do not give the hand-written gradients bit for bit: autograd in float64, and the definition."""
    case = whole(spec, seed)
    hand = conv.backward(case)
    others = {
        "autograd": autograd.backward(case, autograd.LayerSettings("float64")),
        "definition": {name: reference.GRADIENT[name](case) for name in GRADIENTS},
    }
    return [
        (spec, source, name)
        for source, found in others.items()
        for name in GRADIENTS
        if not np.array_equal(hand[name], found[name])
    ]
