"""The workbooks of a department, as an official makes them: titles, merged cells, commas, notes.

Figures: article of 24/09/2023 on the province's digital transformation (the province's 15th rank of
63, points of departments and districts, telecom coverage). What the article does not say is "…",
never a guess. The same bytes at every build, so that an unchanged harvest stays unchanged.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.worksheet.worksheet import Worksheet

WORDS = Path(__file__).with_name("so-khoa-hoc-va-cong-nghe")
SOURCE = "Nguồn: bài viết về chuyển đổi số tỉnh Thanh Hóa, ngày 24/09/2023."
UNKNOWN = "Ký hiệu “…”: nguồn không nêu."
Row = tuple[object, ...]

DEPARTMENTS: tuple[Row, ...] = (
    (1, "Văn phòng UBND tỉnh", "962,73", 1, None),
    (2, "Sở Thông tin và Truyền thông", "…", 2, None),
    (3, "Sở Giáo dục và Đào tạo", "…", 3, None),
    (4, "Ban Quản lý KKT Nghi Sơn và các KCN", "573,48", "…", "Xếp cuối nhóm"),
)
DISTRICTS: tuple[Row, ...] = (
    (5, "Thành phố Thanh Hóa", 848.67, 1, None),
    (6, "Huyện Như Thanh", "…", "…", "Trong nhóm dẫn đầu"),
    (7, "Thị xã Nghi Sơn", "…", "…", "Trong nhóm dẫn đầu"),
    (8, "Huyện Lang Chánh", 420.8, "…", "Xếp cuối nhóm"),
)
TELECOM: tuple[Row, ...] = (
    (1, "Thôn, bản, tổ dân phố có sóng di động", "Thôn", 4354, 4357),
    (2, "Thôn, bản, tổ dân phố có băng rộng cố định", "Thôn", 4337, 4357),
    (3, "Trạm thu phát sóng di động (BTS)", "Trạm", 9444, None),
    (4, "Tỷ lệ dân số được phủ sóng", "%", "99,7", None),
)


def build(folder: Path) -> None:
    """Writes the workbooks, and the words beside them, that are not there yet.

    What is there stays: an edited workbook is the department's own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for words in sorted(WORDS.glob("*.yaml")):
        if not (folder / words.name).exists():
            (folder / words.name).write_bytes(words.read_bytes())
    for name, workbook in (("dti-2022.xlsx", dti()), ("vien-thong.xlsx", telecom())):
        place = folder / name
        if not place.exists():
            place.write_bytes(same_bytes(workbook))


def dti() -> Workbook:
    """The ranking by DTI 2022: two groups, a header of two rows with merged cells."""
    workbook, sheet = _sheet("DTI 2022", (5, 44, 14, 12, 22))
    _titles(
        sheet,
        "UBND TỈNH THANH HÓA",
        "CHỈ SỐ CHUYỂN ĐỔI SỐ (DTI) NĂM 2022 CỦA CÁC CƠ QUAN, ĐỊA PHƯƠNG TỈNH THANH HÓA",
        "(Toàn tỉnh xếp thứ 15 trên 63 tỉnh, thành phố)",
        width=5,
    )
    for row, cells in (
        (5, ("TT", "Cơ quan, địa phương", "Kết quả năm 2022", None, "Ghi chú")),
        (6, (None, None, "Điểm DTI", "Thứ hạng", None)),
    ):
        _write(sheet, row, cells, bold=True)
    for area in ("A5:A6", "B5:B6", "C5:D5", "E5:E6"):
        sheet.merge_cells(area)
    _write(sheet, 7, ("I", "Sở, ban, ngành cấp tỉnh", None, None, None), bold=True)
    for at, cells in enumerate(DEPARTMENTS, 8):
        _write(sheet, at, cells)
    _write(sheet, 12, ("II", "Huyện, thị xã, thành phố", None, None, None), bold=True)
    for at, cells in enumerate(DISTRICTS, 13):
        _write(sheet, at, cells)
    sheet["A18"] = f"Ghi chú: {UNKNOWN} Địa phương cấp huyện theo tên gọi đến ngày 30/6/2025."
    sheet["A19"] = SOURCE
    return workbook


def telecom() -> Workbook:
    """Coverage of telecommunications: one header row, a percentage among counts."""
    workbook, sheet = _sheet("Viễn thông", (5, 44, 14, 14, 14))
    _titles(
        sheet,
        "UBND TỈNH THANH HÓA",
        "HẠ TẦNG VIỄN THÔNG VÀ MỨC ĐỘ PHỦ SÓNG TRÊN ĐỊA BÀN TỈNH THANH HÓA",
        "(Số liệu công bố tháng 9 năm 2023)",
        width=5,
    )
    _write(sheet, 5, ("TT", "Chỉ tiêu", "Đơn vị tính", "Đạt được", "Tổng số"), bold=True)
    for at, cells in enumerate(TELECOM, 6):
        _write(sheet, at, cells)
    sheet["A11"] = SOURCE
    return workbook


def same_bytes(workbook: Workbook) -> bytes:
    """The workbook with fixed times inside: in its properties and in its archive."""
    day = datetime.datetime(2023, 9, 24)
    workbook.properties.created = workbook.properties.modified = day
    workbook.properties.creator = "UBND tỉnh Thanh Hóa"
    raw, out = io.BytesIO(), io.BytesIO()
    workbook.save(raw)
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w") as new:
        for name in sorted(old.namelist()):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _without_saving_time(content)
            new.writestr(zipfile.ZipInfo(name, (2023, 9, 24, 0, 0, 0)), content)
    return out.getvalue()


def _without_saving_time(content: bytes) -> bytes:
    """openpyxl writes the moment of saving over the one that was set."""
    return re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2023-09-24T00:00:00Z", content)


def _sheet(title: str, widths: tuple[int, ...]) -> tuple[Workbook, Worksheet]:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = title
    for letter, width in zip("ABCDE", widths, strict=True):
        sheet.column_dimensions[letter].width = width
    return workbook, sheet


def _titles(sheet: Worksheet, *lines: str, width: int) -> None:
    for row, line in enumerate(lines, 1):
        cell = sheet.cell(row, 1, line)
        cell.font = Font(name="Times New Roman", size=12, bold=row < 3)
        cell.alignment = Alignment(horizontal="center")
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=width)


def _write(sheet: Worksheet, row: int, cells: Row, bold: bool = False) -> None:
    line = Side(style="thin")
    for column, value in enumerate(cells, 1):
        cell = sheet.cell(row, column, value)
        cell.font = Font(name="Times New Roman", size=12, bold=bold)
        cell.border = Border(left=line, right=line, top=line, bottom=line)
        if isinstance(value, int) and column > 2:
            cell.number_format = "#,##0"
