"""XML of a source: what is read, and how each broken or dangerous body is refused."""

from __future__ import annotations

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.response import Response
from harvesters.tables.xml_document import (
    MAX_DEPTH,
    attribute,
    child,
    children,
    descendants,
    parse_xml,
    prose,
    text,
)
from tests import recorded

BAD = recorded.REAL / "bad"


def _code(body: bytes) -> str:
    with pytest.raises(HarvestError) as error:
        parse_xml(Response("http://x", body))
    return error.value.code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "truncated"),
        (b"\x00 \n", "truncated"),
        (b"<a", "truncated"),
        (b"<a><b></b>", "truncated"),
        (b"<a><![CDATA[x", "truncated"),
        (b"<a></b>", "not_xml"),
        (b"<a>\x00</a>", "not_xml"),
        (b'{"a": 1}', "not_xml"),
        (b"Error: HTTPSConnectionPool: Read timed out.", "not_xml"),
        (b"<!DOCTYPE a><a/>", "not_xml"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "not_xml"),
        (b'<!DOCTYPE a SYSTEM "http://169.254.169.254/x.dtd"><a/>', "not_xml"),
        (b'<?xml version="1.0" encoding="UTF-8"?><a>\x92</a>', "unknown_encoding"),
        (b'<?xml version="1.0" encoding="tcvn-3"?><a/>', "unknown_encoding"),
        (b"<html><head><title>login</title></head></html>", "html_instead_of_data"),
        (b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1), "too_deep"),
    ],
)
def test_what_is_refused(body: bytes, code: str) -> None:
    assert _code(body) == code


@pytest.mark.parametrize(
    "body",
    [
        "<a>Thủy</a>".encode(),
        b"\xef\xbb\xbf" + "<a>Thủy</a>".encode(),
        "<a>Thủy</a>".encode() + b"\n\x00\x00",
        "\ufeff<a>Thủy</a>".encode("utf-16-le"),
        "\ufeff<a>Thủy</a>".encode("utf-16-be"),
        '<?xml version="1.0" encoding="utf-16"?><a>Thủy</a>'.encode("utf-16"),
    ],
)
def test_encodings(body: bytes) -> None:
    assert text(parse_xml(Response("http://x", body))) == "Thủy"


def test_an_eight_bit_encoding_as_declared() -> None:
    body = '<?xml version="1.0" encoding="windows-1250"?><a>Holý</a>'.encode("windows-1250")
    assert text(parse_xml(Response("http://x", body))) == "Holý"


def test_as_deep_as_allowed() -> None:
    body = b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH
    assert len(list(parse_xml(Response("http://x", body)).iter())) == MAX_DEPTH


def test_paths_of_local_names() -> None:
    body = b"""<r xmlns="urn:1" xmlns:o="urn:2" xmlns:l="urn:3"><o:a l:href="x"> one
      two</o:a><!-- not this --><a>three<b> four</b>\n\n\n\nfive</a></r>"""
    root = parse_xml(Response("http://x", body))
    assert [text(e) for e in children(root, "a")] == ["one two", "three four five"]
    assert attribute(child(root, "a"), "href") == "x"
    assert attribute(child(root, "none"), "href") == ""
    assert text(root, "a/b") == "four"
    assert [e.text for e in descendants(root, "b")] == [" four"]
    assert [prose(e) for e in children(root, "a")][1] == "three four\n\nfive"
    assert (text(None), prose(None), list(children(None, "a"))) == ("", "", [])


@pytest.mark.skipif(not BAD.is_dir(), reason=recorded.NOT_HERE)
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("real_captcha_200.html", "html_instead_of_data"),
        ("real_html_instead_of_data.html", "html_instead_of_data"),
        ("syn_login_page_200.html", "html_instead_of_data"),
        ("real_decode_error.xml", "unknown_encoding"),
        ("real_timeout_text.xml", "not_xml"),
        ("syn_entity_expansion.xml", "not_xml"),
        ("syn_truncated.xml", "truncated"),
        ("syn_empty_body.json", "truncated"),
    ],
)
def test_recorded_bodies(name: str, code: str) -> None:
    assert _code((BAD / name).read_bytes()) == code
