"""Links of a map catalogue's record as resources, and the format behind each. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import parse_qsl, urlencode, urlsplit

import schemas
from harvesters.errors import Problem
from harvesters.fetch.grants import shown
from harvesters.model import RecordResource
from schemas.rules import RuleError, resource_url

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
            item = next(same, None)
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
