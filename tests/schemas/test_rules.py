"""The domain's rules, on values as clerks and systems write them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import rules
from schemas.rules import RuleError
from schemas.wording import date_label, period_label


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[RuleError]]:
    with pytest.raises(RuleError) as caught:
        yield caught
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("said", "period"),
    [
        ("2024", "2024"),
        (2024, "2024"),
        ("năm 2024", "2024"),
        ("Năm 2024", "2024"),
        ("20241", "20241"),
        ("20244", "20244"),
        ("202401", "202401"),
        (202412, "202412"),
        ("2024-03", "202403"),
        ("3/2024", "202403"),
        ("03/2024", "202403"),
        ("12/2024", "202412"),
        ("tháng 3 năm 2024", "202403"),
        ("Tháng 03/2024", "202403"),
        ("Tháng 11, năm 2024", "202411"),
        ("Quý I/2024", "20241"),
        ("quý II năm 2024", "20242"),
        ("QUÝ III NĂM 2024", "20243"),
        ("Quý IV, năm 2024", "20244"),
        ("quý 4 2024", "20244"),
        ("Q1/2024", "20241"),
        ("2024Q3", "20243"),
        ("2024-Q3", "20243"),
        (" 2024 ", "2024"),
    ],
)
def test_reporting_periods_as_people_write_them(said: object, period: str) -> None:
    assert rules.reporting_period(said) == period
    assert rules.reporting_period(period) == period


@pytest.mark.parametrize(
    "said",
    [
        *("", "24", "1024", "20240", "20245", "202400", "202413", "2024-13", "20240630"),
        *("2024-06-30", "30/06/2024", "13/2024", "quý V/2024", "Quý 5/2024", "tháng 0/2024"),
        *("sơ bộ 2024", "2024.5", "2011-2024", "abc", "20٢٤"),
    ],
)
def test_what_is_no_reporting_period(said: str) -> None:
    with refused("bad_period"):
        rules.reporting_period(said)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("20241", date(2024, 1, 1), date(2024, 3, 31)),
        ("20242", date(2024, 4, 1), date(2024, 6, 30)),
        ("20244", date(2024, 10, 1), date(2024, 12, 31)),
        ("202401", date(2024, 1, 1), date(2024, 1, 31)),
        ("202402", date(2024, 2, 1), date(2024, 2, 29)),
        ("202302", date(2023, 2, 1), date(2023, 2, 28)),
        ("202412", date(2024, 12, 1), date(2024, 12, 31)),
    ],
)
def test_a_period_has_its_first_and_last_day(period: str, first: date, last: date) -> None:
    assert rules.period_bounds(period) == (first, last)


@given(st.integers(1900, 2099), st.integers(1, 12))
def test_periods_of_one_year_lie_in_one_another(year: int, month: int) -> None:
    outer = rules.period_bounds(str(year))
    quarter = rules.period_bounds(f"{year}{(month + 2) // 3}")
    inner = rules.period_bounds(f"{year}{month:02}")
    assert outer[0] <= quarter[0] <= inner[0] <= inner[1] <= quarter[1] <= outer[1]


@pytest.mark.parametrize(
    ("said", "span"),
    [
        ("2024", "2024"),
        ("2011-2024", "2011/2024"),
        ("2011–2024", "2011/2024"),
        ("2011 – 2024", "2011/2024"),
        ("2011/2024", "2011/2024"),
        ("2011 / 2024", "2011/2024"),
        ("2024-03", "202403"),
        ("3/2024", "202403"),
        ("202401/202406", "202401/202406"),
        ("20231/20244", "20231/20244"),
        ("Quý I/2024", "20241"),
        ("Quý I/2024 - Quý III/2024", "20241/20243"),
        ("năm 2011 đến năm 2024", "2011/2024"),
        ("2024/2024", "2024"),
    ],
)
def test_spans_of_periods(said: str, span: str) -> None:
    assert rules.period_span(said) == span
    assert rules.period_span(span) == span


def test_a_span_has_its_days_and_its_order() -> None:
    assert rules.span_bounds("2011/2024") == (date(2011, 1, 1), date(2024, 12, 31))
    assert rules.span_bounds("20241") == (date(2024, 1, 1), date(2024, 3, 31))
    with refused("period_order"):
        rules.period_span("2024/2011")
    for said in ("2011/2012/2013", "trước 2011", "", "2011/"):
        with refused("bad_period"):
            rules.period_span(said)


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        ("2024", "Năm 2024", "2024"),
        ("20241", "Quý I năm 2024", "Q1 2024"),
        ("20244", "Quý IV năm 2024", "Q4 2024"),
        ("202401", "Tháng 01 năm 2024", "January 2024"),
        ("2011/2024", "2011 – 2024", "2011 – 2024"),
        ("20241/202406", "Quý I năm 2024 – Tháng 06 năm 2024", "Q1 2024 – June 2024"),
        ("không rõ", "không rõ", "không rõ"),
    ],
)
def test_periods_in_words(value: str, vi: str, en: str) -> None:
    assert (period_label(value, "vi"), period_label(value, "en")) == (vi, en)


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        ("2025-06-30", "30/06/2025", "30 June 2025"),
        ("2025-06-30T08:00:00", "30/06/2025", "30 June 2025"),
        ("2025-06", "06/2025", "June 2025"),
        ("2025", "2025", "2025"),
        ("hôm qua", "hôm qua", "hôm qua"),
    ],
)
def test_dates_in_words(value: str, vi: str, en: str) -> None:
    assert (date_label(value, "vi"), date_label(value, "en")) == (vi, en)


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("2025-06-30", "2025-06-30"),
        ("30/06/2025", "2025-06-30"),
        ("1/7/2025", "2025-07-01"),
        ("30.06.2025", "2025-06-30"),
        ("2025", "2025"),
        ("2025-06", "2025-06"),
        ("2025-06-30T08:00:00", "2025-06-30T08:00:00"),
        ("2025-06-30 08:00", "2025-06-30T08:00"),
        ("2025-06-30T08:00:00.123456Z", "2025-06-30T08:00:00.123456Z"),
        ("2025-06-30T08:00:00+07:00", "2025-06-30T08:00:00+07:00"),
        (date(2025, 6, 30), "2025-06-30"),
        (datetime(2025, 6, 30, 8), "2025-06-30T08:00:00"),
    ],
)
def test_dates_as_people_write_them(said: object, iso: str) -> None:
    assert rules.iso_date(said) == iso
    assert rules.iso_date(iso) == iso


@pytest.mark.parametrize(
    "said",
    [
        *("", "hôm qua", "31/06/2025", "2025-02-30", "06/30/2025", "2025-13", "20250630"),
        *("2025-W03", "2025-06-30T25:00", "9999-99-99", "30/06/25", "20٢٤-06-30"),
    ],
)
def test_what_is_no_date(said: str) -> None:
    with refused("bad_date"):
        rules.iso_date(said)


def test_a_day_is_whole() -> None:
    assert rules.day("1/7/2025") == date(2025, 7, 1)
    assert rules.day("2025-06-30T08:00:00Z") == date(2025, 6, 30)
    with refused("bad_date"):
        rules.day("2025-06")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("H56", "H56"),
        ("h56.01", "H56.01"),
        ("H56.01.05", "H56.01.05"),
        (" 000.00.00.H56 ", "H56"),
        ("000.00.01.H56", "H56.01"),
        ("000.05.01.H56", "H56.01.05"),
        ("012.05.01.H56", "H56.01.05.012"),
        ("G09", "G09"),
    ],
)
def test_agency_codes_old_and_new(said: str, code: str) -> None:
    assert rules.agency_code(said) == code
    assert rules.agency_code(code) == code


@pytest.mark.parametrize(
    "said", ["", "56", "H5", "H56.", "H56-01", "000.05.00.H56", "00.00.H56", "H56.01; DROP"]
)
def test_what_is_no_agency_code(said: str) -> None:
    with refused("bad_agency_code"):
        rules.agency_code(said)


def test_telephone_numbers() -> None:
    for said in ("0237 123 4567", "+84 237 123 4567", "1022", "(0237) 123-4567"):
        assert rules.phone(said) == said
    for said in ("", "12", "gọi tôi", "0237 123 4567 máy lẻ 12", "1" * 16):
        with refused("bad_phone"):
            rules.phone(said)


@pytest.mark.parametrize("said", ["https://sotaichinh.example/du-lieu?a=1", "http://10.0.0.1:80/x"])
def test_addresses_a_reader_can_follow(said: str) -> None:
    assert rules.web_url(f" {said} ") == said
    assert rules.resource_url(said) == said


@pytest.mark.parametrize(
    "said",
    [
        *(
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
        ),
        *("file:///etc/passwd", "vbscript:x", "//host/x", "http://", "http://[::1", "http://h:x/"),
        "https://h/" + "a" * 2000,
    ],
)
def test_addresses_nobody_may_follow(said: str) -> None:
    with refused("bad_url"):
        rules.web_url(said)
    with refused("bad_url"):
        rules.resource_url(said)


def test_a_resource_may_be_an_uploaded_file() -> None:
    assert rules.resource_url("Dân số 2024.xlsx") == "Dân số 2024.xlsx"
    assert rules.resource_url("ftp://host/f.csv") == "ftp://host/f.csv"
    with refused("bad_url"):
        rules.web_url("Dân số 2024.xlsx")


def test_text_is_composed_and_clean() -> None:
    assert rules.clean_text(" Thu\u0309y\u0000 sa\u0309n\r\n\ud800 ") == "Thủy sản"
    assert rules.clean_text("a\r\nb\tc") == "a\nb\tc"


@given(st.text())
def test_clean_text_is_idempotent_and_can_be_stored(text: str) -> None:
    once = rules.clean_text(text)
    assert rules.clean_text(once) == once
    assert "\0" not in once
    once.encode()


FIELDS = [{"name": "nam", "type": "year"}, {"name": "dan_so", "title": "Dân số"}]


def test_a_table_schema_is_text_in_and_text_out() -> None:
    schema = {"fields": FIELDS, "primaryKey": "nam", "title": "Da\u0302n so\u0302\u0301"}
    text = rules.table_schema(schema)
    assert json.loads(text) == {**schema, "title": "Dân số"}
    assert "Dân số" in text
    assert rules.table_schema(text) == text


def nested(depth: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(depth):
        value = {"x": value}
    return {"fields": FIELDS, "deep": value}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("[]", "JSON"),
        ("[" * 100_000, "JSON"),
        (nested(100_000), "JSON"),
        ({"fields": FIELDS, "x": object()}, "JSON"),
        ({}, "fields"),
        ({"fields": []}, "fields"),
        ({"fields": {"nam": 1}}, "fields"),
        ({"fields": ["nam"]}, "cột thứ 1"),
        ({"fields": [*FIELDS, {"type": "any"}]}, "cột thứ 3"),
        ({"fields": [{"name": " "}]}, "cột thứ 1"),
        ({"fields": [{"name": "nam", "type": "năm"}]}, "kiểu không dùng được “năm”"),
        ({"fields": [{"name": "nam", "type": []}]}, "kiểu không dùng được"),
        ({"fields": [*FIELDS, {"name": "nam"}]}, "“nam” bị trùng tên"),
        ({"fields": FIELDS, "primaryKey": ["tinh"]}, "“tinh” không có trong bảng"),
        ({"fields": FIELDS, "primaryKey": {"a": 1}}, "khóa chính"),
    ],
)
def test_a_table_schema_that_is_none(schema: str | dict[str, object], said: str) -> None:
    with refused("bad_table_schema") as caught:
        rules.table_schema(schema)
    assert said in caught.value.vi


def test_a_table_schema_has_limits() -> None:
    for large in (
        " " * 500_001,
        {"fields": [{"name": f"c{n}"} for n in range(2_001)]},
        {"fields": [{"name": "a", "description": "x" * 500_000}]},
    ):
        with refused("too_large"):
            rules.table_schema(large)


def test_codes_by_code_name_or_uri() -> None:
    assert rules.code("08", "theme") == "08"
    assert rules.code("thuỷ sản", "theme") == "08"
    uri = "http://publications.europa.eu/resource/authority/frequency/ANNUAL"
    assert rules.code(uri, "frequency") == "ANNUAL"
    assert rules.codes(["01", "Đất đai, dân số", "13"], "theme") == ["01", "13"]
    assert rules.codes('["01", "13"]', "theme") == ["01", "13"]
    assert rules.codes("13", "theme") == ["13"]
    assert rules.codes(["", "01"], "theme") == ["01"]
    assert rules.codes([], "theme") == []
    assert rules.codes(["47/2020/NĐ-CP"], "legal_basis") == ["47/2020/NĐ-CP"]


def test_an_unknown_code_names_the_nearest() -> None:
    with refused("unknown_code") as caught:
        rules.code("Giao duk", "theme")
    assert "“Giáo dục” (15)" in caught.value.vi
    assert "“Education” (15)" in caught.value.en
    with refused("unknown_code") as caught:
        rules.code("zzzzzz", "theme")
    assert "Có phải" not in caught.value.vi
    for value in ("[01", "[" * 100_000, {"a": 1}, [1], 5, None):
        with refused("bad_list"):
            rules.codes(value, "theme")


def test_a_row_of_periods_gets_its_days() -> None:
    assert rules.complete_period({"start_period": "2011", "end_period": "Quý I/2024"}) == {
        "start_period": "2011",
        "end_period": "20241",
        "start": "2011-01-01",
        "end": "2024-03-31",
    }
    alone = rules.complete_period({"start_period": "202402", "end_period": "", "start": None})
    assert (alone["end_period"], alone["end"]) == ("202402", "2024-02-29")
    assert rules.complete_period({"end_period": "2024"})["start"] == "2024-01-01"
    assert rules.complete_period(alone) == alone


def test_a_row_of_days_alone_stays_and_is_checked() -> None:
    row = {"start": "2011", "end": "31/12/2024"}
    assert rules.complete_period(row) == {"start": "2011", "end": "2024-12-31"}
    assert rules.complete_period({"start": "2011-05-01"}) == {"start": "2011-05-01"}
    assert rules.complete_period({"start": "2011-05", "end": "2011"})["end"] == "2011"
    assert rules.complete_period({"start": "", "end": None}) == {}
    with refused("period_order") as caught:
        rules.complete_period({"start_period": "20244", "end_period": "20241"})
    said = caught.value
    assert "Kỳ cuối (quý I năm 2024) sớm hơn kỳ đầu (quý IV năm 2024)." in said.message("vi")
    assert "The last period (Q1 2024) is before the first (Q4 2024)." in said.message("en")
    with refused("period_order") as caught:
        rules.complete_period({"start": "2025-06-30", "end": "2025-01-01"})
    said = caught.value
    assert "Ngày cuối (01/01/2025) sớm hơn ngày đầu (30/06/2025)." in said.message("vi")
    assert "The last day (1 January 2025) is before the first (30 June 2025)." in said.message("en")
    with refused("bad_date"):
        rules.complete_period({"start": "hôm qua"})
    with refused("bad_period"):
        rules.complete_period({"start_period": "hôm qua"})


def test_a_place_is_named_by_code_and_date() -> None:
    new = rules.complete_place({"code": " 14758 ", "valid_on": "1/7/2025"})
    assert (new["code"], new["valid_on"]) == ("14758", "2025-07-01")
    assert new["text"] == "Phường Hàm Rồng"
    assert json.loads(new["centroid"]) == {"type": "Point", "coordinates": [105.774, 19.8431]}
    old = rules.complete_place({"code": "14758", "valid_on": "2025-06-30"})
    assert old["text"] == "Phường Đông Thọ"
    assert "centroid" not in old
    assert rules.complete_place(new) == new


def test_a_place_keeps_what_it_says_itself() -> None:
    row = {"code": "38", "text": "Toàn tỉnh", "uri": "https://example.org/38", "geom": ""}
    assert rules.complete_place(row) == {
        "code": "38",
        "text": "Toàn tỉnh",
        "uri": "https://example.org/38",
    }
    assert rules.complete_place({"text": "Cả nước"}) == {"text": "Cả nước"}
    assert rules.complete_place({}) == {}


def test_a_place_that_cannot_be_told() -> None:
    with refused("admin_unit_needs_date") as caught:
        rules.complete_place({"code": "14758"})
    assert "Phường Đông Thọ đến 30/06/2025" in caught.value.vi
    assert "Phường Hàm Rồng từ 01/07/2025" in caught.value.vi
    assert "Phường Hàm Rồng from 2025-07-01" in caught.value.en
    with refused("admin_unit_not_valid") as caught:
        rules.complete_place({"code": "380", "valid_on": "2025-07-01"})
    assert "Thành phố Thanh Hóa đến 30/06/2025" in caught.value.vi
    with refused("unknown_admin_unit"):
        rules.complete_place({"code": "00001", "valid_on": "2025-07-01"})
    with refused("bad_date"):
        rules.complete_place({"code": "38", "valid_on": "2025"})


@pytest.mark.parametrize(
    ("access", "asked", "before", "private"),
    [
        ("NON_PUBLIC", None, None, True),
        ("NON_PUBLIC", False, None, True),
        ("NON_PUBLIC", False, ("PUBLIC", False), True),
        ("PUBLIC", None, None, False),
        ("PUBLIC", True, None, True),
        ("RESTRICTED", None, None, False),
        ("PUBLIC", None, ("NON_PUBLIC", True), False),
        ("PUBLIC", None, ("PUBLIC", True), True),
        ("PUBLIC", False, ("PUBLIC", True), False),
        (None, None, ("PUBLIC", True), True),
    ],
)
def test_who_may_see_a_dataset(
    access: str | None, asked: bool | None, before: tuple[str, bool] | None, private: bool
) -> None:
    assert rules.is_private(access, asked, before) is private


def test_an_error_speaks_both_languages() -> None:
    with pytest.raises(RuleError) as caught:
        rules.reporting_period("x" * 500)
    error = caught.value
    assert error.message("vi") == error.vi
    assert error.message("en_GB") == error.en
    assert len(error.vi) < 300
    assert str(error).startswith("bad_period: ")


@pytest.mark.parametrize(
    ("value", "format_"),
    [
        ("csv", "CSV"),
        (".xlsx", "XLSX"),
        ("Excel", "XLSX"),
        ("text/csv; charset=utf-8", "CSV"),
        ("application/vnd.ms-excel", "XLS"),
        ("application/zip", "ZIP"),
        ("application/vnd.shp", "SHP"),
        ("text/plain", "TXT"),
        ("application/json", "JSON"),
        ("Bản giấy", "Bản giấy"),
    ],
)
def test_a_format_is_written_one_way(value: str, format_: str) -> None:
    assert rules.resource_format(value) == format_
    assert rules.resource_format(format_) == format_
