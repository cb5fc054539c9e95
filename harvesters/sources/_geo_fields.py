"""What the catalogues of maps and sensors have in common, in the portal's words. Pure.

Boxes, periods, contacts, licences, subjects and links, each brought into the form of the portal's
field or left out. A value that does not fit is dropped, with a note where a reader misses it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import schemas
from harvesters.errors import Problem
from harvesters.fetch.grants import shown
from harvesters.model import RecordResource
from schemas.rules import RuleError, complete_period, iso_date, resource_url
from schemas.text import fold

#: ISO 19115 topic categories that are one of the province's themes; the others say too little.
TOPIC_THEMES: Mapping[str, str] = {
    "farming": "08",
    "boundaries": "01",
    "planningCadastre": "01",
    "transportation": "12",
    "health": "16",
    "environment": "20",
}
#: MD_MaintenanceFrequencyCode -> our frequency codes.
FREQUENCIES: Mapping[str, str] = {
    "continual": "CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "fortnightly": "BIWEEKLY",
    "semimonthly": "MONTHLY_2",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "biannually": "ANNUAL_2",
    "annually": "ANNUAL",
    "biennially": "BIENNIAL",
    "asneeded": "IRREG",
    "irregular": "IRREG",
    "notplanned": "NEVER",
}
#: Beginnings of protocols (GeoNetwork's list, ESRI's, INSPIRE's) -> formats; the first that fits.
_PROTOCOLS = (
    ("ogc:wmts", "WMTS"),
    ("ogc:wms", "WMS"),
    ("ogc:wfs", "WFS"),
    ("ogc:wcs", "WCS"),
    ("ogc:csw", "CSW"),
    ("ogc:sos", "SOS"),
    ("ogc:kml", "KML"),
    ("glg:kml", "KML"),
    ("ogc api", "API"),
    ("ogc:ogc-api", "API"),
    ("ogcapi", "API"),
    ("esri:rest", "API"),
    ("esri rest", "API"),
    ("esri:arcgis", "API"),
    ("sensorthings", "API"),
    ("ogc:sta", "API"),
)
_SERVICE = re.compile(r"[?&]service=(wms|wmts|wfs|wcs|csw|sos)\b", re.IGNORECASE)
#: Words of the mailbox of an office.
_OFFICE_MAILBOX = re.compile(
    r"(?:^|[._\d-])(?:"
    r"info|contact|lienhe|lien-he|vanthu|vanphong|hotro|hanhchinh|phong\w*|so\w{2,}|ubnd\w*|"
    r"gis|sig|geo\w*|data|dulieu|opendata|metadata|catalog\w*|admin|webmaster|office|support|"
    r"helpdesk|help|service\w*|team|enquir\w*|inquir\w*|feedback|portal|library|archive\w*|ddt\w*"
    r")(?:$|[._\d-])",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^@\s<>,;:]+@[^@\s<>,;]+\.[A-Za-z]{2,}")
#: Beginnings of names of Vietnamese bodies; accents tell “Trường” (school) from “Trương” (a name).
_BODIES = re.compile(
    r"(?:sở|ban|bộ|cục|chi cục|tổng cục|trung tâm|trường|viện|ủy ban|uỷ ban|ubnd|hđnd|hội|"
    r"công ty|tổng công ty|phòng|văn phòng|vườn quốc gia|khu bảo tồn|đài|trạm|thư viện|bảo tàng|"
    r"cổng|trang thông tin|liên đoàn|tỉnh|thành phố|huyện|xã|phường)\b",
    re.IGNORECASE,
)
_BODIES_ELSEWHERE = re.compile(
    r"\b(?:agency|ministry|department|council|institut\w*|university|universit\w+|service\w*|office|"
    r"authority|commission|cent(?:er|re)\w*|survey|bureau|association|company|ltd|inc|gmbh|"
    r"government|administration|board|committee|foundation|direction|minist\w+|geoscience)\b",
    re.IGNORECASE,
)
#: Names of functions that stand where a person's would.
_FUNCTION = re.compile(
    r"\b(?:coordinator|manager|steward|owner|administrator|team|helpdesk|help desk|contact)\b",
    re.IGNORECASE,
)
#: A person's name where a body's should be: a Vietnamese one in full (two words are as often a
#: place's), or a family name in capitals with a given name.
_PERSON = re.compile(
    r"(?:(?:Nguyễn|Trần|Lê|Phạm|Hoàng|Huỳnh|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Trịnh|Đinh|Mai|"
    r"Tô|Trương|Lưu|Cao|Hà|Đoàn|Lương|Tạ|Thái|Chu|Quách|Vương|Lâm|Kiều|Tống|Phùng)"
    r"(?: [^\W\d_]+){2,4}|[A-ZÀ-Þ]{5,} [A-ZÀ-Þ][a-zà-ÿ]+)"
)
_CREATIVE_COMMONS = re.compile(
    r"creativecommons\.org/(licenses/(by|by-sa|by-nc)/(\d\.\d)|publicdomain/zero)", re.IGNORECASE
)
_LICENCE_WORDS = (
    (re.compile(r"\bcc0\b|public domain dedication", re.I), "CC0-1.0"),
    (re.compile(r"\bcc[- ]by[- ]sa[- ]4", re.I), "CC-BY-SA-4.0"),
    (re.compile(r"\bcc[- ]by[- ]4", re.I), "CC-BY-4.0"),
    (re.compile(r"creative commons attribution 4", re.I), "CC-BY-4.0"),
    (re.compile(r"nationalarchives\.gov\.uk/doc/open-government-licence", re.I), "uk-ogl"),
    (re.compile(r"\bodbl\b|open data(?:base)? commons open database", re.I), "odc-odbl"),
    (re.compile(r"licence[ -]ouverte|open[ -]licence|govdata\.de/dl-de/by", re.I), "other-at"),
)
_FORMAT_WORDS = (
    (re.compile(r"\bshp\b|shape[ -]?(?:file|zip)?\b", re.I), "SHP"),
    (re.compile(r"geo[ -]?json|\bjson\b", re.I), "GeoJSON"),
    (re.compile(r"geo[ -]?package|\bgpkg\b", re.I), "GPKG"),
    (re.compile(r"geo[ -]?tiff?", re.I), "GeoTIFF"),
    (re.compile(r"\bgml", re.I), "GML"),
    (re.compile(r"\bkml\b|google-earth\.kml", re.I), "KML"),
    (re.compile(r"\bcsv\b", re.I), "CSV"),
    (re.compile(r"\bxlsx\b|excel2007", re.I), "XLSX"),
)
_UNKNOWN_FORMAT = re.compile(r"(?:inconnu|unknown|other|n/?a|none|không rõ)?", re.I)
_METADATA_PAGE = re.compile(r"catalog\.search|#/metadata/", re.I)
_METADATA_XML = re.compile(r"request=GetRecordById", re.I)
_RIGHTS_LENGTH = 2000
#: Years from which on a period has no end: 2999 and 9999 mean “still going on”.
_NO_YEAR = "2200"
_TAGS = 60


@dataclass(frozen=True)
class Link:
    """A link of a record: where to, what it speaks, what it is called.

    `id` tells it among the links of its record where the address may change.
    """

    url: str
    protocol: str = ""
    name: str = ""
    description: str = ""
    format: str = ""
    id: str = ""


def box(
    west: Any, south: Any, east: Any, north: Any, text: str = ""
) -> tuple[dict[str, str] | None, bool]:
    """A row of `spatial_coverage` from degrees, and whether something was mended or is no box.

    Out of the range of degrees is no box (MapServer gives metres in LatLongBoundingBox). South and
    north the wrong way round are turned; so are west and east (Geo-IDE), unless the box is one
    across the 180th meridian, which becomes two rectangles.
    """
    try:
        w, s, e, n = (float(str(v).replace(",", ".")) for v in (west, south, east, north))
    except ValueError:
        return None, True
    if not (min(w, e) >= -180 and max(w, e) <= 180 and min(s, n) >= -90 and max(s, n) <= 90):
        return None, True
    turned = s > n or (w > e and w - e <= 180)
    s, n = min(s, n), max(s, n)
    if w > e and w - e > 180:
        rings = [[_ring(w, s, 180.0, n)], [_ring(-180.0, s, e, n)]]
        shape: dict[str, Any] = {"type": "MultiPolygon", "coordinates": rings}
    else:
        shape = {"type": "Polygon", "coordinates": [_ring(min(w, e), s, max(w, e), n)]}
    row = {"text": text, "bbox": json.dumps(shape)}
    return {key: value for key, value in row.items() if value}, turned


def place(
    edges: tuple[Any, Any, Any, Any], name: str, where: str, notes: list[Problem]
) -> dict[str, str]:
    """A row of `spatial_coverage` from west, south, east and north; {} where nothing is said.

    A box that had to be turned, or is none, gets a note.
    """
    said = " ".join(str(edge) for edge in edges).strip()
    if not said:
        return {"text": name} if name else {}
    row, odd = box(*edges, text=name)
    if odd:
        code = "box_turned" if row is not None else "box_left_out"
        notes.append(Problem(code, where, None, {"value": said}))
    return row or {}


def _ring(w: float, s: float, e: float, n: float) -> list[list[float]]:
    return [[w, s], [e, s], [e, n], [w, n], [w, s]]


def box_of(geometry: Any) -> dict[str, str] | None:
    """A row of `spatial_coverage` from a GeoJSON geometry: a point is a centroid, else its box."""
    points = list(_points(geometry, 0))
    if not points:
        return None
    if len(points) == 1:
        found, _ = box(points[0][0], points[0][1], points[0][0], points[0][1])
        if found is None:
            return None
        return {"centroid": json.dumps({"type": "Point", "coordinates": list(points[0])})}
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return box(min(xs), min(ys), max(xs), max(ys))[0]


def _points(value: Any, depth: int) -> Iterable[tuple[float, float]]:
    if depth > 8:
        return
    if isinstance(value, Mapping):
        for key in ("geometry", "coordinates", "geometries", "features"):
            yield from _points(value.get(key), depth + 1)
    elif isinstance(value, list):
        if len(value) >= 2 and all(_is_number(v) for v in value[:2]):
            yield float(value[0]), float(value[1])
        else:
            for item in value:
                yield from _points(item, depth + 1)


def _is_number(value: Any) -> bool:
    return not isinstance(value, (bool, str, list, Mapping)) and value is not None


def day(value: Any) -> str:
    """A date in ISO form without its time of day; "" for anything else."""
    text = str(value or "").strip().removesuffix("Z")
    try:
        return iso_date(text[:10] if len(text) > 10 and text[4:5] == "-" else text)
    except RuleError:
        return ""


def period(start: Any, end: Any) -> list[dict[str, str]]:
    """`temporal_coverage` from two dates, of which one may be missing; [] where they are none."""
    days = {"start": day(start), "end": day(end)}
    row = {key: value for key, value in days.items() if value and value < _NO_YEAR}
    try:
        return [complete_period(row)] if row else []
    except RuleError:
        return []


def is_office(name: str) -> bool:
    """Whether a name is that of a body rather than of a person, as far as a name can tell."""
    plain = " ".join(name.split())
    return bool(_BODIES.match(plain) or _BODIES_ELSEWHERE.search(plain))


def is_person(name: str) -> bool:
    """Whether what stands for a body is evidently the name of a person (Geo-IDE does so)."""
    return not is_office(name) and _PERSON.fullmatch(" ".join(name.split())) is not None


def contact(organisation: str, email: str = "", person: str = "", url: str = "") -> dict[str, str]:
    """A row of `contact`: the organisation and, if it is an office's, the mailbox.

    The name of a person is not taken over, nor is a mailbox that is named after one.
    """
    found = _EMAIL.search(email)
    name = " ".join(organisation.split())
    row = {
        "name": "" if is_person(name) else name,
        "email": found[0] if found and _is_office_mailbox(found[0], person) else "",
        "url": url,
    }
    filled = {key: value for key, value in row.items() if value}
    return filled if "name" in filled or "email" in filled else {}


def _is_office_mailbox(email: str, person: str) -> bool:
    box_ = email.partition("@")[0]
    words = [word for word in re.split(r"[^a-z]+", fold(person)) if len(word) > 2]
    squeezed = re.sub(r"[^a-z]", "", fold(box_))
    if is_office(person) or _FUNCTION.search(person) or _OFFICE_MAILBOX.search(box_):
        return True
    if any(word in squeezed for word in words):
        return False
    return not words and not re.fullmatch(r"[a-z]+[._][a-z]+\d*", box_, re.IGNORECASE)


def licence_of(texts: Iterable[str]) -> str:
    """The code of the licence that one of the texts names or links to; "" if none is known."""
    for text in texts:
        item = schemas.codelist("licence").find(text)
        if item is not None:
            return item.ma
        linked = _CREATIVE_COMMONS.search(text)
        if linked:
            return _creative_commons(linked[2], linked[3])
        known = next((code for pattern, code in _LICENCE_WORDS if pattern.search(text)), "")
        if known:
            return known
    return ""


def _creative_commons(kind: str | None, version: str | None) -> str:
    if kind is None:
        return "CC0-1.0"
    plain = {"by": "cc-by", "by-sa": "cc-by-sa", "by-nc": "cc-nc"}[kind.lower()]
    return f"CC-{kind.upper()}-4.0" if version == "4.0" and kind.lower() != "by-nc" else plain


def with_rights(notes: str, texts: Iterable[str]) -> str:
    """The description with the source's words on use and access below it; the portal has no field
    for them, and they bind whoever uses the data."""
    said = " ".join(dict.fromkeys(text for text in texts if len(text) > 3))[:_RIGHTS_LENGTH]
    parts = [notes, f"Điều kiện sử dụng (theo nguồn): {said}" if said else ""]
    return "\n\n".join(part for part in parts if part)


def tags(words: Iterable[str]) -> list[str]:
    """Keywords, each once, of a path (``EARTH SCIENCE > OCEANS``) its last word; at most 60."""
    plain = (" ".join(word.rpartition(">")[2].split()) for word in words)
    return [word for word in dict.fromkeys(plain) if word and not word.startswith("http")][:_TAGS]


def themes(topics: Iterable[str]) -> list[str]:
    """The themes of topic categories that clearly are one."""
    return list(dict.fromkeys(TOPIC_THEMES[t] for t in topics if t in TOPIC_THEMES))


def language(value: str) -> str:
    """The code of a language: “vie”, “eng; USA”, a URI; "" for one the portal has not."""
    for word in (value, value.partition(";")[0].strip(), value.rstrip("/").rpartition("/")[2]):
        item = schemas.codelist("language").find(word) if word else None
        if item is not None:
            return item.ma
    return ""


def resources(
    links: Sequence[Link], formats: Sequence[str], where: str, notes: list[Problem]
) -> tuple[RecordResource, ...]:
    """The links as resources, each once. Their ids are made of address and name.

    `formats` are those the record names for its data: the only one is that of a download whose
    address does not tell. A link that is none, or that carries a password, is left out with a note.
    """
    found: dict[str, RecordResource] = {}
    for at, link in enumerate(links):
        try:
            url = resource_url(link.url)
            parts = urlsplit(url)
            bad = not parts.netloc or parts.username is not None
        except (RuleError, ValueError):
            bad = True
        if bad:
            params = {"field": f"link {at + 1}"}
            notes.append(Problem("link_left_out", where, None, params))
            continue
        fields = {
            "name": link.name or PurePosixPath(parts.path).name or parts.netloc,
            "description": link.description if link.description != link.name else "",
            "url": url,
            "format": link.format or format_of(link.protocol, url, link.name, formats),
        }
        id_ = link.id or hashlib.sha256(f"{url}\n{link.name}".encode()).hexdigest()[:16]
        filled = {key: value for key, value in fields.items() if value}
        found.setdefault(id_, RecordResource(id_, filled))
    return tuple(found.values())


def public(url: str) -> str:
    """The address without those of its parameters that look like a password or a key."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    open_ = [(key, value) for key, value in pairs if "***" not in shown(f"http://x/?{key}=1")]
    if open_ == pairs:
        return url
    return parts._replace(query=urlencode(open_, safe=":,/")).geturl()


def format_of(protocol: str, url: str, name: str = "", formats: Sequence[str] = ()) -> str:
    """The format behind a link, as the codelist writes it where it is there; "" if unknown."""
    said = " ".join(protocol.lower().split())
    for beginning, format_ in _PROTOCOLS:
        if said.startswith(beginning):
            return format_
    if _METADATA_PAGE.search(url):  # Geo-IDE calls pages about the data downloads
        return "HTML"
    if _METADATA_XML.search(url):
        return "XML"
    service = _SERVICE.search(url)
    if service:
        return service[1].upper()
    return _format_by_name(said, protocol, url, name, formats)


def _format_by_name(said: str, protocol: str, url: str, name: str, formats: Sequence[str]) -> str:
    """The format that the protocol's media type, an ending or the record's only format tells."""
    items = schemas.codelist("format")
    for text in (protocol, _suffix(urlsplit(url).path), _suffix(name)):
        item = items.find(text) if text else None
        if item is None and "/" in text:
            same = (i for i in items if i.extra.get("kieu_noi_dung") == text.lower())
            item = next((i for i in same if i.ma != "SHP"), None)  # a zip may be anything
        if item is not None:
            return item.ma
    if said.startswith("image/"):
        return said.removeprefix("image/").upper()
    if "download" in said and len(formats) == 1:
        return format_named(formats[0])
    is_page = said.startswith("www:link") and "?" not in url  # Geo-IDE: a link may be a download
    return "HTML" if is_page else ""


def format_named(name: str) -> str:
    """The format that words name (“ESRI Shapefile (SHP)”), else the words."""
    if _UNKNOWN_FORMAT.fullmatch(name.strip()):
        return ""
    item = schemas.codelist("format").find(name)
    known = (code for pattern, code in _FORMAT_WORDS if pattern.search(name))
    return item.ma if item else next(known, name)


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lstrip(".")


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that hold something."""
    return {key: value for key, value in fields.items() if value not in (None, "", [], {})}
