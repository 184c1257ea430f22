"""What people type for something else is told with what they meant."""

import pytest

from gradcheck_cli.cli import slips
from helpers import gradcheck

RUN = ("--in", "--out", "--k", "--stride", "--padding", "--size", "--seed", "--seeds", "--help")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("--kernel-size", ["--k"]),
        ("--kernel_size", ["--k"]),
        ("--kernel", ["--k"]),
        ("--channels", ["--in"]),
        ("--out-channels", ["--out"]),
        ("--filters", ["--out"]),
        ("--pad", ["--padding"]),
        ("--paddin", ["--padding"]),
        ("--inn", ["--in"]),
        ("--nonsense", []),
    ],
)
def test_an_unknown_option_stands_for_a_known_one(typed, meant):
    """By another name of the same thing, else by its letters; never by a name that is not near."""
    assert meant == slips.meant_options(typed, RUN)


def test_a_name_for_what_this_command_does_not_have_offers_nothing():
    """`verify` has no kernel size."""
    assert [] == slips.meant_options("--kernel", ("--timeout", "--jobs"))


def test_every_synonym_is_an_option_of_run():
    """None of them leads to what is not there."""
    done = gradcheck("run", "--help")

    assert [] == [option for option in set(slips.SYNONYMS.values()) if f"{option} " not in done.stdout]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["run", "--kernel-size", "3", "x.jpg"],
            "Error: No such option '--kernel-size'. Did you mean '--k'?\n  see:  gradcheck run --help\n",
        ),
        (["photo.jpg"], "Error: photo.jpg stands where a command is due.\n  hint: gradcheck run photo.jpg\n"),
        (["my.py:f"], "Error: my.py:f stands where a command is due.\n  hint: gradcheck verify my.py:f\n"),
        (
            ["verify", "--kernel_size", "3", "x.py"],
            "Error: No such option '--kernel_size'. `gradcheck run` and `gradcheck explain` have '--k'.\n"
            "  see:  gradcheck verify --help\n",
        ),
        (
            ["run", "--geometries", "full", "x.jpg"],
            "Error: No such option '--geometries'. `gradcheck verify` has it.\n  see:  gradcheck run --help\n",
        ),
        (
            ["verify", "--convention", "nwhc", "x.py"],
            "Error: --convention has no 'nwhc'.\n  hint: did you mean 'nhwc'?\n",
        ),
        (
            ["verify", "f.py::name"],
            "Error: f.py::name has two colons.\n  hint: one parts the file from the name: f.py:name\n",
        ),
        (
            ["explain", "tolerence"],
            "Error: There is no explanation of 'tolerence'.\n  hint: probably tolerance\n  see:  gradcheck explain\n",
        ),
        (
            ["verify", "photo.png"],
            "Error: photo.png is a picture, and verify takes code.\n  hint: gradcheck run photo.png\n",
        ),
        (
            ["run", "my.py:f"],
            "Error: my.py:f is code, and run takes pictures.\n  hint: gradcheck verify my.py:f, or on a picture: "
            "gradcheck run --backward my.py:f PICTURE\n",
        ),
    ],
)
def test_a_slip_is_told_with_what_was_meant(argv, message):
    """Exit code 2, and the command line that would do it."""
    done = gradcheck(*argv)

    assert (2, message) == (done.exit_code, done.stderr)
