"""Vietnamese text: one spelling, names for addresses and columns, and the nearest known word.

All functions are pure and take text in any Unicode form, composed or decomposed.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

SLUG_LENGTH = 80
COLUMN_LENGTH = 50

#: grave, acute, hook above, tilde, dot below
_TONES = "\u0300\u0301\u0309\u0303\u0323"
_PAIRS = ("oa", "oe", "uy")
_ETH = str.maketrans("\u00d0\u00f0", "Đđ")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")


def _tone_table() -> dict[str, str]:
    """Toned second vowel → first: ``oà`` → ``òa`` for the three pairs, in every case of letters."""
    table = {}
    for pair in _PAIRS:
        for first in (pair[0], pair[0].upper()):
            for second in (pair[1], pair[1].upper()):
                for mark in _TONES:
                    table[first + nfc(second + mark)] = nfc(first + mark) + second
    return table


def composed(text: str) -> str:
    """The text in Unicode's composed form, nothing else changed: for paths and keys."""
    return unicodedata.normalize("NFC", text)


def nfc(text: str) -> str:
    """The text in the only form stored or compared: composed, and with Vietnam's Đ.

    The eth of Iceland (U+00D0) looks the same and is what old converters leave for it. In a URL it
    stays.

    >>> nfc("\u00d0\u1ea5t") == "Đất"
    True
    """
    text = composed(text)
    if ("\u00d0" in text or "\u00f0" in text) and not _URL.fullmatch(text):
        return text.translate(_ETH)
    return text


_MOVED = _tone_table()
# An open syllable: no letter and no combining mark follows. In “quý” the u belongs to the q.
_OPEN_SYLLABLE = re.compile(rf"(?<![qQ])(?:{'|'.join(sorted(_MOVED))})(?![^\W\d_]|[\u0300-\u036f])")


def tone(text: str) -> str:
    """`nfc` with the tone mark on the first vowel of an open oa, oe, uy, as in “Thanh Hóa”.

    Both placements are the same word; nothing else is changed.

    >>> tone("hoà thuỷ khoẻ quý hoàn ngoài HOÀ")
    'hòa thủy khỏe quý hoàn ngoài HÒA'
    """
    return _OPEN_SYLLABLE.sub(lambda match: _MOVED[match[0]], nfc(text))


def fold(text: str) -> str:
    """Lower case without accents, đ as d, compatibility forms as plain ones, single blanks.

    >>> fold("  CHUYỂN  ĐỔI số ")
    'chuyen doi so'
    """
    # Lowering may bring new marks (İ) and decomposing new capitals (ϓ): each step on both sides.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).lower()).lower()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(letters.replace("đ", "d").replace("\u00f0", "d").split())


def slug(text: str) -> str:
    """An address for a title: ASCII letters, digits and hyphens, at most 80, cut between words.

    Empty when the text has no Latin letter or digit; the caller then needs another name.

    >>> slug("Thủy sản (năm 2024)")
    'thuy-san-nam-2024'
    """
    return _joined(text, "-", SLUG_LENGTH)


def column_name(text: str) -> str:
    """A column's name in a database: ASCII snake_case, at most 50, never starting with a digit.

    Depends on the text alone, so it is the same at every harvest; two titles may give the same
    name, and telling them apart is the caller's work. ``cot`` when nothing is left of the text.

    >>> column_name("Diện tích (km²)"), column_name("2024")
    ('dien_tich_km2', 'c_2024')
    """
    name = _joined(text, "_", COLUMN_LENGTH)
    if name[:1].isdigit():
        name = _joined(f"c {name}", "_", COLUMN_LENGTH)
    return name or "cot"


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like the word, accents and case aside; None when none is like it."""
    folded: dict[str, str] = {}
    for choice in choices:
        folded.setdefault(fold(choice), choice)
    found = difflib.get_close_matches(fold(word), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def _joined(text: str, joint: str, length: int) -> str:
    name = re.sub(r"[^a-z0-9]+", joint, fold(text)).strip(joint)
    if len(name) <= length:
        return name
    whole, cut, _ = name[: length + 1].rpartition(joint)
    # One word longer than the limit is cut where the limit is.
    return whole if cut else name[:length]
