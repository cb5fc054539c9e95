"""What a rule raises."""

from __future__ import annotations


class RuleError(ValueError):
    """A value the domain refuses: a stable code, and a sentence in Vietnamese and in English."""

    def __init__(self, code: str, vi: str, en: str):
        self.code = code
        self.vi = vi
        self.en = en
        super().__init__(f"{code}: {en}")

    def message(self, language: str) -> str:
        """The sentence for a reader of ``vi`` or ``en``."""
        return self.en if language.startswith("en") else self.vi


def shown(value: object) -> str:
    """A refused value as a message quotes it: on one line, cut at 60 characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:59] + "…"
