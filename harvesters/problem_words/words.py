"""A problem's message and hint in both languages."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """A message and its hint in both languages."""

    vi: str
    vi_hint: str
    en: str
    en_hint: str
