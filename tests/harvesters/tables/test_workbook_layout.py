"""The layouts of printed tables: titles, headers, headings, notes, pages, labels in steps."""

from __future__ import annotations

from decimal import Decimal

from harvesters.model import Scalar, Table
from harvesters.tables.grid import Sheet, Span, Style, make_sheet
from harvesters.tables.hints import ColumnHint, Hints
from harvesters.tables.reading import read_sheet
from harvesters.tables.tabulate import TableRead

Grid = list[list[Scalar]]
_ = None


def _read(
    rows: Grid,
    merges: tuple[Span, ...] = (),
    styles: dict[tuple[int, int], Style] | None = None,
    hints: Hints | None = None,
) -> list[TableRead]:
    found, _notes = read_sheet(make_sheet("Biểu", rows, merges, styles), hints or Hints(), "x.xlsx")
    return found


def _one(rows: Grid, *merges: Span, styles: dict[tuple[int, int], Style] | None = None) -> Table:
    (read,) = _read(rows, merges, styles)
    return read.table


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def test_a_flat_list() -> None:
    table = _one(
        [["Mã", "Xã", "Dân số"], ["00123", "A", 10], ["00124", "B", 20], ["00125", "C", _]]
    )
    assert [(c.name, c.type, c.role) for c in table.columns] == [
        ("ma", "text", "dimension"),
        ("xa", "text", "dimension"),
        ("dan_so", "integer", "measure"),
    ]
    assert table.rows[0] == ("00123", "A", 10)
    assert table.rows[2][2] is None


def test_title_unit_merged_header_numbering_row_and_notes() -> None:
    table = _one(
        [
            ["UBND TỈNH THANH HÓA", _, _, _, _],
            ["Biểu 3. Dân số trung bình năm 2024", _, _, _, _],
            [_, _, _, _, "Đơn vị tính: Nghìn người"],
            ["STT", "Địa phương", "Dân số", _, "Tỷ lệ (%)"],
            [_, _, "Nam", "Nữ", _],
            ["A", "B", 1, 2, 3],
            [1, "Xã A", "1,5", "2,25", "40"],
            [2, "Xã B", "3,5", "…", "-"],
            ["Ghi chú: số sơ bộ", _, _, _, _],
            ["Nguồn: Cục Thống kê", _, _, _, _],
            [_, _, _, "Thanh Hóa, ngày 01 tháng 3 năm 2025", _],
            [_, _, _, "GIÁM ĐỐC", _],
            [_, _, _, "Nguyễn Văn A", _],
        ],
        Span(3, 2, 3, 3),
        Span(3, 0, 4, 0),
        Span(3, 1, 4, 1),
    )
    assert table.title == "Biểu 3. Dân số trung bình năm 2024"
    assert table.notes == ("Ghi chú: số sơ bộ", "Nguồn: Cục Thống kê")
    assert [c.title for c in table.columns] == [
        "STT",
        "Địa phương",
        "Dân số / Nam",
        "Dân số / Nữ",
        "Tỷ lệ (%)",
    ]
    assert [c.unit for c in table.columns] == ["", "", "Nghìn người", "Nghìn người", "%"]
    assert [c.role for c in table.columns][:2] == ["note", "dimension"]
    assert table.rows == (
        ("1", "Xã A", Decimal("1.5"), Decimal("2.25"), 40),
        ("2", "Xã B", Decimal("3.5"), None, None),
    )


def test_years_as_column_titles() -> None:
    table = _one([["Chỉ tiêu", 2020, 2021, 2022], ["Dân số", 1, 2, 3], ["Diện tích", 4, 5, 6]])
    assert _names(table) == ["chi_tieu", "nam_2020", "nam_2021", "nam_2022"]
    assert len(table.rows) == 2


def test_a_year_column_is_time() -> None:
    table = _one([["Năm", "Dân số"], [2022, 10], [2023, 11], ["Sơ bộ 2024", 12]])
    assert [(c.name, c.role) for c in table.columns] == [("nam", "time"), ("dan_so", "measure")]
    assert [row[0] for row in table.rows] == ["2022", "2023", "Sơ bộ 2024"]
    years = _one([["Năm", "Dân số"], [2022, 10], [2023, 11]])
    assert years.columns[0].type == "integer"


def test_headings_and_steps_become_a_group() -> None:
    table = _one(
        [
            [_, _, "Số vụ"],
            ["TỔNG SỐ", _, 9],
            ["Phân theo huyện", _, _],
            [_, "Hà Trung", 4],
            [_, "Nga Sơn", 5],
            ["Phân theo loại", _, _],
            [_, "Nặng", 9],
        ]
    )
    assert _names(table) == ["chi_tieu", "thuoc_nhom", "so_vu"]
    assert table.rows == (
        ("TỔNG SỐ", None, 9),
        ("Hà Trung", "Phân theo huyện", 4),
        ("Nga Sơn", "Phân theo huyện", 5),
        ("Nặng", "Phân theo loại", 9),
    )


def test_numbered_headings_in_a_column_of_their_own() -> None:
    table = _one(
        [
            ["TT", "Cơ quan", "Điểm"],
            ["I", "Sở, ngành", _],
            [1, "Sở A", "962,73"],
            ["II", "Huyện", _],
            [2, "Huyện B", "848,67"],
        ]
    )
    assert [row[1:] for row in table.rows] == [
        ("Sở A", "Sở, ngành", Decimal("962.73")),
        ("Huyện B", "Huyện", Decimal("848.67")),
    ]


def test_a_row_without_figures_among_its_like_stays_a_row() -> None:
    table = _one([["Xã", "Hộ"], ["A", 1], ["B", _], ["C", 3], ["D", 4]])
    assert [row[0] for row in table.rows] == ["A", "B", "C", "D"]
    assert "thuoc_nhom" not in _names(table)


def test_indentation_makes_groups() -> None:
    styles = {(row, 0): Style(indent=1) for row in (2, 3, 5)}
    table = _one(
        [[_, "Tấn"], ["Lúa", 3], ["Đông xuân", 1], ["Mùa", 2], ["Ngô", 4], ["Vụ đông", 4]],
        styles=styles,
    )
    assert [row[1] for row in table.rows] == [None, "Lúa", "Lúa", None, "Ngô"]


def test_labels_broken_over_two_rows_are_one() -> None:
    table = _one(
        [
            [_, "Chỉ số"],
            ["Dệt", 1],
            ["Sản xuất sản phẩm từ cao su", _],
            ["và plastic", 2],
            ["Sản xuất kim loại", 3],
            ["(trừ máy móc)", _],
        ]
    )
    assert [row[0] for row in table.rows] == [
        "Dệt",
        "Sản xuất sản phẩm từ cao su và plastic",
        "Sản xuất kim loại (trừ máy móc)",
    ]


def test_of_which_belongs_to_the_row_before() -> None:
    table = _one(
        [
            [_, "Vốn"],
            ["Trung ương", 5],
            ["Trong đó:", _],
            ["Bộ A", 2],
            ["Bộ B", 3],
        ],
        styles={(1, 0): Style(bold=True)},
    )
    assert [row[1] for row in table.rows] == [None, "Trung ương", "Trung ương"]


def test_ditto_signs_repeat_the_unit() -> None:
    table = _one([["Tên", "Đơn vị tính", "Số"], ["Than", "Tấn", 1], ["Dầu", '"', 2]])
    assert [row[1] for row in table.rows] == ["Tấn", "Tấn"]


def test_a_label_merged_over_rows_is_the_label_of_each() -> None:
    table = _one(
        [
            ["Huyện", "Xã", "Hộ"],
            ["Hà Trung", "A", 1],
            [_, "B", 2],
            ["Nga Sơn", "C", 3],
            [_, "D", 4],
        ],
        Span(1, 0, 2, 0),
        Span(3, 0, 4, 0),
    )
    assert [row[0] for row in table.rows] == ["Hà Trung", "Hà Trung", "Nga Sơn", "Nga Sơn"]


def test_two_tables_on_one_sheet() -> None:
    first, second = _read(
        [
            ["4. Chăn nuôi", _],
            [_, "Con"],
            [_, "Số lượng"],
            ["Trâu", 1],
            ["Bò", 2],
            ["Ghi chú: sơ bộ", _],
            [_, _],
            ["5. Lâm nghiệp", _],
            [_, "Diện tích"],
            ["Rừng", 3],
        ]
    )
    assert first.table.title == "4. Chăn nuôi"
    assert first.table.notes == ("Ghi chú: sơ bộ",)
    assert second.table.title == "5. Lâm nghiệp"
    assert second.table.rows == (("Rừng", 3),)


def test_the_next_page_goes_on_with_its_table() -> None:
    (read,) = _read(
        [
            ["5. Chỉ số phân theo địa phương", _, _],
            [_, "Tháng trước", "Năm trước"],
            ["Phân theo vùng", _, _],
            ["Hà Nội", 1, 2],
            ["5. (Tiếp theo) Chỉ số phân theo địa phương", _, _],
            [_, "Tháng trước", "Năm trước"],
            ["Thanh Hóa", 3, 4],
        ]
    )
    assert [row[0] for row in read.table.rows] == ["Hà Nội", "Thanh Hóa"]
    assert [row[1] for row in read.table.rows] == ["Phân theo vùng", "Phân theo vùng"]


def test_a_header_that_wraps_over_rows_and_one_underlined_over_two_columns() -> None:
    line = Style(line=True)
    table = _one(
        [
            [_, "Thực hiện", _, "So với"],
            [_, "Nam", "Nữ", "năm trước (%)"],
            ["A", 1, 2, 3],
            ["B", 4, 5, 6],
        ],
        styles={(0, 1): line, (0, 2): line, (1, 1): line, (1, 2): line, (1, 3): line},
    )
    assert [c.title for c in table.columns][1:] == [
        "Thực hiện / Nam",
        "Thực hiện / Nữ",
        "So với năm trước (%)",
    ]


def test_blank_columns_between_are_no_columns() -> None:
    table = _one([[_, "Lượng", _, "Trị giá"], ["Gạo", 1, _, 2], ["Chè", 3, _, 4]], Span(0, 1, 0, 2))
    assert _names(table) == ["chi_tieu", "luong", "tri_gia"]


def test_a_directory_without_figures() -> None:
    table = _one([["Tên", "Địa chỉ"], ["Trường A", "Xã B"], ["Trường C", "Xã D"], ["E", "F"]])
    assert len(table.rows) == 3
    assert _names(table) == ["ten", "dia_chi"]


def test_questions_are_asked() -> None:
    (read,) = _read(
        [
            ["Xã", "Giá", "Số", _],
            ["A", "1.234", 1, 5],
            ["B", "2.345", "chưa rõ", 6],
            *[[f"X{n}", "3.456", n, n] for n in range(12)],
        ]
    )
    assert {problem.code for problem in read.questions} == {
        "ambiguous_number",
        "text_in_numbers",
        "header_uncertain",
    }
    assert read.table.columns[1].type == "text"


def test_hints_answer_the_questions() -> None:
    hints = Hints(
        decimal=",",
        header={"*": (2, 2)},
        columns={
            "gia": ColumnHint(unit="đồng", title_en="Price"),
            "ghi_chu": ColumnHint(skip=True),
        },
    )
    (read,) = _read(
        [
            ["Báo cáo giá", _, _],
            ["Xã", "Giá", "Ghi chú"],
            ["A", "1.234", "x"],
            ["B", "2.345", "y"],
        ],
        hints=hints,
    )
    assert read.questions == ()
    assert read.table.title == "Báo cáo giá"
    assert read.table.rows == (("A", 1234), ("B", 2345))
    assert (read.table.columns[1].unit, read.table.columns[1].title_en) == ("đồng", "Price")


def test_hidden_columns_and_rows_are_left_out_and_told() -> None:
    sheet = make_sheet(
        "S",
        [["Xã", "Năm trước", "Năm nay"], ["A", 1, 2], ["B", 3, 4], ["C", 5, 6]],
        hidden_columns=(1,),
        hidden_rows=(2,),
    )
    found, notes = read_sheet(sheet, Hints(), "x.xlsx")
    assert found[0].table.rows == (("A", 2), ("C", 6))
    assert [(n.code, n.params["rows"], n.params["columns"]) for n in notes] == [
        ("hidden_left_out", "1", "1")
    ]
    shown, silent = read_sheet(sheet, Hints(hidden=True), "x.xlsx")
    assert len(shown[0].table.columns) == 3
    assert silent == ()


def test_a_sheet_of_words_has_no_table() -> None:
    assert read_sheet(Sheet("S", (("Kính gửi", None), ("Báo cáo", None))), Hints(), "x")[0] == []
