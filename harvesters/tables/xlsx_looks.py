"""What an .xlsx says besides its values: styles, hidden rows and columns, fonts within a text.

Calamine gives values only; fonts, number formats and hidden parts are in the XML beside them.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass, field

from harvesters.tables.grid import PLAIN, Position, Style
from harvesters.tables.legacy_fonts import encoding_of
from harvesters.tables.xlsx_xml import Attributes, at, number, parse_part, read_styles

Runs = list[tuple[str, str]]
#: Blank cells beyond these carry no header, so their looks are not kept.
_HEADER_ROWS, _HEADER_COLUMNS = 2000, 512


@dataclass
class SheetLooks:
    """`area` is rows times columns up to the last cell with a value; `legacy` has the runs
    (text, font) of cells set in a legacy font; `uncomputed` counts formulas without a result,
    `errors` those that failed (#REF!), which calamine gives as nothing."""

    styles: dict[Position, Style] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    legacy: dict[Position, Runs] = field(default_factory=dict)
    area: int = 0
    uncomputed: int = 0
    errors: int = 0


class Looks:
    """Reads the looks of every worksheet of an opened archive."""

    def __init__(self, archive: zipfile.ZipFile):
        self.archive = archive
        self.styles, self.fonts = read_styles(archive)
        self.strings = _read_strings(archive, self.fonts)

    def sheets(self) -> dict[str, SheetLooks]:
        """Looks by sheet name."""
        targets = _targets(self.archive)
        found: dict[str, SheetLooks] = {}

        def start(tag: str, attributes: Attributes) -> None:
            if tag == "sheet":
                target = targets.get(attributes.get("id", ""), "")
                if "worksheets/" in target and target in self.archive.namelist():
                    found[attributes.get("name", "")] = self._read(target)

        parse_part(self.archive, "xl/workbook.xml", start)
        return found

    def _read(self, path: str) -> SheetLooks:
        reader = _SheetParser(self.styles, self.fonts, self.strings)
        parse_part(self.archive, path, reader.start, reader.end, reader.text)
        looks = reader.looks
        looks.area = (reader.last_row + 1) * (reader.last_column + 1)
        return looks


def _targets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Relationship id -> path of the part, from the workbook's relations."""
    targets: dict[str, str] = {}

    def start(tag: str, attributes: Attributes) -> None:
        if tag == "Relationship":
            target = attributes.get("Target", "")
            whole = target[1:] if target.startswith("/") else posixpath.join("xl", target)
            targets[attributes.get("Id", "")] = posixpath.normpath(whole)

    parse_part(archive, "xl/_rels/workbook.xml.rels", start)
    return targets


class _RunParser:
    """The runs of one text (shared or in the cell); a run without a font of its own has ''."""

    def __init__(self) -> None:
        self.runs: Runs = []
        self.font = ""
        self.inside = self.skipping = False

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag in ("si", "is"):
            self.runs = []
        elif tag in ("r", "rPh"):
            self.font, self.skipping = "", tag == "rPh"
        elif tag == "rFont":
            self.font = attributes.get("val", "")
        elif tag == "t":
            self.inside = not self.skipping

    def end(self, tag: str) -> None:
        if tag == "t":
            self.inside = False
        elif tag in ("r", "rPh"):
            self.font, self.skipping = "", False

    def text(self, text: str) -> None:
        if self.inside:
            self.runs.append((text, self.font))


class _StringParser(_RunParser):
    """All shared strings, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.strings: list[Runs] = []

    def end(self, tag: str) -> None:
        super().end(tag)
        if tag == "si":
            self.strings.append(self.runs)


_LEGACY_NAME = re.compile(rb'"(\.vn|vni[\s_-])', re.IGNORECASE)


def _read_strings(archive: zipfile.ZipFile, fonts: list[str]) -> list[Runs]:
    """The shared strings, read only when a legacy font is anywhere in the workbook."""
    path = "xl/sharedStrings.xml"
    if path not in archive.namelist():
        return []
    if not any(map(encoding_of, fonts)) and not _LEGACY_NAME.search(archive.read(path)):
        return []
    parser = _StringParser()
    parse_part(archive, path, parser.start, parser.end, parser.text)
    return parser.strings


class _SheetParser:
    def __init__(self, styles: list[Style], fonts: list[str], strings: list[Runs]):
        self.known_styles, self.fonts, self.strings = styles, fonts, strings
        self.looks = SheetLooks()
        self.row = self.column = -1
        self.last_row = self.last_column = 0
        self.style = 0
        self.shared = self.is_text = self.valued = self.formula = self.in_value = False
        self.value = ""
        self.inline = _RunParser()

    def start(self, tag: str, attributes: Attributes) -> None:
        self.inline.start(tag, attributes)
        if tag == "c":
            self._cell(attributes)
        elif tag in ("v", "is"):
            self.valued = True
            self.in_value = tag == "v" and (self.shared or self.formula)
        elif tag == "f":
            self.formula = True
        elif tag == "row":
            self._row(attributes)
        elif tag == "col" and attributes.get("hidden") in ("1", "true"):
            first, last = number(attributes.get("min")), number(attributes.get("max"))
            self.looks.hidden_columns.update(range(first - 1, min(last, 16384)))

    def text(self, text: str) -> None:
        if self.in_value:
            self.value += text
        else:
            self.inline.text(text)

    def end(self, tag: str) -> None:
        self.inline.end(tag)
        if tag == "v":
            self.in_value = False
        elif tag == "c":
            self._cell_ends()

    def _row(self, attributes: Attributes) -> None:
        self.row = number(attributes.get("r")) - 1 if attributes.get("r") else self.row + 1
        self.column = -1
        if attributes.get("hidden") in ("1", "true"):
            self.looks.hidden_rows.add(self.row)

    def _cell(self, attributes: Attributes) -> None:
        reference = attributes.get("r", "")
        self.column = _column(reference) if reference else self.column + 1
        self.style = number(attributes.get("s"))
        self.shared = attributes.get("t") == "s"
        self.is_text = attributes.get("t") == "str"
        self.looks.errors += attributes.get("t") == "e"
        self.valued = self.formula = False
        self.value = ""
        self.inline.runs = []

    def _cell_ends(self) -> None:
        near = self.row < _HEADER_ROWS and self.column < _HEADER_COLUMNS
        if (self.valued or near) and self.style < len(self.known_styles):
            style = self.known_styles[self.style]
            if style is not PLAIN:
                self.looks.styles[self.row, self.column] = style
        computed = self.is_text or bool(self.value.strip())
        if not self.valued or (self.formula and not computed):
            self.looks.uncomputed += self.formula
            return
        self.last_row = max(self.last_row, self.row)
        self.last_column = max(self.last_column, self.column)
        runs = at(self.strings, self.value, []) if self.shared else self.inline.runs
        if runs:
            own = at(self.fonts, str(self.style), "")
            runs = [(text, font or own) for text, font in runs]
            if any(encoding_of(font) for _, font in runs):
                self.looks.legacy[self.row, self.column] = runs


def _column(reference: str) -> int:
    """The column's number from "AB12", counted from 0."""
    number = 0
    for char in reference:
        if not char.isalpha():
            break
        number = number * 26 + ord(char.upper()) - 64
    return number - 1
