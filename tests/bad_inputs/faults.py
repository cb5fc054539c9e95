"""What a server can send in place of its data: each fault of the list, as bytes on a connection."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.raw_server import RawServer, fixed

Answer = Callable[[RawServer, socket.socket], None]

#: What the service itself says when it fails; it must reach the reader.
SAID = "Phiên làm việc đã hết hạn"
LOGIN = "<!DOCTYPE html><html><body><form>Đăng nhập</form></body></html>".encode()
#: Nobody has granted this host, and nobody may ask it.
REMOTE_CONTEXT = {
    "@context": "https://ngu-canh.example/boi-canh.jsonld",
    "@type": "Catalog",
    "dataset": [{"@type": "Dataset", "@id": "urn:x:1", "title": "Dân số"}],
}
_LAUGHS = b"".join(
    b"<!ENTITY b%d '%s'>" % (n, b"&b%d;" % (n - 1) * 10 if n else b"ha") for n in range(10)
)


def http(body: bytes, kind: str = "application/json", more: str = "", status: str = "200 OK"):
    """A whole answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n{more}\r\n".encode() + body


def workbook(*rows: Sequence[Any]) -> bytes:
    """A workbook of one sheet."""
    import openpyxl

    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def workbook_bomb(blanks: int = 200_000_000) -> bytes:
    """A workbook of less than a megabyte with a sheet of 200 MB of blanks."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(["a"]))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if not name.endswith("sheet1.xml"):
                new.writestr(name, content)
                continue
            before, mark, after = content.partition(b"<sheetData>")
            with new.open(name, "w", force_zip64=True) as part:
                part.write(before + mark)
                for _ in range(blanks // 1_000_000):
                    part.write(b" " * 1_000_000)
                part.write(after)
    return out.getvalue()


def gzip_bomb(size: int = 100_000_000) -> bytes:
    """Blanks: a thousandth of their size when packed."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as packed:
        for _ in range(size // 1_000_000):
            packed.write(b" " * 1_000_000)
    return out.getvalue()


def picture() -> bytes:
    """A PNG of one point."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    for kind, data in (
        (b"IHDR", header),
        (b"IDAT", zlib.compress(b"\0\0\0\0")),
        (b"IEND", b""),
    ):
        parts.append(struct.pack(">I", len(data)) + kind + data)
        parts.append(struct.pack(">I", zlib.crc32(kind + data)))
    return b"".join(parts)


def _json(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()


def _endless(server: RawServer, connection: socket.socket) -> None:
    """A body in chunks that never ends, as fast as it is read."""
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    for _ in itertools.repeat(None):
        connection.sendall(chunk)


def _drip(server: RawServer, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 999\r\n\r\n")
    server.drip(connection, b" " * 999, every=0.1)


def _circle(server: RawServer, connection: socket.socket) -> None:
    """Every address leads to itself."""
    where = f"Location: {server.url}/vong\r\n"
    connection.sendall(http(b"", more=where, status="302 Found"))


def _heads(server: RawServer, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in itertools.repeat(None):
        connection.sendall(b"X-Them: %s\r\n" % (b"a" * 1000))


def body_of(fault: str, kind: str = "") -> Answer:
    """The body of a row of `BODIES`, under its own content type or another."""
    content, own = BODIES[fault]
    return fixed(http(content, kind or own))


#: Fault: a body that is no data, and what it calls itself.
BODIES: Mapping[str, tuple[bytes, str]] = {
    "login page": (LOGIN, "text/html"),
    "login page called JSON": (LOGIN, "application/json"),
    "success: false": (
        _json({"success": False, "error": {"message": SAID}}),
        "application/json",
    ),
    "empty body": (b"", "application/json"),
    "null": (b"null", "application/json"),
    "empty list": (b"[]", "application/json"),
    "empty object": (b"{}", "application/json"),
    "JSON cut": (
        b'{"success": true, "result": {"count": 3, "dataset": [{"id": "a',
        "application/json",
    ),
    "XML cut": (b"<?xml version='1.0'?><a><b>", "text/xml"),
    "NUL bytes": (b"\0" * 1000, "application/json"),
    "no encoding": (
        '{"success": true, "ten": "Thu\xfd s\xe0n"}'.encode("latin-1"),
        "application/json",
    ),
    "wrong type: picture": (picture(), "image/png"),
    "wrong type: workbook": (workbook_bomb(1_000_000), "application/vnd.ms-excel"),
    "wrong type: plain text": ("Hệ thống đang bảo trì.".encode(), "text/plain"),
    "lists in lists": (b"[" * 100_000, "application/json"),
    "objects in objects": (b'{"a":' * 100_000, "application/json"),
    "billion laughs": (b"<!DOCTYPE a [%s]><a>&b9;</a>" % _LAUGHS, "text/xml"),
    "outside entity": (
        b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        "text/xml",
    ),
    "remote @context": (_json(REMOTE_CONTEXT), "application/ld+json"),
    "XLSX bomb": (workbook_bomb(), "application/vnd.ms-excel"),
}
#: Fault: what is sent.
FAULTS: Mapping[str, Answer] = {
    **{fault: body_of(fault) for fault in BODIES},
    "refused (403)": fixed(http(b"", status="403 Forbidden")),
    "broken (500)": fixed(http(LOGIN, "text/html", status="500 Oops")),
    "shorter than promised": fixed(http(b"[" * 10).replace(b": 10", b": 99")),
    "promise of 2 GB": fixed(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 2147483648\r\n\r\n"
    ),
    "gzip bomb": fixed(http(gzip_bomb(), more="Content-Encoding: gzip\r\n")),
    "endless body": _endless,
    "endless head": _heads,
    "redirect in a circle": _circle,
    "a byte now and then": _drip,
}

_PAYLOADS = Path(__file__).parent.parent / "specimens"
_NS = "http://thongke.example/danhmuc"
#: What a type must be told before it can ask anything.
READ: Mapping[str, Mapping[str, Any]] = {
    "soap": {"operation": "DanhSach", "namespace": _NS, "records": "DanhSachResponse.Muc"}
}
_ROWS = [{"id": id_, "title": f"Bộ {id_}", "resources": []} for id_ in "12"]
_SOAP = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><DanhSachResponse>'
    b"<Muc><id>1</id></Muc><Muc><id>2</id></Muc></DanhSachResponse></s:Body></s:Envelope>"
)


@dataclass(frozen=True)
class Repeating:
    """A service that gives the same page whatever is asked for; `first` are its other answers.

    Answers are found by a part of the request's first line; a name is a specimen's payload.
    """

    path: str
    page: bytes | str
    first: Mapping[str, bytes | str] = field(default_factory=dict)
    read: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, server: RawServer, connection: socket.socket) -> None:
        asked = server.heads[-1].partition(b"\r\n")[0].decode()
        found = next((self.first[part] for part in self.first if part in asked), self.page)
        content = (_PAYLOADS / found).read_bytes() if isinstance(found, str) else found
        kind = "text/xml" if content.lstrip().startswith(b"<") else "application/json"
        kind = "text/turtle" if isinstance(found, str) and found.endswith(".ttl") else kind
        connection.sendall(http(content.replace(b"{base}", server.url.encode()), kind))


REPEATED: Mapping[str, Repeating] = {
    "ckan": Repeating("", _json({"success": True, "result": {"count": 40, "results": _ROWS}})),
    "csw": Repeating(
        "/csw",
        "csw/iso_pages/payload/page1.xml",
        {"GetCapabilities": "csw/iso_pages/payload/capabilities.xml"},
        {"page_size": 2},
    ),
    "dcat": Repeating("/catalog.ttl", "dcat/looping_pages/payload/catalog.ttl"),
    "oaipmh": Repeating(
        "/oai", "oaipmh/dublin_core/payload/trang-1.xml", read={"prefix": "oai_dc"}
    ),
    "ogcapi": Repeating(
        "/",
        "ogcapi/records/payload/items1.json",
        {
            "/items": "ogcapi/records/payload/items1.json",
            "/collections": "ogcapi/records/payload/collections.json",
            "GET / ": "ogcapi/records/payload/landing.json",
            "GET /?": "ogcapi/records/payload/landing.json",
        },
        {"page_size": 2},
    ),
    "rest": Repeating(
        "/bo", _json({"ds": _ROWS}), read={"records": "ds", "paging": {"style": "page"}}
    ),
    "sensorthings": Repeating(
        "/v1.1",
        "sensorthings/frost/payload/things1.json",
        {"/Observations": "sensorthings/frost/payload/level.json"},
    ),
    "soap": Repeating("/dichvu", _SOAP, read={**READ["soap"], "paging": {"style": "page"}}),
}

GOOD_CSV = "Xã,Dân số\nHạc Thành,12345\nSầm Sơn,6789\nBỉm Sơn,4567\n".encode()


def zip_of(name: str, content: bytes) -> bytes:
    """A zip that is no workbook."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(name, content)
    return out.getvalue()


#: Fault: name and content of a file. At most 1.5 MB may be read of one.
FILES: Mapping[str, tuple[str, bytes]] = {
    "empty CSV": ("rong.csv", b""),
    "empty workbook": ("trong.xlsx", workbook()),
    "empty file as workbook": ("rong.xlsx", b""),
    "no table": ("khong-bang.xlsx", workbook(["Báo cáo đang cập nhật"])),
    "text as workbook": ("khong-phai.xlsx", b"xin chao"),
    "zip as workbook": ("tep-nen.xlsx", zip_of("doc.txt", b"xin chao")),
    "picture as workbook": ("anh.xlsx", picture()),
    "login page": ("dang-nhap.xlsx", LOGIN),
    "workbook cut": ("hong.xlsx", workbook(["a", "b"], ["x", 1])[:900]),
    "under a password": (
        "mat-khau.xlsx",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
    ),
    "NUL bytes as CSV": ("nul.csv", b"\0" * 1000),
    "NUL bytes as workbook": ("nul.xlsx", b"\0" * 1000),
    "old Vietnamese font": ("tcvn3.csv", b"X\xb7,D\xa9n s\xe8\nH\xb9c Th\xb5nh,1\n"),
    "XLSX bomb": ("bom.xlsx", workbook_bomb()),
    "file too large": ("qua-lon.csv", b"a,b\n" + b"1,2\n" * 400_000),
}
