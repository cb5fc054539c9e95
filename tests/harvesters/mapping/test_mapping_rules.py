"""Rules with their steps, parts, links from a list; and their mistakes."""

from __future__ import annotations

import uuid

import pytest

from harvesters.errors import HarvestError
from harvesters.mapping import check_mapping, map_record, settled, wanted
from harvesters.messages import say
from harvesters.model import Record, RecordResource

SOURCE = str(uuid.UUID(int=7))
RECORD = {
    "ten": "Số hộ nghèo",
    "ngay": "30/06/2025",
    "ngay_go_sai": "30/6/2O25",
    "ky": ["6 tháng đầu năm 2025"],
    "tu_khoa": "hộ nghèo; an sinh;;  xã hội ",
    "so_dong": "1.250,50",
    "don_vi": [{"ten": "Sở Nội vụ"}, {"ten": "UBND xã"}],
    "lien_he": {"ho_ten": "Phòng Thống kê", "thu": "tk@thanhhoa.example"},
    "luot_xem": 17,
    "tep": [
        {"ma": "a", "link": "https://so.example/a.xlsx", "loai": "Excel", "tai": 5},
        {"ma": "a", "link": "https://so.example/b.csv", "ngay": "01/07/2025"},
        {"ma": "c", "link": "không có"},
        {"ma": "d"},
    ],
}


def mapped(mapping, fields=None):
    mapping = {"title": "ten", **mapping}
    check_mapping(mapping)
    return map_record(SOURCE, Record("r", RECORD | (fields or {})), mapping, {})


def field(name, rule):
    dataset, notes = mapped({name: rule})
    return dataset.fields.get(name), [note.code for note in notes]


@pytest.mark.parametrize(
    ("name", "rule", "value"),
    [
        ("modified", {"from": "ngay", "date": "dd/MM/yyyy"}, "2025-06-30"),
        ("modified", {"from": "ngay", "date": True}, "2025-06-30"),
        (
            "modified",
            {"first_of": ["khong_co", "ngay"], "date": ["yyyy", "d/M/yyyy"]},
            "2025-06-30",
        ),
        ("tags", {"from": "tu_khoa", "split": ";"}, ["an sinh", "hộ nghèo", "xã hội"]),
        ("notes", {"from": "don_vi.*.ten", "join": "; "}, "Sở Nội vụ; UBND xã"),
        ("notes", {"template": "{ten}: {don_vi.*.ten}"}, "Số hộ nghèo: Sở Nội vụ, UBND xã"),
        ("version", {"from": "so_dong", "number": ","}, "1250.5"),
        (
            "contact",
            {"fields": {"name": "lien_he.ho_ten", "email": {"from": "lien_he.thu"}}},
            [{"name": "Phòng Thống kê", "email": "tk@thanhhoa.example"}],
        ),
        ("access_rights", {"const": "PUBLIC"}, "PUBLIC"),
        ("frequency", {"from": "chu_ky", "map": {"nam": "ANNUAL"}, "default": "ANNUAL"}, "ANNUAL"),
    ],
)
def test_a_rule_gives_its_field(name, rule, value):
    assert field(name, rule) == (value, [])


def test_a_period_becomes_a_row_with_its_days():
    rows, _ = field("temporal_coverage", {"from": "ky", "period": True})
    assert rows == [
        {
            "start_period": "202501",
            "end_period": "202506",
            "start": "2025-01-01",
            "end": "2025-06-30",
        }
    ]


def test_a_date_that_cannot_be_read_is_dropped_ignored_or_fails():
    rule = {"from": "ngay_go_sai", "date": "dd/MM/yyyy"}
    assert field("modified", rule) == (None, ["bad_value"])
    assert field("modified", rule | {"unknown": "ignore"}) == (None, [])
    with pytest.raises(HarvestError) as caught:
        field("modified", rule | {"unknown": "fail"})
    assert caught.value.code == "bad_value"
    said = say(caught.value.problem)
    assert "30/6/2O25" in said.message
    assert "dd/MM/yyyy" in said.message


def test_links_come_from_a_list_inside_the_record():
    rules = {
        "each": "tep",
        "id": "ma",
        "url": "link",
        "name": {"first_of": ["loai", "link"]},
        "format": "loai",
        "modified": {"from": "ngay", "date": "dd/MM/yyyy"},
    }
    dataset, notes = mapped({"resources": rules})
    first, second = dataset.resources
    assert first.fields["url"] == "https://so.example/a.xlsx"
    assert first.fields["format"] == "XLSX"
    assert second.fields["modified"] == "2025-07-01"
    assert first.id != second.id
    assert [note.code for note in notes] == ["link_left_out", "link_left_out"]
    turned, _ = mapped({"resources": rules}, {"tep": RECORD["tep"][:1]})
    assert turned.resources[0] == first


def test_a_list_of_addresses_is_a_list_of_links():
    rules = {"each": "lk", "url": "value", "name": "value"}
    dataset, _ = mapped({"resources": rules}, {"lk": ["https://so.example/a.csv"]})
    assert dataset.resources[0].fields["name"] == "https://so.example/a.csv"


def test_volatile_fields_do_not_change_a_record():
    mapping = {"volatile": ["luot_xem", "tep.*.tai", "resources.hits"]}
    check_mapping(mapping)

    def seen(views, downloads, hits, title="x"):
        fields = {"title": title, "luot_xem": views, "tep": [{"ma": 1, "tai": downloads}]}
        return settled(Record("r", fields, (RecordResource("a", {"hits": hits}),)), mapping)

    assert seen(1, 2, 3) == seen(4, 5, 6)
    assert seen(1, 2, 3) != seen(1, 2, 3, title="y")
    assert settled(Record("r", {"luot_xem": 1}), {}) == Record("r", {"luot_xem": 1})


def test_filters_look_at_the_record():
    mapping = {"only": {"luot_xem": {"in": [17, 18]}}, "skip": {"ten": {"contains": "nháp"}}}
    check_mapping(mapping)
    assert wanted(Record("r", RECORD), mapping)
    assert not wanted(Record("r", RECORD | {"ten": "Bản nháp"}), mapping)


@pytest.mark.parametrize(
    ("mapping", "key", "nearest"),
    [
        ({"onli": {"a": 1}}, "mapping.onli", "only"),
        ({"only": {"a": {"contain": "x"}}}, "mapping.only.a.contain", "contains"),
        ({"title": {"fist_of": ["a"]}}, "mapping.title.fist_of", "first_of"),
        ({"modified": {"from": "a", "dat": "x"}}, "mapping.modified.dat", "date"),
        ({"resources": {"eac": "a"}}, "mapping.resources.eac", "each"),
        (
            {"contact": {"fields": {"mail": "a"}}},
            "mapping.contact.fields.mail",
            "email",
        ),
    ],
)
def test_a_word_that_is_not_known_gets_the_nearest(mapping, key, nearest):
    with pytest.raises(HarvestError) as caught:
        check_mapping(mapping)
    assert caught.value.code == "unknown_setting"
    assert caught.value.problem.params == {"key": key, "nearest": nearest}


@pytest.mark.parametrize(
    ("mapping", "key"),
    [
        ({"title": {"default": "x"}}, "mapping.title"),
        ({"title": {"from": "a", "template": "{a}"}}, "mapping.title"),
        ({"title": {"const": "a", "split": ","}}, "mapping.title"),
        ({"title": {"first_of": []}}, "mapping.title.first_of"),
        ({"modified": {"from": "a", "date": "dd/MM"}}, "mapping.modified.date"),
        ({"modified": {"from": "a", "date": "autoo"}}, "mapping.modified.date"),
        ({"modified": {"from": "a", "date": True, "period": True}}, "mapping.modified"),
        ({"version": {"from": "a", "number": "comma"}}, "mapping.version.number"),
        ({"tags": {"from": "a", "split": ""}}, "mapping.tags.split"),
        ({"theme": {"from": "a", "unknown": "dropp"}}, "mapping.theme.unknown"),
        ({"volatile": "a"}, "mapping.volatile"),
        ({"only": ["a"]}, "mapping.only"),
        ({"skip": {"a": {"present": "yes"}}}, "mapping.skip.a.present"),
        ({"resources": ["a"]}, "mapping.resources"),
        ({"resources": {"each": 1}}, "mapping.resources.each"),
    ],
)
def test_a_rule_of_the_wrong_form_names_its_key(mapping, key):
    with pytest.raises(HarvestError) as caught:
        check_mapping(mapping)
    assert (caught.value.code, caught.value.problem.params["key"]) == ("bad_setting", key)
    assert caught.value.problem.params["expected"]
