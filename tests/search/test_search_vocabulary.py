"""What the words of the catalogue tell about words as typed."""

import pytest
from ckanext.thanhhoa import search_words
from ckanext.thanhhoa.search_vocabulary import Vocabulary, words_of_document

TEXTS = [
    "Giáo dục mầm non và tiểu học",
    "Giáo dục thường xuyên",
    "Chăn nuôi gia cầm, gia súc",
    "Ổ dịch cúm gia cầm",
    "Con gái, em gái",
    "Bệnh viện đa khoa",
    "Population by age group",
]


@pytest.fixture(scope="module")
def vocabulary():
    counts = {}
    for text in TEXTS:
        for word in words_of_document([text]):
            counts[word] = counts.get(word, 0) + 1
    return Vocabulary(counts)


def test_a_document_gives_syllables_and_pairs_once():
    assert words_of_document(["Hoà bình, hòa bình", "2024"]) == [
        "hòa", "bình", "hòa bình", "bình hòa", "2024",
    ]  # fmt: skip


def test_known_is_what_occurs_with_these_accents_or_typed_without_any(vocabulary):
    known = [vocabulary.known(word) for word in ("giáo", "giao", "giào", "Giáo", "xyz")]
    assert known == [True, True, False, True, False]
    assert vocabulary.forms("gia") == ["gia"]
    assert vocabulary.pair("gia", "cam") == vocabulary.pair("gia", "cầm") == 2


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("giao duc mam non", "giáo dục mầm non"),
        ("benh vien", "bệnh viện"),
        ("giao dục", "giáo dục"),
        ("xyz benh", "xyz bệnh"),
    ],
)
def test_accents_are_restored(vocabulary, typed, meant):
    assert vocabulary.with_accents(typed.split()) == meant.split()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("giaos ducj", "giáo dục"),
        ("giao1 du5c", "giáo dục"),
        ("cúm gai cầm", "cúm gia cầm"),
        ("bệnh vein", "bệnh viện"),
        ("benh vienn da khoa", "bệnh viện đa khoa"),
        ("bệnh viên", "bệnh viện"),
        ("age gruop", "age group"),
    ],
)
def test_slips_are_mended(vocabulary, typed, meant):
    assert vocabulary.corrections(typed.split()) == meant.split()


@pytest.mark.parametrize("typed", ["giáo dục", "giao duc", "xyzzy qwrtp", "2024", ""])
def test_nothing_is_mended_where_nothing_is_better(vocabulary, typed):
    assert vocabulary.corrections(typed.split()) is None


def test_an_empty_catalogue_knows_nothing():
    assert Vocabulary().corrections(["a"]) is None
    assert Vocabulary().with_accents(["a", "b"]) == ["a", "b"]


def test_the_index_is_counted_without_what_is_private(site, monkeypatch):
    monkeypatch.setattr(search_words.toolkit, "config", site.config)
    monkeypatch.setattr(search_words.common, "make_connection", lambda **_: site.solr)
    site.add("Nghề đan cói", tags=[{"name": "làng nghề"}])
    site.add("Bí mật riêng", private=True, permission_labels=["creator-x"])
    words = search_words.read_again()
    assert words.known("cói")
    assert words.pair("làng", "nghề") == 1
    assert not words.known("mật")
    assert site.add("Nghề đúc đồng")
    assert not words.known("đúc")
    assert search_words.read_again().known("đúc")
