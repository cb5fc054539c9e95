"""Problems in words: optional parts, figures and states in the reader's language."""

from __future__ import annotations

import pytest

from harvesters.errors import HarvestError, Problem
from harvesters.fetch.body import size_in_words
from harvesters.messages import say
from harvesters.tables.grid import Caps, check_cells


@pytest.mark.parametrize(
    ("near", "begins"), [("so-y-te", "Có phải là “so-y-te”? Xem"), ("", "Xem các nguồn")]
)
def test_a_name_is_proposed_only_when_one_is_near(near: str, begins: str) -> None:
    problem = Problem("source_unknown", params={"name": "so-te", "nearest": near})
    assert say(problem).hint.startswith(begins)


def test_figures_and_their_units_are_written_as_the_reader_does() -> None:
    params = {"limit": "100000 tệp", "limit_en": "100000 files"}
    problem = Problem("too_large", "bao-cao.xlsx", params=params)
    assert "100.000 tệp." in say(problem, "vi").message
    assert "100,000 files." in say(problem, "en").message


def test_a_state_is_said_in_words() -> None:
    problem = Problem("not_waiting", params={"run": "r1", "state": "applied"})
    assert "đã xong" in say(problem, "vi").message


def test_a_sentence_within_a_sentence_ends_once() -> None:
    params = {"field": "issued", "value": "x", "detail": "Ngày “x” không đúng. Ghi 2025-06-30."}
    assert say(Problem("bad_value", params=params)).message.endswith("Ghi 2025-06-30.")


def test_a_field_of_the_portal_is_called_by_its_name() -> None:
    missing = Problem("missing_value", params={"field": "title"})
    assert say(missing).message == "Thiếu mục bắt buộc “Tên bộ dữ liệu” (title)."
    assert say(missing, "en").message == "The required field “Title” (title) is missing."
    params = {"field": "frequency", "value": "mỗi khi rảnh"}
    assert (
        "của mục “Kỳ nhập liệu” (frequency)" in say(Problem("unknown_code", params=params)).message
    )
    nested = Problem("bad_value", params={"field": "contact.email", "value": "x"})
    assert "“Đầu mối liên hệ” (contact.email)" in say(nested).message
    of_file = Problem("bad_value", params={"field": "resources[0].period", "value": "x"})
    assert "“Kỳ dữ liệu của tệp” (resources[0].period)" in say(of_file).message
    assert missing.params == {"field": "title"}


@pytest.mark.parametrize(
    "field", ["read.flows", "DATA", "url", "JSON-stat size[0]", "PX-Web unit", ""]
)
def test_a_field_without_one_clear_name_is_quoted(field: str) -> None:
    problem = Problem("bad_value", params={"field": field, "value": "x"})
    assert say(problem).message == f"Giá trị “x” của mục “{field}” không hợp lệ."
    assert say(problem, "en").message == f"The value “x” of “{field}” is not valid."


@pytest.mark.parametrize(
    ("limit", "vi", "en"),
    [
        (size_in_words(1_500_000_000), "1,5 GB", "1.5 GB"),
        (size_in_words(999_999_999), "1.000 MB", "1,000 MB"),
        ("2000000", "2.000.000", "2,000,000"),
        ("2.5", "2,5", "2.5"),
        ("100 : 1 (zip)", "100 : 1 (zip)", "100 : 1 (zip)"),
        ("2.1.0", "2.1.0", "2.1.0"),
    ],
)
def test_a_limit_has_the_readers_marks(limit: str, vi: str, en: str) -> None:
    problem = Problem("too_large", "a.csv", params={"limit": limit})
    assert say(problem).message == f"a.csv vượt quá giới hạn {vi}."
    assert say(problem, "en").message == f"a.csv is larger than the limit of {en}."


def test_too_many_cells_are_said_in_both_languages() -> None:
    with pytest.raises(HarvestError) as caught:
        check_cells(2_000_001, Caps(cells=2_000_000), "a.xlsx")
    assert "giới hạn 2.000.000 ô." in say(caught.value.problem).message
    assert "limit of 2,000,000 cells." in say(caught.value.problem, "en").message


def test_an_unknown_total_is_not_said() -> None:
    params = {"seen": "1200", "expected": "?"}
    problem = Problem("incomplete_listing", params=params)
    assert say(problem).message.endswith("mới nhận được 1.200 bộ dữ liệu.")
    assert say(problem, "en").message.endswith("1,200 datasets came.")
    known = Problem("incomplete_listing", params={"seen": "1200", "expected": "3400"})
    assert say(known).message.endswith("mới nhận được 1.200/3.400 bộ dữ liệu.")


@pytest.mark.parametrize(
    ("expected", "vi", "en"),
    [
        ("mapping", "các dòng dạng “mục: giá trị”", "lines like “key: value”"),
        ("user", "tên đăng nhập", "a user name"),
        ("> 0", "số lớn hơn 0", "a number above 0"),
        ("vi, en", "vi, en", "vi, en"),
    ],
)
def test_the_form_of_a_setting_is_said_in_words(expected: str, vi: str, en: str) -> None:
    problem = Problem("bad_setting", params={"key": "x", "expected": expected})
    assert say(problem).hint.startswith(f"Giá trị cần có: {vi}.")
    assert say(problem, "en").hint.startswith(f"Expected: {en}.")


def test_a_missing_secret_without_a_name_asks_for_no_value() -> None:
    assert say(Problem("secret_missing")).hint.endswith("trên trang sửa nguồn.")
    named = Problem("secret_missing", params={"name": "PORTAL_SECRET_A"})
    assert say(named).hint.endswith("đề nghị quản trị viên đặt PORTAL_SECRET_A.")
