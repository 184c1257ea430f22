"""What a target is asked has a name that is the same everywhere."""

import subprocess
import sys

import pytest

from gradcheck_cli.model import ConvSpec, Setting
from gradcheck_cli.trials.question import Question
from helpers import ROOT

PLAIN = ConvSpec(2, 3, 4, 9, 8, (3, 3))
ODD = ConvSpec(1, 4, 6, 7, 10, (2, 3), (1, 2), (0, 1), (2, 1), 2, (1, 0))


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (
            Question("my.py:backward", PLAIN),
            "conv2d/n2-c3-f4-i9x8-k3x3-s1x1-p0x0-d1x1-g1/narrow/float64-cpu/seed0/my.py:backward",
        ),
        (
            Question("ops/conv.py:Conv.backward", ODD, "after-another", 12),
            "conv2d/n1-c4-f6-i7x10-k2x3-s1x2-p0x1+1x1-d2x1-g2/after-another/float64-cpu/seed12/ops/conv.py:Conv.backward",
        ),
        (
            Question("ops\\conv.py:f", PLAIN, "wide", 1, "linear", Setting("bfloat16", "cuda:1")),
            "linear/n2-c3-f4-i9x8-k3x3-s1x1-p0x0-d1x1-g1/wide/bfloat16-cuda:1/seed1/ops/conv.py:f",
        ),
    ],
)
def test_the_id_is_this_text(question, text):
    """By it answers are found again, on another machine too: it never changes."""
    assert text == question.id


def test_the_id_is_the_same_in_another_process():
    """Nothing in it hangs on the order of a set or the seed of Python's own hashes."""
    code = (
        "from gradcheck_cli.model import ConvSpec\nfrom gradcheck_cli.trials.question import Question\n"
        "print(Question('my.py:f', ConvSpec(2, 3, 4, 9, 8, (3, 3)), 'tiny', 5).id)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert Question("my.py:f", PLAIN, "tiny", 5).id == done.stdout.strip()


def test_what_differs_has_another_id():
    """Layer, geometry, probe, setting, seed and target: each stands in it."""
    others = (
        Question("my.py:g", PLAIN),
        Question("my.py:f", ODD),
        Question("my.py:f", PLAIN, "wide"),
        Question("my.py:f", PLAIN, seed=1),
        Question("my.py:f", PLAIN, layer="linear"),
        Question("my.py:f", PLAIN, setting=Setting("float32")),
        Question("my.py:f", PLAIN, setting=Setting(device="cuda")),
    )
    assert len({Question("my.py:f", PLAIN).id, *(other.id for other in others)}) == 1 + len(others)


def test_a_second_use_is_a_kind_of_question():
    """As asking once or twice is: who asks has one door."""
    calls = {probe: Question("my.py:f", PLAIN, probe).calls for probe in ("narrow", "after-another", "digits")}
    assert {"narrow": "twice", "after-another": "after another", "digits": "once"} == calls
