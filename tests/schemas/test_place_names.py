"""Names of units within free text."""

import pytest

from schemas.place_names import places_in, today


def names(text):
    return [[unit.name for unit in place.units] for place in places_in(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hộ nghèo huyện Quảng Xương", [["Huyện Quảng Xương"]]),
        ("TP.Sầm Sơn, TX Bỉm Sơn", [["Thành phố Sầm Sơn"], ["Thị xã Bỉm Sơn"]]),
        ("thi tran canh nang", [["Thị trấn Cành Nàng"]]),
        ("thi tran nua", [["Thị trấn Nưa"]]),
        ("TINH THANH HOA", [["Tỉnh Thanh Hóa"]]),
        ("thành phố Thanh Hoá", [["Thành phố Thanh Hóa"]]),
        ("dân số xã", []),
        ("xã", []),
        ("nưa", []),
        ("", []),
    ],
)
def test_a_name_is_found_with_its_kind(text, found):
    assert names(text) == found


def test_the_longest_name_counts():
    assert names("phường Nam Sầm Sơn") == [["Phường Nam Sầm Sơn"]]


def test_one_syllable_of_a_name_is_no_name():
    assert names("Thạch Bính, Thái Bình, Quảng") == []


def test_accents_as_typed_decide_and_none_leave_it_open():
    assert [unit.bare_name for unit in places_in("Đông Tiến")[0].units] == ["Đông Tiến"] * 2
    assert {unit.bare_name for unit in places_in("dong tien")[0].units} == {
        "Đông Tiến",
        "Đồng Tiến",
    }
    assert {unit.bare_name for unit in places_in("đong tiến")[0].units} == {
        "Đông Tiến",
        "Đồng Tiến",
    }


def test_units_of_today_come_first_and_a_ward_may_still_be_called_a_commune():
    [place] = places_in("ho ngheo xa quang phu")
    assert [unit.name for unit in place.units] == ["Phường Quảng Phú", "Xã Quảng Phú"]
    assert (place.start, place.end, place.kind, place.name) == (2, 5, "xã", "quang phu")
    assert not place.is_old


def test_an_old_name_says_so():
    assert places_in("xã Quảng Nhân")[0].is_old
    assert places_in("Thanh Hóa")[0].is_province


@pytest.mark.parametrize("text", ["chương trình khuyến nông", "dịch vụ thanh cong", "THIẾT KẾ"])
def test_everyday_words_are_names_only_where_they_are_written_so(text):
    assert names(text) == []


def test_everyday_words_with_their_kind_are_names():
    assert names("xã khuyến nông") == names("tại Khuyến Nông") == [["Xã Khuyến Nông"]]


def test_a_district_is_its_communes_of_today():
    [place] = places_in("huyện Quảng Xương")
    assert len(today(place.units[0])) == 8


def test_every_unit_is_found_by_its_full_name():
    from schemas import codelist
    from schemas.admin_units import units_with_code

    units = [unit for item in codelist("admin_unit") for unit in units_with_code(item.ma)]
    assert len(units) > 700
    missed = [
        unit.name for unit in units if unit not in places_in(f"hộ nghèo {unit.name}")[0].units
    ]
    assert missed == []
