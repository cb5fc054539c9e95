"""The XML parts of an .xlsx: streamed with expat, styles read.

Expat keeps nothing in memory, follows no reference to outside, and here refuses every DOCTYPE.
Names are read without their prefix, so that the strict form of the standard and unusual writers
are read alike.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import TypeVar
from xml.parsers import expat

from harvesters.tables.grid import PLAIN, Style
from harvesters.tables.number_format import BUILT_IN, style_of_format

T = TypeVar("T")
Attributes = dict[str, str]
XmlError = expat.ExpatError


def parse_part(
    archive: zipfile.ZipFile,
    path: str,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Streams one part of the archive through callbacks. Raises XmlError and KeyError."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise XmlError("DOCTYPE")

    def started(name: str, attributes: Attributes) -> None:
        start(name.rpartition(":")[2], {k.rpartition(":")[2]: v for k, v in attributes.items()})

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = started
    if end is not None:
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    if text is not None:
        parser.CharacterDataHandler = text
    with archive.open(path) as stream:
        parser.ParseFile(stream)


class _StyleParser:
    """Fonts, borders and formats by number, then the cell styles that combine them."""

    def __init__(self) -> None:
        self.formats = dict(BUILT_IN)
        self.fonts: list[tuple[str, bool]] = []
        self.lines: list[bool] = []
        self.cells: list[dict[str, str]] = []
        self.path: list[str] = []

    def start(self, tag: str, attributes: Attributes) -> None:
        parent = self.path[-1] if self.path else ""
        self.path.append(tag)
        if tag == "numFmt" and "numFmts" in self.path:
            self.formats[number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif parent == "fonts" and tag == "font":
            self.fonts.append(("", False))
        elif parent == "font" and "fonts" in self.path:
            self._font(tag, attributes)
        elif parent == "borders" and tag == "border":
            self.lines.append(False)
        elif parent == "border" and tag == "bottom" and "borders" in self.path:
            self.lines[-1] = attributes.get("style", "none") != "none"
        elif "cellXfs" in self.path:
            self._cell(tag, attributes)

    def end(self, tag: str) -> None:
        self.path.pop()

    def _font(self, tag: str, attributes: Attributes) -> None:
        name, bold = self.fonts[-1]
        if tag == "name":
            self.fonts[-1] = (attributes.get("val", ""), bold)
        elif tag == "b":
            self.fonts[-1] = (name, attributes.get("val", "1") not in ("0", "false"))

    def _cell(self, tag: str, attributes: Attributes) -> None:
        if tag == "xf":
            self.cells.append(dict(attributes))
        elif tag == "alignment" and self.cells:
            self.cells[-1].update(attributes)

    def style(self, cell: dict[str, str]) -> tuple[Style, str]:
        meaning = style_of_format(self.formats.get(number(cell.get("numFmtId")), ""))
        font, bold = at(self.fonts, cell.get("fontId"), ("", False))
        style = Style(
            meaning.percent,
            meaning.decimals,
            meaning.digits,
            number(cell.get("indent")),
            bold,
            cell.get("horizontal") == "centerContinuous",
            at(self.lines, cell.get("borderId"), False),
        )
        return (PLAIN if style == PLAIN else style), font


def number(text: str | None) -> int:
    """A count or an index; 0 for what is none."""
    return int(text) if text and text.isdigit() else 0


def at(values: list[T], index: str | None, default: T) -> T:
    """The value at an index that the file gives, or the default where it points nowhere."""
    position = number(index)
    return values[position] if position < len(values) else default


def read_styles(archive: zipfile.ZipFile) -> tuple[list[Style], list[str]]:
    """Style and font name of each cell style; empty when the file has no styles."""
    if "xl/styles.xml" not in archive.namelist():
        return [], []
    parser = _StyleParser()
    parse_part(archive, "xl/styles.xml", parser.start, parser.end)
    pairs = [parser.style(cell) for cell in parser.cells]
    return [style for style, _ in pairs], [font for _, font in pairs]
