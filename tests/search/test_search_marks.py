"""What of a query is marked in a text, as a pure function; and that nothing else gets through."""

import unicodedata

import pytest
from ckanext.thanhhoa import search_marks
from ckanext.thanhhoa.search import clean, plain_words
from ckanext.thanhhoa.search_marks import mark
from ckanext.thanhhoa.search_reading import read
from ckanext.thanhhoa.search_vocabulary import Vocabulary, words_of_document

VOCABULARY = Vocabulary(
    dict.fromkeys(
        words_of_document(["Dân số", "Thủy sản nuôi trồng", "Bệnh viện", "Hộ nghèo", "Kỹ thuật"]), 9
    )
)


def query_of(q):
    return search_marks.query_of(read(plain_words(clean(q)), VOCABULARY))


def marked(q, *texts):
    return [str(found.html()) for found in mark(query_of(q), texts)]


@pytest.mark.parametrize(
    "typed",
    ["thủy sản", "thuỷ sản", "thuy san", "THỦY SẢN", "thủy san", "thuỷ sản nuôi",
     unicodedata.normalize("NFD", "thuỷ sản"), '"thủy sản"', "+thủy +sản"],
)  # fmt: skip
def test_every_spelling_is_marked(typed):
    assert marked(typed, "Sản lượng thủy sản") == ["Sản lượng <mark>thủy sản</mark>"]
    decomposed = unicodedata.normalize("NFD", "Sản lượng thuỷ sản")
    assert marked(typed, decomposed) == ["Sản lượng <mark>thuỷ sản</mark>"]


def test_eth_is_marked_as_the_letter_that_looks_like_it():
    for typed in ("đất đai", "\u00d0ất đai", "dat dai"):
        assert marked(typed, "Giá \u00d0ẤT đai") == ["Giá <mark>ĐẤT đai</mark>"]


def test_syllables_of_other_words_stay_unmarked_where_the_word_itself_is_there():
    texts = ("Chuyển đổi số, dân số", "Số hộ", "Mật độ dân  số")
    assert marked("dân số", *texts) == [
        "Chuyển đổi số, <mark>dân số</mark>",
        "Số hộ",
        "Mật độ <mark>dân  số</mark>",
    ]


def test_a_syllable_alone_is_marked_where_nothing_better_is_there():
    assert marked("dân số", "Số hộ") == ["<mark>Số</mark> hộ"]
    assert marked("xã có nhiều hộ nghèo nhất", "Có xã nào nhất") == ["Có <mark>xã</mark> nào nhất"]


def test_accents_decide_where_they_can():
    assert marked("xã Đông Tiến", "Xã Đồng Tiến", "xã Đông Tiến") == [
        "Xã Đồng Tiến",
        "xã <mark>Đông Tiến</mark>",
    ]
    assert marked("Đông Tiến", "Xã Đồng Tiến") == ["Xã <mark>Đồng Tiến</mark>"]
    assert marked("dong tien", "Đông Tiến, Đồng Tiến") == [
        "<mark>Đông Tiến</mark>, <mark>Đồng Tiến</mark>"
    ]


def test_letters_that_are_one_sound_are_one():
    assert marked("kĩ thuật", "Công nhân kỹ thuật") == ["Công nhân <mark>kỹ thuật</mark>"]
    assert marked("ky thuat", "Kĩ thuật") == ["<mark>Kĩ thuật</mark>"]


def test_what_is_excluded_is_not_marked():
    assert marked("hộ -xã -“cận nghèo”", "hộ xã") == ["<mark>hộ</mark> xã"]


def test_other_words_for_it_are_marked_whole():
    assert marked("CĐS", "Chuyển đổi số và CĐS", "đổi số") == [
        "<mark>Chuyển đổi số</mark> và <mark>CĐS</mark>",
        "đổi số",
    ]


def test_what_was_meant_is_marked():
    assert marked("benh vienj", "Bệnh viện tỉnh") == ["<mark>Bệnh viện</mark> tỉnh"]
    assert marked("bệnh vienn", "Bệnh viện tỉnh") == ["<mark>Bệnh viện</mark> tỉnh"]
    assert marked("dan so", "Dẫn sơ, dân số") == ["Dẫn sơ, <mark>dân số</mark>"]


def test_an_old_district_is_marked_in_the_names_of_today():
    found = mark(query_of("hộ nghèo huyện Hà Trung"), ["Xã Hoạt Giang", "Xã Hà Long, hộ nghèo"])
    assert [str(one.html()) for one in found] == [
        "Xã <mark>Hoạt Giang</mark>",
        "Xã <mark>Hà Long</mark>, <mark>hộ nghèo</mark>",
    ]
    assert found[0].keys == {"ha", "trung"}


@pytest.mark.parametrize("q", ["", "   ", '"', "-", "+-", "\x00", "?!"])
def test_nothing_asked_marks_nothing(q):
    assert marked(q, "Dân số <b>") == ["Dân số &lt;b&gt;"]


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "<mark>x</mark>", '"><img src=x onerror=alert(1)>', "&lt;b&gt;",
     "{{ 7*7 }} {% raw %}", "<scr<b>ipt>", "javascript:alert(1)//</mark><script>"],
)  # fmt: skip
@pytest.mark.parametrize("q", ["script", "mark x", "b", "alert 1", "img src", "lt", "<script>"])
def test_no_text_becomes_markup(hostile, q):
    for found in mark(query_of(q), [hostile, hostile + " x" * 300]):
        for html in (str(found.html()), str(found.snippet(60))):
            left = html.replace("<mark>", "").replace("</mark>", "")
            assert "<" not in left
            assert ">" not in left
            assert html.count("<mark>") == html.count("</mark>")


def test_a_snippet_is_short_and_has_what_was_found():
    text = "Mở đầu dài dòng. " * 40 + "Ở đây có dân số của xã. " + "Và phần kết. " * 40
    found = mark(query_of("dân số"), [text])[0]
    snippet = str(found.snippet())
    assert "<mark>dân số</mark>" in snippet
    assert snippet.startswith("… ")
    assert snippet.endswith(" …")
    assert len(snippet) < 260
    assert str(mark(query_of("x"), [text])[0].snippet()).startswith("Mở đầu dài dòng.")


def test_a_text_of_one_endless_word_is_cut_too():
    found = mark(query_of("a"), ["x" * 100_000])[0]
    assert len(found.snippet()) < 400


def test_a_long_query_and_a_long_text_take_no_time_worth_speaking_of():
    """A page of text asked for in a page of text: the work is bounded by both limits."""
    text = "dân số " * 5_000
    found = mark(query_of("dân số " * 100), [text])[0]
    assert found.keys == {"dan", "so"}
    assert found.spans[-1][1] <= 20_000


@pytest.mark.parametrize(
    "word", ["Kỹ", "kĩ", "KY", "Đường", "thuỷ", "2.024,5", "ﬁle", "İstanbul", "straße", "㎡", "½ha"]
)
def test_texts_are_left_out_only_where_they_cannot_have_a_word(word):
    for text in (word, unicodedata.normalize("NFD", word), f"a{word} ({word})"):
        keys = {search_marks._loosely(one.key) for one in search_marks.words_of(text)}
        assert all(search_marks._may_have(text, {key}) for key in keys)
    assert not search_marks._may_have(word, {"qqqq"})


def test_what_was_typed_is_marked_where_it_only_seemed_a_slip():
    known = Vocabulary(dict.fromkeys(words_of_document(["Bụt chi"]), 9))
    reading = read("bet chi", known)
    assert reading.meant == ("bụt", "chi")
    query = search_marks.query_of(reading)
    assert str(mark(query, ["Bệt chì đỏ"])[0].html()) == "<mark>Bệt chì</mark> đỏ"
    assert str(mark(query, ["Chì, Bụt"])[0].html()) == "<mark>Chì</mark>, <mark>Bụt</mark>"
