"""Makes the workbooks of these specimens: ``python tests/specimens/files/make_payload.py``.

They are small, with figures made up for the purpose, in the forms that departments' files have.
The bytes are the same at every run, so that the checksums in ``expected.json`` hold.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import xlwt
from openpyxl import Workbook
from openpyxl.styles import Font

HERE = Path(__file__).parent
_DAY = (2025, 1, 31, 0, 0, 0)


def main() -> None:
    """Writes every payload that is not plain text."""
    folder = HERE / "folder" / "payload"
    (folder / "nam-cu").mkdir(parents=True, exist_ok=True)
    (folder / "truong-hoc.xlsx").write_bytes(_xlsx(_schools()))
    (folder / "nam-cu" / "dan-so-2003.xls").write_bytes(_old_workbook())
    (folder / "cong-van.xlsx").write_bytes(_xlsx(_letter()))
    whole = _xlsx(_schools())
    (folder / "bi-cat.xlsx").write_bytes(whole[: len(whole) // 2])
    tables = HERE / "per_table" / "payload"
    tables.mkdir(parents=True, exist_ok=True)
    (tables / "bao-cao-thang.xlsx").write_bytes(_xlsx(_monthly()))


def _schools() -> Workbook:
    """Title rows, a merged header, decimal commas typed as text, headings, notes, a signature."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Biểu 1"
    for row in (
        ["SỞ GIÁO DỤC VÀ ĐÀO TẠO"],
        ["Biểu 1. Số trường và học sinh năm học 2024-2025"],
        [None, None, None, None, "Đơn vị tính: Nghìn người"],
        ["TT", "Cấp học", "Số trường (Trường)", "Học sinh", None],
        [None, None, None, "Tổng số", "Trong đó: Nữ"],
        ["I", "Công lập", None, None, None],
        [1, "Tiểu học", 590, "312,5", "150,25"],
        [2, "Trung học cơ sở", 612, "215,75", "…"],
        ["II", "Ngoài công lập", None, None, None],
        [3, "Tiểu học", 7, "3,5", "1,75"],
        ["Ghi chú: Số liệu đầu năm học; “…” là chưa có số liệu."],
        [None, None, None, "Thanh Hóa, ngày 31 tháng 01 năm 2025"],
        [None, None, None, "Người lập biểu"],
        [None, None, None, "Nguyễn Văn A"],
    ):
        sheet.append(row)
    for area in ("A2:E2", "A4:A5", "B4:B5", "C4:C5", "D4:E4"):
        sheet.merge_cells(area)
    for row in (6, 9):
        sheet.cell(row, 2).font = Font(bold=True)
    return book


def _letter() -> Workbook:
    """A workbook without a table."""
    book = Workbook()
    book.active.title = "Công văn"
    book.active.append(["Kính gửi: Văn phòng UBND tỉnh"])
    return book


def _monthly() -> Workbook:
    """Two tables on one sheet and a third on a sheet that is hidden."""
    book = Workbook()
    sheet = book.active
    sheet.title = "T1"
    for row in (
        ["1. Sản phẩm chủ yếu tháng 01 năm 2025"],
        [None, "Đơn vị tính", "Ước tính tháng 01 năm 2025", "So với cùng kỳ (%)"],
        ["Xi măng", "Nghìn tấn", 1250.5, 104.2],
        ["Đá xây dựng", '"', 800, 98.75],
        [],
        ["2. Khách du lịch tháng 01 năm 2025"],
        [None, None, "Lượt khách", "So với cùng kỳ (%)"],
        ["TỔNG SỐ", None, 520000, 110],
        ["Phân theo loại", None, None, None],
        ["Trong nước", None, 515000, 109.5],
        ["Quốc tế", None, 5000, 180],
    ):
        sheet.append(row)
    sheet.cell(9, 1).font = Font(bold=True)
    hidden = book.create_sheet("Nháp")
    for row in (["Xã", "Số"], ["A", 1], ["B", 2]):
        hidden.append(row)
    hidden.sheet_state = "hidden"
    return book


def _old_workbook() -> bytes:
    """A workbook of before Unicode: .VnTime, with capitals in .VnTimeH."""
    book = xlwt.Workbook(encoding="latin-1")
    sheet = book.add_sheet("DS")
    plain, capitals = (xlwt.easyxf(f"font: name {name}") for name in (".VnTime", ".VnTimeH"))
    sheet.write(0, 0, "5. D©n sè trung b×nh n¨m 2003", plain)
    sheet.write(2, 2, "Ngh×n ng\xadêi", plain)
    sheet.write(3, 1, "Nam", plain)
    sheet.write(3, 2, "N÷", plain)
    for row, (label, style, men, women) in enumerate(
        (
            ("Tæng sè", capitals, 1780.2, 1840.5),
            ("Thµnh thÞ", plain, 171.5, 178),
            ("N«ng th«n", plain, 1608.7, 1662.5),
        ),
        4,
    ):
        sheet.write(row, 0, label, style)
        sheet.write(row, 1, men)
        sheet.write(row, 2, women)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _xlsx(book: Any) -> bytes:
    """The workbook without the moments of making and packing it."""
    raw, out = io.BytesIO(), io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            if name == "docProps/core.xml":
                continue
            text = old.read(name)
            if name in ("_rels/.rels", "[Content_Types].xml"):
                text = _without_properties(text)
            new.writestr(zipfile.ZipInfo(name, _DAY), text)
    return out.getvalue()


def _without_properties(text: bytes) -> bytes:
    """Takes the mention of docProps/core.xml out of a part."""
    at = text.find(b"docProps/core.xml")
    start, end = text.rfind(b"<", 0, at), text.find(b"/>", at) + 2
    return text[:start] + text[end:]


if __name__ == "__main__":
    main()
