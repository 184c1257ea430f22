"""What the tab key offers, in each of the shells that click knows."""

import pytest
from click.shell_completion import get_completion_class

from gradcheck_cli.cli import commands  # noqa: F401
from gradcheck_cli.cli.root import PROGRAM, cli

SHELLS = ("bash", "zsh", "fish")


def offered(shell, line, monkeypatch):
    """The words that a shell is told for the last word of the line."""
    words = line.split(" ")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", words[-1] if shell == "fish" else str(len(words) - 1))
    completion = get_completion_class(shell)(cli, {}, PROGRAM, "_GRADCHECK_COMPLETE")
    args, incomplete = completion.get_completion_args()
    return [item.value for item in completion.get_completions(args, incomplete)]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("gradcheck explain tol", ["tolerance"]),
        ("gradcheck explain batch-m", ["batch-mean"]),
        ("gradcheck explain batch", ["batch-norm", "batch-norm-eval", "batch-mean"]),
        ("gradcheck verify --convention func", ["function"]),
        ("gradcheck verify --convention function,nh", ["function,nhwc", "function,nhw"]),
        (
            "gradcheck run --convention nhwc,n",
            [f"nhwc,{each}" for each in ("nchw", "nhw", "ncw", "nwc", "nw", "ncdhw", "ndhwc")],
        ),
        ("gradcheck run --report j", ["json=", "junit="]),
        ("gradcheck verify --report p", []),
        ("gradcheck run --dty", ["--dtype"]),
        ("gradcheck run --dtype fl", ["float32", "float64", "float16"]),
    ],
)
def test_a_begun_word_is_completed(shell, line, words, monkeypatch):
    """Topics and mistakes, conventions with commas between, formats that the command has, options and their words."""
    assert words == offered(shell, line, monkeypatch)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_empty_word_is_offered_everything(shell, monkeypatch):
    """Every topic first."""
    first = offered(shell, "gradcheck explain ", monkeypatch)[:3]
    assert ["tolerance", "same-across-channels", "shapes"] == first
    assert "auto" == offered(shell, "gradcheck verify --convention ", monkeypatch)[0]
    assert "json=" == offered(shell, "gradcheck verify --report ", monkeypatch)[0]
