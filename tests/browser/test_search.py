"""Searching as a person does it: suggestions by keyboard and by ear, marks, notes, near results."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.fill import TITLE

OPEN = ".suggestions:not([hidden])"
FIELDS = {"/": "#home-q", "/dataset/": "#field-giant-search"}


@pytest.fixture(params=["phone", "desktop"])
def page(request: Any) -> Any:
    """A browser page of either size."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=sorted(FIELDS))
def typed(portal: Any, page: Any, request: Any) -> Any:
    """A page with a search field in which "dan s" has been typed, its suggestions open."""
    page.goto(portal.url + request.param)
    page.focus(FIELDS[request.param])
    page.keyboard.type("dan s", delay=20)
    page.wait_for_selector(OPEN)
    return page


def field(page: Any) -> Any:
    return page.get_by_role("combobox").first


def test_suggestions_are_a_combobox_for_those_who_listen(typed: Any) -> None:
    box = field(typed)
    assert box.get_attribute("aria-expanded") == "true"
    assert box.get_attribute("aria-autocomplete") == "list"
    assert box.get_attribute("aria-controls") == typed.locator(OPEN).get_attribute("id")
    tree = typed.locator(OPEN).aria_snapshot()
    assert 'listbox "Gợi ý"' in tree
    assert 'group "Bộ dữ liệu"' in tree
    assert f'option "{TITLE}"' in tree
    assert 'group "Lĩnh vực"' in tree
    assert "Chọn bằng phím mũi tên" in typed.locator(".search-row [role=status]").inner_text()


def test_the_arrow_keys_choose_and_escape_leaves_what_was_typed(typed: Any) -> None:
    box = field(typed)
    typed.keyboard.press("ArrowDown")
    chosen = typed.locator('[role=option][aria-selected="true"]')
    assert chosen.count() == 1
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    typed.keyboard.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") is None
    typed.keyboard.press("ArrowUp")
    assert typed.locator("[role=option]").last.get_attribute("aria-selected") == "true"
    typed.keyboard.press("Escape")
    assert typed.locator(OPEN).count() == 0
    assert box.get_attribute("aria-expanded") == "false"
    assert box.input_value() == "dan s"


def test_enter_opens_what_is_chosen(portal: Any, typed: Any) -> None:
    typed.keyboard.press("ArrowDown")
    typed.keyboard.press("Enter")
    typed.wait_for_url(f"**/dataset/{portal.dataset}")


def test_enter_without_a_choice_searches_and_goes_on_suggesting(typed: Any) -> None:
    typed.keyboard.press("Enter")
    typed.wait_for_selector("h1:has-text('kết quả cho “dan s”')")
    assert "/dataset/?q=dan" in typed.url
    typed.focus("#field-giant-search[role=combobox]")
    typed.keyboard.press("End")
    typed.keyboard.type("o", delay=20)
    typed.wait_for_selector(OPEN)
    assert typed.locator(".suggestions").count() == 1


def test_a_query_that_cannot_be_asked_is_answered_where_it_was_typed(
    portal: Any, page: Any
) -> None:
    page.goto(f"{portal.url}/dataset/")
    page.fill("#field-giant-search", "title:(")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-error")
    assert page.locator("h1").inner_text() == "Chưa tìm kiếm được"


def test_the_list_fits_the_screen_and_fingers(typed: Any) -> None:
    width = typed.viewport_size["width"]
    assert typed.evaluate("document.documentElement.scrollWidth") <= width
    for option in typed.locator("[role=option]").all():
        box = option.bounding_box()
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_a_click_opens_and_leaving_closes(portal: Any, typed: Any) -> None:
    typed.keyboard.press("Tab")
    assert typed.locator(OPEN).count() == 0
    field(typed).focus()
    typed.keyboard.press("ArrowDown")
    typed.locator("[role=option]", has_text=TITLE).click()
    typed.wait_for_url(f"**/dataset/{portal.dataset}")


def test_without_scripts_the_form_searches(portal: Any, chromium: Any) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="vi-VN")
    page = context.new_page()
    page.goto(portal.url)
    page.fill("#home-q", "dan so")
    page.press("#home-q", "Enter")
    assert "q=dan" in page.url
    assert page.locator("mark").first.inner_text() == "Dân số"
    assert page.locator("[role=listbox]").count() == 0
    context.close()


def test_results_show_what_was_found_and_where(portal: Any, page: Any) -> None:
    page.goto(f"{portal.url}/dataset/?q=dan+so+trung+binh")
    assert "Dân số" in page.locator(".dataset-heading mark").all_inner_texts()
    assert "Tìm thấy trong chỉ tiêu:" in page.locator(".found-in").first.inner_text()


def test_an_old_district_is_explained_above_the_results(portal: Any, page: Any) -> None:
    page.goto(f"{portal.url}/dataset/?q=dân số huyện Quảng Xương")
    note = page.get_by_role("complementary", name="Về địa danh trong câu tìm kiếm")
    assert "Huyện Quảng Xương (đến 30/06/2025): nay là" in note.inner_text()
    note.get_by_role("link", name="Lọc theo cả 8 đơn vị").click()
    assert page.url.count("place=") == 8
    assert page.locator(".chosen li").count() == 8
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_nothing_found_says_what_to_do_next(portal: Any, page: Any) -> None:
    page.goto(f"{portal.url}/dataset/?q=zzzzqqqq")
    assert page.locator("h1").inner_text() == "Không tìm thấy kết quả nào cho “zzzzqqqq”"
    assert page.locator(".empty-state li").count() >= 3


def test_values_of_a_facet_are_chosen_together(portal: Any, desktop: Any) -> None:
    desktop.goto(f"{portal.url}/dataset/")
    years = desktop.locator(".facet", has=desktop.get_by_role("heading", name="Năm"))
    years.locator("summary").click()
    years.get_by_role("link", name="2024").click()
    years.get_by_role("link", name="2023").click()
    assert "year=2024" in desktop.url
    assert "year=2023" in desktop.url
    assert years.locator("li.active").count() == 2
    assert desktop.locator(".dataset-heading").count() == 2


@pytest.mark.parametrize("q", ["title:(", "dân số " * 80], ids=["syntax", "long"])
def test_what_cannot_be_asked_keeps_the_page(portal: Any, page: Any, q: str) -> None:
    answer = page.request.get(f"{portal.url}/dataset/", params={"q": q})
    assert answer.status == 400
    page.goto(f"{portal.url}/dataset/?q={q}")
    assert page.locator("h1").inner_text() == "Chưa tìm kiếm được"
    assert page.locator("#search-error").is_visible()
    assert page.locator("#field-giant-search").is_visible()


def test_a_second_search_keeps_the_filters_folded_on_a_phone(portal: Any, phone: Any) -> None:
    """The form is sent by htmx, which puts the new page into the old one."""
    phone.goto(f"{portal.url}/dataset/")
    phone.fill("#field-giant-search", "dan so")
    phone.keyboard.press("Enter")
    phone.wait_for_selector("h1:has-text('kết quả cho “dan so”')")
    phone.wait_for_function("!document.querySelector('.fold-on-phones').open")
    phone.get_by_role("button", name="Menu").click()
    assert phone.locator("#site-nav").is_visible()
