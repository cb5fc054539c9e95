"""What OGC API – Records and Features tell of a dataset, in the portal's words. Pure.

A record is a GeoJSON feature whose properties describe a dataset; a collection of features is a
dataset itself, described by title, extent and links.

Quirks of the field, each in a specimen or a test: drafts of the standard write `associations` or
`recordUpdated`, links as text, keywords as text with commas, `extent` in place of geometry and
time; pygeoapi and pycsw differ in where a licence stands; intervals have ``..`` or null for an open
end; contacts are persons as often as offices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from harvesters.errors import Problem
from harvesters.model import Record, RecordResource
from harvesters.sources import _geo_fields as geo
from schemas.text import nfc

#: Relations that lead round the catalogue, not to data.
_ROUND = frozenset(
    (
        *("self", "alternate", "collection", "root", "parent", "prev", "next", "first", "last"),
        *("conformance", "service-desc", "service-doc", "data", "search", "queryables", "items"),
        *("canonical", "up", "license", "describedby", "schema", "sortables"),
    )
)
_SERVICE_LINKS = ("tiles", "tilesets", "map", "coverage", "http://www.opengis.net/def/rel/ogc/1.0")
#: Forms in which a collection's features are offered, by media type.
_ITEM_FORMATS = (
    ("application/geo+json", "GeoJSON"),
    ("application/vnd.geo+json", "GeoJSON"),
    ("application/json", "GeoJSON"),
    ("text/csv", "CSV"),
    ("application/geopackage+sqlite3", "GPKG"),
    ("application/flatgeobuf", "FlatGeobuf"),
    ("application/gml+xml", "GML"),
    ("application/vnd.google-earth.kml+xml", "KML"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "XLSX"),
    ("application/zip", "ZIP"),
    ("text/html", "HTML"),
)


def words(value: Any) -> str:
    """A text with single blanks; "" for what is none."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return nfc(" ".join(str(value).replace("\x00", "").split()))


def links_of(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The links of an object, whatever the draft calls them."""
    found: list[Mapping[str, Any]] = []
    for key in ("links", "associations"):
        for link in data.get(key) or () if isinstance(data.get(key), list) else ():
            if isinstance(link, Mapping) and isinstance(link.get("href"), str):
                found.append(link)
            elif isinstance(link, str):
                found.append({"href": link})
    return found


def relation(link: Mapping[str, Any]) -> str:
    """A link's relation: its last word where it is an address of OGC's."""
    rel = words(link.get("rel"))
    return rel.rpartition("/")[2] if rel.startswith("http") else rel


def to_record(
    feature: Mapping[str, Any], remote_id: str, where: str, host: str, mark: str
) -> Record:
    """A record of OGC API – Records. `where` is the address that its links are relative to."""
    given = feature.get("properties")
    said: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    notes: list[Problem] = []
    links = [*links_of(feature), *links_of(said)]
    rights = [w for k in ("license", "rights", "accessRights") if (w := words(said.get(k)))]
    rights += [str(link["href"]) for link in links if relation(link) == "license"]
    title = words(said.get("title")) or words(said.get("name"))
    spoken = _language(said.get("language"))
    fields = {
        "title": title,
        "title_en": title if spoken == "en" else "",
        "notes": geo.with_rights(_prose(said), rights),
        "tags": geo.tags(_keywords(said)),
        "topics": list(_concepts(said)),
        "theme": geo.themes(_concepts(said)),
        "contact": _contacts(said),
        "license_id": geo.licence_of(rights),
        "rights": rights,
        "language": [spoken] if spoken else [],
        "spatial_coverage": _places(feature, said),
        "temporal_coverage": _times(feature.get("time") or said.get("time"), said.get("extent")),
        "identifier": words(said.get("externalId")) or remote_id,
        "issued": geo.day(said.get("created") or said.get("published")),
        "modified": geo.day(said.get("updated") or said.get("recordUpdated")),
        "level": words(said.get("type")),
        "source_system": host,
    }
    data_links = [_link(link, where) for link in links if relation(link) not in _ROUND]
    resources = geo.resources(data_links, [], where, notes)
    named = tuple(note.of(remote_id) for note in notes)
    return Record(remote_id, geo.filled(fields), resources, mark, named)


def to_collection(
    data: Mapping[str, Any],
    remote_id: str,
    where: str,
    host: str,
    own: Callable[[str], str],
    mark: str,
) -> Record:
    """A collection of features as a dataset with a link for every form of its items.

    `own` brings a link of the service's to the address by which we know the service.
    """
    notes: list[Problem] = []
    links = links_of(data)
    rights = [w for k in ("license", "attribution") if (w := words(data.get(k)))]
    rights += [str(link["href"]) for link in links if relation(link) == "license"]
    fields = {
        "title": words(data.get("title")) or remote_id,
        "notes": geo.with_rights(_prose(data), rights),
        "tags": geo.tags(_keywords(data)),
        "license_id": geo.licence_of(rights),
        "rights": rights,
        "spatial_coverage": _places({}, data),
        "temporal_coverage": _times(None, data.get("extent")),
        "identifier": remote_id,
        "modified": geo.day(data.get("updated")),
        "crs": words(data.get("storageCrs")),
        "source_system": host,
    }
    offered = list(_items(links, where, own)) + list(_others(links, where))
    resources = geo.resources(offered, [], where, notes)
    named = tuple(note.of(remote_id) for note in notes)
    return Record(remote_id, geo.filled(fields), resources, mark, named)


def with_table(record: Record, table: RecordResource | None) -> Record:
    """The record with its features as a table before its links."""
    if table is None:
        return record
    return Record(
        record.remote_id, record.fields, (table, *record.resources), record.mark, record.notes
    )


def _items(
    links: list[Mapping[str, Any]], where: str, own: Callable[[str], str]
) -> Iterator[geo.Link]:
    seen: set[str] = set()
    for kind, format_ in _ITEM_FORMATS:
        for link in links:
            given = words(link.get("type")).partition(";")[0].lower()
            if relation(link) == "items" and given == kind and format_ not in seen:
                seen.add(format_)
                title = "Xem trên trang nguồn" if format_ == "HTML" else f"Tải về dạng {format_}"
                address = geo.public(own(urljoin(where, str(link["href"]))))
                yield geo.Link(address, "", title, "", format_, f"items:{format_}")


def _others(links: list[Mapping[str, Any]], where: str) -> Iterator[geo.Link]:
    for link in links:
        rel = words(link.get("rel"))
        if relation(link) not in _ROUND and not rel.startswith(_SERVICE_LINKS):
            yield _link(link, where)


def _link(link: Mapping[str, Any], where: str) -> geo.Link:
    kind = words(link.get("protocol")) or words(link.get("type")).partition(";")[0]
    name = words(link.get("title")) or words(link.get("name"))
    return geo.Link(urljoin(where, str(link["href"])), kind, name, words(link.get("description")))


def _prose(said: Mapping[str, Any]) -> str:
    text = said.get("description") or said.get("abstract")
    lines = (" ".join(line.split()) for line in text.splitlines()) if isinstance(text, str) else ()
    return nfc("\n".join(lines).replace("\x00", "").strip())


def _keywords(said: Mapping[str, Any]) -> Iterator[str]:
    given = said.get("keywords")
    for word in given.split(",") if isinstance(given, str) else given or ():
        yield words(word.get("name") if isinstance(word, Mapping) else word)


def _concepts(said: Mapping[str, Any]) -> Iterator[str]:
    themes = said.get("themes")
    for theme in themes if isinstance(themes, list) else ():
        concepts = theme.get("concepts") if isinstance(theme, Mapping) else None
        for concept in concepts if isinstance(concepts, list) else ():
            id_ = words(concept.get("id") if isinstance(concept, Mapping) else concept)
            if id_:
                yield id_.rstrip("/").rpartition("/")[2]


def _contacts(said: Mapping[str, Any]) -> list[dict[str, str]]:
    """The organisations; where a contact has only a name, it must be a body's."""
    rows: list[dict[str, str]] = []
    given = said.get("contacts") or said.get("providers") or ()
    for party in given if isinstance(given, list) else ():
        if isinstance(party, Mapping):
            name, organisation = words(party.get("name")), words(party.get("organization"))
            if not organisation and geo.is_office(name):
                name, organisation = "", name
            row = geo.contact(organisation, _email(party), name)
            rows += [row] if row and row not in rows else []
    return rows[:5]


def _email(party: Mapping[str, Any]) -> str:
    given = party.get("emails") or party.get("email")
    first = given[0] if isinstance(given, list) and given else given
    return words(first.get("value") if isinstance(first, Mapping) else first)


def _language(value: Any) -> str:
    return geo.language(words(value.get("code") if isinstance(value, Mapping) else value))


def _places(feature: Mapping[str, Any], said: Mapping[str, Any]) -> list[dict[str, str]]:
    row = geo.box_of(feature.get("geometry")) if feature.get("geometry") else None
    extent = said.get("extent")
    spatial = extent.get("spatial") if isinstance(extent, Mapping) else None
    boxes = spatial.get("bbox") if isinstance(spatial, Mapping) else None
    if row is None and isinstance(boxes, list) and boxes:
        edges = boxes[0] if isinstance(boxes[0], list) else boxes
        half = len(edges) // 2  # with heights there are six numbers
        if half in (2, 3):
            row = geo.box(edges[0], edges[1], edges[half], edges[half + 1])[0]
    return [row] if row else []


def _times(time: Any, extent: Any) -> list[dict[str, str]]:
    """`time` of a record (an interval, a date, a timestamp), else the first of an extent."""
    if isinstance(time, Mapping):
        given = time.get("interval") or [time.get("date") or time.get("timestamp")] * 2
    elif isinstance(time, str):
        given = time.split("/")
    else:
        temporal = extent.get("temporal") if isinstance(extent, Mapping) else None
        found = temporal.get("interval") if isinstance(temporal, Mapping) else None
        given = found[0] if isinstance(found, list) and found else ()
    ends = [end for end in given if isinstance(end, str)] if given else []
    if len(given or ()) == 2 and len(ends) < 2:
        return geo.period(given[0], given[1])
    return geo.period(ends[0], ends[-1]) if ends else []
