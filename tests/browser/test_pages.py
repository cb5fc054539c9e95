"""What a person meets: Vietnamese, a phone, a keyboard, a screen reader."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import polib
import pytest

from tests.browser.fill import TITLE

#: English words that no Vietnamese page of ours has; file formats and names of software aside.
ENGLISH = frozenset(re.findall(r"\w+", """
    the and with for from this that there these your you not found error page dataset datasets
    organization organizations resource resources search filter filters result results order
    download view views show more add edit log login logout account username password remember
    submit home about license format formats tags groups update updated created last show hide
    table column unit details source terms open close previous next of are was been have has
    navigate select sort by name description field value file files agency theme place year
"""))  # fmt: skip
#: What a page says, with what a screen reader adds; code, other languages and hidden parts aside.
_TEXTS = """() => {
  const out = [];
  const skipped = e => e.closest('script, style, noscript, code, pre, [lang="en"]');
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.replace(/\\s+/g, ' ').trim();
    if (text && !skipped(walk.currentNode.parentElement)) out.push(text);
  }
  for (const e of document.querySelectorAll('*'))
    for (const a of ['aria-label', 'title', 'placeholder', 'alt', 'data-bs-title'])
      if (e.getAttribute(a) && !skipped(e)) out.push(e.getAttribute(a).trim());
  out.push(document.title);
  return out;
}"""
_STRUCTURE = """() => ({
  lang: document.documentElement.lang,
  h1: document.querySelectorAll('h1').length,
  levels: [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(e => Number(e.tagName[1])),
  main: document.querySelectorAll('main, [role=main]').length,
  header: document.querySelectorAll('body > header').length,
  footer: document.querySelectorAll('body > footer').length,
  unlabelled: [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
    .filter(e => !e.labels.length && !e.getAttribute('aria-label')).map(e => e.outerHTML),
  unnamed: [...document.querySelectorAll('a[href], button')]
    .filter(e => !(e.textContent.trim() || e.getAttribute('aria-label'))).map(e => e.outerHTML),
  images: [...document.querySelectorAll('img')].filter(e => !e.hasAttribute('alt')).length,
  twice: [...document.querySelectorAll('[id]')].map(e => e.id)
    .filter((id, i, all) => all.indexOf(id) !== i),
  inline: document
    .querySelectorAll('body [style], body style, body script:not([src], [type$=json])')
    .length,
})"""


def test_every_page_speaks_vietnamese(portal: Any, desktop: Any) -> None:
    messages = _core_messages()
    for kind, path in portal.pages().items():
        desktop.goto(portal.url + path)
        for text in desktop.evaluate(_TEXTS):
            words = set(re.findall(r"\w+", re.sub(r"https?://\S+|\S+@\S+", "", text.lower())))
            assert not words & ENGLISH, f"{kind}: {text!r}"
            assert text not in messages, f"{kind}: {text!r} is not translated"


def test_no_page_scrolls_sideways_on_a_phone(portal: Any, phone: Any) -> None:
    for kind, path in portal.pages().items():
        phone.goto(portal.url + path)
        for part in phone.query_selector_all("details"):
            part.evaluate("e => { e.open = true }")
        width = phone.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{kind} is {width} pixels wide"


def test_every_page_can_be_heard(portal: Any, desktop: Any) -> None:
    for kind, path in portal.pages().items():
        desktop.goto(portal.url + path)
        found = desktop.evaluate(_STRUCTURE)
        assert found["lang"] == "vi", kind
        assert found["h1"] == 1, f"{kind}: {found['h1']} main headings"
        assert found["main"] == found["header"] == found["footer"] == 1, f"{kind}: {found}"
        assert not found["unlabelled"], f"{kind}: {found['unlabelled']}"
        assert not found["unnamed"], f"{kind}: {found['unnamed']}"
        assert not found["images"], f"{kind}: images without a text"
        assert not found["twice"], f"{kind}: ids given twice: {found['twice']}"
        assert not found["inline"], f"{kind}: inline styles or scripts"
        levels = found["levels"]
        jumps = [b for a, b in itertools.pairwise(levels) if b > a + 1]
        assert not jumps, f"{kind}: heading levels {levels}"


def test_pages_ask_nobody_else_and_raise_no_error(portal: Any, desktop: Any) -> None:
    elsewhere: list[str] = []
    errors: list[str] = []
    desktop.on("request", lambda r: r.url.startswith(portal.url) or elsewhere.append(r.url))
    desktop.on("pageerror", lambda error: errors.append(str(error)))
    desktop.on("response", lambda r: r.status >= 500 and errors.append(r.url))
    for path in portal.pages().values():
        desktop.goto(portal.url + path)
    assert [url for url in elsewhere if not url.startswith("data:")] == []
    assert errors == []


def test_search_is_on_the_first_screen_of_a_phone(portal: Any, phone: Any) -> None:
    phone.goto(portal.url)
    box = phone.locator("#home-q").bounding_box()
    assert box["y"] + box["height"] < 400


def test_the_keyboard_reaches_search_and_finds(portal: Any, desktop: Any) -> None:
    desktop.goto(portal.url)
    desktop.keyboard.press("Tab")
    assert desktop.evaluate("document.activeElement.className") == "skip-link"
    for _ in range(12):
        desktop.keyboard.press("Tab")
        if desktop.evaluate("document.activeElement.id") == "home-q":
            break
    else:
        pytest.fail("twelve steps do not lead to the search field")
    desktop.keyboard.type("dan so")
    desktop.keyboard.press("Enter")
    desktop.wait_for_url("**/dataset/**")
    assert desktop.locator(".dataset-heading").first.inner_text().strip() == TITLE


def test_filters_are_folded_on_a_phone_and_open_on_a_desktop(
    portal: Any, phone: Any, desktop: Any
) -> None:
    folded = "document.querySelector('.fold-on-phones').open"
    phone.goto(f"{portal.url}/dataset/")
    assert phone.evaluate(folded) is False
    desktop.goto(f"{portal.url}/dataset/")
    assert desktop.evaluate(folded) is True
    desktop.get_by_role("link", name="Đất đai, dân số").first.click()
    assert "theme=01" in desktop.url
    years = desktop.locator('a[href*="year="]').all_text_contents()
    assert years[0].strip() == "2024"
    assert "Đất đai, dân số" in desktop.locator(".chosen").inner_text()


def test_a_dataset_shows_its_figures_as_vietnamese_write_them(portal: Any, desktop: Any) -> None:
    desktop.goto(f"{portal.url}/dataset/{portal.dataset}")
    rows = desktop.locator("table.data tbody tr")
    assert rows.count() == 20
    assert rows.first.locator("td").all_inner_texts()[:2] == ["2000", "3.400,5"]
    assert "20 dòng đầu trong tổng số 25 dòng" in desktop.inner_text("#content")
    assert "nghìn người" in desktop.locator("table.data thead").inner_text()
    assert desktop.locator("table.data td.number").first.evaluate(
        "e => getComputedStyle(e).textAlign"
    ) == "right"  # fmt: skip


def test_the_whole_table_can_be_leafed_through(portal: Any, desktop: Any) -> None:
    desktop.goto(f"{portal.url}/dataset/{portal.dataset}/resource/{portal.table}")
    assert desktop.locator("table.data").first.locator("tbody tr").count() == 25
    desktop.goto(f"{portal.url}/dataset/{portal.dataset}/resource/{portal.table}?page=x")
    assert desktop.locator("table.data").first.locator("tbody tr").count() == 25


def test_a_restricted_dataset_says_so_and_shows_no_file(portal: Any, desktop: Any) -> None:
    desktop.goto(f"{portal.url}/dataset/{portal.restricted}")
    assert "chỉ mở cho người được cho phép" in desktop.inner_text(".notice")
    assert "kin.example.vn" not in desktop.content()
    assert desktop.locator("table.data").count() == 0


def test_home_shows_the_newest_figure_of_the_province(portal: Any, desktop: Any) -> None:
    """The title of the column is the indicator's other name, so the generic reading finds it."""
    desktop.goto(portal.url)
    assert "3.424,5" in desktop.locator(".figures").inner_text()
    assert "Năm 2024" in desktop.locator(".figures").inner_text()


@pytest.fixture(params=["phone", "desktop"])
def signed_in(portal: Any, request: Any) -> Any:
    """A browser page of either size in which the clerk has signed in."""
    page = request.getfixturevalue(request.param)
    portal.sign_in(page)
    return page


def test_a_clerks_pages_are_vietnamese_heard_and_narrow(portal: Any, signed_in: Any) -> None:
    messages = _core_messages()
    for kind, path in portal.clerk_pages().items():
        assert signed_in.goto(portal.url + path).status == 200
        for part in signed_in.query_selector_all("details"):
            part.evaluate("e => { e.open = true }")
        for text in signed_in.evaluate(_TEXTS):
            # An account's own name and names of HTTP headers stay as they are.
            words = set(re.findall(r"\w+", re.sub(r"\S+[-_]\S+|Authorization", "", text.lower())))
            assert not words & ENGLISH, f"{kind}: {text!r}"
            assert text not in messages, f"{kind}: {text!r} is not translated"
        found = signed_in.evaluate(_STRUCTURE)
        assert found["h1"] == found["main"] == 1, f"{kind}: {found}"
        for what in ("unlabelled", "unnamed", "images", "twice", "inline"):
            assert not found[what], f"{kind}: {what}: {found[what]}"
        jumps = [b for a, b in itertools.pairwise(found["levels"]) if b > a + 1]
        assert not jumps, f"{kind}: heading levels {found['levels']}"
        width = signed_in.evaluate("document.documentElement.scrollWidth")
        assert width <= signed_in.viewport_size["width"], f"{kind} is {width} pixels wide"


def test_the_file_page_shows_which_figure_changes(portal: Any, desktop: Any) -> None:
    portal.sign_in(desktop)
    desktop.goto(f"{portal.url}/nguon-du-lieu/{portal.source}/tep")
    plan = desktop.inner_text("section.plan")
    assert "975,25" in plan
    assert "981" in plan
    assert desktop.locator("section.plan button[type=submit]").count() == 1


def test_a_clerk_replaces_a_file_with_the_keyboard_alone(
    portal: Any, signed_in: Any, tmp_path: Path
) -> None:
    """After this no worker makes the plan: what looks at a plan comes before."""
    file = tmp_path / "Biểu mới.csv"
    file.write_text("Xã;Rừng trồng\nBát Mọt;1250,5\nYên Nhân;990\n", encoding="utf-8")
    signed_in.goto(f"{portal.url}/nguon-du-lieu/{portal.source}/tep")
    signed_in.locator("#f-upload").set_input_files(str(file))
    signed_in.locator("#f-upload").focus()
    signed_in.keyboard.press("Tab")
    signed_in.keyboard.press("Enter")
    signed_in.wait_for_selector("h1:has-text('Biểu mới.csv')")
    assert "990" in signed_in.inner_text("table.peek >> nth=0")
    assert "Đang so tệp với dữ liệu trên Cổng" in signed_in.inner_text("#content")


def _core_messages() -> set[str]:
    """Messages of CKAN's own catalogue whose Vietnamese is another text."""
    import ckan

    path = Path(ckan.__file__).parent / "i18n" / "vi" / "LC_MESSAGES" / "ckan.po"
    long_enough = re.compile(r"[a-z]{3}")
    return {
        entry.msgid
        for entry in polib.pofile(str(path))
        if long_enough.search(entry.msgid) and entry.msgstr != entry.msgid
    }
