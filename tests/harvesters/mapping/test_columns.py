"""The values that a table's columns list in its schema: few, short, and never of people."""

from __future__ import annotations

import pytest

from harvesters.mapping import table_schema
from harvesters.model import Column, RecordResource, Table


def listed(values, title="Nhóm vật nuôi", type_="text", role="dimension"):
    table = Table((Column("nhom", type_, title, role=role),), tuple((v,) for v in values))
    (field,) = table_schema(RecordResource("t", {}, table=table))["fields"]
    return field.get("categories")


def test_values_are_listed_once_in_the_order_of_the_table():
    values = ["Trâu", "Bò sữa", None, "Trâu", " Bò sữa ", "Bo\u0300 sữa", "–", "7"]
    assert listed(values) == ["Trâu", "Bò sữa"]


def test_a_schema_without_a_list_is_as_before():
    table = Table((Column("so", "number", "Số", unit="con"),), ((1,),))
    assert table_schema(RecordResource("t", {}, table=table)) == {
        "fields": [
            {"name": "so", "type": "number", "title": "Số", "unit": "con", "role": "measure"}
        ]
    }
    assert table_schema(RecordResource("t", {})) == {"fields": []}


@pytest.mark.parametrize("given", [{"role": "measure"}, {"role": "note"}, {"role": "time"}])
def test_only_dimensions_are_listed(given):
    assert listed(["Trâu", "Bò"], **given) is None


def test_many_or_long_values_are_no_list():
    assert len(listed([f"Loại {n}" for n in range(200)])) == 200
    assert listed([f"Loại {n}" for n in range(201)]) is None
    assert listed(["Trâu", "x" * 80]) == ["Trâu", "x" * 80]
    assert listed(["Trâu", "x" * 81]) is None


def test_all_lists_of_a_table_have_a_limit():
    columns = tuple(Column(f"c{n}", "text", f"Loại {n}", role="dimension") for n in range(9))
    rows = tuple((f"{n:03} {'x' * 20}",) * 9 for n in range(200))
    fields = table_schema(RecordResource("t", {}, table=Table(columns, rows)))["fields"]
    assert [len(field.get("categories", [])) for field in fields] == [200] * 4 + [0] * 5


@pytest.mark.parametrize(
    "personal",
    ["038080123456", "0912.345.678", "+84 912 345 679", "171234567", "HS4010112345678",
     "1903 6512 3456 78", "B1234567", "an@example.vn", "ông An, 0912345678"],
)  # fmt: skip
def test_a_column_with_anything_personal_lists_nothing(personal):
    assert listed(["Trâu", *["Bò"] * 50, personal]) is None


@pytest.mark.parametrize(
    "title",
    ["Họ và tên", "HỌ TÊN", "Tên chủ hộ", "Người đại diện", "Giám đốc", "Cán bộ phụ trách",
     "Full name", "Số điện thoại", "Liên hệ"],
)  # fmt: skip
def test_names_of_people_are_not_listed(title):
    assert listed(["Lê Văn An", "Nguyễn Thị Bình"], title) is None


def test_places_are_left_to_the_coverage():
    assert listed(["Phường Hạc Thành", "Xã Nga Sơn", "Nông Cống"]) is None
    assert listed(["Trâu", "Bò sữa", "Xã Nga Sơn"]) == ["Trâu", "Bò sữa", "Xã Nga Sơn"]
