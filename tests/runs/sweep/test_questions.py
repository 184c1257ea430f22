"""The questions of a sweep."""

import pytest

from gradcheck_cli.layers import geometries
from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.options import SweepOptions
from gradcheck_cli.runs.sweep.questions import digest, geometries_in, questions_of

CODE = "def conv_backward(g, x, w):\n    return None\n"


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A target in the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(CODE)
    (tmp_path / "layers.txt").write_text(
        "# two\nin 3, out 4, input 8x7, kernel 3\n\nin 2, out 2, input 6, kernel 1  # small\n"
    )
    return tmp_path


def test_every_target_is_asked_about_every_geometry_with_every_seed(code):
    """Target by target, each question once."""
    questions = questions_of(SweepOptions(("a.py", "b.py", "./a.py"), geometries="layers.txt", seed=5, seeds=2))

    assert [(q.question.target, q.question.geometry.height, q.question.seed) for q in questions] == [
        *[("a.py", 8, 5), ("a.py", 8, 6), ("a.py", 6, 5), ("a.py", 6, 6)],
        *[("b.py", 8, 5), ("b.py", 8, 6), ("b.py", 6, 5), ("b.py", 6, 6)],
    ]
    assert [q.number for q in questions] == list(range(8))
    assert len({q.question.id for q in questions}) == 8


def test_quick_is_the_list_of_verify(code):
    """Nothing else."""
    assert [q.question.geometry for q in questions_of(SweepOptions(("a.py",)))] == list(dict.fromkeys(geometries.QUICK))


def test_a_sweep_of_other_questions_has_another_digest(code):
    """By all of their ids."""
    one, other = (questions_of(SweepOptions(("a.py",), geometries="layers.txt", seed=seed)) for seed in (0, 1))
    assert digest(one) != digest(other)
    assert digest(one) == digest(questions_of(SweepOptions(("a.py",), geometries="layers.txt")))


def test_a_toml_file_holds_a_list(tmp_path):
    """For those who keep other settings there."""
    (tmp_path / "layers.toml").write_text('geometries = ["in 3, out 4, input 8x7, kernel 3"]\n')
    assert list(geometries_in(str(tmp_path / "layers.toml"))) == [ConvSpec(1, 3, 4, 8, 7, (3, 3))]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.txt", "", "{} holds no geometry."),
        (
            "a.txt",
            "in 3, out 4, input 8x7, kernel 3\nin 3, out 4\n",
            "{}:2: the geometry 'in 3, out 4' does not say input.",
        ),
        (
            "a.txt",
            "in 3, out 4, input 2, kernel 3\n",
            "{}:1: the kernel does not fit the input along its height: 3 > 2.",
        ),
        ("a.toml", "geometries = 3\n", "geometries in {} is no list of texts."),
        ("a.toml", "geometries", "{} is no TOML: "),
        ("none.txt", None, "the geometries in {} cannot be read: No such file or directory."),
    ],
)
def test_geometries_that_cannot_be_read_are_refused_with_their_line(tmp_path, name, content, sentence):
    """Before anything is asked."""
    file = tmp_path / name
    if content is not None:
        file.write_text(content)
    with pytest.raises(UsageError) as refused:
        list(geometries_in(str(file)))
    assert refused.value.sentence.startswith(sentence.format(file))
