"""Names of columns and tables that survive the next issue of a workbook."""

from __future__ import annotations

from harvesters.tables.names import column_names, table_key, unique_keys


def test_the_month_is_no_part_of_a_name() -> None:
    february = ["Thực hiện tháng 01 năm 2025", "Ước tính tháng 02 năm 2025", "2 tháng năm 2025"]
    march = ["Thực hiện tháng 2 năm 2025", "Ước tính tháng 3 năm 2025", "3 tháng năm 2025"]
    assert column_names(february) == column_names(march)
    assert column_names(february) == ["thuc_hien_thang", "uoc_tinh_thang", "cac_thang"]


def test_columns_that_differ_in_the_period_only_are_numbered() -> None:
    assert column_names(["Tháng 01/2025", "Tháng 02/2025"]) == ["thang", "thang_2"]


def test_a_series_keeps_its_periods() -> None:
    months = [f"Tháng {n}" for n in range(1, 13)]
    assert column_names(months) == [f"thang_{n}" for n in range(1, 13)]
    assert column_names(["Năm 2023", "Năm 2024"]) == ["nam_2023", "nam_2024"]
    assert column_names(["2023", "Sơ bộ 2024"]) == ["nam", "so_bo"]


def test_one_year_said_in_a_header_is_no_part_of_a_name() -> None:
    assert column_names(["Kết quả năm 2022 / Điểm", "Kết quả năm 2022 / Hạng"]) == [
        "ket_qua_nam_diem",
        "ket_qua_nam_hang",
    ]


def test_names_are_unique_and_short() -> None:
    names = column_names(["Chỉ số " + "rất dài " * 20 + end for end in "abc"])
    assert len(set(names)) == 3
    assert all(len(name) <= 50 for name in names)


def test_keys_come_from_titles_without_number_and_period() -> None:
    assert table_key("16. Chỉ số giá tháng 02 năm 2025", "S") == table_key(
        "28. Chỉ số giá tháng 9 năm 2025", "CPI"
    )
    assert table_key("5. (Tiếp theo) Lao động", "S") == "lao-dong"
    assert table_key("Khách quốc tế đến Việt Nam", "S") == "khach-quoc-te-den-viet-nam"
    assert table_key("", "Biểu 1") == "bieu-1"
    assert table_key("", "") == "bang"
    assert unique_keys(["a", "b", "a"]) == ["a", "b", "a-2"]
