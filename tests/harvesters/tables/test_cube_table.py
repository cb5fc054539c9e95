"""From cubes to typed tables: roles, wide and long form, hierarchy, notes, names."""

from __future__ import annotations

from decimal import Decimal

import pytest

from harvesters.errors import HarvestError
from harvesters.tables.cube import Category, Cube, Dimension, measure_unit, plain_title, time_fields
from harvesters.tables.cube_table import to_table
from harvesters.tables.hierarchy import by_indent, by_parents

YEARS = Dimension("Nam", "Năm", tuple(Category(y, y) for y in ("2023", "Sơ bộ 2024")))


def _dimension(label: str, *labels: str, role: str = "") -> Dimension:
    codes = (Category(str(at), text) for at, text in enumerate(labels))
    return Dimension(label, label, tuple(codes), role)  # type: ignore[arg-type]


def _cube(*dimensions: Dimension, values: dict[int, object], **more: object) -> Cube:
    return Cube("Dân số", dimensions, values, **more)  # type: ignore[arg-type]


def test_contents_become_columns_with_their_units() -> None:
    items = _dimension("Chỉ tiêu", "Diện tích (Km2)(*)", "Dân số  trung bình (Nghìn người)")
    table = to_table(_cube(YEARS, items, values=dict(enumerate([Decimal("11114.7"), 3739, 1, 2]))))
    assert [(c.name, c.type, c.unit, c.role) for c in table.columns] == [
        ("nam", "integer", "", "time"),
        ("dien_tich", "number", "Km2", "measure"),
        ("dan_so_trung_binh", "number", "Nghìn người", "measure"),
        ("ghi_chu", "text", "", "note"),
    ]
    assert table.rows == ((2023, Decimal("11114.7"), 3739, None), (2024, 1, 2, "Sơ bộ"))


def test_without_contents_there_is_one_measure() -> None:
    sex = _dimension("Giới tính", "Nam", "Nữ")
    table = to_table(_cube(sex, YEARS, values={0: 1, 1: 2, 2: 3, 3: 4}, unit="người"))
    assert [c.name for c in table.columns] == ["gioi_tinh", "nam", "gia_tri", "ghi_chu"]
    assert table.columns[2].unit == "người"
    assert table.rows[-1] == ("Nữ", 2024, 4, "Sơ bộ")


def test_types_do_not_hang_on_the_figures_alone() -> None:
    sex = _dimension("Giới tính", "Nam", "Nữ")
    assert to_table(_cube(sex, values={0: 1, 1: 2})).columns[1].type == "number"
    assert to_table(_cube(sex, values={0: 1, 1: 2}, decimals=0)).columns[1].type == "integer"
    halves = {0: Decimal("1.5"), 1: 2}
    assert to_table(_cube(sex, values=halves, decimals=0)).columns[1].type == "number"


def test_a_symbol_keeps_its_row_and_silence_does_not() -> None:
    sex = _dimension("Giới tính", "Nam", "Nữ", "Khác")
    table = to_table(_cube(sex, values={0: 1, 1: None, 2: None}, symbols={1: ".."}))
    assert table.rows == (("Nam", 1, None), ("Nữ", None, ".."))


def test_years_that_would_collide_keep_their_labels() -> None:
    years = _dimension("Năm", "Sơ bộ 2024", "2024")
    table = to_table(_cube(years, values={0: 1, 1: 2}))
    assert [row[0] for row in table.rows] == ["Sơ bộ 2024", "2024"]


def test_equal_labels_are_told_apart_by_their_codes() -> None:
    groups = Dimension("g", "Nhóm", (Category("a", "Khác"), Category("b", "Khác")))
    table = to_table(_cube(groups, values={0: 1, 1: 2}))
    assert table.rows == (("Khác", "a", 1), ("Khác", "b", 2))


def test_equal_titles_give_different_names() -> None:
    items = _dimension("Chỉ tiêu", "Số lượng (con)", "Số lượng (tấn)", "Nhóm")
    table = to_table(_cube(_dimension("Nhóm", "x"), items, values={0: 1, 1: 2, 2: 3}))
    assert [c.name for c in table.columns] == ["nhom", "so_luong", "so_luong_2", "nhom_2"]


def test_indentation_is_a_hierarchy_only_below_the_first_label() -> None:
    assert by_indent(["CẢ NƯỚC", "  Vùng", "    Tỉnh", "  Vùng 2"]) == [
        (1, None),
        (2, 0),
        (3, 1),
        (2, 0),
    ]
    assert by_indent([" WHOLE COUNTRY", "Red River Delta", "Ha Noi"]) is None
    assert by_indent(["a", "b"]) is None
    assert by_indent([]) is None


def test_declared_parents_with_a_circle_or_a_stranger() -> None:
    tree = by_parents(
        [
            Category("a", "A"),
            Category("b", "B", parent="a"),
            Category("c", "C", parent="none"),
            Category("d", "D", parent="d"),
        ]
    )
    assert tree == [(1, None), (2, 0), (1, None), (1, None)]


def test_hierarchy_in_columns() -> None:
    places = _dimension("Địa phương", "CẢ NƯỚC", "  Thanh  Hóa")
    table = to_table(_cube(places, values={0: 1, 1: 2}))
    assert [c.name for c in table.columns[:3]] == [
        "dia_phuong",
        "cap_dia_phuong",
        "thuoc_dia_phuong",
    ]
    assert table.rows == (("CẢ NƯỚC", 1, None, 1), ("Thanh Hóa", 2, "CẢ NƯỚC", 2))


def test_a_cube_without_figures_is_no_table() -> None:
    with pytest.raises(HarvestError) as error:
        to_table(_cube(_dimension("a", "b"), values={}), "x.json")
    assert (error.value.code, error.value.problem.where) == ("no_table", "x.json")


def test_units_only_where_brackets_hold_one() -> None:
    assert measure_unit("Area (Km2(*)") == ("Area", "Km2")
    assert measure_unit("Tỷ lệ hộ nghèo (%)") == ("Tỷ lệ hộ nghèo", "%")
    assert measure_unit("Population (1 January)") == ("Population (1 January)", "")


def test_a_title_loses_the_list_of_dimensions() -> None:
    def titled(title: str) -> str:
        dims = (_dimension("Tỉnh", "x"), _dimension("Năm", "2024"), _dimension("Chỉ tiêu", "a"))
        return plain_title(Cube(title, dims, {}))

    whole = "Diện tích phân theo địa phương"
    assert titled(f"{whole} chia theo Tỉnh, Năm và Chỉ tiêu") == whole
    assert titled("Area by province by Tỉnh, Năm and Chỉ tiêu") == "Area by province"
    assert titled("Area by Tỉnh, Năm and Chỉ tiêu") == "Area by Tỉnh, Năm and Chỉ tiêu"
    assert plain_title(Cube("Dân số", (_dimension("Năm", "2024"),), {})) == "Dân số"


def test_time_fields() -> None:
    cube = Cube("x", (Dimension("n", "Năm", YEARS.categories, "time"),), {0: 1})
    assert time_fields(cube) == {
        "temporal_coverage": [{"start_period": "2023", "end_period": "2024"}]
    }
