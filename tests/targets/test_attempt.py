"""What is tried in one way on one probe is tried once."""

from gradcheck_cli.targets.conventions.attempt import TriedOnce


def test_the_same_way_on_the_same_probe_is_not_tried_again():
    """Another way in its place is, and so is the same way on another probe."""
    once, asked = TriedOnce(), []

    def ask(place, way):
        return once.on(place, way, lambda: asked.append((place, way)) or len(asked))

    found = [ask((0, 0), "way"), ask((0, 0), "way"), ask((0, 0), "another"), ask((1, 0), "way")]

    assert found == [1, 1, 2, 3]
    assert asked == [((0, 0), "way"), ((0, 0), "another"), ((1, 0), "way")]
