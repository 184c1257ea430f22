"""Problem descriptors of benchdnn."""

import pytest

from gradcheck_cli.model import ConvSpec, TorchLayer
from gradcheck_cli.model.errors import GeometryError, UsageError
from gradcheck_cli.model.notation import geometry_of

BOTH = {"batch": 2, "in_channels": 3, "out_channels": 4}


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("mb1ic3ih256oc3kh32", {"batch": 1, "out_channels": 3, "size": 256, "kernel_size": 32}),
        (
            'g1_ic3oc4_ih8oh4kh3ph1sh2_n"a_name:3x3"',
            {"size": 8, "kernel_size": 3, "stride": 2, "padding": [(1, 0)] * 2},
        ),
        ("oc4ic3_iw9kw3dw1", {"conv": "conv1d", "size": 9, "kernel_size": 3, "dilation": 2}),
        ("ic3ih8iw7oc4kh3kw2", {"size": (8, 7), "kernel_size": (3, 2)}),
        ("ic3id5oc4kd2pd1", {"conv": "conv3d", "size": 5, "kernel_size": 2, "padding": 1}),
        ("ic3id5ih6oc4kd2kh3", {"conv": "conv3d", "size": (5, 6, 6), "kernel_size": (2, 3, 3)}),
        ("conv ic3iw13oc4ow12kw3pw1", {"conv": "conv1d", "size": 13, "kernel_size": 3, "padding": [(1, 0)]}),
        ("ic3iw5oc4ow5kw2", {"conv": "conv1d", "size": 5, "kernel_size": 2, "padding": [(0, 1)]}),
        ("ic3iw8oc4ow3kw1sw3", {"conv": "conv1d", "size": 8, "kernel_size": 1, "stride": 3}),
        ("deconv ic3iw5oc4kw3sw2", {"conv": "conv_transpose1d", "size": 5, "kernel_size": 3, "stride": 2}),
        (
            "--deconv ic3iw5oc4ow10kw3sw2pw1",
            {"conv": "conv_transpose1d", "size": 5, "kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
        ),
        (
            "--deconv ic3iw8oc4ow5kw3pw3",
            {"conv": "conv_transpose1d", "size": 8, "kernel_size": 3, "padding": [(3, 2)]},
        ),
    ],
)  # fmt: skip
def test_descriptors_are_torch_layers(text, layer):
    """Axes that are not said are like the one before; where the output is said, the padding behind follows from it."""
    assert TorchLayer(**BOTH | layer).spec == geometry_of(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ic3iw8kw3", "the descriptor 'ic3iw8kw3' does not say oc."),
        ("ic3oc4kw3", "the descriptor 'ic3oc4kw3' does not say iw."),
        ("ic3oc4", "the descriptor 'ic3oc4' does not say a size."),
        ("ic3ic4", "the descriptor 'ic3ic4' cannot be read: 'ic' twice."),
        ("ic3xx4", "the descriptor 'ic3xx4' cannot be read: 'xx4' begins with no number behind its letters."),
    ],
)
def test_what_cannot_be_read_is_said(text, sentence):
    """With what is missing, or where it ends."""
    with pytest.raises(UsageError) as caught:
        geometry_of(text)

    assert sentence == caught.value.sentence


def test_an_output_that_no_padding_gives_is_refused():
    """The end of the input would have to be cut off."""
    with pytest.raises(GeometryError, match="no padding gives an output of 3 for 9 elements: 6 would be cut off"):
        geometry_of("ic1iw9oc1ow3kw1")


def test_the_plain_notation_is_no_descriptor():
    """It begins with words of its own."""
    assert ConvSpec(1, 3, 4, 8, 7, (3, 3)) == geometry_of("in 3, out 4, input 8x7, kernel 3")
