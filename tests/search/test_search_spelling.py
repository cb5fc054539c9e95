"""When another spelling is offered, as a pure function on a small vocabulary."""

import pytest
from ckanext.thanhhoa.search_spelling import other_spelling
from ckanext.thanhhoa.search_vocabulary import Vocabulary, words_of_document

MANY = 50


@pytest.fixture(scope="module")
def vocabulary():
    titles = [
        *["Dân số và mật độ dân số"] * 20,
        *["Sản lượng thủy sản"] * 10,
        *["Hộ nghèo xã Đông Tiến"] * 5,
        *["Hộ nghèo xã Đồng Tiến"] * 5,
        *["Bệnh viện tuyến huyện"] * 6,
    ]
    counts: dict[str, int] = {}
    for title in titles:
        for word in words_of_document([title]):
            counts[word] = counts.get(word, 0) + 1
    return Vocabulary(counts)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("dan so", "dân số"), ("DAN SO", "dân số"), ("san luong thuy san", "sản lượng thủy sản")],
)
def test_a_clear_reading_of_a_query_without_accents_is_offered(vocabulary, typed, meant):
    assert other_spelling(typed, MANY, vocabulary) == meant


@pytest.mark.parametrize(
    "typed",
    ["dong tien", "dân số", "dân so", "thủy sản", "xyz abc", "", "?", '"dan so"', "-dan so",
     "title:dan", "dan so " * 5],
)  # fmt: skip
def test_among_many_results_nothing_else_is_offered(vocabulary, typed):
    assert other_spelling(typed, MANY, vocabulary) == ""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("bệnh vieenj", "bệnh viện"), ("benh vienn", "bệnh viện"), ("dân só", "dân số")],
)
def test_with_few_results_slips_are_mended(vocabulary, typed, meant):
    assert other_spelling(typed, 0, vocabulary) == meant


def test_what_no_dataset_has_is_not_offered(vocabulary):
    assert other_spelling("zzzz qqqq", 0, vocabulary) == ""
    assert other_spelling("dan so", MANY, Vocabulary()) == ""
    assert other_spelling("dan so", 0, Vocabulary()) == ""


def test_syllables_that_never_stand_together_are_no_spelling(vocabulary):
    assert other_spelling("benh mat", 0, vocabulary) == ""
    assert other_spelling("dong san", 0, vocabulary) == ""
