"""What speaks for one way to call a target: named reasons, and the order in which they count."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Reasons:
    """What was seen when a target was called in one way on one probe.

    They count in this order: a reason settles it before all that stand below. Above the line are numbers that agree,
    which chance does not give; the rest only says which of several wrong ways is meant.

    Attributes:
        forward: its own forward gives O.
        right: how many of its gradients of X and F are right.
        proportional: how many others of these are right but for one factor: a mean, a sign, a learning rate.
        misshapen: how many results have another shape than what they are the gradient of; fewer are better.
        bias: its gradient of b is right, which is so in every layout of a square picture.
        in_text: its source speaks of this order of the axes.
        tripped: in this layout nothing was right on an earlier probe, which speaks against it.
    """

    forward: bool = False
    right: int = 0
    proportional: int = 0
    misshapen: int = 0
    bias: bool = False
    in_text: bool = False
    tripped: bool = False

    @property
    def hints(self) -> int:
        """What only hints at a layout: each of these may be so by chance, and one is worth as much as another."""
        return self.bias + self.in_text - self.tripped

    @property
    def order(self) -> tuple[int, int, int, int, int]:
        """What to compare two ways by: larger is likelier."""
        return self.forward, self.right, self.proportional, -self.misshapen, self.hints

    @property
    def suffice(self) -> bool:
        """Whether it is surely called as meant: its forward or two gradients say so, or one and nothing against it."""
        agree = self.right + self.proportional
        return self.forward or agree > 1 or (self.right == 1 and not self.misshapen and self.hints >= 0)

    @property
    def speak(self) -> bool:
        """Whether anything at all speaks for it."""
        return self.order > NO_REASON.order

    @property
    def decide(self) -> bool:
        """Whether they tell its layout from others: numbers that agree do, one hint does not."""
        agree = self.forward + self.right + self.proportional
        return agree > 0 or (not self.misshapen and self.hints > 1)

    def after(self, tripped: bool) -> Reasons:
        """The same, in a layout in which nothing was right before."""
        return replace(self, tripped=tripped)


NO_REASON = Reasons()
"""Of what ran and gave arrays of the right shapes, all with wrong numbers."""

NOTHING_RIGHT = Reasons(tripped=True)
"""The same in a layout in which nothing was right before."""
