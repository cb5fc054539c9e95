"""Shaping of the query, as a pure function."""

import unicodedata

import pytest
from ckan.lib.search import SearchQueryError
from ckanext.thanhhoa.search import (
    EXACT_FIELDS,
    FOLDED_FIELDS,
    MIN_MATCH,
    allow_query_parser,
    package_search,
    shape_query,
)


def words(text):
    return shape_query({"q": text})["q"].removeprefix("{!edismax q.op=OR}")


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("  thuỷ   sản ", "thủy sản"),
        (unicodedata.normalize("NFD", "thuỷ sản"), "thủy sản"),
        ("thủy\u00a0sản\u200b\ufeff", "thủy sản"),
        ("\x00thủy\x1f\tsản\ud800", "thủy sản"),
        ("ở đâu?", "ở đâu"),
        ("GD&ĐT && (KT-XH)", "GD&ĐT KT-XH"),
        ("“hộ nghèo” -xã +2024 - x", '"hộ nghèo" -xã +2024 x'),
        ('mở "ngoặc', "mở ngoặc"),
        ("lúc 10:30, dân số: 2024", "lúc 10 30, dân số 2024"),
        ("https://a.vn/x?y=1", "https a.vn x y=1"),
        ("TP:Thanh Hóa", "TP Thanh Hóa"),
        ("THCS:danh sách (Email:abc)", "THCS danh sách Email abc"),
    ],
)
def test_free_text_becomes_plain_words(typed, asked):
    assert words(typed) == asked


def test_accents_decide_on_the_fields():
    assert shape_query({"q": "dân số"})["qf"] == f"{EXACT_FIELDS} {FOLDED_FIELDS}"
    assert shape_query({"q": "dan so"})["qf"] == FOLDED_FIELDS
    assert shape_query({"q": "đ"})["qf"].startswith(EXACT_FIELDS)


@pytest.mark.parametrize(
    "q",
    [
        "",
        " ",
        "*:*",
        "title:thủy",
        "+organization:x res_format:CSV",
        "*:* -tags:x",
        "extras_a:b",
        "vocab_x:y",
        "identifier:H56",
        "cho (name:x OR TP:y)",
        "custom_field:x",
    ],
)
def test_what_is_no_free_text_gets_no_fields(q):
    assert shape_query({"q": q, "rows": 3}) == {"q": q, "rows": 3}


def test_a_caller_who_knows_better_is_left_alone():
    shaped = shape_query({"q": "dân số", "qf": "title", "mm": "1", "tie": "0"})
    assert (shaped["qf"], shaped["mm"], shaped["tie"]) == ("title", "1", "0")
    assert shape_query({"q": "a (b", "defType": "edismax"}) == {"q": "a (b", "defType": "edismax"}


def test_the_parameters_given_are_not_changed():
    given = {"q": "Thuỷ sản", "fq_list": ["tags:e\u0302"], "extras": {"a": 1}}
    shaped = shape_query(given)
    assert given == {"q": "Thuỷ sản", "fq_list": ["tags:e\u0302"], "extras": {"a": 1}}
    assert shaped["fq_list"] == ["tags:ê"]
    assert shaped["mm"] == MIN_MATCH


@pytest.mark.parametrize("q", ["a" * 10_000, "từ " * 101], ids=["characters", "words"])
def test_a_page_of_text_is_refused_in_words(q):
    with pytest.raises(SearchQueryError, match="Câu tìm kiếm quá dài"):
        shape_query({"q": q})


def test_a_second_question_is_asked_only_of_several_words_and_of_nothing_found():
    asked = []

    def nothing(context, data_dict):
        asked.append(data_dict.get("mm"))
        return {"count": 0}

    def asks(**params):
        asked.clear()
        package_search(nothing, {}, params)
        return list(asked)

    assert asks(q="hai từ") == [None, "1"]
    assert asks(q="từ") == asks(q="title:hai từ") == asks(q="*:*") == asks() == [None]
    assert asks(q="hai từ", mm="2") == ["2"]


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, "edismax"), ("knn bool", "knn bool edismax"), (["edismax"], "edismax")],
)
def test_ckan_is_told_to_let_the_query_pass(before, after):
    option = "ckan.search.solr_allowed_query_parsers"
    config = {} if before is None else {option: before}
    allow_query_parser(config)
    assert config[option] == after
