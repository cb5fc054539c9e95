"""How a query is read and what is asked of it; pure."""

import pytest
from ckanext.thanhhoa.search import shape_query
from ckanext.thanhhoa.search_lists import known_terms
from ckanext.thanhhoa.search_query import solr_boost, solr_query
from ckanext.thanhhoa.search_reading import read
from ckanext.thanhhoa.search_vocabulary import Vocabulary, words_of_document
from hypothesis import given
from hypothesis import strategies as st

TITLES = [
    "Hộ nghèo, hộ cận nghèo xã Nga Sơn",
    "Mạng lưới chợ dân sinh",
    "Cơ sở giết mổ gia súc",
    "Người có công với cách mạng",
    "Nhà thuốc đạt chuẩn",
    "Số trẻ em đuối nước năm 2024",
    "Nhiều dự án chậm tiến độ",
]


@pytest.fixture(scope="module")
def vocabulary():
    counts = {}
    for title in TITLES:
        for word in words_of_document([title]):
            counts[word] = counts.get(word, 0) + 1
    return Vocabulary(counts, len(TITLES))


def topic(text, vocabulary):
    reading = read(text, vocabulary)
    return " ".join(reading.meant[at] for at in reading.topic)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("xã nào có nhiều hộ nghèo nhất", "xã hộ nghèo"),
        ("xa nao co nhieu ho ngheo nhat", "xã hộ nghèo"),
        ("người có công", "người có công"),
        ("nguoi co cong", "người có công"),
        ("cho dan sinh o dau", "chợ dân sinh"),
        ("cho tôi biết số trẻ em chết đuối", "số trẻ em chết đuối"),
        ("hộ nghèo xã Nga Sơn năm 2024", "hộ nghèo"),
        ("số liệu hộ nghèo tỉnh Thanh Hóa", "hộ nghèo"),
        ("ở đâu", "ở đâu"),
        ("Nga Sơn", ""),
        ("Thanh Hóa", "thanh hóa"),
        ("how many poor households", "poor households"),
    ],
)
def test_the_topic_is_what_is_left_of_a_question(vocabulary, text, asked):
    assert topic(text, vocabulary) == asked


def test_signs_and_codes_are_kept(vocabulary):
    reading = read('"hộ nghèo" +chợ -"giết mổ" 000.00.00.H56 2024', vocabulary)
    assert reading.phrases == (("hộ", "nghèo"),)
    assert reading.required == (("chợ",),)
    assert reading.excluded == (("giết", "mổ"),)
    assert reading.codes == ("000.00.00.H56",)
    assert reading.years == ("2024",)


def others(text):
    words = tuple(text.split())
    return {" ".join(other) for known in known_terms(words, words) for other in known.others}


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("trường cấp 3", "trung học phổ thông"),
        ("truong cap 3", "trung học phổ thông"),
        ("tiền điện", "giá điện"),
        ("nhà thương", "bệnh viện"),
        ("bằng lái xe", "giấy phép lái xe"),
        ("cđs", "chuyển đổi số"),
        ("cds", "chuyển đổi số"),
        ("ủy ban nhân dân", "ubnd"),
        ("poor households", "hộ nghèo"),
        ("dân số", "population"),
        ("công ty", "doanh nghiệp"),
    ],
)
def test_what_is_said_finds_what_is_written(said, written):
    assert written in others(said)


def test_a_wider_word_finds_the_narrower_and_not_the_other_way_round():
    assert "giường bệnh" in others("bệnh viện")
    assert "bệnh viện" not in others("giường bệnh")


def test_one_syllable_without_accents_is_no_known_term():
    assert others("phi") == set()
    assert "lệ phí" in others("phí")


def test_no_form_is_its_own_synonym():
    words = ("hộ", "nghèo")
    assert all(words not in known.others for known in known_terms(words, words))


def test_what_must_match_are_pairs(vocabulary):
    asked = solr_query(read("hộ nghèo", vocabulary), vocabulary)
    must = asked.split(")^=0")[0]
    assert 'word:("hộ nghèo")' in must
    assert 'word:("hộ")' not in must


def test_a_place_is_asked_for_by_what_it_is_today(vocabulary):
    reading = read("hộ nghèo thị trấn Nga Sơn", vocabulary)
    [place] = reading.places
    assert place.end - place.start == 4
    codes = {unit.code for unit in place.units if unit.end is None}
    asked = solr_query(reading, vocabulary)
    assert all(code in asked for code in codes)
    assert "termfreq(area," in solr_boost(reading)
    assert "termfreq(year,2024)" in solr_boost(read("chợ 2024", vocabulary))


@given(st.text(max_size=60))
def test_no_text_gives_syntax(text):
    """Whatever is typed, the query's brackets and quotes are balanced, its other signs gone."""
    vocabulary = Vocabulary({"a": 1, "a b": 1}, 10)
    asked = shape_query({"q": text}, vocabulary)
    if asked.get("defType") == "lucene" and "boost=" in asked["q"]:
        query = asked["q"].partition("}")[2]
        assert query.count("(") == query.count(")")
        assert query.count('"') % 2 == 0
        assert not set(query) & set("{}[]!\\/&|?;<>")
