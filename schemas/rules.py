"""Rules of the domain, each a pure function: value in, normal form out, RuleError when refused."""

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
