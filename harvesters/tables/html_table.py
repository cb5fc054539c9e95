"""An HTML table saved as `.xls`, as old web systems export it. A page is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from harvesters.errors import HarvestError
from harvesters.model import Scalar
from harvesters.tables.csv_text import decode_text
from harvesters.tables.grid import Caps, Span, Workbook, check_cells, clean_text, make_sheet

_SMALLEST = 2
_WIDEST_SPAN = 1000


@dataclass
class _Grid:
    """A table under construction: rows of cells already placed, and what spans reach down."""

    rows: list[list[Scalar]] = field(default_factory=list)
    merges: list[Span] = field(default_factory=list)
    taken: set[tuple[int, int]] = field(default_factory=set)

    def put(self, text: str, columns: int, rows: int) -> None:
        r = len(self.rows) - 1
        row = self.rows[r]
        while (r, len(row)) in self.taken:
            row.append(None)
        left = len(row)
        row += [clean_text(" ".join(text.split()))] + [None] * (columns - 1)
        if columns > 1 or rows > 1:
            self.merges.append(Span(r, left, r + rows - 1, left + columns - 1))
        for below in range(r + 1, r + rows):
            self.taken.update((below, column) for column in range(left, left + columns))


class _TableParser(HTMLParser):
    """Collects the tables and whether the page has a form that asks for a password."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Grid] = []
        self.open: list[_Grid] = []
        self.cell: list[str] | None = None
        self.spans = (1, 1)
        self.is_page = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag in ("form", "script") or attributes.get("type") == "password":
            self.is_page = True
        elif tag == "table":
            self.open.append(_Grid())
        elif tag == "tr" and self.open:
            self._close_cell()
            self.open[-1].rows.append([])
        elif tag in ("td", "th") and self.open and self.open[-1].rows:
            self._close_cell()
            self.cell = []
            self.spans = (_span(attributes.get("colspan")), _span(attributes.get("rowspan")))
        elif tag == "br" and self.cell is not None:
            self.cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close_cell()
        if tag == "table" and self.open:
            self.tables.append(self.open.pop())

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)

    def _close_cell(self) -> None:
        if self.cell is not None and self.open:
            self.open[-1].put("".join(self.cell), *self.spans)
        self.cell = None


def _span(text: str | None) -> int:
    return min(max(int(text), 1), _WIDEST_SPAN) if text and text.isdigit() else 1


def read_html(content: bytes, where: str, encoding: str, caps: Caps) -> Workbook:
    """The tables of a saved HTML file, one sheet each. Raises `html_instead_of_data` for a page."""
    parser = _TableParser()
    text, notes = decode_text(content, where, encoding)
    parser.feed(text)
    parser.close()
    grids = [
        make_sheet(str(number), table.rows, table.merges)
        for number, table in enumerate(parser.tables, 1)
    ]
    sheets = [sheet for sheet in grids if min(len(sheet.rows), sheet.width) >= _SMALLEST]
    if parser.is_page or not sheets:
        raise HarvestError("html_instead_of_data", where=where)
    check_cells(sum(len(sheet.rows) * sheet.width for sheet in sheets), caps, where)
    return Workbook("html", tuple(sheets), notes)
