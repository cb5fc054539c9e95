"""Words and figures as a reader writes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


@pytest.fixture(params=["vi", "en"])
def speak(site: Any, request: pytest.FixtureRequest) -> Any:
    """A request in one of the two languages."""
    with site.flask_app.test_request_context(environ_overrides={"CKAN_LANG": request.param}):
        yield request.param


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (1234567.8, None, {"vi": "1.234.567,8", "en": "1,234,567.8"}),
        (Decimal("962.730"), None, {"vi": "962,73", "en": "962.73"}),
        ("3764.241", None, {"vi": "3.764,241", "en": "3,764.241"}),
        (-0.5, 2, {"vi": "-0,50", "en": "-0.50"}),
        (1000, None, {"vi": "1.000", "en": "1,000"}),
        ("x", None, {"vi": "x", "en": "x"}),
        ("NaN", None, {"vi": "NaN", "en": "NaN"}),
        (None, None, {"vi": "", "en": ""}),
    ],
)
def test_numbers(speak: str, value: Any, decimals: int | None, written: dict[str, str]) -> None:
    from ckanext.thanhhoa.helpers import thanhhoa_number

    assert thanhhoa_number(value, decimals) == written[speak]


def test_codes_and_places_have_names(speak: str) -> None:
    from ckanext.thanhhoa.helpers import thanhhoa_label, thanhhoa_place

    names = {"vi": "Đất đai, dân số", "en": "Land and population"}
    assert thanhhoa_label("theme", "01") == names[speak]
    assert thanhhoa_label("theme", "không có") == "không có"
    assert "Thanh H" in thanhhoa_place("38")
    assert thanhhoa_place("x") == "x"


def test_a_period_within_a_sentence_keeps_its_numeral_and_its_month(speak: str) -> None:
    from ckanext.thanhhoa import page_helpers
    from ckanext.thanhhoa.helpers import thanhhoa_within

    row = {"start_period": "20241", "end_period": "202407"}
    said = {"vi": "quý I năm 2024 – tháng 07 năm 2024", "en": "Q1 2024 – July 2024"}
    assert thanhhoa_within(page_helpers.row_period(row)) == said[speak]
    template = "package/snippets/in_short.html"
    from ckan.plugins import toolkit

    page = toolkit.render(template, {"pkg": _Dataset({"temporal_coverage": [row]})})
    sentences = {
        "vi": "Kỳ dữ liệu: quý I năm 2024\u00a0–\u00a0tháng 07 năm 2024.",
        "en": "The figures are about: Q1 2024\u00a0–\u00a0July 2024.",
    }
    assert sentences[speak] in page


class _Dataset(dict[str, Any]):
    """A dataset with nothing but what a test names."""

    def __missing__(self, key: str) -> None:
        return None


def test_facets_show_names_for_codes(speak: str) -> None:
    from ckanext.thanhhoa import facets

    found = {
        "search_facets": {
            "theme": {"items": [{"name": "01", "display_name": "01"}]},
            "place": {"items": [{"name": "38", "display_name": "38"}]},
            "res_format": {"items": [{"name": "CSV", "display_name": "CSV"}]},
        }
    }
    labelled = facets.label(found)["search_facets"]
    names = {"vi": "Đất đai, dân số", "en": "Land and population"}
    assert labelled["theme"]["items"][0]["display_name"] == names[speak]
    assert labelled["place"]["items"][0]["display_name"] != "38"
    assert labelled["res_format"]["items"][0]["display_name"] == "CSV"
    theme = {"vi": "Lĩnh vực", "en": "Theme"}
    assert facets.titles()["theme"] == theme[speak]
    assert "organization" not in facets.titles(leave_out="organization")


def test_a_files_name_for_an_address(site: Any) -> None:
    from ckanext.thanhhoa.names import file_name

    assert file_name("Báo cáo quý I.XLSX") == "bao-cao-quy-i.xlsx"
    assert file_name("../../etc/passwd") == "passwd"
    assert file_name("…") == "tep"
