"""Every recorded workbook and CSV file of real offices: tables, exact cells, nothing lost."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from harvesters.errors import HarvestError
from harvesters.tables.grid import visible_part
from harvesters.tables.reading import Reading, read_tables
from harvesters.tables.report import main
from harvesters.tables.workbook import SUFFIXES, read_workbook
from schemas.text import fold
from tests.recorded import NOT_HERE, REAL

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=NOT_HERE)

#: File -> number of tables, sheets refused for want of a table.
COUNTS = {
    "GDP_EXP_Q.csv": (1, []),
    "GDP_EXP_Q.xlsx": (1, []),
    "gso_2000-01-31-bieu-thang-1.xls": (23, ["TM"]),
    "gso_2001-05-29-Bieu05-3.xls": (10, ["Sheet1"]),
    "gso_2002-08-29-Bieu08-5.xls": (11, ["Sheet1"]),
    "gso_2003-03-31-Bieu03-3.xls": (13, ["Sheet1"]),
    "gso_2004-11-29-Bieu11-3.xls": (11, ["Sheet1"]),
    "gso_2006-09-29-Bieu0906.xls": (18, ["Sheet1 (3)"]),
    "gso_2007-12-31-Bieu1207moi-1.xls": (34, ["Sheet1"]),
    "gso_2008-06-30-Bieu0608-1.xls": (18, ["Sheet1 (2)"]),
    "gso_2009-01-29-Bieu-0109-1.xls": (11, ["Sheet1 (2)"]),
    "gso_2011-08-29-Bieu-8.2011.xlsx": (11, ["Sheet1 (5)"]),
    "gso_2013-10-29-So-lieu-10-2013.xls": (12, ["Sheet1 (6)"]),
    "gso_2015-02-28-Bieu-02-2015-1.xls": (13, []),
    "gso_2016-10-28-2.-Bieu-solieu-T10-2016.xls": (15, []),
    "gso_2018-12-27-03-So-lieu-2018-1.xls": (43, []),
    "gso_2019-10-29-So-lieu-KT-XH-thang-10.xlsx": (18, []),
    "gso_2021-02-28-02.-Bieu-02-2021_cap-nhap-XNK.xlsx": (19, []),
    "gso_2023-09-29-02-Bieu-so-lieu-9-thang-2023-2.xlsx": (44, []),
    "gso_2025-02-28-Bieu-T2.2025-1.xlsx": (19, []),
    "il_spending_report_2018-3.xls": (1, []),
    "thirdparty_gdp_ss.csv": (1, []),
}

#: File, sheet, label, group (its end), column, value: read off the workbooks by eye.
CELLS = [
    ("gso_2000", "NN", "Miền Bắc", "1. Gieo cấy lúa đông xuân", "thuc_hien_ky_nay", "105"),
    (
        "gso_2000",
        "2gtcn",
        "Thanh Hoá",
        "2. Công nghiệp trên địa bàn của một số tỉnh, thành phố",
        "uoc_tinh_thang",
        "351.4",
    ),
    ("gso_2000", "3sp", "- Trung ương", "Than sạch khai thác", "don_vi_tinh", "Nghìn tấn"),
    ("gso_2000", "Vantai", "Tổng số", "A. HÀNH KHÁCH (Nghìn HK; Triệu HK.km)", 2, "63737.2"),
    ("gso_2000", "11", "Thanh Hoá", "Bắc Trung Bộ", "chung_tong_so", "3467610"),
    ("gso_2000", "12", "1-4", None, "thanh_thi_td_nu", "576370"),
    ("gso_2000", "17", "Nam", "B. TỶ TRỌNG (%) / CẢ NƯỚC / Nông thôn", "tien_sy", "0"),
    ("gso_2001", "02GTCN", "Thanh Hoá", "CÔNG NGHIỆP CỦA MỘT SỐ ĐỊA PHƯƠNG", 2, "317.9"),
    ("gso_2002", "02GTCN", "Thanh Hoá", "CÔNG NGHIỆP CỦA MỘT SỐ ĐỊA PHƯƠNG", 4, "3297.7"),
    ("gso_2003", "XK", "Chè", "MẶT HÀNG CHỦ YẾU", "uoc_tinh_thang_tri_gia", "3.6"),
    ("gso_2003", "02GTCN (2)", "Thanh Hoá", "CÔNG NGHIỆP CỦA MỘT SỐ ĐỊA PHƯƠNG", 3, "608.3"),
    (
        "gso_2004",
        "05DTNN5",
        "Thanh Hóa",
        "Phân theo địa phương",
        "so_du_an_duoc_cap_giay_phep",
        "4",
    ),
    ("gso_2006", "GiaoDuc", "Thanh Hoá", "Bắc Trung Bộ", 2, "47456"),
    ("gso_2006", "gia tri tinh", "Ngoài quốc doanh", "Thanh Hóa", 2, "110.340865568748"),
    (
        "gso_2006",
        "XK",
        "Thủy sản",
        "MẶT HÀNG CHỦ YẾU",
        "cac_thang_so_voi_cung_ky_nam_tri_gia",
        "119.2",
    ),
    ("gso_2007", "Tot nghiep PT", "Thanh Hoá", "Bắc Trung Bộ", 3, "59.59"),
    ("gso_2007", "5.6", "CẢ NƯỚC", None, "uoc_tinh_nam_2007", "14.75"),
    ("gso_2007", "Sheet5", "Tháng 12", None, 1, "14330"),
    ("gso_2008", "dxdp", "Thanh Hóa", "Bắc Trung Bộ", 2, "117.9"),
    ("gso_2008", "XK", "Sản phẩm gỗ", "MẶT HÀNG CHỦ YẾU", "uoc_tinh_thang_tri_gia", "215"),
    ("gso_2009", "03GTĐP", "Thanh Hóa", None, 2, "96.99"),
    ("gso_2009", "03GTĐP", "Nhà nước", "Thành phố Hà Nội", 3, "96.9"),
    ("gso_2011", "42Dtu_NS", "Trung ương", "Phân theo cấp quản lý", "uoc_tinh_thang", "4623"),
    ("gso_2013", "NN", "Khoai lang", "Gieo trồng một số cây vụ đông", 3, "21.1"),
    ("gso_2013", "VonDT", "Thanh Hóa", "Phân theo một số địa phương", 2, "285.825"),
    ("gso_2015", "05DTNN", "Thanh Hóa", "Phân theo một số địa phương", 2, "2"),
    (
        "gso_2015",
        "T2-2015",
        "Hà Lan",
        "Phân theo một số nước và vùng lãnh thổ / Châu Âu",
        2,
        "4.97988",
    ),
    ("gso_2016", "VonDT", "Thanh Hóa", "Phân theo một số tỉnh, thành phố", 4, "3334"),
    ("gso_2018", "42.XHMT", "Số người bị thương", "Cháy, nổ", "don_vi_tinh", "Người"),
    ("gso_2018", "42.XHMT", "Số người bị thương", "Cháy, nổ", "cong_don_cac_thang", "263"),
    (
        "gso_2018",
        "46.thatnghiep",
        "Ước tính năm 2018",
        "Tỷ lệ thất nghiệp thanh niên (từ 15-24 tuổi)",
        "chung",
        "7.06",
    ),
    ("gso_2019", "21.DTNN", "Thanh Hóa", "Phân theo một số địa phương", 3, "295.929668"),
    ("gso_2021", "VonDT", "Thanh Hóa", "Phân theo một số tỉnh, thành phố", 3, "448.474"),
    ("gso_2023", "18.VonNSNNthang", "Bộ Khoa học và Công nghệ", "Trung ương", 2, "24.05"),
    ("gso_2023", "20.FDI", "Thanh Hóa", "Phân theo một số địa phương", "so_du_an", "13"),
    (
        "gso_2023",
        "4-5.Channuoi-Lam nghiep",
        "Thịt lợn",
        "Sản lượng thịt hơi xuất chuồng (Nghìn tấn)",
        "cong_don_cac_thang",
        "3632.93",
    ),
    ("gso_2025", "1. Nong nghiep", "Miền Bắc", "Gieo cấy lúa đông xuân", 2, "760.96911"),
    ("gso_2025", "3.SPCNthang", "Xăng dầu", None, "don_vi_tinh", "Nghìn tấn"),
    ("gso_2025", "5. LĐCN_DP", "Thanh Hóa", None, 1, "100.41"),
    (
        "gso_2025",
        "7. DN DK thanh lap",
        "Khai khoáng",
        "Phân theo ngành kinh tế / Công nghiệp và Xây dựng",
        "cac_thang_so_dn",
        "71",
    ),
    ("gso_2025", "15.NK", "Nguyên chiếc(*)", "MẶT HÀNG CHỦ YẾU / Ô tô", 2, "17148.3"),
    (
        "gso_2025",
        "16. CPI",
        "Lương thực",
        "CHỈ SỐ GIÁ TIÊU DÙNG / Hàng ăn và dịch vụ ăn uống",
        "thang_so_voi_ky_goc",
        "135.309",
    ),
    (
        "gso_2025",
        "18. VT HH",
        "Hàng không",
        "II. Luân chuyển (Triệu tấn.km) / Phân theo ngành vận tải",
        "uoc_tinh_thang",
        "826.128",
    ),
]


@pytest.fixture(scope="module")
def readings() -> dict[str, Reading]:
    """Every file of the folder, read once."""
    return {name: read_tables(name, (REAL / "excel" / name).read_bytes()) for name in COUNTS}


def test_every_file_of_the_folder_is_expected() -> None:
    found = {p.name for p in (REAL / "excel").iterdir() if p.suffix in SUFFIXES}
    assert found == set(COUNTS)


@pytest.mark.parametrize("name", COUNTS)
def test_tables_and_refusals_of_a_file(name: str, readings: dict[str, Reading]) -> None:
    reading = readings[name]
    tables, refused = COUNTS[name]
    assert len(reading.tables) == tables
    assert [problem.params["sheet"] for problem in reading.refused] == refused
    assert len(set(reading.keys)) == len(reading.keys)
    for read in reading.tables:
        names = [column.name for column in read.table.columns]
        assert len(set(names)) == len(names)
        assert read.table.rows
        assert all(len(row) == len(names) for row in read.table.rows)


@pytest.mark.parametrize(("file", "sheet", "label", "group", "column", "value"), CELLS)
def test_a_cell_is_where_it_belongs(
    file: str,
    sheet: str,
    label: str,
    group: str | None,
    column: Any,
    value: str,
    readings: dict[str, Reading],
) -> None:
    name = next(name for name in COUNTS if name.startswith(file))
    found = []
    for read in readings[name].tables:
        if read.sheet != sheet:
            continue
        names = [c.name for c in read.table.columns]
        if not isinstance(column, int) and column not in names:
            continue
        place = column if isinstance(column, int) else names.index(column)
        for row in read.table.rows:
            belongs = row[names.index("thuoc_nhom")] if "thuoc_nhom" in names else None
            if row[0] == label and _belongs(belongs, group):
                found.append(str(row[place]))
    assert any(_same(v, value) for v in found), found


def _belongs(belongs: object, group: str | None) -> bool:
    return not belongs if group is None else str(belongs).endswith(group)


def _same(value: str, expected: str) -> bool:
    """Figures as far as the expectation gives their digits; words as they are."""
    if not expected[0].isdigit():
        return value == expected
    digits = len(expected.partition(".")[2])
    return value != "None" and round(Decimal(value), digits) == Decimal(expected)


@pytest.mark.parametrize("name", [name for name in COUNTS if ".xls" in name])
def test_no_figure_of_a_sheet_is_lost(name: str, readings: dict[str, Reading]) -> None:
    """All figures of the visible cells come again, but for header numbers and lone workings."""
    workbook = read_workbook(name, (REAL / "excel" / name).read_bytes())
    there = Counter(
        Decimal(value)
        for sheet in workbook.sheets
        for row in visible_part(sheet)[0].rows
        for value in row
        if isinstance(value, (int, Decimal))
    )
    came: Counter[Decimal] = Counter()
    for read in readings[name].tables:
        for row in read.table.rows:
            came.update(number for value in row if (number := _number(value)) is not None)
    lost = there - came
    in_headers = Counter({n: c for n, c in lost.items() if 1900 <= n <= 2100 or n <= 12})
    lost -= in_headers
    assert lost.total() <= there.total() * 0.005, lost.most_common(10)


def _number(value: Any) -> Decimal | None:
    try:
        return None if value is None or isinstance(value, bool) else Decimal(str(value))
    except ArithmeticError:
        return None


def test_old_fonts_leave_no_code_behind(readings: dict[str, Reading]) -> None:
    """Signs that are letters in TCVN3 and nothing in Vietnamese are in no text any more."""
    for name, reading in readings.items():
        if not name.startswith("gso"):
            continue
        texts = [read.table.title for read in reading.tables]
        texts += [c.title for read in reading.tables for c in read.table.columns]
        texts += [str(row[0]) for read in reading.tables for row in read.table.rows]
        assert not [text for text in texts if set(text) & set("µ¸¶·¹»¼½¾®¨©ª«¬\xad§")], name


def test_a_table_keeps_its_key_and_columns_over_the_years(readings: dict[str, Reading]) -> None:
    """State investment in the workbooks of 2021 and 2025 is one table with one set of columns."""
    found = []
    for name, reading in readings.items():
        if name.startswith(("gso_2021", "gso_2025")):
            pairs = zip(reading.keys, reading.tables, strict=True)
            found += [
                (key, [c.name for c in read.table.columns])
                for key, read in pairs
                if "nguon ngan sach nha nuoc" in fold(read.table.title)
            ]
    (first, columns), (second, later) = found
    assert first == second == "von-dau-tu-thuc-hien-tu-nguon-ngan-sach-nha-nuoc"
    assert columns == later


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("made_latin1_declared_utf8.csv", "unknown_encoding"),
        ("syn_truncated.xlsx", "truncated"),
        ("syn_zip_named.xlsx", "not_a_workbook"),
        ("real_captcha_200.html", "html_instead_of_data"),
        ("real_html_instead_of_data.html", "html_instead_of_data"),
        ("syn_login_page_200.html", "html_instead_of_data"),
    ],
)
def test_a_bad_file_is_refused_with_its_code(name: str, code: str) -> None:
    content = (REAL / "bad" / name).read_bytes()
    with pytest.raises(HarvestError) as caught:
        read_tables(name.replace(".html", ".xls"), content)
    assert caught.value.code == code


@pytest.mark.parametrize("name", ["syn_cp1258.csv", "syn_utf8_bom_semicolon.csv"])
def test_a_plain_csv_in_either_encoding(name: str) -> None:
    table = read_tables(name, (REAL / "bad" / name).read_bytes()).tables[0].table
    assert [c.name for c in table.columns] == ["stt", "ten_truong", "so_hoc_sinh", "diem_tb"]
    assert table.rows[0] == ("1", "Trường THCS Quảng Thắng", 1234, Decimal("7.85"))
    assert table.rows[2][2:] == (None, None)


def test_the_report_command_tells_every_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(REAL / "excel"), "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in COUNTS)
    assert f"{len(COUNTS)} files: {sum(n for n, _ in COUNTS.values())} tables read" in out
