"""Sentences about pictures retold for code with one axis."""

import pytest

from gradcheck_cli.diagnose.one_axis import of_one_axis
from gradcheck_cli.mistakes import CATALOGUE

RETOLD = {
    "Return the rows p : p + H and the columns p : p + W of dX_padded.": "Return the positions p : p + L of dX_padded.",
    "Tap (u, v) belongs to X_padded at row s*p + d*u and column s*q + d*v.": (
        "Tap u belongs to X_padded at position s*p + d*u."
    ),
    "starts the window of output (p, q) at row p and column q, without the stride": (
        "starts the window of output p at position p, without the stride"
    ),
    "Visit all outputs: p in range(h_out), q in range(w_out), with h_out, w_out taken from G's shape.": (
        "Visit all outputs: p in range(l_out), with l_out taken from G's shape."
    ),
    "divided by the outputs of an image, P*Q = 7": "divided by the outputs, l_out = 7",
    "the kernel is larger than 1x1": "the kernel has more than one tap",
    "one column too far right": "one position too far right",
    "columns of outputs > 8": "outputs > 8",
    "batch > 1 and stride > 1": "batch > 1 and stride > 1",
}


@pytest.mark.parametrize("text", RETOLD)
def test_what_is_said_of_pictures_is_said_of_lines(text):
    """Of two indices the one that is left."""
    assert of_one_axis(text) == RETOLD[text]


@pytest.mark.parametrize(
    "mistake", [mistake for mistake in CATALOGUE.values() if not mistake.needs_rows], ids=lambda one: one.id
)
def test_no_text_of_a_mistake_that_lines_can_have_speaks_of_rows(mistake):
    """Titles and fixes, which a report quotes."""
    for text in (mistake.title, mistake.fix, mistake.transposed.title, mistake.transposed.fix):
        retold = of_one_axis(text)
        assert not any(word in retold.split() for word in ("row", "rows", "column", "columns", "image", "images"))
