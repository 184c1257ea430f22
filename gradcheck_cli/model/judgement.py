"""What every report can do, apart from the reports: who shows them hands over how, and need not load them for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from gradcheck_cli.model.errors import VerdictError

if TYPE_CHECKING:
    from gradcheck_cli.model.evidence import Verdict


class Judgement:
    """What both reports can do. They know no renderer: the room of the renderers hands them one when it is loaded.

    Attributes:
        as_text: what the terminal shows of a report, without colour.
        as_page: what a notebook shows, HTML, or None.
    """

    if TYPE_CHECKING:
        # Who asks a report for its types finds it there.
        verdict: Verdict
    # Until then, as in a process that only loads a pickled one, a report shows itself as any object does.
    as_text: ClassVar[Callable[[Any], str]] = staticmethod(repr)
    as_page: ClassVar[Callable[[Any], str | None]] = staticmethod(lambda _report: None)

    def __bool__(self) -> bool:
        """Passed: everything that was asked was checked and holds."""
        # Late, as who only hands over a renderer needs none of the evidence: it is the larger part of the model.
        from gradcheck_cli.model.evidence import Verdict

        return self.verdict is Verdict.PASS

    def __str__(self) -> str:
        """The text that the terminal shows, without colour."""
        return Judgement.as_text(self)

    def raise_for_verdict(self) -> None:
        """Nothing where it passed.

        Raises:
            VerdictError: it failed or could not be checked; the text is the terminal's.
        """
        if not self:
            raise VerdictError(str(self))

    def _repr_html_(self) -> str | None:
        return Judgement.as_page(self)
