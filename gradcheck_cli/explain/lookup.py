"""From an id to its text."""

from __future__ import annotations

from gradcheck_cli.explain.about_layers import layer_called, of_layer
from gradcheck_cli.explain.about_mistakes import of_mistake
from gradcheck_cli.explain.about_shapes import shapes
from gradcheck_cli.explain.about_topics import calling, same_across_channels, tolerance, unexplained
from gradcheck_cli.explain.explanation import Explanation
from gradcheck_cli.explain.ids import TOPICS
from gradcheck_cli.layers.known import KNOWN
from gradcheck_cli.mistakes import CATALOGUE
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.nearness import nearest

# Ids that are offered for a word: more would be read as a list of everything.
_MOST = 4


def explain(topic: str) -> Explanation:
    """The explanation of a mistake, a topic, or a known layer under any name that people give it.

    Raises:
        UsageError: no such id; the hint names the nearest.
    """
    if topic in CATALOGUE:
        return of_mistake(CATALOGUE[topic])
    topics = {
        "tolerance": tolerance,
        "same-across-channels": same_across_channels,
        "shapes": shapes,
        "calling": calling,
        "unexplained": unexplained,
    }
    if topic in topics:
        return topics[topic]()
    layer = layer_called(topic)
    if layer is not None:
        return of_layer(layer)
    known = [*CATALOGUE, *TOPICS, *KNOWN]
    near = nearest(topic, known) or [name for name in known if topic.lower() in name.split("-")][:_MOST]
    raise UsageError(
        f"There is no explanation of {topic!r}.",
        hint=f"probably {' or '.join(near)}" if near else f"one of {', '.join(TOPICS)}, a layer or a finding's id",
        see="gradcheck explain",
    )
