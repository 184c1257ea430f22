"""Every command block of README and docs runs and prints what it shows; the runner itself is tested on faults."""

from pathlib import Path

import commands
import pytest
from commands import ROOT, matches, pages, parse, read_page, run_page

from helpers import Result

RIGHT = """
<!-- file: hello.py -->
```python
print("a", 12345)
```

```console
$ python hello.py
a 12,399
$ echo $?
0
```
""".replace("12,399", "12399")


@pytest.mark.parametrize("file", pages(), ids=lambda file: str(file.relative_to(ROOT)))
def test_commands_print_what_the_page_shows(file, tmp_path):
    """Run the page in a fresh folder that holds the pictures and the page's own files."""
    complaints = run_page(read_page(file), tmp_path)
    assert not complaints, "\n\n".join(complaints)


def test_a_block_that_tells_the_truth_passes(tmp_path):
    """Files are written, the exit code is remembered, numbers agree to two digits."""
    assert run_page(parse(RIGHT), tmp_path) == []


@pytest.mark.parametrize(
    ("truth", "lie"),
    [("a 12399", "b 12399"), ("a 12399", "a 13999"), ("\n0\n", "\n1\n"), ("a 12399", "a 12399 more"), ("a 12399", "")],
)
def test_a_block_that_lies_is_told(truth, lie, tmp_path):
    """A wrong word, a wrong number, a wrong exit code, a word too many, no output."""
    (complaint,) = run_page(parse(RIGHT.replace(truth, lie)), tmp_path)
    assert complaint.startswith("page.md:")


def test_a_wrong_verdict_of_gradcheck_is_told(tmp_path):
    """The in-process way tells too."""
    block = "```console\n$ gradcheck explain nothing-like-this\nall is well\n```\n"
    (complaint,) = run_page(parse(block), tmp_path)
    assert "There is no explanation of 'nothing-like-this'." in complaint


def test_the_same_command_on_the_same_files_is_asked_once(tmp_path, monkeypatch):
    """It gives the same again, with the files that it writes; on another file it is asked anew."""
    runs = []
    monkeypatch.setattr(commands, "outcomes", {})
    monkeypatch.setattr(commands, "gradcheck", lambda *words: runs.append(words) or written())

    def written():
        Path("out.txt").write_text(f"{len(runs)}")
        return Result(1, f"run {len(runs)}", "")

    def asked(name, content):
        (tmp_path / name).mkdir()
        (tmp_path / name / "in.py").write_text(content)
        return commands.asked_once(["verify"], tmp_path / name), (tmp_path / name / "out.txt").read_text()

    first, again, other = asked("one", "a"), asked("two", "a"), asked("three", "b")

    assert first == again == ((1, "run 1"), "1")
    assert other == ((1, "run 2"), "2")


def test_an_unknown_command_is_refused(tmp_path):
    """Nothing is skipped in silence."""
    with pytest.raises(ValueError, match="does not know the command curl"):
        run_page(parse("```console\n$ curl x\n```\n"), tmp_path)


def test_skipped_blocks_give_their_reason():
    """They are counted, not run."""
    page = parse("<!-- skip: needs the network -->\n```console\n$ make run\n```\n")
    assert (page.commands, page.skipped) == ([], ["needs the network"])


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("a ... d", "a b c d", True),
        ("... c ...", "a b c d", True),
        ("a ...", "a", True),
        ("a ... d", "a b c", False),
        ("... x ...", "a b c", False),
        ("took 3 s", "took 0.02 s", True),
        ("ratio 0.00123", "ratio 0.00124", True),
        ("ratio 0.00123", "ratio 0.00153", False),
        ("right on 8 of 26", "right on 9 of 26", False),
        ("[0, 1]", "[0, 1]", True),
        ("[0, 1]", "[0, 2]", False),
        ("-6", "6", False),
        ("", "a", False),
    ],
)
def test_comparing_words(shown, printed, expected):
    """Omissions, times, two digits, small whole numbers exactly."""
    assert expected == matches(shown, printed)
