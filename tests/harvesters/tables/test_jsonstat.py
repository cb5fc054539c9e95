"""JSON-stat in the forms that are met, and in broken ones."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.response import Response
from harvesters.tables.cube_table import to_table
from harvesters.tables.jsonstat import is_jsonstat, iso_moment, linked, read_jsonstat, to_figure
from harvesters.tables.pxweb_json import is_json_data, read_json_data


def _dataset(**more: Any) -> dict[str, Any]:
    return {
        "class": "dataset",
        "version": "2.0",
        "label": "Dân số",
        "id": ["Gioi", "Nam"],
        "size": [2, 2],
        "dimension": {
            "Gioi": {"label": "Giới tính", "category": {"index": ["M", "F"]}},
            "Nam": {"category": {"index": {"2024": 1, "2023": 0}}},
        },
        "value": [1, 2, 3, 4],
        **more,
    }


def test_dense_values_and_both_forms_of_index() -> None:
    (cube,) = read_jsonstat(_dataset(role={"time": ["Nam"]}))
    assert [c.code for c in cube.dimensions[1].categories] == ["2023", "2024"]
    assert to_table(cube).rows == (("M", 2023, 1), ("M", 2024, 2), ("F", 2023, 3), ("F", 2024, 4))


def test_sparse_values_and_status_object() -> None:
    (cube,) = read_jsonstat(_dataset(value={"0": 1, "3": 4}, status={"1": "..", "2": None}))
    assert cube.values == {0: 1, 3: 4}
    assert cube.symbols == {1: ".."}


@pytest.mark.parametrize(
    ("status", "expected"),
    [(["a", "", None, "b"], {0: "a", 3: "b"}), ("p", dict.fromkeys(range(4), "p"))],
)
def test_status_as_list_and_text(status: Any, expected: dict[int, str]) -> None:
    (cube,) = read_jsonstat(_dataset(status=status))
    assert cube.symbols == expected


def test_text_in_place_of_a_figure() -> None:
    (cube,) = read_jsonstat(_dataset(value=["12.5", "..", None, 4]))
    assert cube.values[0] == Decimal("12.5")
    assert cube.symbols == {1: ".."}


def test_a_bundle_of_version_1_keeps_its_names() -> None:
    dataset = _dataset()
    inner = {"id": dataset.pop("id"), "size": dataset.pop("size"), **dataset["dimension"]}
    bundle = {"dan_so": {**dataset, "dimension": inner}, "khac": {**dataset, "dimension": inner}}
    assert [cube.key for cube in read_jsonstat(bundle)] == ["dan_so", "khac"]
    assert [cube.key for cube in read_jsonstat({"dataset": bundle["khac"]})] == [""]


def test_a_collection_gives_what_it_holds_and_where_the_rest_is() -> None:
    items = [_dataset(href="https://x/a"), {"class": "dataset", "href": "https://x/b"}]
    collection = {"class": "collection", "link": {"item": items}}
    assert [cube.link for cube in read_jsonstat(collection)] == ["https://x/a"]
    assert linked(collection) == ["https://x/b"]


def test_child_units_decimals_and_notes() -> None:
    category = {
        "index": ["T", "M"],
        "label": {"T": "Tổng", "M": "Nam"},
        "child": {"T": ["M"]},
        "unit": {"T": {"label": "người", "decimals": 0}},
        "note": {"M": ["Từ 15 tuổi"]},
    }
    data = _dataset(note=["Số liệu sơ bộ"])
    data["dimension"]["Gioi"]["category"] = category
    (cube,) = read_jsonstat(data)
    first, second = cube.dimensions[0].categories
    assert (first.unit, first.decimals, second.parent) == ("người", 0, "T")
    assert cube.notes == ("Số liệu sơ bộ", "Nam: Từ 15 tuổi")
    names = [c.name for c in to_table(cube).columns]
    assert names[:4] == ["gioi_tinh", "ma_gioi_tinh", "cap_gioi_tinh", "thuoc_gioi_tinh"]


def test_one_category_needs_no_index() -> None:
    data = _dataset(size=[1, 2], value=[1, 2])
    data["dimension"]["Gioi"]["category"] = {"label": {"T": "Chung"}}
    (cube,) = read_jsonstat(data)
    assert cube.dimensions[0].categories[0].label == "Chung"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"value": [1, 2, 3]}, "truncated"),
        ({"value": [1, 2, 3, 4, 5]}, "bad_value"),
        ({"value": {"4": 1}}, "bad_value"),
        ({"value": {"-1": 1}}, "bad_value"),
        ({"value": ["ba người", 1, 2, 3]}, "bad_value"),
        ({"value": [[1], 1, 2, 3]}, "bad_value"),
        ({"size": [3, 2]}, "bad_value"),
        ({"dimension": {"Gioi": {}}}, "bad_value"),
        ({"id": [1, 2]}, "bad_value"),
        ({"id": [], "dimension": {}}, "no_table"),
    ],
)
def test_broken_documents_are_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(HarvestError) as error:
        read_jsonstat(_dataset(**change), "x.json")
    assert error.value.code == code


def test_other_json_is_no_jsonstat() -> None:
    for data in (None, 1, [], {}, {"a": {"dimension": 1}}, {"success": False}):
        assert not is_jsonstat(data)


def test_a_response_keeps_fractions_exact_and_loses_its_nul() -> None:
    body = json.dumps(_dataset(value=[0.1, 2, 89202.88900000001, None])).encode() + b"\0"
    (cube,) = read_jsonstat(Response("x", body).json(exact=True))
    assert cube.values[0] == Decimal("0.1")
    assert cube.values[2] == Decimal("89202.889"), "17 digits are the noise of a binary float"


def test_figures() -> None:
    assert to_figure("2762601") == 2762601
    assert isinstance(to_figure("2762601"), int)
    assert to_figure(True) is None
    assert to_figure(float("nan")) is None
    assert to_figure("NaN") is None
    assert to_figure("") is None


def test_moments() -> None:
    assert iso_moment("2024-01-12T05: 52: 00Z") == "2024-01-12T05:52:00Z"
    assert iso_moment("9999-12-31T16:59:59Z") == ""
    assert iso_moment("hôm qua") == ""
    assert iso_moment(None) == ""


def test_the_json_format_of_the_api() -> None:
    data = {
        "columns": [
            {"code": "Kon", "text": "sex", "type": "d"},
            {"code": "Tid", "text": "year", "type": "t"},
            {"code": "N1", "text": "Population", "type": "c"},
        ],
        "data": [
            {"key": ["1", "2015"], "values": ["2762601"]},
            {"key": ["2", "2015"], "values": [".."]},
        ],
    }
    assert is_json_data(data)
    table = to_table(read_json_data(data, "Dân số"))
    assert table.rows == (("1", 2015, 2762601, None), ("2", 2015, None, ".."))
    data["data"].append({"key": ["1"], "values": ["1"]})
    with pytest.raises(HarvestError) as error:
        read_json_data(data)
    assert error.value.code == "bad_value"
