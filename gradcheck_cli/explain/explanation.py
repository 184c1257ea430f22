"""What one text is, and how it is laid out for a terminal and for the docs."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

# What a terminal has had since there were terminals; the docs show the same lines.
WIDTH = 80


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it: paragraphs, or lines that are laid out already (`fixed`)."""

    heading: str
    body: str
    fixed: bool = False


@dataclass(frozen=True)
class Explanation:
    """One text of `gradcheck explain`."""

    id: str
    title: str
    sections: tuple[Section, ...]

    def text(self) -> str:
        """Plain text for 80 columns."""
        parts = [filled(f"{self.id}: {self.title}", WIDTH)]
        for section in self.sections:
            body = section.body if section.fixed else wrapped(section.body)
            parts.append(f"{section.heading}\n{textwrap.indent(body, '  ')}")
        return "\n\n".join(parts)

    def markdown(self) -> str:
        """The same as Markdown, for the docs."""
        parts = [f"## {self.id}", f"{self.title}."]
        for section in self.sections:
            body = f"```text\n{section.body}\n```" if section.fixed else section.body
            parts.append(f"### {section.heading}\n\n{body}")
        return "\n\n".join(parts) + "\n"


def wrapped(text: str) -> str:
    """Paragraphs for 80 columns, indented by two."""
    return "\n\n".join(filled(paragraph, WIDTH - 2) for paragraph in text.split("\n\n"))


def filled(text: str, width: int) -> str:
    """One paragraph in lines of at most `width`."""
    return textwrap.fill(text, width, break_on_hyphens=False)
