"""PX files: code pages, quoting, sparse data, languages, and broken ones."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest

from harvesters.errors import HarvestError
from harvesters.messages import say
from harvesters.tables.cube_table import to_table
from harvesters.tables.px import looks_like_px, read_px
from harvesters.tables.px_text import decode_px

HEAD = """CHARSET="ANSI";
LANGUAGE="vi";
TITLE="Dân số";
STUB="Giới tính";
HEADING="Năm";
VALUES("Giới tính")="Nam","Nữ; khác";
VALUES("Năm")="2023","2024";
"""


def _px(data: str, more: str = "", encoding: str = "utf-8") -> bytes:
    return (HEAD + more + "DATA=\n" + data).encode(encoding)


def test_semicolons_in_quotes_and_after_rows() -> None:
    px = read_px(_px("1 2;\r\n3 4.50;"))
    assert to_table(px.cube).rows == (
        ("Nam", 2023, 1),
        ("Nam", 2024, 2),
        ("Nữ; khác", 2023, 3),
        ("Nữ; khác", 2024, Decimal("4.50")),
    )


def test_symbols_quoted_or_not_and_as_the_file_words_them() -> None:
    px = read_px(_px('1 ".." . -;', 'DATASYMBOL1="Bảo mật";\n'))
    assert px.cube.values == {0: 1}
    assert px.cube.symbols == {1: "..", 2: "Bảo mật", 3: "-"}


def test_sparse_data_by_codes() -> None:
    keys = 'CODES("Giới tính")="M","F";\nKEYS("Giới tính")=CODES;\n'
    px = read_px(_px('"F",3,4;', keys))
    assert px.cube.values == {2: 3, 3: 4}
    with pytest.raises(HarvestError) as error:
        read_px(_px('"X",3,4;', keys))
    assert error.value.code == "bad_value"
    with pytest.raises(HarvestError) as error:
        read_px(_px('"F",3,4,"M",1;', keys))
    assert error.value.code == "truncated"


@pytest.mark.parametrize("timeval", ['TLIST(A1),"2023","2024"', 'TLIST(A1,"2023"-"2024")'])
def test_timeval_declares_the_time(timeval: str) -> None:
    px = read_px(_px("1 2 3 4;", f'TIMEVAL("Năm")={timeval};\n'))
    assert px.cube.dimensions[1].role == "time"


def test_contents_with_units_and_precision() -> None:
    more = 'CONTVARIABLE="Giới tính";\nUNITS("Nam")="người";\nDECIMALS=0;\n'
    cube = read_px(_px("1 2 3 4;", more)).cube
    assert [c.unit for c in cube.dimensions[0].categories] == ["người", ""]
    assert [c.type for c in to_table(cube).columns] == ["integer", "integer", "integer"]


def test_the_wanted_language_or_the_main_one() -> None:
    more = (
        'LANGUAGES="vi","en";\nTITLE[en]="Population";\nSTUB[en]="Sex";\nHEADING[en]="Year";\n'
        'VALUES[en]("Sex")="Male","Female";\nVALUES[en]("Year")="2023","2024";\n'
    )
    vietnamese = read_px(_px("1 2 3 4;", more), language="vi").cube
    assert (vietnamese.title, vietnamese.title_en) == ("Dân số", "Population")
    assert to_table(vietnamese).columns[0].title_en == "Sex"
    english = read_px(_px("1 2 3 4;", more), language="en").cube
    assert to_table(english).rows[0] == ("Male", 2023, 1)
    assert read_px(_px("1 2 3 4;", more), language="fr").cube.language == "vi"


@pytest.mark.parametrize(
    ("declared", "really", "told"),
    [
        ("utf-8", "utf-8", False),
        ("windows-1258", "utf-8", True),
        ("iso-8859-1", "utf-8-sig", True),
        ("windows-1258", "cp1258", False),
        ("utf-8", "cp1258", True),
    ],
)
def test_the_code_page_is_told_by_the_bytes(declared: str, really: str, told: bool) -> None:
    # cp1258 has Vietnamese letters with the tone behind them.
    text = HEAD + f'CODEPAGE="{declared}";\nDATA=\n1 2 3 4;'
    if really == "cp1258":
        text = "".join(_in_cp1258(c) for c in unicodedata.normalize("NFC", text))
    content = text.encode(really)
    px = read_px(content)
    assert to_table(px.cube).rows[2][0] == "Nữ; khác"
    assert to_table(px.cube).title == "Dân số"
    assert [note.code for note in px.notes] == (["encoding_corrected"] if told else [])


def _in_cp1258(letter: str) -> str:
    try:
        letter.encode("cp1258")
    except UnicodeEncodeError:
        base, *marks = unicodedata.normalize("NFD", letter)
        tones = [m for m in marks if m in "\u0300\u0301\u0303\u0309\u0323"]
        rest = [m for m in marks if m not in tones]
        return unicodedata.normalize("NFC", base + "".join(rest)) + "".join(tones)
    return letter


def test_without_any_declaration_it_is_dos() -> None:
    content = 'TITLE="Résumé";\nDATA=\n'.encode("cp850")
    assert decode_px(content)[1] == "cp850"
    assert "Résumé" in decode_px(content)[0]


def test_latin_1_with_windows_characters_is_windows() -> None:
    content = 'CODEPAGE="iso-8859-1";\nTITLE="a – b";\nDATA=\n'.encode("cp1252")
    text, used, notes = decode_px(content)
    assert (used, len(notes)) == ("windows-1252", 1)
    assert "a – b" in text


def test_a_declared_code_page_that_does_not_fit_is_refused() -> None:
    content = b'CODEPAGE="windows-1253";\nTITLE="\xaa";\nDATA=\n'
    with pytest.raises(HarvestError) as error:
        decode_px(content, "x.px")
    assert error.value.code == "unknown_encoding"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (_px("1 2 3;"), "truncated"),
        (_px("1 2 3 4 5;"), "bad_value"),
        (_px("1 2 3 ba;"), "bad_value"),
        (HEAD.encode(), "truncated"),
        (HEAD.encode()[:-20], "truncated"),
        (b"{}", "no_table"),
        (b'TITLE="x";\nDATA=\n1;', "no_table"),
        (b'TITLE="x";\nSTUB="a";\nDATA=\n1;', "bad_value"),
    ],
)
def test_broken_files_are_refused(content: bytes, code: str) -> None:
    with pytest.raises(HarvestError) as error:
        read_px(content, "x.px")
    assert error.value.code == code


def test_a_figure_too_many_is_told_by_how_many_are_wanted() -> None:
    with pytest.raises(HarvestError) as error:
        read_px(_px("10 20 30 40 50;"), "x.px")
    assert say(error.value.problem).message.endswith(": tệp có 5 số liệu, trong khi cần đúng 4.")
    assert say(error.value.problem, "en").message.endswith(
        ": the file has 5 figures, 4 are expected."
    )


def test_a_figure_that_is_none_is_quoted_and_no_more() -> None:
    with pytest.raises(HarvestError) as error:
        read_px(_px("1 2 3 ba;"), "x.px")
    assert say(error.value.problem).message == "Giá trị “ba” của mục “DATA” không hợp lệ."


def test_looks_like_px() -> None:
    assert looks_like_px(_px("1;"))
    assert not looks_like_px(b'{"TITLE": 1}')
    assert not looks_like_px(b"<html>DATA=</html>")
