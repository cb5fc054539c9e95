"""Feature types of an OGC Web Feature Service 1.0, 1.1 or 2.0, each a dataset.

One answer (GetCapabilities) lists them all; it is complete when its XML is whole. Each dataset gets
a link for every format of the service that a reader can use (GeoJSON, Shapefile, CSV, GeoPackage,
KML, GML) and one to the service itself. Nothing is downloaded; with `count` the service is asked
how many features each has.

Quirks of the field, each in a specimen or a test: servers announce addresses of an inner network,
so that links go to the source's own; a server given a version it does not know answers with an
exception or with another version; MapServer 1.0 writes metres into `LatLongBoundingBox`; formats
have many names (``SHAPE-ZIP``, ``application/json; subtype=geojson``) and are told per service, per
type, or as element names (1.0); capabilities in windows-1250; GeoServer repeats its thousand
functions behind the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from xml.etree.ElementTree import Element, tostring

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Fetch
from harvesters.model import End, Failure, Item, Probe, Record, SourceType, Unchanged, digest
from harvesters.sources import _geo_fields as geo
from harvesters.sources._csw_protocol import refusal
from harvesters.tables.xml_document import (
    attribute,
    child,
    children,
    local,
    parse_xml,
    prose,
    text,
)

#: Versions asked for, the first without one: a server gives its newest.
VERSIONS = ("", "2.0.0", "1.1.0", "1.0.0")
#: Formats that readers use, in the order of the links; the names that mean each.
FORMATS: Mapping[str, re.Pattern[str]] = {
    "GeoJSON": re.compile(r"(application/)?(geo\+?)?json(;.*)?|application/vnd\.geo\+json", re.I),
    "SHP": re.compile(r"shape[-_ ]?(zip|file)?|shp|application/x-shapefile", re.I),
    "CSV": re.compile(r"csv|text/csv", re.I),
    "GPKG": re.compile(r"gpkg|geopackage|application/geopackage\+\w+", re.I),
    "XLSX": re.compile(r"xlsx|excel2007", re.I),
    "KML": re.compile(r"kml|application/vnd\.google-earth\.kml[+ ]xml", re.I),
    "GML": re.compile(
        r"gml\d*|(text/xml|application/gml\+xml).*gml.*|application/gml\+xml.*", re.I
    ),
}
_FORMAT_TITLES = {"SHP": "Shapefile", "GPKG": "GeoPackage", "XLSX": "Excel"}
#: Parameters of a WFS address that are the reader's own.
_OWN = (
    *("service", "request", "version", "acceptversions", "typename", "typenames", "outputformat"),
    *("resulttype", "maxfeatures", "count", "srsname", "startindex", "updatesequence"),
)
_NOT_UNDERSTOOD = (
    *("api_error", "unexpected_answer", "html_instead_of_data", "not_xml", "truncated"),
    *("unknown_encoding", "too_deep"),
)
_HITS = ("numberMatched", "numberOfFeatures")
#: Changes when this reading changes, so that types are read again.
_READER = "1"


@dataclass(frozen=True)
class Settings:
    """What to read.

    `url` is the service's address (that of its GetCapabilities will do). `types` keeps the listing
    to these feature types, by name. With `count` each type's number of features is asked for and
    shown; that is a request for each.
    """

    url: str
    types: tuple[str, ...] = ()
    count: bool = False


@dataclass(frozen=True)
class _Service:
    """What the capabilities say of the whole service."""

    version: str
    title: str
    contact: Mapping[str, str]
    rights: tuple[str, ...]
    formats: tuple[str, ...]
    types: tuple[Element, ...]


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each feature type. See `SourceType.read`."""
    base = _base(settings.url)
    service = _capabilities(base, fetch)
    missing = set(settings.types)
    for element in service.types:
        name = text(element, "Name")
        if settings.types and name not in settings.types:
            continue
        missing.discard(name)
        if not name:
            yield Failure(Problem("unexpected_answer", base, None, {"detail": "Name"}))
            continue
        yield from _item(element, name, service, base, settings, fetch, since)
    for name in sorted(missing):
        params = {"field": "read.types", "value": name, "nearest": ""}
        yield Failure(Problem("unknown_code", base, name, params))
    yield End(True, len(service.types))


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a WFS is there: its title and its number of feature types."""
    if not url.lower().startswith(("http://", "https://")):
        return None
    try:
        service = _capabilities(_base(url), fetch, VERSIONS[:1])
    except HarvestError as error:
        if error.code in (*_NOT_UNDERSTOOD, "auth_failed"):
            return None
        raise
    return Probe(service.title or str(urlsplit(url).hostname), len(service.types))


def _base(url: str) -> str:
    parts = urlsplit(url)
    kept = [p for p in parse_qsl(parts.query, True) if p[0].lower() not in _OWN]
    return parts._replace(query=urlencode(kept, safe=":,/"), fragment="").geturl()


def _capabilities(base: str, fetch: Fetch, versions: tuple[str, ...] = VERSIONS) -> _Service:
    """The capabilities in the first version that the server gives them in.

    Raises what asking without a version came to when it gives none.
    """
    first: HarvestError | None = None
    for version in versions:
        asked = {"service": "WFS", "request": "GetCapabilities"}
        try:
            answer = fetch.get(base, {**asked, **({"version": version} if version else {})})
            return _service(parse_xml(answer), answer.url)
        except HarvestError as error:
            if error.code not in ("api_error", "unexpected_answer"):
                raise
            first = first or error
    raise first or HarvestError("unexpected_answer", where=base, detail="WFS_Capabilities")


def _service(root: Element, where: str) -> _Service:
    said = refusal(root)
    if said:
        raise HarvestError("api_error", where=where, detail=said)
    listed = child(root, "FeatureTypeList")
    if local(root.tag) != "WFS_Capabilities" or listed is None:
        raise HarvestError("unexpected_answer", where=where, detail="WFS_Capabilities")
    about = child(root, "ServiceIdentification")
    about = about if about is not None else child(root, "Service")
    rights = (text(about, "AccessConstraints"), text(about, "Fees"))
    return _Service(
        attribute(root, "version") or "1.0.0",
        text(about, "Title"),
        _contact(root),
        tuple(r for r in rights if r and not re.fullmatch(r"none|no fees?|free|unknown", r, re.I)),
        tuple(_formats(root)),
        tuple(children(listed, "FeatureType")),
    )


def _contact(root: Element) -> dict[str, str]:
    """The provider; the person that it names is not taken over."""
    provider = child(root, "ServiceProvider")
    person = text(provider, "ServiceContact/IndividualName")
    path = "ServiceContact/ContactInfo/Address/ElectronicMailAddress"
    return geo.contact(text(provider, "ProviderName"), text(provider, path), person)


def _formats(root: Element) -> Iterator[str]:
    for operation in children(root, "OperationsMetadata/Operation"):
        if attribute(operation, "name") == "GetFeature":
            for parameter in children(operation, "Parameter"):
                if attribute(parameter, "name").lower() == "outputformat":
                    yield from (text(e) for e in children(parameter, "Value"))
                    yield from (text(e) for e in children(parameter, "AllowedValues/Value"))
    for found in children(root, "Capability/Request/GetFeature/ResultFormat/*"):
        yield local(found.tag)


def _item(
    element: Element,
    name: str,
    service: _Service,
    base: str,
    settings: Settings,
    fetch: Fetch,
    since: Mapping[str, str],
) -> Iterator[Item]:
    element.tail = None
    shared = [service.version, service.formats, dict(service.contact), service.rights, base]
    mark = digest([_READER, tostring(element, "unicode"), shared])[:32]
    if not settings.count and since.get(name) == mark:
        yield Unchanged(name)
        return
    hits = _hits(name, service, base, fetch) if settings.count else None
    yield _record(element, name, service, base, hits, "" if settings.count else mark)


def _record(
    element: Element, name: str, service: _Service, base: str, hits: int | None, mark: str
) -> Record:
    notes: list[Problem] = []
    words = [text(e) for e in children(element, "Keywords/Keyword")]
    found = child(element, "Keywords")
    said = (found.text or "") if found is not None and not words else ""
    fields: dict[str, Any] = {
        "title": text(element, "Title") or name.rpartition(":")[2],
        "notes": geo.with_rights(prose(element, "Abstract"), service.rights),
        "tags": geo.tags(words or re.split(r"[,;\n]\s*|\s{2,}", said)),
        "contact": [dict(service.contact)] if service.contact else [],
        "license_id": geo.licence_of(service.rights),
        "rights": list(service.rights),
        "spatial_coverage": _places(element, base, notes),
        "identifier": name,
        "source_system": service.title,
        "crs": next((t for n in _CRS if (t := text(element, n))), ""),
        "features": hits,
    }
    links = list(_links(element, name, service, base, hits))
    resources = geo.resources(links, [], base, notes)
    named = tuple(note.of(name) for note in notes)
    return Record(name, geo.filled(fields), resources, mark, named)


_CRS = ("DefaultCRS", "DefaultSRS", "SRS")


def _places(element: Element, where: str, notes: list[Problem]) -> list[dict[str, str]]:
    found = child(element, "WGS84BoundingBox")
    if found is not None:
        low, high = text(found, "LowerCorner").split(), text(found, "UpperCorner").split()
        edges = (*low[:2], *high[:2]) if len(low) == len(high) == 2 else ("", "", "", "")
    else:
        found = child(element, "LatLongBoundingBox")
        edges = tuple(attribute(found, name) for name in ("minx", "miny", "maxx", "maxy"))
    west, south, east, north = edges
    row = geo.place((west, south, east, north), "", where, notes)
    return [row] if row else []


def _links(
    element: Element, name: str, service: _Service, base: str, hits: int | None
) -> Iterator[geo.Link]:
    own = [text(e) for e in children(element, "OutputFormats/Format")]
    open_ = geo.public(base)
    told = f"{hits} đối tượng" if hits is not None else ""
    for format_, known in FORMATS.items():
        fitting = [f for f in (*service.formats, *own) if known.fullmatch(f)]
        if not fitting:
            continue
        asked = max(fitting, key=_gml_version) if format_ == "GML" else fitting[0]
        more = {"outputFormat": asked, **({"srsName": "EPSG:4326"} if format_ == "GeoJSON" else {})}
        title = f"Tải về dạng {_FORMAT_TITLES.get(format_, format_)}"
        address = _get_feature(open_, name, service, more)
        yield geo.Link(address, "", title, told, format_, format_)
    address = _with(open_, {"service": "WFS", "request": "GetCapabilities"})
    yield geo.Link(address, "OGC:WFS", f"Dịch vụ WFS: {name}", "", "WFS", "WFS")
    for page in children(element, "MetadataURL"):
        link = attribute(page, "href") or text(page)
        said = attribute(page, "format").lower()
        kind = next((k for k in ("HTML", "XML") if k.lower() in said), "")
        if link.startswith("http"):
            yield geo.Link(link, "", "Siêu dữ liệu tại nguồn", "", kind)


def _gml_version(name: str) -> int:
    """3.2 before 3.1.1 before 2, however it is spelt."""
    digits = re.sub(r"\D", "", name.lower().rpartition("gml")[2]) or "0"
    return int(digits[:3].ljust(3, "0"))


def _get_feature(base: str, name: str, service: _Service, more: Mapping[str, str]) -> str:
    key = "typeNames" if service.version.startswith("2") else "typeName"
    asked = {"service": "WFS", "version": service.version, "request": "GetFeature", key: name}
    return _with(base, {**asked, **more})


def _with(base: str, params: Mapping[str, str]) -> str:
    parts = urlsplit(base)
    query = "&".join(filter(None, (parts.query, urlencode(params, safe=":,/", quote_via=quote))))
    return parts._replace(query=query).geturl()


def _hits(name: str, service: _Service, base: str, fetch: Fetch) -> int | None:
    """The number of features of a type; None when the service does not say (1.0 cannot)."""
    try:
        answer = fetch.get(_get_feature(base, name, service, {"resultType": "hits"}))
        root = parse_xml(answer)
    except HarvestError as error:
        if error.code not in _NOT_UNDERSTOOD:
            raise
        return None
    found = next((value for key in _HITS if (value := attribute(root, key))), "")
    return int(found) if found.isdigit() else None


SOURCE = SourceType(
    type="wfs",
    title={"vi": "Dịch vụ dữ liệu bản đồ (OGC WFS)", "en": "Map data service (OGC WFS)"},
    settings=Settings,
    read=read,
    probe=probe,
    mapping={"license_id": {"from": "license_id", "unknown": "ignore"}},
)
