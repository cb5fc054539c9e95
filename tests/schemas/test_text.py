"""Text functions: tables of known words, and properties that hold for any text."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.text import (
    COLUMN_LENGTH,
    SLUG_LENGTH,
    column_name,
    composed,
    fold,
    nearest,
    nfc,
    slug,
    tone,
)

#: Vietnamese letters in both forms among anything else, so that the rules are really met.
VIETNAMESE = st.text(
    st.sampled_from(
        "oOaAeEuUyYqQhnđĐ\u00d0\u00f0"
        "òóỏõọÒàáảãạÀèéẻẽẹùúủũụỳýỷỹỵÝ ăâêôơư\u0300\u0301\u0309\u0303\u0323-"
    )
)
ANY = st.one_of(st.text(), VIETNAMESE)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("hoà", "hòa"),
        ("hòa", "hòa"),
        ("Hoà", "Hòa"),
        ("HOÀ", "HÒA"),
        ("THANH HOÁ", "THANH HÓA"),
        ("Thuỷ sản", "Thủy sản"),
        ("Thủy sản", "Thủy sản"),
        ("uỷ ban nhân dân", "ủy ban nhân dân"),
        ("UỶ BAN", "ỦY BAN"),
        ("sức khoẻ", "sức khỏe"),
        ("sức khỏe", "sức khỏe"),
        ("thuý", "thúy"),
        ("tuỳ, luỹ, truỵ", "tùy, lũy, trụy"),
        ("loã", "lõa"),
        ("hoạ", "họa"),
        ("quý", "quý"),
        ("QUÝ I", "QUÝ I"),
        ("Quỳ", "Quỳ"),
        ("quỹ", "quỹ"),
        ("hoàn", "hoàn"),
        ("toàn tỉnh", "toàn tỉnh"),
        ("xoè", "xòe"),
        ("ngoài", "ngoài"),
        ("xoáy", "xoáy"),
        ("khuỷu", "khuỷu"),
        ("thuyền", "thuyền"),
        ("huyện", "huyện"),
        ("Khoái Châu", "Khoái Châu"),
        ("(hoà)", "(hòa)"),
        ("hoà2", "hòa2"),
        ("", ""),
    ],
)
def test_tone_placement(given_text: str, expected: str) -> None:
    assert tone(given_text) == expected
    assert tone(unicodedata.normalize("NFD", given_text)) == expected


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("CHUYỂN ĐỔI SỐ", "chuyen doi so"),
        ("Thuỷ sản", "thuy san"),
        ("Thủy sản", "thuy san"),
        ("  Đất đai,\u00a0 dân số\n", "dat dai, dan so"),
        ("km²", "km2"),
        ("Hoằng Hóa", "hoang hoa"),
        ("ươ ơư ăâ", "uo ou aa"),
        ("\u00d0ất \u00f0ai", "dat dai"),
    ],
)
def test_fold(given_text: str, expected: str) -> None:
    assert fold(given_text) == expected
    assert fold(unicodedata.normalize("NFD", given_text)) == expected


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("Thủy sản", "thuy-san"),
        ("Chuyển đổi số", "chuyen-doi-so"),
        ("Diện tích, dân số và mật độ (2011–2024)", "dien-tich-dan-so-va-mat-do-2011-2024"),
        ("--A--", "a"),
        ("…", ""),
    ],
)
def test_slug(given_text: str, expected: str) -> None:
    assert slug(given_text) == expected
    assert slug(unicodedata.normalize("NFD", given_text)) == expected


def test_slug_is_cut_between_words() -> None:
    title = "Tỷ lệ hộ gia đình có kết nối internet băng rộng cố định theo từng đơn vị hành chính"
    cut = "ty-le-ho-gia-dinh-co-ket-noi-internet-bang-rong-co-dinh-theo-tung-don-vi-hanh"
    assert slug(title) == cut
    assert slug("a" * 200) == "a" * SLUG_LENGTH
    assert slug("a" * 80 + " b") == "a" * 80


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("Diện tích (km²)", "dien_tich_km2"),
        ("Dân số trung bình (Nghìn người)", "dan_so_trung_binh_nghin_nguoi"),
        ("2024", "c_2024"),
        ("Sơ bộ 2024", "so_bo_2024"),
        ("Tỷ lệ %", "ty_le"),
        ("_id", "id"),
        ("%", "cot"),
        ("", "cot"),
    ],
)
def test_column_name(given_text: str, expected: str) -> None:
    assert column_name(given_text) == expected


def test_nearest_word() -> None:
    words = ["theme", "frequency", "Hằng năm"]
    assert nearest("them", words) == "theme"
    assert nearest("hang nam", words) == "Hằng năm"
    assert nearest("zzzz", words) is None
    assert nearest("theme", []) is None


def test_eth_is_taken_for_the_letter_that_looks_like_it() -> None:
    assert nfc("\u00d0ất \u00f0ai Hạc Thành") == "Đất đai Hạc Thành"
    assert tone("\u00d0ồng Hoà") == "Đồng Hòa"


def test_addresses_and_keys_keep_eth() -> None:
    url = "https://a.vn/\u00d0ất?x=\u00f0"
    assert nfc(url) == url
    assert composed("\u00d0a\u0302t.csv") == "\u00d0ât.csv"
    assert nfc(f"Xem {url}") != f"Xem {url}"


@given(ANY)
def test_tone_is_idempotent_and_stays_composed(text: str) -> None:
    once = tone(text)
    assert tone(once) == once
    assert nfc(once) == once
    assert fold(once) == fold(text)


@given(ANY)
def test_fold_is_idempotent_and_blind_to_the_form(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert fold(unicodedata.normalize("NFD", text)) == once
    assert not any(unicodedata.combining(c) for c in once)


@given(ANY)
def test_slugs_and_column_names_are_clean_and_stable(text: str) -> None:
    name, column = slug(text), column_name(text)
    assert slug(name) == name
    assert re.fullmatch(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*)?", name)
    assert len(name) <= SLUG_LENGTH
    assert column_name(column) == column
    assert re.fullmatch(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*", column)
    assert len(column) <= COLUMN_LENGTH


@given(st.text(min_size=1), st.lists(st.text(min_size=1)))
def test_the_nearest_word_is_one_of_the_choices(word: str, choices: list[str]) -> None:
    assert nearest(word, choices) in [*choices, None]
    if fold(word):
        assert fold(nearest(word, [*choices, word]) or "") == fold(word)
