"""The geometry of a convolution with any number of axes."""

import pytest

from gradcheck_cli.model import Axis, ConvSpec, Geometry, TransposedAxis
from gradcheck_cli.model.errors import GeometryError

UP = TransposedAxis(size=4, taps=3, stride=2, before=1, after=1, output_padding=1).mirrored


def test_the_shapes_of_a_layer_of_volumes():
    """Three axes: 6 filters of 2 channels each, two groups, on 5x6x7 elements."""
    layer = Geometry(2, 4, 6, (Axis(5, 2), Axis(6, 3, stride=2), Axis(7, 1)), groups=2)

    assert ((2, 4, 5, 6, 7), (6, 2, 2, 3, 1), (2, 6, 4, 2, 7)) == (
        layer.x_shape,
        layer.weight_shape,
        layer.output_shape,
    )
    assert 2 * 4 * 2 * 7 == layer.terms


def test_the_shapes_of_a_transposed_layer():
    """It reads 4 elements and writes 8, and its kernel has the channels first."""
    layer = Geometry(1, 6, 4, (UP,), groups=2, transposed=True)

    assert ((1, 6, 4), (6, 2, 3), (1, 4, 8)) == (layer.x_shape, layer.weight_shape, layer.output_shape)
    assert 4 == layer.terms


def test_the_layer_that_leads_back():
    """It reads what the other writes, with the same kernel, and the way back from there is the layer itself."""
    layer = Geometry(1, 6, 4, (UP, Axis(5, 2)), groups=2, transposed=True)
    back = layer.mirrored

    assert (layer.x_shape, layer.weight_shape, layer.output_shape) == (
        back.output_shape,
        back.weight_shape,
        back.x_shape,
    )
    assert layer == back.mirrored


def test_a_convolution_of_pictures_is_one_of_two_axes():
    """All its shapes are the same there."""
    spec = ConvSpec(2, 4, 6, 7, 8, (3, 2), (2, 1), (1, 0), (1, 2), 2, (0, 1))
    layer = spec.geometry

    assert (spec.x_shape, spec.weight_shape, spec.output_shape, spec.terms) == (
        layer.x_shape,
        layer.weight_shape,
        layer.output_shape,
        layer.terms,
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": 0}, "batch must be at least 1, not 0."),
        ({"channels": -1}, "in channels must be at least 1, not -1."),
        ({"filters": 0}, "out channels must be at least 1, not 0."),
        ({"groups": 0}, "groups must be at least 1, not 0."),
        ({"groups": 4}, "--groups 4 does not divide --in 6.\n  hint: --groups that divide 6: 1, 2, 3, 6"),
        ({"axes": ()}, "a convolution has at least one axis, not 0."),
        (
            {"axes": (Axis(4, 2), Axis(4, 2, before=1, mode="circular")), "transposed": True},
            "a transposed layer is padded with zeros alone, not circular.\n"
            "  hint: its padding is cut off the output, where nothing can be repeated",
        ),
    ],
)
def test_geometries_that_no_layer_can_have(changes, message):
    """Each is told with what would do."""
    with pytest.raises(GeometryError) as caught:
        Geometry(**{"batch": 1, "channels": 6, "filters": 4, "axes": (Axis(4, 2),)} | changes)

    assert message == caught.value.text()
