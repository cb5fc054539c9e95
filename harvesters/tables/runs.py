"""A cell's text out of runs in different fonts, and a tally of what was converted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from harvesters.errors import Problem
from harvesters.tables.legacy_fonts import encoding_of, to_unicode

_SHOWN = 3


class Conversions:
    """Converts texts by their fonts and remembers how many, in which fonts, what is unsure."""

    def __init__(self) -> None:
        self.fonts: Counter[str] = Counter()
        self.doubtful: list[str] = []

    def convert(self, runs: Sequence[tuple[str, str]]) -> str:
        """The text of (text, font name) runs in Unicode.

        A word may be split over runs ("Đ" in Arial, "¬n" in .VnArial): neighbouring legacy runs of
        one font are read together, so that a word is judged whole.
        """
        parts = []
        for text, font in _joined(runs):
            converted = to_unicode(text, font)
            parts.append(converted.text)
            if converted.changed:
                self.fonts[font] += 1
            self.doubtful += converted.doubtful
        return "".join(parts)

    def notes(self, where: str) -> Iterator[Problem]:
        """What was converted (count and fonts) and which words could be read two ways."""
        if self.fonts:
            fonts = ", ".join(font for font, _ in self.fonts.most_common(_SHOWN))
            count = str(self.fonts.total())
            yield Problem("font_converted", where=where, params={"fonts": fonts, "count": count})
        if self.doubtful:
            words = ", ".join(list(dict.fromkeys(self.doubtful))[:_SHOWN])
            count = str(len(self.doubtful))
            yield Problem("font_doubtful", where=where, params={"words": words, "count": count})


def _joined(runs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    joined: list[tuple[str, str]] = []
    for text, font in runs:
        same = joined and (
            joined[-1][1] == font or not (encoding_of(joined[-1][1]) or encoding_of(font))
        )
        if same:
            joined[-1] = (joined[-1][0] + text, font)
        elif text:
            joined.append((text, font))
    return joined
