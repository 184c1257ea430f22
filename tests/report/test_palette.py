"""The colours: what they mean, that print keeps their order, and that they are what the post's script used."""

import matplotlib
import numpy as np

from gradcheck_cli.report.palette import AROUND_ZERO, RISING


def lightness(colours):
    """CIE L* of sRGB colours, (..., 3), 0 to 255: what black and white print leaves of them."""
    share = np.asarray(colours, float) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27)


def test_white_is_zero_and_full_colour_is_the_end():
    """Beyond the ends nothing changes, NaN is amber."""
    values = np.array([[0.0, 2.0, -2.0, 50.0], [np.nan, np.inf, -np.inf, 1.0]])
    shown = AROUND_ZERO.paint(values, -2.0, 2.0)

    assert shown[0].tolist() == [[247, 247, 247], [178, 24, 43], [33, 102, 172], [178, 24, 43]]
    assert shown[1].tolist() == [[255, 200, 0], [178, 24, 43], [33, 102, 172], [212, 136, 145]]


def test_a_scale_without_extent_is_its_middle():
    """Equal entries are neither low nor high; an infinite one beside them is an end."""
    shown = RISING.paint(np.array([[3.0, np.inf, np.nan]]), 3.0, 3.0)

    assert shown.tolist() == [[[33, 145, 140], [253, 231, 37], [255, 255, 255]]]


def test_print_keeps_the_order_of_the_rising_colours():
    """Each is lighter than the one before, so black and white print tells more from less."""
    ramp = lightness(RISING.paint(np.linspace(0, 1, 256)[None], 0, 1)[0])

    assert (np.diff(ramp) > -0.2).all()
    assert ramp[-1] - ramp[0] > 70


def test_the_rising_colours_are_those_of_the_post():
    """`imshow` without a word about colours: viridis, to within six of 255 levels."""
    there = 255 * matplotlib.colormaps["viridis"](np.linspace(0, 1, 256))[:, :3]

    assert np.abs(RISING.paint(np.linspace(0, 1, 256)[None], 0, 1)[0] - there).max() <= 6
