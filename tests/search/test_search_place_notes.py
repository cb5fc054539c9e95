"""What is said of places in a query, as a pure function."""

import pytest
from ckanext.thanhhoa.search_place_notes import place_notes


def said(text):
    return [
        (note.old.name if note.old else "", [unit.name for unit in note.now], note.rest)
        for note in place_notes(text)
    ]


@pytest.mark.parametrize("typed", ["huyện Hà Trung", "huyen ha trung", "HUYỆN HÀ TRUNG"])
def test_an_old_district_is_the_communes_of_today(typed):
    communes = ["Xã Hà Trung", "Xã Hoạt Giang", "Xã Hà Long", "Phường Bỉm Sơn", "Xã Lĩnh Toại",
                "Xã Tống Sơn"]  # fmt: skip
    assert said(f"hộ nghèo {typed} 2024") == [("Huyện Hà Trung", communes, "hộ nghèo 2024")]
    assert str(place_notes(typed)[0].until) == "2025-06-30"


def test_a_name_that_is_also_borne_today_says_both():
    assert [old for old, _, _ in said("ha trung")] == ["", "Huyện Hà Trung", "Xã Hạ Trung"]
    assert [old for old, _, _ in said("Hà Trung")] == ["", "Huyện Hà Trung"]


def test_a_name_without_accents_may_be_two_places():
    assert said("dong tien") == [("", ["Xã Đồng Tiến", "Phường Đông Tiến"], "")]
    assert said("Đồng Tiến") == said("Đông Tiến") == said("phường Đông Tiến") == []


def test_an_old_commune_is_told_by_its_district():
    notes = place_notes("xã Tân Phúc")
    assert [(note.district.name, note.now[0].name) for note in notes] == [
        ("Huyện Lang Chánh", "Xã Đồng Lương"),
        ("Huyện Nông Cống", "Xã Trung Chính"),
    ]


def test_a_unit_that_left_nothing_behind_is_named_all_the_same():
    assert said("huyện Đông Sơn") == [("Huyện Đông Sơn", [], "")]


@pytest.mark.parametrize(
    "text", ["", "dân số", "tỉnh Thanh Hóa", "Thanh Hóa", "phường Hạc Thành", "bát mọt", "xã nào"]
)
def test_nothing_is_said_where_there_is_nothing_to_say(text):
    assert said(text) == []
