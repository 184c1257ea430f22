"""`gradcheck explain` on the command line; what the texts say is tested with the texts."""

import pytest

from gradcheck_cli.layers.known import KNOWN
from helpers import gradcheck


def test_mistake():
    """An id of the catalogue is explained on standard output."""
    result = gradcheck("explain", "batch-mean")

    assert (0, "") == (result.exit_code, result.stderr)
    assert result.stdout.startswith("batch-mean: the code ")


def test_no_topic_lists_them_all():
    """Without a topic there is a list to choose from, and each of them can be explained."""
    from gradcheck_cli.explain.ids import TOPICS
    from gradcheck_cli.layers.known import KNOWN
    from gradcheck_cli.mistakes import CATALOGUE

    lines = gradcheck("explain").stdout.splitlines()

    listed = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]
    assert [*TOPICS, *KNOWN, *CATALOGUE] == listed


def test_the_list_fits_a_screen():
    """80 columns; a long title goes on below itself, and no word of it is lost."""
    lines = gradcheck("explain").stdout.splitlines()

    assert max(map(len, lines)) <= 80
    assert " ".join(KNOWN["attention"].title.split()) in " ".join(" ".join(lines).split())


def test_misspelt_topic():
    """A slip is exit 2 with what was probably meant."""
    result = gradcheck("explain", "batch-maen")

    assert (2, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("Error: There is no explanation of 'batch-maen'.\n  hint: probably batch-mean")


def test_shapes_of_the_forum_question():
    """The defaults are the layer of the post, and options change it."""
    explicit = ("explain", "shapes", "--in", "5", "--out", "10", "--k", "5", "--size", "100")

    assert gradcheck(*explicit) == gradcheck("explain", "shapes")
    assert "50 correlations" in gradcheck(*explicit).stdout
    assert "12 correlations" in gradcheck("explain", "shapes", "--in", "4", "--out", "3").stdout


def test_shapes_take_any_number_of_channels():
    """Nobody needs a picture to ask for shapes, so five channels are fine and groups count."""
    result = gradcheck("explain", "shapes", "--in", "4", "--out", "4", "--groups", "2", "--stride", "2")

    assert 0 == result.exit_code
    assert "8 correlations" in result.stdout


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["shapes", "--k", "101"], "the kernel does not fit the input along its height: 101 > 100."),
        (["shapes", "--out", "0"], "--out must be at least 1, not 0."),
        (["shapes", "--out", "9999999999"], "--out must be at most 2147483647, not 9999999999."),
        (["batch-mean", "--k", "3"], "only `gradcheck explain shapes` takes sizes, not 'batch-mean'."),
        (["--k", "3"], "only `gradcheck explain shapes` takes sizes, not 'the list of topics'."),
    ],
)
def test_refused(argv, message):
    """Sizes that nothing can have, or that belong elsewhere, are exit 2."""
    result = gradcheck("explain", *argv)

    assert (2, "") == (result.exit_code, result.stdout)
    assert f"Error: {message}" == result.stderr.splitlines()[0]
