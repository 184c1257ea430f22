"""The pictures of a run on the screen: small heatmaps of the judged gradient, from both sides if it is wrong."""

from __future__ import annotations

from rich.text import Text

from gradcheck_cli.report import words
from gradcheck_cli.report.heatmap import draw_heatmaps
from gradcheck_cli.report.page.blocks import Pictures
from gradcheck_cli.report.terminal_text import Screen


def draw_pictures(screen: Screen, pictures: Pictures) -> list[Text]:
    """Of the user's code beside autograd's where it is wrong, else autograd's alone."""
    shown, title = pictures.drawn, "grad_{} of {}"
    sides = {title.format(shown.gradient, "autograd"): shown.autograd}
    hand = "your code" if words.user_file(pictures.report) else "ours"
    return draw_heatmaps(screen, {title.format(shown.gradient, hand): shown.hand, **sides} if shown.wrong else sides)
