import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from gradcheck_cli.report.heatmap import draw_heatmaps, pool_planes
from gradcheck_cli.report.terminal_text import Screen


class Encoded(io.StringIO):
    def __init__(self, encoding):
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding


def screen_of(width=100, colours=None, encoding="utf-8"):
    """A screen of that width, with those colours."""
    file = Encoded(encoding)
    return Screen(Console(file=file, width=width, color_system=colours, force_terminal=colours is not None))


def plain(lines):
    """The lines without their styles."""
    return [line.plain for line in lines]


def draw(screen, gradient):
    """The heading with its scale, and the lines of the panels, without the empty line before them."""
    return draw_heatmaps(screen, {"G": gradient})[1:]


def gradient_of(planes):
    """The planes as the gradient of one filter."""
    return np.array([planes], dtype=np.float64)


def test_cells_are_means_of_their_entries():
    """A 4x4 plane on a 2x2 grid: the mean of each quarter; a remainder is its own, smaller cell."""
    plane = np.arange(16.0).reshape(4, 4)
    assert [[2.5, 4.5], [10.5, 12.5]] == pool_planes(gradient_of([plane]), 2).pooled[0].tolist()
    assert [[0.5, 2.0]] == pool_planes(gradient_of([[[0.0, 1.0, 2.0]]]), 2).pooled[0].tolist()


def test_all_panels_share_one_scale():
    """The largest mean of any panel is the end of the scale for all of them."""
    panels = pool_planes(gradient_of([[[1.0]], [[-4.0]]]), 8)
    assert (4.0, ("[0,0]", "[0,1]")) == (panels.scale, panels.labels)


def test_digits_say_sign_and_size_where_there_is_no_colour():
    """9 is the end of the scale, a dot is zero, a negative value has its sign."""
    lines = draw(screen_of(), gradient_of([[[9.0, 0.0], [-9.0, 4.0]], [[0.1, 1.0], [2.0, -3.0]]]))
    expected = [
        "G  9 = 9, . = 0, -9 = -9",
        "[0,0]   [0,1]",
        " 9  .    .  1",
        "-9  4    2 -3",
    ]
    assert expected == plain(lines)


def test_a_swapped_sign_changes_the_picture():
    """The digits can tell a gradient from its negative."""
    gradient = gradient_of([[[1.0, 2.0]]])
    assert plain(draw(screen_of(), gradient)) != plain(draw(screen_of(), -gradient))


def test_not_finite_cells_are_marked_and_do_not_set_the_scale():
    """NaN and infinity are exclamation marks; the others keep their scale."""
    expected = ["G  9 = 2, . = 0, -9 = -2, ! is not finite", "[0,0]", " !  !  9"]
    assert expected == plain(draw(screen_of(), gradient_of([[[np.nan, np.inf, 2.0]]])))


def test_a_gradient_of_zeros_says_so():
    """No scale is invented where every cell is 0."""
    expected = ["G  no finite cell differs from 0", "[0,0]", " .  ."]
    assert expected == plain(draw(screen_of(), np.zeros((1, 1, 1, 2))))


def test_half_blocks_carry_two_cells_in_their_two_colours():
    """With colours the upper cell is the letter's colour and the lower one its background; zero is white."""
    block = draw(screen_of(colours="truecolor"), gradient_of([[[1.0], [-1.0]], [[0.0], [0.5]]]))[2]
    styles = [(span.style.color.triplet, span.style.bgcolor.triplet) for span in block.spans if span.style]
    assert "\u2580      \u2580" == block.plain
    assert [((178, 34, 46), (33, 82, 163)), ((244, 243, 240), (211, 138, 143))] == styles


def test_256_colours_are_chosen_by_hand():
    """The palette's blue, white and red, not what is nearest to a mixture."""
    block = draw(screen_of(colours="256"), gradient_of([[[1.0, 0.0, -1.0]]]))[2]
    assert [160, 255, 26] == [span.style.color.number for span in block.spans]


@pytest.mark.parametrize(
    ("colours", "encoding"), [(None, "utf-8"), ("standard", "utf-8"), ("truecolor", "cp1252"), ("256", "ascii")]
)
def test_digits_wherever_blocks_would_not_show(colours, encoding):
    """16 colours grade nothing and cp1252 has no half block: digits."""
    lines = draw(screen_of(colours=colours, encoding=encoding), gradient_of([[[1.0]]]))
    assert ["G  9 = 1, . = 0, -9 = -1", "[0,0]", " 9"] == plain(lines)


@pytest.mark.parametrize(
    ("width", "colours", "shown"), [(100, "truecolor", 9), (80, "truecolor", 9), (60, "truecolor", 6), (100, None, 5)]
)
def test_one_row_of_panels_and_how_many_more(width, colours, shown):
    """As many panels as fit side by side; the rest is counted, not forgotten."""
    lines = plain(draw(screen_of(width, colours), np.ones((3, 3, 32, 32))))
    assert shown == sum(line.count("[") for line in lines)
    assert (f"{9 - shown} more with -v" in " ".join(lines)) == (shown < 9)
    assert max(len(line) for line in lines) <= width


def test_everything_is_drawn_on_demand():
    """Under -v all panels are there, in several rows."""
    lines = plain(draw(replace(screen_of(60), verbosity=1), np.ones((3, 3, 32, 32))))
    assert 9 == sum(line.count("[") for line in lines)
    assert "more" not in lines[0]


@pytest.mark.parametrize("shape", [(1, 1, 32, 32), (3, 3, 32, 32), (2, 1, 1, 31), (1, 2, 31, 1), (8, 8, 3, 3)])
@pytest.mark.parametrize("colours", [None, "truecolor"])
def test_a_panel_has_at_most_eight_rows(shape, colours):
    """Whatever the kernel, a panel is its label and at most eight lines."""
    lines = plain(draw(screen_of(100, colours), np.ones(shape)))
    assert len(lines) <= 1 + 8 + 2


def test_planes_of_one_digit_are_shown_without_their_means():
    """Blocks of one digit show nothing; what is left of them does, and the means are told."""
    lines = draw(screen_of(), gradient_of([[[100.0, 101.0]], [[-80.0, -82.0]]]))
    assert ["G  9 = 1, . = 0, -9 = -1, less the mean of each plane (-81 to 100)", "[0,0]   [0,1]"] == plain(lines)[:2]
    assert "-4  4    9 -9" == plain(lines)[2]
    assert " 9  6" == plain(draw(screen_of(), gradient_of([[[3.0, 2.0]]])))[2]


def test_one_plane_with_structure_does_not_leave_the_others_blocks():
    """Most of three planes would be one digit each; planes whose cells are equal are blocks in any case."""
    planes = [[[100.0, 101.0]], [[-80.0, -82.0]], [[0.0, 50.0]]]

    assert "less the mean of each plane (-81 to 100)" in plain(draw(screen_of(), gradient_of(planes)))[0]
    assert "less the mean" not in plain(draw(screen_of(), gradient_of([[[3.0, 3.0]], [[0.0, 0.0]], [[0.0, 9.0]]])))[0]


def test_two_sides_share_one_scale():
    """One that is ten times too small looks pale beside the other."""
    lines = plain(
        draw_heatmaps(screen_of(), {"ours": gradient_of([[[1.0, 0.0]]]), "theirs": gradient_of([[[10.0, 0.0]]])})
    )
    assert ["", "ours  9 = 10, . = 0, -9 = -10", "[0,0]", " 1  ."] == lines[:4]
    assert ["", "theirs  9 = 10, . = 0, -9 = -10", "[0,0]", " 9  ."] == lines[4:]
