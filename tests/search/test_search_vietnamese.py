"""What a person types finds what is meant, whatever the accents, the Unicode form or the case."""

import re
import unicodedata

import pytest
from ckanext.thanhhoa.search import MIN_MATCH, shape_query


@pytest.fixture(scope="module")
def catalogue(site):
    """Titles by a short key; the fillers keep "everything matches" from passing for found."""
    titles = {
        "fish": "Thủy sản nuôi trồng năm 2024",
        "old spelling": "Sản lượng thuỷ sản khai thác",
        "population": "Diện tích, dân số và mật độ dân số",
        "digital": "Chỉ số chuyển đổi số các sở, ban, ngành năm 2022",
        "abbreviated": "Kế hoạch CĐS của UBND tỉnh",
        "dong tien": "Hộ nghèo xã Đông Tiến",
        "dong tien 2": "Hộ nghèo xã Đồng Tiến",
        "schools": "Trường trung học phổ thông",
        "technique": "Công nhân kỹ thuật",
        "decomposed": unicodedata.normalize("NFD", "Tỷ lệ hộ sử dụng nước sạch"),
        "capitals": "DANH SÁCH CHỢ TRÊN ĐỊA BÀN TP.THANH HÓA",
        "rain": "Lượng mưa các trạm khí tượng",
        "books": "Thư viện xã, phường",
        "roads": "Đường huyện, đường xã được trải nhựa",
        "doctors": "Bác sĩ trên một vạn dân",
    }
    return {key: site.add(title) for key, title in titles.items()}


@pytest.mark.parametrize(
    "query",
    [
        "thủy sản",
        "thuỷ sản",
        "thuy san",
        "THỦY SẢN",
        "Thuỷ Sản",
        "thủy san",
        unicodedata.normalize("NFD", "thuỷ sản"),
        unicodedata.normalize("NFD", "thủy sản"),
        "thuy\u200b san",
    ],
)
def test_every_spelling_of_a_word_finds_it(site, catalogue, query):
    assert set(site.names(query)) == {catalogue["fish"], catalogue["old spelling"]}


@pytest.mark.parametrize(
    "query",
    [
        "chuyển đổi số",
        "chuyen doi so",
        "CĐS",
        "cds",
        "cđs",
        unicodedata.normalize("NFD", "Chuyển đổi số"),
    ],
)
def test_an_abbreviation_and_its_full_form_find_each_other(site, catalogue, query):
    assert set(site.names(query)) == {catalogue["digital"], catalogue["abbreviated"]}


def test_a_full_form_within_a_longer_query_is_still_an_abbreviation(site, catalogue):
    assert (
        site.names("kế hoạch chuyển đổi số của ủy ban nhân dân tỉnh")[0]
        == (catalogue["abbreviated"])
    )
    assert site.names("THPT") == [catalogue["schools"]]


@pytest.mark.parametrize("query", ["dân số", "dan so", "DÂN SỐ", "dân so"])
def test_the_population_is_first(site, catalogue, query):
    assert site.names(query)[0] == catalogue["population"]


def test_the_exact_accents_come_first_and_the_others_follow(site, catalogue):
    east, copper = catalogue["dong tien"], catalogue["dong tien 2"]
    # The city that Đông Tiến belonged to follows behind both.
    assert site.names("Đông Tiến") == [east, copper, catalogue["capitals"]]
    assert site.names("Đồng Tiến")[:2] == [copper, east]
    assert set(site.names("dong tien")[:2]) == {east, copper}


def test_i_and_y_are_one_vowel_where_they_are_pronounced_so(site, catalogue):
    assert site.names("kĩ thuật") == site.names("kỹ thuật") == [catalogue["technique"]]
    assert site.names("tỉ lệ")[0] == site.names("ti le")[0] == catalogue["decomposed"]


@pytest.mark.parametrize("query", ["TP:Thanh Hóa", "TP:thanh hoa", "địa bàn TP:Thanh Hóa"])
def test_a_word_before_a_colon_is_no_field(site, catalogue, query):
    assert site.names(query)[0] == catalogue["capitals"]


def test_words_are_parted_at_dots_and_underscores(site, catalogue):
    assert site.names("thanh hóa") == [catalogue["capitals"]]
    assert site.names("dia_ban") == [catalogue["capitals"]]


def test_a_word_is_its_syllables_together_not_any_of_them(site, catalogue):
    """One syllable of "thương phẩm điện" or two are shared with half the catalogue."""
    assert site.names("sản lượng điện thương phẩm", mm=MIN_MATCH) == []


def test_where_nothing_is_found_the_nearest_is_shown(site, catalogue):
    assert site.names("giá vàng lượng mưa rào đầu mùa ở Pù Luông")[0] == catalogue["rain"]
    assert site.names("khoáng vật") == []


def test_a_quoted_phrase_is_taken_as_it_stands(site, catalogue):
    assert site.names('"mật độ dân số"') == [catalogue["population"]]
    assert site.names('"số mật độ"') == []


def test_a_word_can_be_excluded(site, catalogue):
    assert site.names("thủy sản -nuôi") == [catalogue["old spelling"]]


@pytest.mark.parametrize("mm", [None, MIN_MATCH], ids=["as read", "as plain words"])
def test_everything_but_what_is_excluded(site, catalogue, mm):
    params = {"mm": mm} if mm else {}
    poor = {catalogue["dong tien"], catalogue["dong tien 2"]}
    others = set(catalogue.values()) - poor
    for query in ("-nghèo", '-"hộ nghèo"', "-ngheo"):
        assert set(site.names(query, **params)) == others
    assert set(site.names("-nghèo -thủy", **params)) == others - {
        catalogue["fish"],
        catalogue["old spelling"],
    }


@pytest.mark.parametrize(
    "text", ["dân số ﾞ", "ͺ dân số", "ﷺ dân số", "⑴ dân số", "dân số ½", "dân số +ﾞ", "dân số -ﾞ"]
)
def test_letters_that_are_no_plain_words_leave_the_others_as_they_are(site, catalogue, text):
    """What edismax cannot parse it takes for words: the weights, too."""
    query = shape_query({"q": text}, site.vocabulary())["q"]
    read = site.solr.search(query, defType="lucene", debug="query", rows=0).debug["parsedquery"]
    assert "title:dan " in read or "title:dan)" in read
    assert not re.search(r":\d+\.\d", read)
    assert site.names(text)[0] == catalogue["population"]


@pytest.mark.parametrize(
    "query", ["dân số?", "dân số: 2024?", "(dân số)", "dân/số", "dân số!", "dân số *"]
)
def test_signs_are_not_syntax(site, catalogue, query):
    assert site.names(query)[0] == catalogue["population"]


@pytest.fixture(scope="module")
def eth(site):
    """Titles written with the letter that looks like Đ."""
    return site.add("Biến động \u00d0ất phi nông nghiệp"), site.add("Kênh phi nông nghiệp")


@pytest.mark.parametrize(
    "query", ["đất", "dat", "Đất", "\u00d0ất", "\u00f0ất", "\u00d0ẤT", "\u00d0at"]
)
def test_eth_is_the_letter_that_looks_like_it(site, eth, query):
    assert site.names(f"{query} phi nông nghiệp")[0] == eth[0]
    assert site.names(f"{query} phi nông nghiệp", mm="100%") == [eth[0]]


def test_solr_reads_eth_alike_in_every_text_field(site, eth):
    """Also where a query or a document did not come through the portal."""
    for field in ("title", "title_vi", "title_en", "title_ngram", "title_begin", "title_begin_vi"):
        for query in ("đất", "\u00d0ất", "\u00f0ất"):
            found = site.solr.search(f"{field}:{query}", fq=f"name:{eth[0]}", fl="name")
            assert [doc["name"] for doc in found.docs] == [eth[0]], (field, query)
    site.solr.add([{"index_id": "eth", "id": "eth", "site_id": "eth", "title": "\u00d0ất"}])
    site.solr.commit(softCommit=True)
    for field in ("title", "title_vi", "title_en", "title_ngram", "title_begin", "title_begin_vi"):
        assert site.solr.search(f"{field}:đất", fq="site_id:eth").hits == 1, field
    site.solr.delete(q="site_id:eth", commit=True)
