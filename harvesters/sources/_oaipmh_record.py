"""A record of OAI-PMH as a dataset: Dublin Core (oai_dc), DataCite, or DCAT in RDF/XML. Pure.

Dublin Core says little and says it loosely: an identifier may be an address, a DOI, a handle or a
shelf mark; coverage may be a place or a time; rights may be a licence or a sentence. What cannot be
told apart stays in the record's fields under its own name, a list of texts each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, tostring

import schemas
from harvesters.errors import HarvestError
from harvesters.fetch import Response
from harvesters.model import Record, RecordResource
from harvesters.sources import _dcat_codes as codes
from harvesters.sources import _dcat_values as values
from harvesters.sources._dcat_graph import listing
from harvesters.sources._dcat_graph import to_record as from_graph
from harvesters.sources._dcat_values import Notes, filled
from harvesters.sources._geometry import bbox, geojson, placed
from harvesters.sources._rdf import parse
from harvesters.tables.xml_document import (
    attribute,
    child,
    children,
    descendants,
    local,
    prose,
    text,
)
from schemas.rules import resource_url, web_url

#: Triples of one record.
TRIPLES = 10_000
_DC = (
    *("title", "creator", "subject", "description", "publisher", "contributor", "date", "type"),
    *("format", "identifier", "source", "language", "relation", "coverage", "rights"),
)
_DOI = re.compile(r"(?:doi:\s*|https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_HANDLE = re.compile(r"hdl:\s*(\d[\d.]*/\S+)", re.IGNORECASE)
_ACCESS = {
    "openaccess": "PUBLIC",
    "embargoedaccess": "RESTRICTED",
    "restrictedaccess": "RESTRICTED",
    "closedaccess": "RESTRICTED",
}
_DCMI_PERIOD = re.compile(r"\b(start|end)\s*=\s*([^;]+)")
_INTERVAL = re.compile(r"\d{4}(?:-\d\d){0,2}(?:\s*/\s*\d{4}(?:-\d\d){0,2})?")


def kinds(metadata: Element) -> list[str]:
    """What the record says it is, in small letters: ``dataset``, ``article``."""
    said = [text(e) for e in descendants(metadata, "type")]
    said += [attribute(e, "resourceTypeGeneral") for e in descendants(metadata, "resourceType")]
    return [codes.last_segment(word).lower() for word in said if word]


def to_record(id_: str, metadata: Element, where: str, mark: str) -> Record:
    """The dataset that a record's metadata describe. Raises `missing_value` without a title."""
    inner = next(iter(metadata), None)
    if inner is not None and local(str(inner.tag)) == "RDF":
        record = _dcat(inner, where)
    else:
        notes = Notes(where)
        datacite = next(descendants(metadata, "resource"), None)
        fields, links = (
            _dublin_core(metadata, notes) if datacite is None else _datacite(datacite, notes)
        )
        if not fields["title"]:
            raise HarvestError("missing_value", where=where, record=id_, field="title")
        resources = tuple(_resources(links, fields, notes))
        record = Record(id_, fields, resources, mark, tuple(notes.found))
    own = {"source_system": urlsplit(where).hostname or "", "oai_identifier": id_}
    fields = filled({"identifier": id_, **record.fields, **own})
    return Record(id_, fields, record.resources, mark, tuple(n.of(id_) for n in record.notes))


def _dcat(rdf: Element, where: str) -> Record:
    graph = parse(Response(where, tostring(rdf)), where, TRIPLES)
    datasets = listing(graph).datasets
    if len(datasets) != 1:
        raise HarvestError("unexpected_answer", where=where, detail="dcat:Dataset")
    return from_graph(graph, datasets[0], where)


def _dublin_core(metadata: Element, notes: Notes) -> tuple[dict[str, Any], list[str]]:
    given: dict[str, list[Element]] = {name: [] for name in _DC}
    for element in metadata.iter():
        name = local(str(element.tag))
        if name in given and text(element):
            given[name].append(element)
    said = {name: [text(element) for element in found] for name, found in given.items()}
    title, title_en = _languages(given["title"])
    description, description_en = _languages(given["description"])
    theme, tags = codes.themes([], said["subject"])
    links = list(filter(None, map(_link, said["identifier"])))
    covered = [*said["coverage"]]
    times = [period for one in covered if (period := _period(one))]
    fields = {
        **{f"dc_{name}": found for name, found in said.items() if found},
        "title": title,
        "title_en": title_en,
        "notes": description,
        "notes_en": description_en,
        "tags": tags,
        "theme": [*theme, *said["subject"]],
        "language": [codes.language(word) for word in said["language"]],
        "issued": _first_date(said["date"]),
        "license_id": codes.licence([word for word in said["rights"] if not _access(word)]),
        "access_rights": next(filter(None, map(_access, said["rights"])), ""),
        "url": _page(links),
        "temporal_coverage": values.periods(times, notes),
        "spatial_coverage": [_place(one) for one in covered if not _period(one)],
    }
    return fields, [*links, *filter(None, map(_link, said["relation"]))]


def _datacite(resource: Element, notes: Notes) -> tuple[dict[str, Any], list[str]]:
    titles = list(children(resource, "titles/title"))
    plain = [t for t in titles if attribute(t, "titleType") in ("", "TranslatedTitle")]
    title, title_en = _languages(plain or titles)
    abstract = [
        d
        for d in children(resource, "descriptions/description")
        if attribute(d, "descriptionType") in ("", "Abstract", "Other")
    ]
    description, description_en = _languages(abstract)
    dates = [(attribute(d, "dateType"), text(d)) for d in children(resource, "dates/date")]
    year = text(resource, "publicationYear")
    subjects = [text(s) for s in children(resource, "subjects/subject") if text(s)]
    rights = list(children(resource, "rightsList/rights"))
    said = [t for r in rights for t in (attribute(r, "rightsURI"), text(r)) if t]
    own = _link(text(resource, "identifier"))
    others = [
        _link(text(e))
        for path in ("alternateIdentifiers/alternateIdentifier",)
        for e in children(resource, path)
    ]
    parts = [
        _link(text(e))
        for e in children(resource, "relatedIdentifiers/relatedIdentifier")
        if attribute(e, "relationType") in ("HasPart", "IsMetadataFor", "IsVariantFormOf")
    ]
    fields = {
        "title": title,
        "title_en": title_en,
        "notes": description,
        "notes_en": description_en,
        "tags": subjects,
        "theme": subjects,
        "language": [codes.language(word) for word in [text(resource, "language")] if word],
        "issued": _first_date([d for kind, d in dates if kind in ("Issued", "Available")] + [year]),
        "modified": _first_date([d for kind, d in dates if kind == "Updated"]),
        "version": text(resource, "version")[:100],
        "license_id": codes.licence([word for word in said if not _access(word)]),
        "access_rights": next(filter(None, map(_access, said)), ""),
        "url": _page([own, *others]),
        "contact": list(_contact_persons(resource)),
        "temporal_coverage": values.periods(
            [values.interval(d) for kind, d in dates if kind in ("Collected", "Coverage")], notes
        ),
        "spatial_coverage": list(_geo_locations(resource)),
        "publisher": filled({"name": text(resource, "publisher")}),
        "creators": [text(c, "creatorName") for c in children(resource, "creators/creator")],
        "formats": [text(e) for e in children(resource, "formats/format")],
    }
    return fields, [link for link in (*others, *parts) if link]


def _languages(elements: Iterable[Element]) -> tuple[str, str]:
    """The text in the language that comes first, and the English one where it is another."""
    found: dict[str, str] = {}
    for element in elements:
        language = attribute(element, "lang").lower().partition("-")[0]
        found.setdefault(language, prose(element))
    order = ("vi", "vie", "", "en", "eng")
    first = next((found[code] for code in order if found.get(code)), "")
    first = first or next(filter(None, found.values()), "")
    english = found.get("en") or found.get("eng") or ""
    return first, "" if english == first else english


def _link(identifier: str) -> str:
    """An identifier as an address: of the web, of a DOI, of a handle; "" when it is none."""
    plain = identifier.strip()
    for form, resolver in ((_DOI, "https://doi.org/"), (_HANDLE, "https://hdl.handle.net/")):
        match = form.fullmatch(plain)
        if match:
            return resolver + match[1]
    return values.link(web_url, plain)


def _page(links: Iterable[str]) -> str:
    """The first address that is not one of a file."""
    return next((link for link in links if link and not _extension(link)), "")


def _extension(address: str) -> str:
    """The format that a file's name says, if our list knows it."""
    name = values.file_name(address)
    item = schemas.codelist("format").find(name.rpartition(".")[2]) if "." in name else None
    return item.ma if item is not None else ""


def _access(word: str) -> str:
    return _ACCESS.get(re.sub(r"[^a-z]", "", codes.last_segment(word).lower()), "")


def _first_date(candidates: Iterable[str]) -> str:
    quiet = Notes("")
    return next(filter(None, (values.a_date(word, "issued", quiet) for word in candidates)), "")


def _period(said: str) -> tuple[str, str] | None:
    """A period of DCMI's (``start=2010; end=2012``) or an interval; None for what is a place."""
    dcmi = dict(_DCMI_PERIOD.findall(said))
    if dcmi:
        return dcmi.get("start", "").strip(), dcmi.get("end", "").strip()
    return values.interval(said) if _INTERVAL.fullmatch(said.strip()) else None


def _place(said: str) -> Mapping[str, str]:
    return placed(geojson(said)) or {"text": said[:300]}


def _contact_persons(resource: Element) -> Iterator[dict[str, str]]:
    for element in children(resource, "contributors/contributor"):
        if attribute(element, "contributorType") in ("ContactPerson", "DataManager"):
            row = values.contact(name=text(element, "contributorName"))
            yield from [row] if row else []


def _geo_locations(resource: Element) -> Iterator[dict[str, str]]:
    for element in children(resource, "geoLocations/geoLocation"):
        box, point = child(element, "geoLocationBox"), child(element, "geoLocationPoint")
        row = {
            "text": text(element, "geoLocationPlace"),
            "bbox": bbox(_box(box)) if box is not None else "",
            "centroid": geojson(_point(point)) if point is not None else "",
        }
        if row := filled(row):
            yield row


def _box(element: Element) -> str:
    """West, south, east, north; before version 4 the text was south, west, north, east."""
    names = ("westBound", "southBound", "eastBound", "northBound")
    ends = ("Longitude", "Latitude", "Longitude", "Latitude")
    sides = [text(element, name + end) for name, end in zip(names, ends, strict=True)]
    if all(sides):
        return " ".join(sides)
    old = text(element).split()
    return " ".join((old[1], old[0], old[3], old[2])) if len(old) == 4 else ""


def _point(element: Element) -> str:
    x, y = text(element, "pointLongitude"), text(element, "pointLatitude")
    if not (x and y):
        y, _, x = text(element).partition(" ")
    return f"POINT({x} {y})"


def _resources(
    links: Iterable[str], fields: Mapping[str, Any], notes: Notes
) -> Iterator[RecordResource]:
    """The links that lead to files; the others are pages."""
    taken: set[str] = set()
    for link in dict.fromkeys(links):
        url = values.link(resource_url, link)
        form = _extension(link)
        if url and form:
            about = {"name": values.file_name(url), "url": url, "format": form}
            yield RecordResource(values.resource_id("", url, about, taken), about)
