"""Text typed with the 8-bit fonts used before Unicode: TCVN3 (`.Vn…`) and VNI (`VNI-…`).

The font's name is the signal; content alone never is. A cell in such a font may still hold
Unicode words typed later ("1. Tæng s¶n phÈm … đầu n¨m 2008"), so the decision is made per word:
what can only be legacy is converted, what can only be Unicode is kept, and of two possible
readings the one that is a Vietnamese syllable wins. The letter tables are viparse's.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from viparse.normalize.tcvn3 import TCVN3
from viparse.normalize.vni import VNI

Encoding = Literal["tcvn3", "vni"]

_TCVN3 = dict(TCVN3.pairs)
#: VNI writes ẳ as ă's mark with the hook's; viparse leaves it out for want of a specimen.
_VNI = {**dict(VNI.pairs), "aú": "ẳ", "AÚ": "Ẳ"}
_VNI_SEQUENCE = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))

_TONES = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_VOWELS = "uyê|uya|iê|yê|ia|ya|ươ|ưa|uô|ua|uâ|uê|uơ|uy|oa|oă|oe|oo|[aăâeêioôơuưy]"
_GLIDES = (
    "(?:a|oa|o|ô|ơ|u|ư|uô|ươ)i|(?:a|â|e|ê|i|iê|yê|ư|ươ|oe|uy|uê)u|(?:a|e|oa|oe)o|(?:a|â|oa|uâ)y"
)
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdđghklmnpqrstvx])?"
    rf"(?:{_GLIDES}|(?:{_VOWELS})(?:ng|nh|ch|[cmnpt])?)"
)


@dataclass(frozen=True)
class Converted:
    """`text` in Unicode; `changed` if something was converted, `doubtful` words kept as found."""

    text: str
    changed: bool
    doubtful: tuple[str, ...] = ()


def encoding_of(font: str) -> Encoding | None:
    """The encoding a font's name promises, or None for a Unicode font.

    >>> encoding_of(".VnTimeH"), encoding_of("VNI-Times"), encoding_of("Times New Roman")
    ('tcvn3', 'vni', None)
    """
    name = font.strip().lower()
    if name.startswith(".vn"):
        return "tcvn3"
    if re.match(r"vni[\s\-_]|vni$", name):
        return "vni"
    return None


def capitals_only(font: str) -> bool:
    """Whether the font draws every letter as a capital (`.VnTimeH`, `.VnArialH`)."""
    return encoding_of(font) == "tcvn3" and font.strip()[-1:] in "Hh"


def to_unicode(text: str, font: str) -> Converted:
    """The text of a cell (or of a run of it) in the font named, as Unicode NFC.

    >>> to_unicode("Tæng sè", ".VnTimeH").text
    'TỔNG SỐ'
    """
    encoding = encoding_of(font)
    if encoding is None:
        return Converted(text, False)
    converted = decode(text, encoding)
    if capitals_only(font):
        upper = converted.text.upper()
        return Converted(upper, upper != text, converted.doubtful)
    return converted


def decode(text: str, encoding: Encoding) -> Converted:
    """The text as Unicode NFC, word by word (see the module's docstring)."""
    doubtful: list[str] = []
    parts: list[str] = []
    words = _words(text, encoding)
    for word in words:
        reading, sure = _read_word(word, encoding)
        parts.append(reading)
        if not sure:
            doubtful.append(word)
    result = unicodedata.normalize("NFC", "".join(parts))
    return Converted(result, result != unicodedata.normalize("NFC", text), tuple(doubtful))


def _words(text: str, encoding: Encoding) -> list[str]:
    """Runs of letters, where a legacy code (`¸`, `®`, the soft hyphen) counts as a letter."""
    legacy = set(_TCVN3) if encoding == "tcvn3" else set("".join(_VNI))
    words: list[str] = []
    current = ""
    for char in text:
        if char.isalpha() or char in legacy or unicodedata.combining(char):
            current += char
            continue
        if current:
            words.append(current)
            current = ""
        words.append(char)
    if current:
        words.append(current)
    return words


def _read_word(word: str, encoding: Encoding) -> tuple[str, bool]:
    if word.isascii():
        return word, True
    legacy = _convert(word, encoding)
    as_found = unicodedata.normalize("NFC", word)
    if legacy == as_found:
        return as_found, True
    legacy_fits, found_fits = is_syllables(legacy), is_syllables(as_found)
    if found_fits and not legacy_fits:
        return as_found, True
    if found_fits and any(ord(char) > 0xFF for char in as_found):
        return as_found, True
    return legacy, legacy_fits or not found_fits


def _convert(word: str, encoding: Encoding) -> str:
    if encoding == "tcvn3":
        converted = "".join(_TCVN3.get(char, char) for char in word)
    else:
        converted = _VNI_SEQUENCE.sub(lambda match: _VNI[match.group()], word)
    return unicodedata.normalize("NFC", converted)


def is_syllables(word: str) -> bool:
    """Whether a word is one Vietnamese syllable by its letters, with one tone at most.

    >>> is_syllables("nghiệp"), is_syllables("víi"), is_syllables("với")
    (True, False, True)
    """
    apart = unicodedata.normalize("NFD", word.lower())
    if len(_TONES.findall(apart)) > 1:
        return False
    return bool(_SYLLABLE.fullmatch(unicodedata.normalize("NFC", _TONES.sub("", apart))))
