"""Every text colour of the tokens is at least 4.5:1 on every ground it stands on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = (
    Path(__file__).parents[2]
    / "ckanext-thanhhoa/ckanext/thanhhoa/assets/css/tokens.css"
)  # fmt: skip
GROUNDS = ("paper", "sheet", "wash")
PAIRS = [
    *((text, ground) for text in ("ink", "ink-soft", "teal", "teal-deep", "red", "moss",
                                  "bronze-text") for ground in GROUNDS),
    ("paper", "teal"), ("paper", "teal-deep"), ("paper", "red"),
    ("ink", "teal-wash"), ("ink", "red-wash"), ("red", "red-wash"), ("ink", "bronze-wash"),
    ("bronze-text", "bronze-wash"), ("ink", "moss-wash"), ("moss", "moss-wash"),
]  # fmt: skip


def schemes() -> dict[str, dict[str, str]]:
    """The hex colours of the light and the dark scheme, by name."""
    light, _, dark = TOKENS.read_text().partition("@media (prefers-color-scheme: dark)")
    found = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
    first = dict(found.findall(light))
    return {"light": first, "dark": {**first, **dict(found.findall(dark))}}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: str) -> None:
    colours = schemes()[scheme]
    for text, ground in PAIRS:
        high, low = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
        ratio = (high + 0.05) / (low + 0.05)
        assert ratio >= 4.5, f"{text} on {ground}: {ratio:.2f}"
