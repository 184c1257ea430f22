"""Every id and topic has a text that fits the terminal and whose numbers are computed."""

import random
from dataclasses import replace

import numpy as np
import pytest
from layer_forms import drawn, whole

from gradcheck_cli.explain.about_shapes import shapes
from gradcheck_cli.explain.ids import TOPICS, layer_ids, mistake_ids
from gradcheck_cli.explain.lookup import explain
from gradcheck_cli.layers import conv
from gradcheck_cli.layers.known import KNOWN
from gradcheck_cli.mistakes import CATALOGUE
from gradcheck_cli.model import CONVS, ConvSpec, TorchLayer
from gradcheck_cli.model.errors import GeometryError, UsageError
from gradcheck_cli.report.words import geometry


def one_sample(spec):
    """The layer for one sample, as the text has it."""
    return replace(spec, batch=1)


HEADINGS = {"Why it is wrong", "Hides when", "How to mend it", "Shown by"}


@pytest.mark.parametrize("topic", [*CATALOGUE, *TOPICS, *KNOWN])
def test_every_text_fits_80_columns(topic):
    """No line is longer, and none ends in blanks."""
    lines = explain(topic).text().splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if line != line.rstrip()]
    assert lines[0].startswith(f"{topic}: ")


def test_the_ids_that_a_shell_completes_are_those_of_the_catalogue():
    """They are read from the names of the files, since the catalogue itself would load numpy."""
    assert sorted(CATALOGUE) == mistake_ids()
    assert sorted(KNOWN) == layer_ids()


@pytest.mark.parametrize("identifier", CATALOGUE)
def test_every_mistake_is_explained_in_full(identifier):
    """Reason, hiding place, cure, how to see it, and an example where there is a formula."""
    explanation = explain(identifier)
    headings = {section.heading for section in explanation.sections}
    assert headings >= HEADINGS
    assert ("Example, 4x4" in headings) == bool(CATALOGUE[identifier].formulas)
    assert explanation.markdown().startswith(f"## {identifier}\n\nthe code {CATALOGUE[identifier].title}.")


def test_the_example_is_worked_in_numbers():
    """Two images, the sum over the batch, and its half."""
    assert explain("batch-mean").text().split("Example, 4x4\n")[1] == (
        "  2 images, 1 channel, 1 filter, kernel 2x2, stride 1, padding 0, dilation 1,\n"
        "  groups 1\n"
        "\n"
        "  X[0,0]    X[1,0]    F[0,0]   G[0,0]     G[1,0]\n"
        "  7 4 1 8   0 7 4 2    1 -1     2 -1  3    4  1 -2\n"
        "  5 2 9 6   9 6 3 0    2  0     0  4  1    2  0  4\n"
        "  3 1 8 5   7 4 1 8            -1  3  0    1 -2  2\n"
        "  2 9 6 3   5 3 0 7\n"
        "\n"
        "  dE/dF, right:\n"
        "  [0,0]\n"
        "   60 154\n"
        "  125 143\n"
        "\n"
        "  dE/dF, with this mistake (4 of 4 entries differ):\n"
        "  [0,0]\n"
        "    30   77\n"
        "  62.5 71.5"
    )


def test_the_post_s_shapes_are_answered():
    """5x100x100, ten filters 5x5x5: 50 correlations of 100x100 with 96x96."""
    text = shapes(in_channels=5, out_channels=10, kernel_size=(5, 5), size=(100, 100)).text()
    for fact in (
        "X   5x100x100",
        "F   10 filters of 5x5x5",
        "O   10x96x96",
        "G   10x96x96",
        "50 separate correlations",
        "X[i] is 100x100, G[o] is 96x96, the result 5x5.",
        "1,250 numbers, 11,520,000 products for one image.",
    ):
        assert fact in text
    assert shapes() == explain("shapes")


@pytest.mark.parametrize(
    "spec",
    [
        ConvSpec(1, 2, 3, 7, 8, (3, 2)),
        ConvSpec(1, 4, 6, 11, 9, (3, 2), (2, 3), (1, 2), (2, 1), 2),
        *(one_sample(drawn(random.Random(seed), name)) for name in CONVS for seed in range(6)),
    ],
    ids=geometry,
)
def test_the_code_that_is_shown_gives_the_gradient(spec):
    """The lines of the text, run as they stand."""
    (code,) = [section.body for section in shapes(layer=spec).sections if section.heading == "In numpy"]
    case = whole(spec)
    x = case.x.reshape(spec.in_channels, *spec.own(spec.input_size))
    upstream = case.grad_output.reshape(spec.out_channels, *spec.own(spec.output_size))
    names = {"np": np, "X": x, "G": upstream}
    exec(code, names)
    expected = conv.definition.grad_weight(case.x, case.grad_output, spec.geometry)

    assert np.array_equal(names["dF"], expected.reshape(*spec.weight_shape[:2], *spec.own(spec.kernel_size)))


def test_a_transposed_layer_reads_its_output():
    """The roles of X and G are turned, and the kernel has its channels first."""
    layer = TorchLayer(
        conv="conv_transpose1d", in_channels=4, out_channels=6, size=5, kernel_size=3, stride=2, padding=1, groups=2
    )
    text = shapes(layer=layer.spec).text()
    for fact in (
        "shapes: what 6 filters on 4 channels give with conv_transpose1d",
        "F   4 channels of 3x3, so 4x3x3",
        "O   6x9            one feature map per filter",
        "dE/dF[i,o] = corr(G[3*(i // 2) + o], X[i]),   i = 0..3,  o = 0..2",
        "X[i] is 5, G[o] is 9, the result 3.",
        "4 x 3 = 12 correlations, 3 taps each, 5 products per tap:",
        "window = Gp[3*(i // 2) + o][u : u + 9 : 2]",
        "dE/dX[i] is a convolution of G with F[i], without turning the kernel",
    ):
        assert fact in text


def test_a_repeated_element_gets_what_comes_to_its_copies():
    """Said where the padding repeats anything."""
    layer = TorchLayer(in_channels=1, out_channels=1, size=5, kernel_size=3, padding=1, padding_mode="reflect")

    assert "it is folded back, not cut off" in shapes(layer=layer.spec).text().replace("\n  ", " ")


def test_impossible_sizes_are_refused():
    """The sentence of the geometry itself."""
    with pytest.raises(GeometryError, match="the kernel does not fit the input along its height: 5 > 3"):
        shapes(size=(3, 3))


def test_unknown_ids_get_the_nearest_ones():
    """A slip of the pen is met with what was meant."""
    with pytest.raises(UsageError) as caught:
        explain("batch-meen")
    assert str(caught.value) == (
        "There is no explanation of 'batch-meen'.\n  hint: probably batch-mean\n  see:  gradcheck explain"
    )


def test_equal_channels_are_shown_to_give_equal_gradients():
    """The worked example of the topic says what its heading says."""
    sections = {section.heading: section.body for section in explain("same-across-channels").sections}
    assert "30 96        30 96" in sections["The same with equal channels of X"]
    assert "30 96        37 27" in sections["Example: two channels, two filters"]
