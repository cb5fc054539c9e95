"""A Dublin Core record of a CSW (csw:Record, csw:SummaryRecord, csw:BriefRecord) as ours. Pure.

Quirks of GeoNetwork, each in a recorded answer of Ho Chi Minh City's: `dc:date` is when the record
was last touched, `dct:modified` may be there and empty; topic categories stand among the subjects;
`dc:rights` are bare codes (``copyright``) twice over; `dc:URI` has protocol, name and description
as attributes, `dct:references` and pycsw's `dct:references` with a `scheme` have not; corners in
``urn:ogc:def:crs:EPSG:6.6:4326`` are latitude first; news are catalogued among the maps (their
`dc:type` is not one of a dataset); texts have runs of blanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from harvesters.errors import Problem
from harvesters.model import Record
from harvesters.sources import _geo_fields as geo
from harvesters.tables.xml_document import attribute, child, children, local, prose, text

NAMES = ("Record", "SummaryRecord", "BriefRecord")
_RIGHTS_CODES = re.compile(
    r"(?:copyright|patent\w*|trademark|license|intellectualPropertyRights|restricted|"
    r"otherRestrictions|unrestricted|none|unknown|\s)*",
    re.IGNORECASE,
)
#: A topic category, of ISO's list or of the catalogue's own: no word that a person would type.
_TOPIC = re.compile(r"[a-z]+(?:[A-Z][a-z]+)+")
#: Coordinate systems whose first coordinate is the latitude.
_LATITUDE_FIRST = re.compile(r"urn:.*:EPSG:.*4326|/EPSG/.*4326|urn:.*:EPSG:.*4258", re.IGNORECASE)


def is_dublin_core(root: Element) -> bool:
    """Whether an element is a record of a CSW's own schema."""
    return local(root.tag) in NAMES


def identifier_of(root: Element) -> str:
    """The record's identifier; "" when it has none."""
    return text(root, "identifier")


def level_of(root: Element) -> str:
    """Its `dc:type`; "" when it has none."""
    return text(root, "type")


def to_record(root: Element, remote_id: str, where: str, mark: str = "") -> Record:
    """The record. Creators and publishers become the contact if they are bodies, not persons."""
    notes: list[Problem] = []
    subjects = [text(e) for e in children(root, "subject")]
    rights = [said for e in children(root, "rights") if (said := _right(text(e)))]
    rights += [said for e in children(root, "accessRights") if (said := _right(text(e)))]
    rights += [text(e) for e in children(root, "license")]
    fields = {
        "title": text(root, "title"),
        "notes": geo.with_rights(prose(root, "abstract") or prose(root, "description"), rights),
        "tags": geo.tags(word for word in subjects if not _TOPIC.fullmatch(word)),
        "theme": geo.themes(subjects),
        "topics": [word for word in subjects if _TOPIC.fullmatch(word)],
        "contact": _contacts(root),
        "license_id": geo.licence_of(rights),
        "rights": list(dict.fromkeys(rights)),
        "spatial_coverage": _places(root, where, notes),
        "temporal_coverage": _periods(root),
        "language": [code for e in children(root, "language") if (code := geo.language(text(e)))],
        "provenance": prose(root, "source") or prose(root, "lineage"),
        "identifier": remote_id,
        "level": level_of(root),
        "issued": geo.day(text(root, "issued") or text(root, "created")),
        "modified": geo.day(text(root, "modified")) or geo.day(text(root, "date")),
    }
    if fields["language"] == ["en"]:
        fields["title_en"] = fields["title"]
    formats = [name for e in children(root, "format") if (name := text(e))]
    found = geo.resources(list(_links(root)), list(dict.fromkeys(formats)), where, notes)
    named = tuple(note.of(remote_id) for note in notes)
    return Record(remote_id, geo.filled(fields), found, mark, named)


def _right(said: str) -> str:
    return "" if _RIGHTS_CODES.fullmatch(said) else said


def _contacts(root: Element) -> list[dict[str, str]]:
    for role in ("publisher", "creator", "contributor"):
        names = dict.fromkeys(text(e) for e in children(root, role))
        rows = [geo.contact(name) for name in names if geo.is_office(name)]
        if rows:
            return rows[:5]
    return []


def _places(root: Element, where: str, notes: list[Problem]) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for found in children(root, "*"):
        if local(found.tag) in ("BoundingBox", "WGS84BoundingBox"):
            row = geo.place(_edges(found), "", where, notes)
            if row and row not in rows:
                rows.append(row)
    names = [text(e) for e in children(root, "spatial") if len(e) == 0]
    return rows or [{"text": name} for name in names if name][:5]


def _edges(found: Element) -> tuple[str, str, str, str]:
    """West, south, east, north of an ows:BoundingBox; "" four times when it is none."""
    low, high = text(found, "LowerCorner").split(), text(found, "UpperCorner").split()
    if len(low) != 2 or len(high) != 2:
        return "", "", "", ""
    latitude_first = bool(_LATITUDE_FIRST.search(attribute(found, "crs")))
    if latitude_first and not _beyond(low[0]) and not _beyond(high[0]):
        return low[1], low[0], high[1], high[0]
    return low[0], low[1], high[0], high[1]


def _beyond(value: str) -> bool:
    """Whether a coordinate is none of latitude, whatever the axes are said to be."""
    try:
        return abs(float(value)) > 90
    except ValueError:
        return False


def _periods(root: Element) -> list[dict[str, str]]:
    """`dct:temporal` as DCMI writes it (``start=2019-01-01; end=…``) or with a slash."""
    rows = []
    for said in (text(e) for e in children(root, "temporal")):
        parts = dict(p.strip().split("=", 1) for p in said.split(";") if "=" in p)
        start, _, end = said.partition("/")
        rows += geo.period(parts.get("start", start), parts.get("end", end or start))
    return rows


def _links(root: Element) -> Iterator[geo.Link]:
    for found in children(root, "URI"):
        name = attribute(found, "name") or attribute(found, "description")
        told = attribute(found, "description")
        yield geo.Link(text(found), attribute(found, "protocol"), name, told)
    for found in children(root, "references"):
        if text(found).startswith("http"):
            yield geo.Link(text(found), attribute(found, "scheme"))
    if child(root, "URI") is None and child(root, "references") is None:
        for found in children(root, "relation"):
            if text(found).startswith("http"):
                yield geo.Link(text(found))
