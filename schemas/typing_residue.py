"""What is left in a text when a Vietnamese keyboard was switched off: Telex and VNI, read back.

Telex writes accents as letters (`giaos ducj`, `thuyr sanr`, `dduwowngf`), VNI as digits
(`giao1 du5c`, `d9u7o7ng2`). People type the sign at once (`gia1o`) or at the end of the syllable
(`giao1`). Pure; a word that is no such residue gives nothing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from schemas.text import fold, tone

_ACUTE, _GRAVE, _HOOK, _TILDE, _DOT = "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"
_HAT, _HORN, _BREVE = "\u0302", "\u031b", "\u0306"
_TELEX_TONES = {"s": _ACUTE, "f": _GRAVE, "r": _HOOK, "x": _TILDE, "j": _DOT}
_VNI_TONES = {"1": _ACUTE, "2": _GRAVE, "3": _HOOK, "4": _TILDE, "5": _DOT}
_VNI_SHAPES = {"6": ("aeo", _HAT), "7": ("uo", _HORN), "8": ("a", _BREVE)}

_INITIALS = (
    "ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|b|c|d|đ|g|h|k|l|m|n|p|r|s|t|v|x|"
)  # fmt: skip
_FINALS = "ng|nh|ch|c|m|n|p|t|"
_NUCLEI = {
    "a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y", "ai", "ao", "au", "ay", "âu", "ây",
    "eo", "êu", "ia", "iê", "iêu", "iu", "oa", "oă", "oai", "oay", "oao", "oe", "oeo", "oi", "oo",
    "ôi", "ơi", "ua", "uâ", "uây", "uê", "ui", "uô", "uôi", "uơ", "uy", "uya", "uyê", "uyu", "ưa",
    "ưi", "ươ", "ươi", "ươu", "ưu", "yê", "yêu",
}  # fmt: skip
_SYLLABLE = re.compile(rf"({_INITIALS})([aăâeêioôơuưy]+)({_FINALS})")
_STOPPED = ("c", "ch", "p", "t")


def decode(word: str) -> str | None:
    """The Vietnamese syllable that a word is the Telex or VNI residue of; None if it is none.

    Lower case. Accents that are already there are kept, so half-converted words are read, too.

    >>> [decode(word) for word in ("ducj", "du5c", "bênhj", "d9u7o7ng2", "street", "2024")]
    ['dục', 'dục', 'bệnh', 'đường', None, None]
    """
    letters = unicodedata.normalize("NFD", word.lower()).replace("đ", "đ")
    if not 2 <= len(letters) <= 14 or not letters[0].isalpha():
        return None
    vni = any(char.isdigit() for char in letters)
    read = _read_vni(letters) if vni else _read_telex(letters)
    if read is None:
        return None
    plain, mark = read
    syllable = _placed(plain, mark)
    return syllable if syllable and syllable != tone(word.lower()) else None


def is_syllable(word: str) -> bool:
    """Whether a word, accents and all, is built like a Vietnamese syllable.

    >>> [is_syllable(word) for word in ("nghiêng", "giếng", "quý", "street", "bức", "bưc")]
    [True, True, True, False, True, False]
    """
    plain, marks = _without_tone(word.lower())
    return len(marks) <= 1 and _well_formed(plain, marks)


def _read_vni(letters: str) -> tuple[str, str] | None:
    out, mark = "", ""
    for char in letters:
        if char in _VNI_TONES:
            mark, out = _VNI_TONES[char], out
        elif char in _VNI_SHAPES:
            bearers, shape = _VNI_SHAPES[char]
            shaped = _shape(out, bearers, shape)
            if shaped is None:
                return None
            out = shaped
        elif char == "9":
            if "d" not in out:
                return None
            out = out.replace("d", "đ", 1)
        else:
            out += char
    return _settled(out, mark)


def _read_telex(letters: str) -> tuple[str, str] | None:
    out, mark = "", ""
    for char in letters:
        vowels = any(vowel in out for vowel in "aeiouy")
        if char in _TELEX_TONES and vowels:
            mark = _TELEX_TONES[char]
        elif char == "w" and (shaped := _hooked(out)):
            out = shaped
        elif char == "d" and out.startswith("d"):
            out = "đ" + out[1:]
        elif char in "aeo" and (shaped := _doubled(out, char)):
            out = shaped
        else:
            out += char
    return _settled(out, mark)


def _settled(out: str, mark: str) -> tuple[str, str]:
    """Composed without its tone, and the tone: the typed one, else the one already there."""
    plain, marks = _without_tone(out)
    return plain, mark or marks


def _without_tone(word: str) -> tuple[str, str]:
    letters = unicodedata.normalize("NFD", word)
    tones = "".join(char for char in letters if char in _TELEX_TONES.values())
    rest = "".join(char for char in letters if char not in _TELEX_TONES.values())
    return unicodedata.normalize("NFC", rest), tones


def _shape(out: str, bearers: str, shape: str) -> str | None:
    """The sign put on the last vowel that can bear it; "uo" takes a horn on both."""
    if shape == _HORN and "uo" in out:
        return out.replace("uo", f"u{_HORN}o{_HORN}")
    if shape == _HORN and "uu" in out:
        return out.replace("uu", f"u{_HORN}u")
    for at in range(len(out) - 1, -1, -1):
        bare = at + 1 == len(out) or out[at + 1] not in (_HAT, _HORN, _BREVE)
        if out[at] in bearers and bare and not _glides(out, at):
            return out[: at + 1] + shape + out[at + 1 :]
    return None


def _glides(out: str, at: int) -> bool:
    """The u of "qu" is part of the consonant."""
    return out[at] == "u" and out[:at] == "q"


def _hooked(out: str) -> str | None:
    """A "w" typed after: ư, ơ, ươ, or ă."""
    if "oa" in out or ("a" in out and "ua" not in out):
        return _shape(out, "a", _BREVE)
    if out.endswith("ua") and out != "qua":
        return out[:-1] + _HORN + "a"
    return _shape(out, "ou", _HORN) or _shape(out, "a", _BREVE)


def _doubled(out: str, char: str) -> str | None:
    """A vowel typed twice is hatted: at once ("caan") or at the end ("cana")."""
    at = out.rfind(char)
    if at < 0 or out[at + 1 : at + 2] in (_HAT, _HORN, _BREVE):
        return None
    return out[: at + 1] + _HAT + out[at + 1 :]


def _well_formed(plain: str, mark: str) -> bool:
    matched = _SYLLABLE.fullmatch(plain)
    if matched is None:
        return False
    initial, nucleus, final = matched.groups()
    if nucleus not in _NUCLEI:
        # "gi" and "qu" swallow a vowel: "gì", "giết", "quốc"
        whole = {"gi": "i", "qu": "u"}.get(initial, "") + nucleus
        if not whole or whole not in _NUCLEI:
            return False
    return not (final in _STOPPED and final and mark not in (_ACUTE, _DOT))


@cache
def _placed(plain: str, mark: str) -> str | None:
    """The syllable with its tone where it belongs; None if Vietnamese has no such syllable."""
    if plain.endswith("ươ"):
        # One key horns both; at the end of a syllable there is only "uơ" (thuở).
        plain = plain[:-2] + "uơ"
    if len(mark) > 1 or not _well_formed(plain, mark):
        return None
    if not mark:
        return plain if fold(plain) != plain else None
    at = _bearer(plain)
    letters = unicodedata.normalize("NFD", plain[at])
    toned = unicodedata.normalize("NFC", letters + mark)
    return tone(plain[:at] + toned + plain[at + 1 :])


def _bearer(plain: str) -> int:
    """Where the tone goes: a hatted or horned vowel, else by what follows."""
    matched = _SYLLABLE.fullmatch(plain)
    if matched is None:
        raise ValueError(f"no syllable: {plain!r}")
    first, last = matched.start(2), matched.end(2)
    if first == last:
        return first - 1
    shaped = [at for at in range(first, last) if fold(plain[at]) != plain[at]]
    if shaped:
        return shaped[-1]
    closed, vowels = bool(matched[3]), plain[first:last]
    if len(vowels) == 1:
        return first
    if closed or len(vowels) == 3:
        return first + 1
    return first
