"""A mapping tried on a record: each field by itself, mistakes beside their field."""

from __future__ import annotations

from harvesters.errors import Problem
from harvesters.mapping.trial import RESOURCES, says_nothing, try_record
from harvesters.model import Record, RecordResource

FIELDS = {
    "ten": "Số hộ nghèo",
    "ngay": "30/6/2O25",
    "linh_vuc": "Giao dục lạ",
    "frequency": "ANNUAL",
    "tep": [{"link": f"https://so.example/{n}.csv", "so": n} for n in range(7)],
}
RULES = {
    "title": {"template": "{ten} ({ngay})"},
    "modified": {"from": "ngay", "date": "dd/MM/yyyy"},
    "theme": {"from": "linh_vuc"},
    "access_rights": {"const": "PUBLIC"},
    "notes": "mo_ta",
    "resources": {"each": "tep", "url": "link", "size": "so"},
}


def lines(trial):
    return {line.field: line for line in trial.lines}


def test_each_field_has_its_source_its_result_and_its_mistakes():
    trial = try_record(Record("r", FIELDS), RULES)
    assert trial.fails
    found = lines(trial)
    assert next(iter(found)) == "title"
    assert found["title"].source == {"ten": "Số hộ nghèo", "ngay": "30/6/2O25"}
    assert found["title"].result == "Số hộ nghèo (30/6/2O25)"
    assert (found["modified"].result, found["modified"].problems[0].code) == (None, "bad_value")
    assert (found["theme"].result, found["theme"].problems[0].code) == (None, "unknown_code")
    assert found["access_rights"].source == {}
    assert found["access_rights"].result == "PUBLIC"
    assert found["frequency"].source == {"frequency": "ANNUAL"}
    assert found["frequency"].result == "ANNUAL"
    assert says_nothing(found["notes"])
    assert trial.problems == ()


def test_what_is_wrong_with_the_whole_is_said_of_the_whole():
    note = Problem("font_converted", "a.xls", None, {"count": "3", "fonts": "TCVN3"})
    trial = try_record(Record("r", {"linh_vuc": "x"}, notes=(note,)), {"notes": "linh_vuc"})
    assert trial.fails
    assert [problem.code for problem in trial.problems] == ["font_converted"]
    assert lines(trial)["title"].problems[0].code == "missing_value"


def test_files_and_links_are_tried_as_well():
    held = RecordResource("a", {"name": "Tệp", "url": "https://so.example/a.xlsx", "format": "xls"})
    rules = {**RULES, "theme": {"const": ["02"]}}
    trial = try_record(Record("r", FIELDS, (held,)), rules)
    assert not trial.fails
    assert (len(trial.resources), trial.total) == (RESOURCES, 8)
    first, second = ({line.field: line for line in part} for part in trial.resources[:2])
    assert first["format"].result == "XLS"
    assert second["url"].source == {"link": "https://so.example/0.csv"}
    assert second["url"].result == "https://so.example/0.csv"


def test_the_filters_show():
    assert not try_record(
        Record("r", FIELDS), {**RULES, "skip": {"ten": {"contains": "hộ"}}}
    ).is_wanted
    assert try_record(Record("r", FIELDS), RULES).is_wanted
