"""What a user may see go wrong."""

from gradcheck_cli.model.errors import MAX_LINES, ExitCode, GradcheckError


def test_facts_are_aligned_and_followed_by_hint_and_see():
    """Sentence, facts, hint, see: in this order, values in one column."""
    error = GradcheckError("It failed.", facts={"got": 1, "expected": 2}, hint="try", see="gradcheck explain x")
    expected = "It failed.\n  got       1\n  expected  2\n  hint: try\n  see:  gradcheck explain x"

    assert expected == str(error)


def test_a_message_has_at_most_six_lines():
    """Too many facts are cut, never the sentence."""
    error = GradcheckError("It failed.", facts={str(k): k for k in range(20)}, hint="try")

    assert MAX_LINES == len(error.text().splitlines())
    assert error.text().startswith("It failed.")


def test_the_exit_codes_are_those_of_the_documentation():
    """0, 1, 2, 3 and 130."""
    assert [0, 1, 2, 3, 130] == [int(code) for code in ExitCode]
