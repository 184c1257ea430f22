import os
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from gradcheck_cli.model.errors import ReportError
from gradcheck_cli.report import pictures
from gradcheck_cli.report.png import render_png
from tests.report import samples


def decoded(data):
    """The picture as its user sees it."""
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def report_of(c_out, c_in, kh=4, kw=4, **changes):
    """A run with small gradients; `changes` replaces some of them."""
    return samples.sample_run_report(figures=samples.shaped_figures(c_out, c_in, kh, kw, **changes))


def frames(picture):
    """Panels of a picture: boxes with the frame's gray around them."""
    gray = (picture == (0xB8, 0xB3, 0xB0)).all(axis=2).astype(np.uint8)
    contours, _ = cv2.findContours(gray, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [box for box in map(cv2.boundingRect, contours) if min(box[2:]) > 15]


def lowest(report):
    """The last panel of a picture."""
    return max(frames(decoded(render_png(report))), key=lambda box: box[1])


@pytest.mark.parametrize("pairs", [(1, 1), (2, 3), (3, 3), (2, 8)])
def test_a_panel_for_every_filter_and_channel(pairs):
    """On its own range, on one scale, without its mean, the difference; of many filters the first, as they fit."""
    c_out, c_in = pairs
    compared = min(c_out * c_in, 12 // c_in * c_in)
    origin = len(pictures.strips(report_of(*pairs))[0].tiles)
    assert 3 * compared + c_out * c_in + origin == len(frames(decoded(render_png(report_of(*pairs)))))


def test_the_same_report_gives_the_same_bytes():
    """No time, version or chance is in the file."""
    assert render_png(report_of(2, 2)) == render_png(report_of(2, 2))


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_gradients_without_a_scale_are_drawn(value):
    """NaN, infinity and zeros everywhere: a picture, no exception and no warning."""
    planes = np.full((1, 2, 4, 4), value)
    picture = decoded(render_png(report_of(1, 2, hand=planes, autograd=planes)))
    assert picture.shape[0] > 300


@pytest.mark.parametrize("name", sorted(samples.RUN_SAMPLES))
def test_every_kind_of_run_has_a_picture(name):
    """Also with hostile names, dollar signs among them: nothing is taken as mathematics."""
    report = samples.RUN_SAMPLES[name]()
    report = replace(report, answer=report.answer + " a$b$_{c^.jpg \\frac")
    assert render_png(report).startswith(b"\x89PNG\r\n")


def test_flat_and_tall_kernels_keep_their_shape():
    """A 3x31 kernel is drawn wide, a 31x3 kernel high."""
    _, _, width, height = lowest(report_of(1, 1, 3, 31))
    assert width > 5 * height
    _, _, width, height = lowest(report_of(1, 1, 31, 3))
    assert height > 5 * width


def test_a_report_without_gradients_has_no_picture():
    """verify has none; the message says what works instead."""
    with pytest.raises(ReportError) as error:
        render_png(samples.sample_verify_report())
    expected = (
        "a png report needs the gradients of a run; this report of `verify` has none.\n"
        "  hint: html, md and json work for every report"
    )
    assert expected == error.value.text()


def test_nonsense_in_the_environment_does_not_matter():
    """MPLBACKEND may name no back end at all, and is left as it was."""
    code = (
        "import os; from tests.report.samples import sample_run_report, shaped_figures;"
        "from gradcheck_cli.report.png import render_png; import sys;"
        "data = render_png(sample_run_report(figures=shaped_figures(1, 1, 2, 2)));"
        "print(len(data) > 1000, os.environ['MPLBACKEND'], 'matplotlib.pyplot' in sys.modules)"
    )
    environment = {**os.environ, "MPLBACKEND": "no-such-back-end"}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ("True no-such-back-end False\n", "") == (found.stdout, found.stderr)
