"""Which code answered."""

from gradcheck_cli.runs.sweep.versions import versions_of
from gradcheck_cli.targets import TargetRef


def test_a_change_of_the_file_is_another_version(tmp_path):
    """The same text in two files is one version; a file that is not there has none."""
    for name, text in {"a.py": "1", "b.py": "1", "c.py": "2"}.items():
        (tmp_path / name).write_text(text)
    refs = [TargetRef(name, str(tmp_path / name), "") for name in ("a.py", "b.py", "c.py", "none.py")]

    one, same, other, none = versions_of(refs).values()

    assert one == same != other
    assert none == ""
    assert list(versions_of(refs)) == ["a.py", "b.py", "c.py", "none.py"]
