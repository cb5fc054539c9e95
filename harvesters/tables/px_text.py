"""The text of a PX file: which code page it really is in, and its keywords.

A file is a list of ``KEYWORD[language]("key","key")=value;`` and, last, ``DATA=``. Rules of the
format: PC-Axis file format specification 2013 (Statistics Sweden).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harvesters.errors import HarvestError, Problem

_DECLARED = re.compile(rb'(?:^|\n)\s*CODEPAGE\s*=\s*"([^"\r\n]*)"', re.IGNORECASE)
_CHARSET = re.compile(rb'(?:^|\n)\s*CHARSET\s*=\s*"([^"\r\n]*)"', re.IGNORECASE)
_VIETNAMESE = re.compile(rb'(?:^|\n)\s*LANGUAGE\s*=\s*"vi', re.IGNORECASE)
_KEYWORD = re.compile(
    r"\s*(?P<name>[A-Za-z][A-Za-z0-9-]*)(?:\[(?P<lang>[^\]]*)\])?\s*"
    r'(?:\(\s*(?P<keys>(?:"[^"]*"[\s,]*)*)\))?\s*='
)
_TOKEN = re.compile(r'\s*(?:"(?P<text>[^"]*)"|(?P<mark>[,;()-])|(?P<word>[^\s",;()]+))')
#: Bytes that a text in ISO 8859 never has and one in a Windows code page does.
_C1 = re.compile(rb"[\x80-\x9f]")


@dataclass(frozen=True)
class Statement:
    """One keyword. `values` are its texts and words; a range ``"2019"-"2022"`` has "-" between."""

    name: str
    language: str
    keys: tuple[str, ...]
    values: tuple[str, ...]


def decode_px(content: bytes, where: str = "") -> tuple[str, str, list[Problem]]:
    """The text, the encoding it is in, and a note where the file declares another one.

    The declaration is one witness; the bytes are the better one. Text beyond ASCII that is valid
    UTF-8 is UTF-8, whatever is declared: other text is valid UTF-8 by chance only. A file that
    declares UTF-8 and is not falls back to the Windows code page (1258 for Vietnamese), and so
    does one that declares ISO 8859-1 and uses the characters which only Windows has there.
    Without CHARSET and CODEPAGE the format means the code page of DOS.
    """
    body = content.rstrip(b"\x00\x1a \r\n")
    found = _DECLARED.search(body[:20_000])
    declared = found[1].decode("ascii", "replace").strip() if found else ""
    used = _encoding(body, declared)
    try:
        text = body.decode(used)
    except UnicodeDecodeError as error:
        raise HarvestError("unknown_encoding", where=where, at=error.start) from error
    notes = []
    if declared and not body.isascii() and _codec(declared) != codecs.lookup(used).name:
        params = {"declared": declared, "used": _shown(used)}
        notes.append(Problem("encoding_corrected", where, params=params))
    return text.lstrip("\ufeff"), _shown(used), notes


def _shown(codec: str) -> str:
    """The name of a code page as the world writes it (IANA), not as Python does."""
    name = codec.removesuffix("-sig")
    return re.sub(r"^cp(125\d)$", r"windows-\1", re.sub(r"^iso8859-", "iso-8859-", name))


def _encoding(body: bytes, declared: str) -> str:
    if body.startswith(codecs.BOM_UTF8) or body.isascii() or _is_utf8(body):
        return "utf-8-sig" if body.startswith(codecs.BOM_UTF8) else "utf-8"
    windows = "cp1258" if _VIETNAMESE.search(body[:20_000]) else "cp1252"
    codec = _codec(declared)
    if codec in ("", "utf-8"):
        charset = _CHARSET.search(body[:20_000])
        dos = not declared and not (charset and charset[1].upper() == b"ANSI")
        return "cp850" if dos else windows
    if codec == "iso8859-1" and _C1.search(body):
        return windows
    return codec


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name if name else ""
    except LookupError:
        return ""


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def statements(text: str, where: str = "") -> tuple[list[Statement], str]:
    """The keywords in order, and the text behind ``DATA=``.

    Semicolons and line ends inside quotes are text; a text may go on in further quotes on the
    next line. Raises `no_table` when this is no PX file, `truncated` when it ends before DATA.
    """
    found: list[Statement] = []
    at = 0
    while True:
        match = _KEYWORD.match(text, at)
        if not match:
            raise HarvestError("truncated" if found else "no_table", where=where, at=at)
        if match["name"].upper() == "DATA" and not match["keys"]:
            return found, text[match.end() :]
        values, at = _values(text, match.end(), where)
        keys = tuple(re.findall(r'"([^"]*)"', match["keys"] or ""))
        found.append(Statement(match["name"].upper(), (match["lang"] or "").lower(), keys, values))


def _values(text: str, at: int, where: str) -> tuple[tuple[str, ...], int]:
    """The values up to the semicolon. Texts side by side are one text; commas divide."""
    values: list[str] = []
    joined = False
    while True:
        match = _TOKEN.match(text, at)
        if not match:
            raise HarvestError("truncated", where=where, at=at)
        at = match.end()
        if match["mark"] == ";":
            return tuple(values), at
        if match["text"] is not None:
            if joined:
                values[-1] += match["text"]
            else:
                values.append(match["text"])
            joined = True
            continue
        joined = False
        if match["word"]:
            values.append(match["word"])
        elif match["mark"] == "-":
            values.append("-")


class Keywords:
    """Look-up of statements in one language, falling back to the file's main language."""

    def __init__(self, found: list[Statement]):
        self._by_name: dict[tuple[str, str], dict[tuple[str, ...], tuple[str, ...]]] = {}
        for item in found:
            self._by_name.setdefault((item.name, item.language), {})[item.keys] = item.values

    @property
    def languages(self) -> tuple[str, ...]:
        """The main language first; empty text when the file names none."""
        main = self.text("LANGUAGE")
        others = self._by_name.get(("LANGUAGES", ""), {}).get((), ())
        return tuple(dict.fromkeys((main.lower(), *(o.lower() for o in others))))

    def tag(self, language: str) -> str:
        """How a language is marked on keywords: not at all when it is the main one."""
        return "" if language == self.languages[0] else language

    def values(self, name: str, *keys: str, language: str = "") -> tuple[str, ...]:
        return self._by_name.get((name, self.tag(language)), {}).get(keys, ())

    def text(self, name: str, *keys: str, language: str = "") -> str:
        """One text; ``#`` stands for a new line. Falls back to the main language without keys."""
        tagged = self._by_name.get((name, language), {}) if language else {}
        found = tagged.get(keys) or self._by_name.get((name, ""), {}).get(keys) or ()
        return " ".join(found).replace("#", "\n").strip()

    def keyed(self, name: str, language: str = "") -> Iterator[tuple[tuple[str, ...], str]]:
        """Every statement of that name in one language, with its keys."""
        found: Mapping[tuple[str, ...], tuple[str, ...]]
        found = self._by_name.get((name, self.tag(language)), {})
        for keys, values in found.items():
            yield keys, " ".join(values).replace("#", "\n").strip()
