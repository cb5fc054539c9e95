"""Workbook files: what the bytes are, fonts, formats, and files that are refused."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import xlwt
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from harvesters.errors import HarvestError
from harvesters.model import Table
from harvesters.tables.grid import Caps
from harvesters.tables.reading import read_tables
from harvesters.tables.workbook import read_workbook


def _bytes(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _xlsx(rows: list[list[Any]]) -> Workbook:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    return book


def _table(content: bytes, name: str = "x.xlsx") -> Table:
    return read_tables(name, content).tables[0].table


def _refusal(name: str, content: bytes, **options: Any) -> str:
    with pytest.raises(HarvestError) as caught:
        read_tables(name, content, **options)
    assert caught.value.problem.where.startswith(name)
    return caught.value.code


def test_number_formats_carry_meaning() -> None:
    book = _xlsx([["Mã", "Tỷ lệ", "Chỉ số", "Ngày", "Số"], [7, 0.25, 100, date(2025, 3, 1), 0.1]])
    sheet = book.active
    sheet.append([8, 0.5, 101.5, date(2025, 4, 1), 0.2])
    sheet.append([9, 1, 102, date(2025, 5, 1), 1013.1999999999999])
    for row in (2, 3, 4):
        sheet.cell(row, 1).number_format = "00000"
        sheet.cell(row, 2).number_format = "0.0%"
        sheet.cell(row, 3).number_format = "0.0"
    table = _table(_bytes(book))
    assert table.rows[0] == ("00007", 25, Decimal(100), date(2025, 3, 1), Decimal("0.1"))
    assert table.rows[2][4] == Decimal("1013.2")
    assert table.columns[1].unit == "%"


@pytest.mark.parametrize(("font", "typed"), [(".VnTime", "Thanh Ho¸"), ("VNI-Times", "Thanh Hoùa")])
def test_old_fonts_are_converted_by_their_name(font: str, typed: str) -> None:
    book = _xlsx(
        [["Địa phương", "Số"], [typed, 1], ["Hµ Néi" if font == ".VnTime" else "Haø Noäi", 2]]
    )
    for row in (2, 3):
        book.active.cell(row, 1).font = Font(name=font)
    reading = read_tables("x.xlsx", _bytes(book))
    labels = [row[0] for row in reading.tables[0].table.rows]
    assert labels == ["Thanh Hoá" if font == ".VnTime" else "Thanh Hóa", "Hà Nội"]
    (note,) = [n for n in reading.notes if n.code == "font_converted"]
    assert (note.params["fonts"], note.params["count"]) == (font, "2")


def test_the_same_signs_in_a_unicode_font_are_left_alone() -> None:
    reading = read_tables("x.xlsx", _bytes(_xlsx([["Tên", "Số"], ["Ho¸", 1], ["b", 2]])))
    assert reading.tables[0].table.rows[0][0] == "Ho¸"
    assert not reading.notes


def test_a_text_of_several_fonts_is_converted_run_by_run() -> None:
    book = _xlsx([["Tên", "Số"], ["x", 1], ["y", 2]])
    old = InlineFont(rFont=".VnTime")
    new = InlineFont(rFont="Arial")
    book.active["A2"] = CellRichText(TextBlock(old, "Tæng s¶n phÈm "), TextBlock(new, "đầu năm"))
    assert _table(_bytes(book)).rows[0][0] == "Tổng sản phẩm đầu năm"


def test_an_old_workbook_with_capitals_only() -> None:
    book = xlwt.Workbook(encoding="latin-1")
    sheet = book.add_sheet("S")
    sheet.write(0, 1, "Gi¸ trÞ", xlwt.easyxf("font: name .VnTime"))
    sheet.write(1, 0, "Tæng sè", xlwt.easyxf("font: name .VnTimeH"))
    sheet.write(1, 1, 1.5)
    sheet.write(2, 0, "Lóa", xlwt.easyxf("font: name .VnTime"))
    sheet.write(2, 1, 2)
    table = _table(_bytes(book), "x.xls")
    assert table.columns[1].title == "Giá trị"
    assert [row[0] for row in table.rows] == ["TỔNG SỐ", "Lúa"]


def test_formulas_without_result_and_with_error_are_told() -> None:
    book = _xlsx([["Xã", "Số", "Tổng"], ["A", 1, "=B2*2"], ["B", 2, "=B3*2"]])
    reading = read_tables("x.xlsx", _bytes(book))
    assert {n.code: n.params["count"] for n in reading.notes} == {"formula_without_value": "2"}
    content = _bytes(_xlsx([["Xã", "Số"], ["A", "#REF!"], ["B", 2]]))
    assert [n.code for n in read_tables("x.xlsx", content).notes] == ["error_cells"]


def test_a_hidden_sheet_is_told_and_can_be_named() -> None:
    book = _xlsx([["Xã", "Số"], ["A", 1], ["B", 2]])
    secret = book.create_sheet("Nháp")
    for row in (["Xã", "Số"], ["C", 3], ["D", 4]):
        secret.append(row)
    secret.sheet_state = "hidden"
    reading = read_tables("x.xlsx", _bytes(book))
    assert len(reading.tables) == 1
    assert [n.code for n in reading.notes] == ["hidden_sheet"]


def test_no_table_names_the_sheets() -> None:
    book = _xlsx([["Kính gửi Sở"]])
    book.active.title = "Công văn"
    with pytest.raises(HarvestError) as caught:
        read_tables("x.xlsx", _bytes(book))
    assert caught.value.code == "no_table"
    assert caught.value.problem.params["sheet"] == "Công văn"


def test_damaged_and_disguised_files() -> None:
    whole = _bytes(_xlsx([["Xã", "Số"], ["A", 1], ["B", 2]]))
    assert _refusal("x.xlsx", whole[: len(whole) // 2]) == "truncated"
    assert _refusal("x.xlsx", b"") == "truncated"
    assert _refusal("x.xlsx", b"\x00\x01\x02\x03" * 100) == "truncated"
    assert _refusal("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600) == "truncated"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("so-lieu.csv", "a;b\n1;2\n")
    assert _refusal("x.xlsx", out.getvalue()) == "not_a_workbook"
    assert _refusal("x.csv", b"\n\n") == "no_table"


def test_a_password_is_told() -> None:
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 100
    locked += "EncryptedPackage".encode("utf-16-le") + b"\x00" * 600
    assert _refusal("x.xlsx", locked) == "protected_file"


def test_a_changed_member_is_damage() -> None:
    content = bytearray(_bytes(_xlsx([["Xã", "Số"], ["A", 1], ["B", 2]])))
    start = content.find(b"xl/worksheets/sheet1.xml") + 60
    content[start] ^= 0xFF
    assert _refusal("x.xlsx", bytes(content)) == "truncated"


def _repacked(content: bytes, name: str, text: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for member in old.namelist():
            new.writestr(member, text if member == name else old.read(member))
    return out.getvalue()


def test_too_much_is_refused_before_it_is_unpacked() -> None:
    whole = _bytes(_xlsx([["Xã", "Số"], ["A", 1], ["B", 2]]))
    bomb = _repacked(whole, "docProps/app.xml", b" " * 60_000_000)
    assert _refusal("x.xlsx", bomb) == "too_large"
    assert _refusal("x.xlsx", whole, caps=Caps(unpacked=100)) == "too_large"
    assert _refusal("x.xlsx", whole, caps=Caps(cells=3)) == "too_large"
    far = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    assert _refusal("x.xlsx", _repacked(whole, "xl/worksheets/sheet1.xml", far)) == "too_large"
    assert _refusal("x.csv", b"a;b\n" * 10, caps=Caps(cells=10)) == "too_large"


def test_a_doctype_is_refused() -> None:
    whole = _bytes(_xlsx([["Xã", "Số"], ["A", 1], ["B", 2]]))
    evil = b'<!DOCTYPE x [<!ENTITY a "b">]><workbook/>'
    assert _refusal("x.xlsx", _repacked(whole, "xl/workbook.xml", evil)) == "truncated"


def test_rows_that_only_carry_formatting_are_nothing() -> None:
    book = _xlsx([["Xã", "Số"], ["A", 1], ["B", 2]])
    for row in range(4, 3000):
        book.active.cell(row, 5).font = Font(bold=True)
    (sheet,) = read_workbook("x.xlsx", _bytes(book)).sheets
    assert (len(sheet.rows), sheet.width) == (3, 2)


HTML = """<html><head><meta charset="utf-8"></head><body><table>
<tr><th rowspan="2">Xã</th><th colspan="2">Dân số</th></tr><tr><th>Nam</th><th>Nữ</th></tr>
<tr><td>A</td><td>1,5</td><td>2</td></tr><tr><td>B</td><td>2,25</td><td>3</td></tr>
</table>{more}</body></html>"""


def test_an_html_table_called_xls_is_read_and_a_page_refused() -> None:
    reading = read_tables("x.xls", HTML.format(more="").encode())
    assert reading.kind == "html"
    table = reading.tables[0].table
    assert [c.title for c in table.columns] == ["Xã", "Dân số / Nam", "Dân số / Nữ"]
    assert table.rows[1] == ("B", Decimal("2.25"), 3)
    page = HTML.format(more='<form><input type="password"></form>').encode()
    assert _refusal("x.xls", page) == "html_instead_of_data"


def test_csv_called_xls_is_read() -> None:
    assert _table("Xã;Số\nA;1\nB;2\n".encode(), "x.xls").rows == (("A", 1), ("B", 2))
