import io

import pytest
from hypothesis import given, strategies as st
from rich.console import Console
from rich.text import Text

from gradcheck_cli.report.numerals import distinct, grouped, number, scientific, subscript
from gradcheck_cli.report.terminal_text import Screen, ScreenColumn, beside, encodable, styled


def screen_of(width):
    """A screen without colours."""
    return Screen(Console(file=io.StringIO(), width=width, color_system=None))


def plain(lines):
    """The lines without their styles."""
    return [line.plain for line in lines]


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ("0", 0.0),
        ("-3", -3.0),
        ("9007199254740991", 2.0**53 - 1),
        ("1.84e+19", 2.0**64),
        ("0.333", 1 / 3),
        ("64.4", 64.41279),
        ("6.1e-05", 6.1e-5),
        ("NaN", float("nan")),
        ("-infinity", float("-inf")),
    ],
)
def test_a_number_is_exact_where_it_is_whole_and_has_three_digits_elsewhere(expected, value):
    """Integers keep every digit; others have three; what is not finite is a word."""
    assert expected == number(value)


@pytest.mark.parametrize(("expected", "value"), [("0", 0.0), ("5.00e-01", 0.5), ("NaN", float("nan"))])
def test_numbers_of_a_column_have_one_form(expected, value):
    """A column of a table is scientific, so that its digits stand below each other."""
    assert expected == scientific(value)


def test_two_values_get_the_digits_that_tell_them_apart():
    """A relative difference of 1e-9 is not printed as two equal numbers."""
    assert ("0.123", "0.125") == distinct(0.1234, 0.1251)
    assert ("0.1234", "0.1234000001") == distinct(0.1234, 0.1234 * (1 + 1e-9))
    assert ("0.5", "0.5") == distinct(0.5, 0.5)
    assert ("NaN", "1") == distinct(float("nan"), 1.0)


def test_beside_a_whole_number_a_fraction_is_said_as_exactly():
    """-64393 and half of it are told in one way; small numbers keep three digits."""
    assert ("-64393", "-32196.5") == distinct(-64393.0, -32196.5)
    assert ("1044.25", "2089") == distinct(1044.25, 2089.0)
    assert ("0", "0.00078") == distinct(0.0, 0.00078)
    assert ("-23.9", "-11.9") == distinct(-23.91, -11.94)


def test_an_index_and_a_count_are_compact():
    """Indices follow their letter; thousands are set apart."""
    assert "[0,2,31,4]" == subscript((0, 2, 31, 4))
    assert "9,216" == grouped(9216)


def test_what_cannot_be_encoded_is_escaped():
    """A cp1252 terminal gets an escape for an arrow, and its own letters as they are."""
    assert "n\xe4me \\u2192 \\x1b[31m" == encodable("n\xe4me \u2192 \x1b[31m", "cp1252")


@given(st.text(), st.sampled_from(["ascii", "cp1252", "utf-8", "latin-1"]))
def test_any_text_can_be_encoded_and_stays_on_its_line(text, encoding):
    """No text raises UnicodeEncodeError, starts a new line or moves the cursor."""
    shown = encodable(text, encoding)
    shown.encode(encoding)
    assert not set(shown) & {chr(code) for code in [*range(32), 127]}


def test_a_style_ends_with_its_own_text():
    """Text that is appended to styled text is not coloured by it."""
    assert ["red"] == [span.style for span in (styled("FAIL", "red") + Text(" rest")).spans]
    assert [(0, 4)] == [(span.start, span.end) for span in (styled("FAIL", "red") + Text(" rest")).spans]


COLUMNS = [ScreenColumn("name"), ScreenColumn("value", right=True), ScreenColumn("", prose=True)]
ROWS = [("alpha", "1.23e-08", "a sentence that is rather long"), ("beta", "123456789.123456789", "")]


def test_a_table_is_aligned_and_its_prose_wraps_beside_it():
    """Numbers stand right, words left, and the last column wraps in what is left of the line."""
    expected = [
        "name                 value",
        "alpha             1.23e-08  a sentence that is rather",
        "                            long",
        "beta   123456789.123456789",
    ]
    assert expected == plain(screen_of(56).table(COLUMNS, ROWS))


def test_prose_goes_below_where_too_little_is_left_beside():
    """Below 26 cells of room the prose gets its own lines."""
    expected = [
        "name                 value",
        "alpha             1.23e-08",
        "      a sentence that is rather long",
        "beta   123456789.123456789",
    ]
    assert expected == plain(screen_of(40).table(COLUMNS, ROWS))


def test_a_table_too_wide_for_the_screen_keeps_every_digit():
    """Columns that do not fit move to the next line; none is cut."""
    wide = [ScreenColumn("first"), ScreenColumn("second", right=True), ScreenColumn("third", right=True)]
    expected = [
        "first",
        "                    second",
        "                     third",
        "aaaaaaaaaaaaaaaaaaaa",
        "      12345678901234567890",
        "      98765432109876543210",
    ]
    rows = [("a" * 20, "12345678901234567890", "98765432109876543210")]
    assert expected == plain(screen_of(30).table(wide, rows))


@given(
    st.lists(st.tuples(*[st.from_regex(r"[0-9e+.-]{0,30}", fullmatch=True)] * 3), min_size=1, max_size=4),
    st.integers(60, 200),
)
def test_tables_lose_no_digit_at_any_width(rows, width):
    """Whatever the cells and the width, every cell is on one line, whole, and no line is too long."""
    lines = plain(screen_of(width).table([ScreenColumn("a"), ScreenColumn("b", right=True), ScreenColumn("c")], rows))
    for row in rows:
        for cell in row:
            assert any(cell in line for line in lines)
    assert max(len(line) for line in lines) <= width


def test_a_label_is_followed_by_its_paragraph():
    """The paragraph hangs beside its label, or below a label that is too long."""
    screen = screen_of(20)
    assert ["key  a sentence that", "     wraps"] == plain(screen.labelled("key", "a sentence that wraps", 5))
    assert ["a long key", "   short"] == plain(screen.labelled("a long key", "short", 3))


def test_blocks_stand_side_by_side_as_far_as_they_fit():
    """A third block that does not fit starts a new row of blocks."""
    blocks = [[[Text("ab"), Text("cd")]], [[Text("efgh")]], [[Text("ij")]]]
    assert ["ab   efgh", "cd", "ij"] == plain(beside(blocks, 10))
    assert ["ab   efgh   ij", "cd"] == plain(beside(blocks, 14))


def test_blocks_of_a_group_stay_together():
    """They begin a row of their own before they are parted, and are parted where no row holds them."""
    groups = [[[Text("x")]], [[Text("expected")], [Text("actual")]]]
    assert ["x   expected   actual"] == plain(beside(groups, 21))
    assert ["x", "expected   actual"] == plain(beside(groups, 20))
    assert ["x", "expected", "actual"] == plain(beside(groups, 16))


def test_a_name_that_no_line_holds_is_broken_between_its_parts():
    """Behind a slash or a colon, never inside a name that fits by itself; its style stays."""
    text = styled("crashes ", "red") + styled("submissions/one_filter_at_a_time.py:backward, a.py:f", "bold")
    lines = screen_of(80).wrap(text, 32)
    assert plain(lines) == ["crashes submissions/", "one_filter_at_a_time.py:", "backward, a.py:f"]
    assert {span.style for line in lines[1:] for span in line.spans} == {"bold"}
    assert plain(screen_of(80).wrap("a" * 5, 3)) == ["aaa", "aa"]


def test_somebody_else_s_long_line_goes_on_further_right():
    """So that it is not taken for a line of its own; a short one stays as it is."""
    assert plain(screen_of(30).fenced("short\n  hint: say what it is given, as x=5x7")) == [
        "  | short",
        "  |   hint: say what it is",
        "  |     given, as x=5x7",
    ]


@pytest.mark.parametrize(
    ("prose", "shown"),
    [
        ("batch-mean: your grad_weight is exactly dE/dF divided", "batch-mean"),
        ("a, b: your grad_weight is exactly dE/dF divided by N", "a, b: your grad_weight is ..."),
        ("the-name-is-as-long-as-its-cell: your grad_weight", "the-name-is-as-long-as-its-cell"),
        ("what has no name is cut where a word ends, as before", "what has no name is cut ..."),
        ("batch-mean: it fits, so it stays", "batch-mean: it fits, so it stays"),
    ],
)
def test_a_reason_in_a_narrow_column_ends_at_the_name_of_the_mistake(prose, shown):
    """ "batch-mean: your ..." says no more than the name, and half a name says nothing."""
    width = max(31, len(shown))
    columns = [ScreenColumn("of"), ScreenColumn("reason", prose=True, clip=True)]

    assert f"x   {shown}" == screen_of(width + 4).table(columns, [["x", prose]])[-1].plain
