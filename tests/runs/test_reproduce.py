"""The command line that gives the same run again."""

from gradcheck_cli.model import RunOptions, VerifyOptions
from gradcheck_cli.runs.reproduce import run_command, verify_command


def test_the_forum_command_is_told_in_full_though_all_is_default():
    """The sizes and the seed are what the question is about."""
    expected = "gradcheck run --in 3 --out 3 --k 32 --seed 0 a.jpg b.jpg"

    assert expected == run_command(RunOptions(("a.jpg", "b.jpg")))


def test_every_option_that_is_not_its_default_is_told():
    """Pairs as 3x5, flags as flags, names quoted for a shell."""
    options = RunOptions(
        ("it's.jpg",), kernel_size=(3, 5), stride=(2, 2), unit_range=True, bias=False, loss="mse", threads=2
    )
    expected = (
        "gradcheck run --in 3 --out 3 --k 3x5 --stride 2 --loss mse --seed 0 --threads 2 --unit-range --no-bias "
        "'it'\"'\"'s.jpg'"
    )

    assert expected == run_command(options)


def test_a_name_that_looks_like_an_option_comes_after_two_dashes():
    """A file called --seed is still a file; "-" alone is standard input."""
    assert run_command(RunOptions(("--seed",))).endswith("-- --seed")
    assert run_command(RunOptions(("-",))).endswith(" -")
    assert "--" not in run_command(RunOptions(("-",))).split()


def test_a_verify_command():
    """Only what differs from the default is told, and the seed."""
    options = VerifyOptions(("a.py:f", "b c.py:f"), geometries="full", timeout=2.5)

    assert "gradcheck verify --geometries full --timeout 2.5 --seed 0 a.py:f 'b c.py:f'" == verify_command(options)
