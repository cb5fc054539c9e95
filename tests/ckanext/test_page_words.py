"""Figures, periods and lines as the pages show them: pure parts, no services."""

from __future__ import annotations

from ckanext.thanhhoa import change_words, page_helpers, previews, series


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
