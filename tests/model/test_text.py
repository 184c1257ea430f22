import pytest

from gradcheck_cli.model.text import counted, ended, visible


@pytest.mark.parametrize(
    ("amount", "noun", "words"),
    [
        (1, "channel", "1 channel"),
        (0, "channel", "0 channels"),
        (9216, "entry", "9,216 entries"),
        (2, "axis", "2 axes"),
        (3, "array", "3 arrays"),
        (1, "separate correlation", "1 separate correlation"),
        (2, "more target", "2 more targets"),
    ],
)
def test_a_number_and_its_noun(amount, noun, words):
    """One is singular, everything else plural, whatever the noun ends in."""
    assert words == counted(amount, noun)


@pytest.mark.parametrize(("text", "shown"), [("a\nb", r"a\nb"), ("a\x1b[2J", r"a\x1b[2J"), ("größe", "größe")])
def test_what_cannot_be_seen_is_an_escape(text, shown):
    """Control characters and line breaks are written out; letters of any alphabet stay."""
    assert shown == visible(text)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("invalid syntax", "invalid syntax."),
        ("Forgot a comma?", "Forgot a comma?"),
        ("a.", "a."),
    ],
)
def test_a_message_of_somebody_else_ends_once(said, sentence):
    """A full stop where there is no end yet."""
    assert sentence == ended(said)
