"""Telex and VNI read back: any syllable, in the orders in which people type."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.text import tone
from schemas.typing_residue import decode, is_syllable

TONES = {"\u0301": "s1", "\u0300": "f2", "\u0309": "r3", "\u0303": "x4", "\u0323": "j5"}
SHAPES = {"\u0302": 0, "\u031b": 1, "\u0306": 2}
WORDS = """
ủy ban nhân dân tỉnh thống kê giáo dục đào tạo nông nghiệp môi trường chuyển đổi số thủy sản
khai thác nghèo hộ cận đường huyện xã phường thị trấn bệnh viện trẻ em tuổi khuyết tật nước
sạch rừng phòng hộ chữa cháy quản lý quyết định quý quỹ giấy phép giống cây trồng vật nuôi
rượu thuốc lá người cao già hưởng lương hưu khoáng sản muối điện lưới ngoài khỏe khoản tuyến
nghiêng giếng giữ gìn uống xoáy ngoằn thuở khuya nguyễn ướt bưởi hươu đuổi mưa lụt bão gió
"""


def telex(syllable, late):
    """The keys of a syllable: accents after their letter, or all at the end."""
    return _keys(syllable, late, lambda vowel, shape: vowel if shape == "\u0302" else "w", 0)


def vni(syllable, late):
    return _keys(syllable, late, lambda vowel, shape: "678"[SHAPES[shape]], 1)


def _keys(syllable, late, shape_key, column):
    keys, shapes, mark, vowel = "", "", "", ""
    for char in unicodedata.normalize("NFD", syllable):
        if char in TONES:
            mark = TONES[char][column]
        elif char in SHAPES:
            key = shape_key(vowel, char)
            # One key gives both horns of ươ.
            if not (late and key in "w7" and key in shapes):
                shapes, keys = (shapes + key, keys) if late else (shapes, keys + key)
        elif char == "đ":
            keys += "dd" if column == 0 else "d9"
        else:
            keys, vowel = keys + char, char
    return keys + shapes + mark


@pytest.mark.parametrize("late", [False, True], ids=["at once", "at the end"])
@pytest.mark.parametrize("typed", [telex, vni])
@pytest.mark.parametrize("word", [word for word in WORDS.split() if not word.isascii()])
def test_a_syllable_typed_is_read_back(word, typed, late):
    assert decode(typed(word, late)) == tone(word)


@given(
    st.sampled_from(["", "b", "ch", "đ", "gh", "gi", "h", "kh", "l", "ng", "nh", "qu", "t", "tr"]),
    st.sampled_from(
        [
            "a",
            "ă",
            "â",
            "e",
            "ê",
            "i",
            "o",
            "ô",
            "ơ",
            "u",
            "ư",
            "ai",
            "ao",
            "âu",
            "ây",
            "eo",
            "êu",
            "oa",
            "oai",
            "oi",
            "ôi",
            "ơi",
            "ua",
            "ui",
            "ưa",
            "ươi",
            "uôi",
        ]
    ),
    st.sampled_from(["", "m", "n", "ng", "nh", "t", "p", "c"]),
    st.sampled_from(["", *TONES]),
    st.sampled_from([telex, vni]),
    st.booleans(),
)
def test_any_syllable_is_read_back_or_left_alone(initial, nucleus, final, mark, typed, late):
    base = initial + nucleus + final
    at = len(initial) + (1 if len(nucleus) > 1 and final else 0)
    syllable = tone(unicodedata.normalize("NFC", base[: at + 1] + mark + base[at + 1 :]))
    read = decode(typed(syllable, late))
    # "oo", "gii" and their like are no Vietnamese; where the tone stands is not typed.
    if is_syllable(syllable) and read is not None:
        assert is_syllable(read)
        assert sorted(_parts(read)) == sorted(_parts(syllable))


def _parts(syllable):
    return unicodedata.normalize("NFD", syllable)


@pytest.mark.parametrize(
    "word",
    ["street", "class", "2024", "xlsx", "h56", "covid19", "dân", "", "a", "x" * 40, "!!", "số"],
)
def test_what_is_no_residue_gives_nothing(word):
    assert decode(word) is None


@given(st.text(max_size=12))
@example("ÑÒ")
def test_no_text_is_an_error(text):
    read = decode(text)
    assert read is None or is_syllable(read)
