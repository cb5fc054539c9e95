"""How a query is read and what is asked of it; pure."""

import re

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


#: Anything, and much of what has a place in a query: signs, marks, letters that fold to several.
TYPED = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from('ab ab  đấtnghèo1924+-"./_:(ﾞͺﷺ⑴½ŀİ२﷐Ð'), max_size=40),
)
_TERM = r'(?:[^\W_]+|"[^"\\]*[^\W_][^"\\]*")'
_ENDING = r"(?:~\d)?(?:\^=?\d+(?:\.\d+)?)?"
#: A clause of the query; x stands for one that has been read.
_CLAUSE = re.compile(rf"(?<![^ (+-])(?:[a-z_]+:)?{_TERM}{_ENDING}(?![^ )])|(?<!\S)\*:\*(?!\S)")
_GROUP = re.compile(rf"(?<![^ (+-])(?:[a-z_]+:)?\([+-]?x(?: [+-]?x)*\){_ENDING}(?![^ )])")


def is_read(query):
    """Whether the query is clauses of edismax's all through: none empty, no sign left over."""
    query, before = _CLAUSE.sub("x", query), ""
    while query != before:
        query, before = _GROUP.sub("x", query), query
    return bool(re.fullmatch("[+-]?x(?: [+-]?x)*", query))


@pytest.mark.parametrize(
    "query", ["+()^=0 -(a:b)", "folded:^0.35", "folded:(1)^2 (", "a:(b", 'a:"b', "a:b c:", "-(-x!)"]
)
def test_the_test_knows_what_cannot_be_read(query):
    assert not is_read(query)


@given(TYPED)
def test_no_text_gives_syntax(text):
    """Whatever is typed, the query is one that edismax reads as it is meant."""
    vocabulary = Vocabulary({"a": 1, "a b": 1, "đất": 1}, 10)
    asked = shape_query({"q": text}, vocabulary)
    if asked.get("defType") == "lucene" and "boost=" in asked["q"]:
        assert is_read(asked["q"].partition("}")[2])


@pytest.mark.parametrize("text", ["-nghèo", '-"hộ nghèo"', "-xã -chợ"])
def test_everything_is_asked_for_where_words_are_only_excluded(vocabulary, text):
    assert solr_query(read(text, vocabulary), vocabulary).startswith("*:* -(")


@pytest.mark.parametrize("text", ["dân số ﾞ", "ͺ", "ﷺ", "⑴ hộ", "½", "dân -ﾞ", '"số ͺ"', "+ﾞ dân"])
def test_letters_that_are_no_plain_words_are_read(vocabulary, text):
    assert is_read(solr_query(read(text, vocabulary), vocabulary))
