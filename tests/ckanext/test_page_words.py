"""Figures, periods and lines as the pages show them: pure parts, no services."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from ckanext.thanhhoa import change_words, page_helpers, previews, series, vault
from ckanext.thanhhoa.cli import rendering
from ckanext.thanhhoa.words import word

from harvesters.errors import HarvestError, Problem


def test_figures_keep_their_decimals_but_not_the_noise_of_binary_fractions() -> None:
    assert previews.written_number("962.73") == "962,73"
    assert previews.written_number(1234567) == "1.234.567"
    assert previews.written_number("19.807651") == "19,807651"
    assert previews.written_number("338.671994141098") == "338,672"
    assert previews.written_number("3739.48000804914") == "3.739,48"
    assert not previews.is_long("abc")


def test_a_title_does_not_repeat_the_unit_beside_it() -> None:
    assert previews.title_of({"title": "Diện tích (Km2)", "unit": "km2"}) == "Diện tích"
    assert previews.title_of({"title": "Giá (nghìn đồng)", "unit": "%"}) == "Giá (nghìn đồng)"
    assert previews.title_of({}, "cot_1") == "cot_1"


def test_a_broken_schema_describes_no_column() -> None:
    assert previews.schema_fields({"table_schema": "{"}) == {}
    assert previews.schema_fields({"table_schema": '{"fields": [1, {"title": "x"}]}'}) == {}
    assert previews.schema_fields({}) == {}


def test_a_period_is_said_once() -> None:
    row = {"start_period": "2011", "end_period": "2024"}
    assert page_helpers.row_period(row) == "2011 – 2024"
    assert page_helpers.row_period({"start_period": "2022", "end_period": "2022"}) == "Năm 2022"
    days = {"start": "2025-07-01", "end": "2025-12-31"}
    assert page_helpers.row_period(days) == "01/07/2025 – 31/12/2025"
    assert page_helpers.row_period({}) == ""


def test_only_web_addresses_become_links() -> None:
    assert page_helpers.web_url("https://example.vn/a") == "https://example.vn/a"
    assert page_helpers.web_url("javascript:alert(1)") == ""
    assert page_helpers.web_url(" data:text/html,x") == ""


def test_a_line_uses_the_height_it_has_and_draws_small_changes_flat() -> None:
    rising = series.line([0, 50, 100], 160, 40)
    assert rising == [("4.0", "36.0"), ("80.0", "20.0"), ("156.0", "4.0")]
    nearly_flat = [float(y) for _, y in series.line([1000, 999], 160, 40)]
    assert abs(nearly_flat[0] - nearly_flat[1]) < 1
    assert {y for _, y in series.line([7, 7, 7], 160, 40)} == {"36.0"}


def test_unknown_formats_stay_as_they_are() -> None:
    assert page_helpers.format_badge("xlsx") == "XLSX"
    assert page_helpers.format_badge("") == ""
    assert page_helpers.format_badge("x" * 99) == "x" * 24


def test_a_changed_list_of_values_is_no_change_of_the_columns() -> None:
    def schema(title: str, *values: str) -> dict:
        return {"fields": [{"name": "nhom", "title": title, "categories": list(values)}]}

    values = {"field": "table_schema", "before": schema("Nhóm", "Bò"), "after": schema("Nhóm")}
    titles = {"field": "table_schema", "before": schema("Nhóm"), "after": schema("Loại")}
    new = {"field": "table_schema", "before": None, "after": schema("Nhóm")}
    title = {"field": "title", "before": "a", "after": "a"}
    told = change_words.thanhhoa_told_changes([values, titles, new, title])
    assert told == [titles, new, title]


def test_a_changed_value_is_said_in_words() -> None:
    said = change_words.thanhhoa_change_value
    assert said("frequency", "ANNUAL") == "Hằng năm (ANNUAL)"
    assert said("frequency", "MỖI KHI RẢNH") == "MỖI KHI RẢNH"
    assert said("theme", ["01", "02"]).startswith("Đất đai, dân số (01); ")
    assert said("modified", "2026-06-30") == "30/06/2026"
    assert said("modified", "2026-06-30T08:15:00") == "30/06/2026 08:15"
    assert said("issued", "2026") == "2026"
    assert said("modified", "2026-06-30T08:15:33.5") == "30/06/2026 08:15:33"
    for moment in ("T00:00", "T00:00:00", "T00:00:00Z", "T00:00:00+07:00"):
        assert said("modified", f"2026-06-30{moment}") == "30/06/2026"
    assert said("modified", "2026-06-30T08:00") == "30/06/2026 08:00"
    assert said("modified", "2026-06-30T01:15:00Z") == "30/06/2026 08:15"
    assert said("modified", "hôm qua, buổi sáng") == "hôm qua, buổi sáng"
    row = {"start_period": "20251", "end_period": "20251", "start": "2025-01-01"}
    assert said("temporal_coverage", [row]) == "Quý I năm 2025"
    assert said("temporal_coverage", [{"other": "x"}]) == "x"
    assert said("period", "2011/2024") == "2011 – 2024"
    place = {"code": "38", "text": "Tỉnh Thanh Hóa", "centroid": "{}"}
    assert said("spatial_coverage", [place]) == "Tỉnh Thanh Hóa (38)"
    assert said("spatial_coverage", [{"text": "Sầm Sơn"}]) == "Sầm Sơn"
    old = [{**place, "valid_on": "2025-06-30"}]
    assert said("spatial_coverage", old, [place]) == "Tỉnh Thanh Hóa (38), as of 30/06/2025"
    moved = [{**place, "centroid": "{1}"}]
    assert said("spatial_coverage", [place], moved) == "38, Tỉnh Thanh Hóa, {}"
    assert said("spatial_coverage", moved, [place]) == "38, Tỉnh Thanh Hóa, {1}"
    assert said("spatial_coverage", moved, old).startswith("Tỉnh Thanh Hóa (38)")
    assert said("frequency", None) == said("theme", []) == said("theme", [None]) == "–"
    assert said("size", 12345) == "12.345"


def test_a_cell_is_written_by_what_its_column_is() -> None:
    def cell(value: object, type_: str, role: str) -> str:
        return previews.written_cell(value, previews.column_kind(type_, role))

    assert cell(2024, "integer", "time") == "2024"
    assert cell(14797, "integer", "dimension") == "14797"
    assert cell(1250, "integer", "measure") == "1.250"
    assert cell(date(2026, 6, 30), "date", "dimension") == "30/06/2026"
    assert cell(datetime(2026, 6, 30, 8, 15), "timestamp", "time") == "30/06/2026 08:15"
    assert cell("2026-06-30T00:00:00", "timestamp", "time") == "30/06/2026"


def test_the_terminal_writes_seconds_as_the_reader_does() -> None:
    report = {"source": "so-y-te", "state": "applied", "seconds": 1012.3, "run": "r1"}
    assert " · 1.012,3 giây  [r1]" in next(rendering.lines(report, "vi"))
    assert " · 1,012.3 s  [r1]" in next(rendering.lines(report, "en"))
    told = {"total": 1200, "refused": 0}
    assert "1.200 bộ dữ liệu, 12,3 giây." in word("rebuild_done", "vi", seconds=12.3, **told)
    assert "1,200 datasets, 12 seconds." in word("rebuild_done", "en", seconds=12.0, **told)


def test_a_password_that_was_never_entered_has_no_name() -> None:
    with pytest.raises(HarvestError) as caught:
        vault.resolve("stored:x", None)
    assert caught.value.problem == Problem("secret_missing")
