"""What was code X on date D, and which unit is meant by this name on date D."""

from __future__ import annotations

from datetime import date

import pytest

import schemas
from schemas.admin_units import find_units, predecessors, successors, unit_on, units_with_code

BEFORE = date(2025, 6, 30)
AFTER = date(2025, 7, 1)
UNITS = schemas.codelist("admin_unit")


def level(name: str, day: date) -> list[str]:
    return [i.ma for i in UNITS if i.extra["cap"] == name and i.valid_on(day)]


def test_the_province_before_and_after() -> None:
    assert len(level("xa", AFTER)) == 166
    assert len(level("xa", BEFORE)) == 547
    assert len(level("huyen", BEFORE)) == 26
    assert level("huyen", AFTER) == []
    assert len(level("huyen", date(2024, 12, 31))) == 27
    assert level("tinh", BEFORE) == level("tinh", AFTER) == ["38"]
    kinds = [i.ten.split()[0] for i in UNITS if i.extra["cap"] == "xa" and i.valid_on(AFTER)]
    assert (kinds.count("Xã"), kinds.count("Phường")) == (147, 19)


def test_all_new_codes_are_old_ones_and_101_changed_their_meaning() -> None:
    new, old = set(level("xa", AFTER)), set(level("xa", BEFORE))
    assert new <= old
    names = [(unit_on(code, BEFORE), unit_on(code, AFTER)) for code in new]
    assert sum(1 for a, b in names if a and b and a.name != b.name) == 101


# A few of the reused codes: what each named until 30 June 2025, and what it names now.
@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("14758", "Phường Đông Thọ", "Phường Hàm Rồng"),
        ("14797", "Phường Đông Hải", "Phường Hạc Thành"),
        ("14812", "Phường Ba Đình", "Phường Bỉm Sơn"),
        ("14818", "Phường Ngọc Trạo", "Phường Quang Trung"),
        ("14845", "Thị trấn Mường Lát", "Xã Mường Lát"),
        ("14953", "Xã Lương Trung", "Xã Quý Lương"),
        ("15055", "Thị trấn Lang Chánh", "Xã Linh Sơn"),
    ],
)
def test_a_reused_code_names_another_unit(code: str, old: str, new: str) -> None:
    before, after = unit_on(code, BEFORE), unit_on(code, AFTER)
    assert before is not None
    assert after is not None
    assert (before.name, after.name) == (old, new)
    assert before.end == BEFORE
    assert after.start == AFTER
    assert (before.level, after.level) == ("xa", "xa")
    assert [u.name for u in units_with_code(code)] == [old, new]


def test_codes_outside_their_time() -> None:
    assert unit_on("380", BEFORE) is not None
    assert unit_on("380", AFTER) is None
    assert unit_on("405", date(2024, 12, 31)) is not None
    assert unit_on("405", BEFORE) is None
    assert unit_on("14755", AFTER) is None
    assert unit_on("00001", AFTER) is None
    assert units_with_code("00001") == ()


def test_a_unit_knows_where_it_lies() -> None:
    unit = unit_on("14797", AFTER)
    assert unit is not None
    assert (unit.kind, unit.bare_name, unit.name_en) == ("Phường", "Hạc Thành", "Hac Thanh Ward")
    assert (unit.parent, unit.lat, unit.lon, unit.area_km2) == ("38", 19.8028, 105.789, 24.63)
    old = unit_on("14797", BEFORE)
    assert old is not None
    assert (old.parent, old.lat, old.start) == ("380", None, None)


def test_a_name_that_collides_without_accents() -> None:
    plain = find_units("dong tien", AFTER)
    assert {u.name for u in plain.units} == {"Phường Đông Tiến", "Xã Đồng Tiến"}
    assert plain.ambiguous
    assert not plain.exact
    accented = find_units("Đông Tiến", AFTER)
    assert [u.name for u in accented.units] == ["Phường Đông Tiến", "Xã Đồng Tiến"]
    assert accented.exact
    assert not accented.ambiguous
    other = find_units("ĐỒNG TIẾN", AFTER)
    assert other.units[0].name == "Xã Đồng Tiến"
    assert not other.ambiguous


@pytest.mark.parametrize(
    ("said", "day", "code", "exact"),
    [
        ("Phường Hạc Thành", AFTER, "14797", True),
        ("hac thanh", AFTER, "14797", False),
        ("P. Hạc Thành", AFTER, "14797", True),
        ("p.hạc thành", AFTER, "14797", True),
        ("PHƯỜNG HẠC THÀNH", AFTER, "14797", True),
        ("xa dong tien", AFTER, "15724", False),
        ("Thanh Hoá", AFTER, "38", True),
        ("tỉnh Thanh Hóa", BEFORE, "38", True),
        ("TP Thanh Hóa", BEFORE, "380", True),
        ("TP. Thanh Hoá", BEFORE, "380", True),
        ("thi xa Bim Son", BEFORE, "381", False),
        ("H. Quan Hoá", BEFORE, "385", True),
        ("Ha\u0323c Tha\u0300nh", AFTER, "14797", True),
    ],
)
def test_a_name_that_means_one_unit(said: str, day: date, code: str, exact: bool) -> None:
    match = find_units(said, day)
    assert match.units[0].code == code
    assert match.exact is exact
    assert not match.ambiguous


def test_names_are_of_their_time() -> None:
    assert find_units("Hạc Thành", BEFORE).units == ()
    assert find_units("TP Thanh Hóa", AFTER).units == ()
    nothing = find_units("Không Có Ở Đây", AFTER)
    assert (nothing.units, nothing.ambiguous, nothing.exact) == ((), False, False)
    assert find_units("", AFTER).units == ()


def test_the_same_name_in_several_districts_is_ambiguous_until_told() -> None:
    match = find_units("Phường Phú Sơn", BEFORE)
    assert match.ambiguous
    assert match.exact
    assert {u.parent for u in match.units} == {"380", "381"}
    told = find_units("Phường Phú Sơn", BEFORE, within="381")
    assert [u.parent for u in told.units] == ["381"]
    assert not told.ambiguous


def test_a_level_tells_a_province_from_its_town() -> None:
    assert find_units("Thanh Hóa", BEFORE).ambiguous
    assert find_units("Thanh Hóa", BEFORE, level="tinh").units[0].code == "38"
    assert not find_units("Thanh Hóa", BEFORE, level="huyen").ambiguous


def test_every_name_finds_its_unit() -> None:
    for item in UNITS:
        day = item.ngay_hhl or AFTER
        match = find_units(item.ten, day, within=item.ma_cha)
        assert item.ma in {u.code for u in match.units}, item
        assert match.exact


def test_a_split_commune_is_flagged_and_never_apportioned() -> None:
    became = successors("14758", BEFORE)
    assert {c.unit.name for c in became} == {"Phường Hàm Rồng", "Phường Hạc Thành"}
    assert all(c.partly for c in became)
    assert {c.on for c in became} == {AFTER}
    split = [i for i in UNITS if len(successors(i.ma, BEFORE)) > 1]
    assert len({i.ma for i in split}) == 10
    for item in split:
        assert all(c.partly for c in successors(item.ma, BEFORE))


def test_whole_communes_and_their_successors() -> None:
    (change,) = successors("14755", BEFORE)
    assert (change.unit.code, change.partly) == ("14758", False)
    made_of = predecessors("14797", AFTER)
    assert ("Phường Đông Thọ", True) in {(c.unit.name, c.partly) for c in made_of}
    assert ("Phường Ba Đình", False) in {(c.unit.name, c.partly) for c in made_of}
    assert all(c.unit.end == BEFORE for c in made_of)


def test_the_mapping_is_whole_in_both_directions() -> None:
    forward = {
        (old, change.unit.code, change.partly)
        for old in level("xa", BEFORE)
        for change in successors(old, BEFORE)
    }
    backward = {
        (change.unit.code, new, change.partly)
        for new in level("xa", AFTER)
        for change in predecessors(new, AFTER)
    }
    assert forward == backward
    assert len(forward) == 558
    assert {old for old, _, _ in forward} == set(level("xa", BEFORE))
    assert {new for _, new, _ in forward} == set(level("xa", AFTER))


def test_what_still_stands_has_no_successor_and_districts_had_none() -> None:
    assert successors("14758", AFTER) == ()
    assert successors("380", BEFORE) == ()
    assert successors("00001", BEFORE) == ()
    assert predecessors("14758", BEFORE) == ()
    assert predecessors("38", AFTER) == ()
