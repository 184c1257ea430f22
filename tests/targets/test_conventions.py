"""The planted files are of every row of the table of conventions; tests/runs/verify/test_corpus.py asks them."""

from planted import ALL


def test_every_row_of_the_table_of_conventions_has_three_right_files():
    """Ways to hand over a backward, padding by sides, work in blocks, other layers, strangers: three styles each.

    Classes are split by how they expose gradients.
    """
    counts = {}
    for each in ALL:
        if each.is_right:
            family = each.file.parent.name
            family = "class_keeps" if family in ("class_returns", "class_attributes") else family
            counts[family] = counts.get(family, 0) + 1
    assert {family: count for family, count in counts.items() if count < 3} == {}
    assert len(counts) == 25
