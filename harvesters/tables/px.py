"""PX files (PC-Axis) into cubes. Pure: bytes in, a cube and notes out.

Own code, because the one kept library for Python, pyaxis (0.4.3), opens its own connections, gives
pandas frames of text, divides keywords at every semicolon (also inside quotes:
`semicolon_in_values.px`), and trusts CODEPAGE. Rules of the format: PC-Axis file format
specification 2013 (Statistics Sweden).

Quirks: no CODEPAGE at all (`ine_14001.px`), a semicolon after every row of figures (the same),
``TIMEVAL`` as a range (`TIMEVAL_short.px`), ``LAST-UPDATED`` keyed by the contents (`TAB001.px`),
the year 9999 for an unknown date, figures written after their keys in sparse tables (``KEYS``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harvesters.errors import HarvestError, Problem
from harvesters.tables.cube import MAX_CELLS, Category, Cube, Dimension, Figure, clean, too_many
from harvesters.tables.jsonstat import to_figure
from harvesters.tables.px_text import Keywords, decode_px, statements

_CELL = re.compile(r'"([^"]*)"|([^\s;,"]+)')
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:\s+(\d\d):(\d\d))?")
_TAG = re.compile(r"</?[A-Za-z][^>]*>")
#: The signs for a missing figure and the keywords that say how to show them.
_NO_VALUES = {
    "detail": "chiều này không có danh sách giá trị",
    "detail_en": "this variable has no list of values",
}
_NO_KEY = {
    "detail": "mã này không có trong danh sách (KEYS)",
    "detail_en": "it is not in the list (KEYS)",
}
_SYMBOLS = {
    ".": "DATASYMBOL1",
    "..": "DATASYMBOL2",
    "...": "DATASYMBOL3",
    "…": "DATASYMBOL3",
    "....": "DATASYMBOL4",
    ".....": "DATASYMBOL5",
    "......": "DATASYMBOL6",
    ".......": "DATASYMBOLSUM",
    "-": "DATASYMBOLNIL",
}


@dataclass(frozen=True)
class PxFile:
    """What a PX file holds; `encoding` is the one it really is in."""

    cube: Cube
    encoding: str
    notes: tuple[Problem, ...] = ()


def looks_like_px(content: bytes) -> bool:
    """Whether bytes begin as a PX file does and have a DATA part."""
    start = content[:4000].lstrip(b"\xef\xbb\xbf \t\r\n")
    return bool(re.match(rb"[A-Z][A-Z0-9-]+(\[\w+\])?(\([^)\r\n]*\))?\s*=", start)) and (
        re.search(rb"(^|\n)\s*DATA\s*=", content) is not None
    )


def read_px(content: bytes, where: str = "", language: str = "vi", most: int = MAX_CELLS) -> PxFile:
    """The cube of a file, in the wanted language where the file has it, else in its main one.

    Raises `no_table` (no PX file, or no variables), `truncated` (fewer figures than the variables
    ask for), `unknown_encoding`, `bad_value` (a figure that is none), `too_large` beyond `most`.
    """
    text, encoding, notes = decode_px(content, where)
    found, data = statements(text, where)
    keywords = Keywords(found)
    chosen = language if language in keywords.languages else keywords.languages[0]
    dimensions = _dimensions(keywords, chosen, where)
    values, symbols = _figures(keywords, dimensions, data, where, most)
    shown = {sign: keywords.text(word, language=chosen) for sign, word in _SYMBOLS.items()}
    cube = Cube(
        title=_title(keywords, chosen),
        title_en=_title(keywords, "en") if "en" in keywords.languages and chosen != "en" else "",
        dimensions=dimensions,
        values=values,
        symbols={at: shown.get(sign) or sign for at, sign in symbols.items()},
        unit=keywords.text("UNITS", language=chosen),
        decimals=_whole(keywords.text("DECIMALS")),
        source=clean(keywords.text("SOURCE", language=chosen)),
        updated=_moment(_any(keywords, "LAST-UPDATED", chosen))
        or _moment(keywords.text("CREATION-DATE")),
        next_update=_moment(_any(keywords, "NEXT-UPDATE", chosen)),
        language=chosen,
        # Contacts are divided by two line ends, the lines of one by one.
        contact=_any(keywords, "CONTACT", chosen).split("\n\n")[0].replace("\n", ", "),
        link=keywords.text("LINK", language=chosen),
        subject=clean(keywords.text("SUBJECT-AREA", language=chosen)),
        notes=tuple(_notes(keywords, chosen)),
    )
    return PxFile(cube, encoding, tuple(notes))


def _title(keywords: Keywords, language: str) -> str:
    for word in ("TITLE", "DESCRIPTION", "CONTENTS"):
        if text := _TAG.sub("", keywords.text(word, language=language)):
            return clean(text)
    return clean(keywords.text("MATRIX"))


def _any(keywords: Keywords, name: str, language: str) -> str:
    """A keyword that may stand alone or be keyed by a category of the contents."""
    alone = keywords.text(name, language=language)
    return alone or next((text for _, text in keywords.keyed(name, language) if text), "")


def _whole(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def _moment(stamp: str) -> str:
    match = _STAMP.match(stamp)
    if not match or not 1900 <= int(match[1]) <= 2200:
        return ""
    day = f"{match[1]}-{match[2]}-{match[3]}"
    return f"{day}T{match[4]}:{match[5]}:00" if match[4] else day


def _notes(keywords: Keywords, language: str) -> Iterator[str]:
    for word in ("NOTE", "NOTEX", "VALUENOTE", "VALUENOTEX", "CELLNOTE", "CELLNOTEX"):
        for keys, text in keywords.keyed(word, language):
            named = ", ".join(clean(key) for key in keys[-1:] if key != "*")
            for line in _TAG.sub("", text).split("\n"):
                if clean(line):
                    yield f"{named}: {clean(line)}" if named else clean(line)


def _dimensions(keywords: Keywords, language: str, where: str) -> tuple[Dimension, ...]:
    names = _names(keywords, language)
    if not names:
        raise HarvestError("no_table", where=where)
    main, english = _names(keywords, keywords.languages[0]), _names(keywords, "en")
    contents = keywords.values("CONTVARIABLE", language=language)
    dimensions = []
    for at, name in enumerate(names):
        labels = keywords.values("VALUES", name, language=language)
        if not labels:
            raise HarvestError("bad_value", where=where, field="VALUES", value=name, **_NO_VALUES)
        # What is said of a variable in the main language only holds for its translation.
        first = main[at] if at < len(main) else name
        codes = _codes(keywords, name, first, language, labels)
        dimension = Dimension(
            keywords.text("VARIABLECODE", name, language=language) or first,
            name,
            tuple(Category(code, label) for code, label in zip(codes, labels, strict=True)),
        )
        if keywords.values("TIMEVAL", first) or keywords.values("TIMEVAL", name, language=language):
            dimension = replace(dimension, role="time")
        elif name in contents:
            dimension = _contents(keywords, dimension, language)
        if len(english) == len(names) and language != "en":
            dimension = _in_english(keywords, dimension, english[at])
        dimensions.append(dimension)
    return tuple(dimensions)


def _names(keywords: Keywords, language: str) -> tuple[str, ...]:
    """The variables: those of the rows, then those of the columns, as the figures run."""
    return keywords.values("STUB", language=language) + keywords.values(
        "HEADING", language=language
    )


def _codes(
    keywords: Keywords, name: str, first: str, language: str, labels: Sequence[str]
) -> Sequence[str]:
    """CODES, else the list of TIMEVAL, else the labels; whichever has one for each label."""
    codes = keywords.values("CODES", name, language=language) or keywords.values("CODES", first)
    times = keywords.values("TIMEVAL", name, language=language) or keywords.values("TIMEVAL", first)
    listed = times[2:] if times[:1] == ("TLIST",) else ()
    for candidate in (codes, listed):
        if len(candidate) == len(labels) and len(set(candidate)) == len(labels):
            return candidate
    return labels


def _contents(keywords: Keywords, dimension: Dimension, language: str) -> Dimension:
    def measured(category: Category) -> Category:
        decimals = keywords.text("PRECISION", dimension.label, category.label, language=language)
        unit = keywords.text("UNITS", category.label, language=language)
        return replace(category, unit=clean(unit), decimals=_whole(decimals))

    categories = tuple(measured(category) for category in dimension.categories)
    return replace(dimension, categories=categories, role="contents")


def _in_english(keywords: Keywords, dimension: Dimension, name: str) -> Dimension:
    labels = keywords.values("VALUES", name, language="en")
    if len(labels) != len(dimension.categories):
        return replace(dimension, label_en=name)
    pairs = zip(dimension.categories, labels, strict=True)
    categories = tuple(replace(category, label_en=label) for category, label in pairs)
    return replace(dimension, label_en=name, categories=categories)


def _figures(
    keywords: Keywords, dimensions: Sequence[Dimension], data: str, where: str, most: int
) -> tuple[dict[int, Figure], dict[int, str]]:
    cells = [quoted or bare for quoted, bare in _CELL.findall(data)]
    if len(cells) > most:
        raise too_many(where, most)
    values: dict[int, Figure] = {}
    symbols: dict[int, str] = {}
    for at, cell in _placed(keywords, dimensions, cells, where):
        figure = to_figure(cell)
        if figure is not None:
            values[at] = figure
        elif cell in _SYMBOLS or not re.search(r"\w", cell):
            symbols[at] = cell
        else:
            raise HarvestError("bad_value", where=where, field="DATA", value=cell[:80], detail="")
    return values, symbols


def _placed(
    keywords: Keywords, dimensions: Sequence[Dimension], cells: Sequence[str], where: str
) -> Iterator[tuple[int, str]]:
    """Each cell with its position."""
    sizes = [len(d.categories) for d in dimensions]
    keyed = {i: keys[0] for i, keys in _keys(keywords) if keys}
    if not keyed:
        _expect(len(cells), math.prod(sizes), where)
        yield from enumerate(cells)
        return
    # Each row is its keys, then the figures of the other variables.
    weights = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    others = [i for i in range(len(sizes)) if i not in keyed]
    offsets = [0]
    for i in others:
        offsets = [start + at * weights[i] for start in offsets for at in range(sizes[i])]
    look_up = {i: _positions(dimensions[i], by) for i, by in keyed.items()}
    width = len(keyed) + len(offsets)
    _expect(len(cells), -(-len(cells) // width) * width, where)
    for start in range(0, len(cells), width):
        row = cells[start : start + width]
        base = 0
        for i, key in zip(sorted(keyed), row, strict=False):
            if key not in look_up[i]:
                raise HarvestError("bad_value", where=where, field="DATA", value=key, **_NO_KEY)
            base += look_up[i][key] * weights[i]
        for offset, cell in zip(offsets, row[len(keyed) :], strict=True):
            yield base + offset, cell


def _keys(keywords: Keywords) -> Iterator[tuple[int, tuple[str, ...]]]:
    names = _names(keywords, keywords.languages[0])
    return ((at, keywords.values("KEYS", name)) for at, name in enumerate(names))


def _positions(dimension: Dimension, by: str) -> Mapping[str, int]:
    by_code = by.upper() == "CODES"
    return {c.code if by_code else c.label: at for at, c in enumerate(dimension.categories)}


def _expect(found: int, expected: int, where: str) -> None:
    if found < expected:
        raise HarvestError("truncated", where=where, at=found)
    if found > expected:
        params = {
            "detail": f"tệp có {found} số liệu, trong khi cần đúng {expected}",
            "detail_en": f"the file has {found} figures, {expected} are expected",
        }
        raise HarvestError("bad_value", where=where, field="DATA", value=found, **params)
