"""Datasets in a DCAT graph as records: DCAT-AP 1.1 to 3, GeoDCAT-AP, and what passes for it. Pure.

Of several languages the Vietnamese words are taken first, then those without a language, then the
English ones. Quirks met in catalogues of the field: links written as text, terms of the old DCAT
of 2012 (`adms:contactPoint`, `dcat:dataQuality`), of schema.org (`startDate`), of Dublin Core
(`dct:abstract`, `dct:updated`), labels in place of addresses and the other way round, numbers of
bytes with decimals, media types as addresses at IANA's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from harvesters.errors import HarvestError
from harvesters.model import Record
from harvesters.sources import _dcat_codes as codes
from harvesters.sources import _dcat_values as values
from harvesters.sources._dcat_distribution import resources
from harvesters.sources._dcat_terms import (
    LICENCE,
    NOTES,
    TITLE,
    address,
    date,
    english,
    identifier,
    keywords,
    label,
    languages,
    named,
    one,
    text,
)
from harvesters.sources._dcat_values import Notes, filled
from harvesters.sources._geometry import geojson, is_point, placed
from harvesters.sources._rdf import BNode, Graph, Literal, Term, URIRef, expanded
from schemas.rules import web_url

_START = ("dcat:startDate", "schema:startDate", "schemas:startDate")
_END = ("dcat:endDate", "schema:endDate", "schemas:endDate")
_PLACE = ("rdfs:label", "skos:prefLabel", "locn:geographicName", "dct:title", "schema:name")
_PERSONS = {expanded("vcard:Individual"), expanded("foaf:Person")}
_AS_TEXT = ("gsp:asGeoJSON", "gsp:asWKT", "ogc:asWKT", "rdf:value")
_DURATION = (("years", "Y"), ("months", "M"), ("weeks", "W"), ("days", "D"))


@dataclass(frozen=True)
class Listing:
    """What one document lists: datasets, series that only head others, and what it only names."""

    title: str
    datasets: tuple[Any, ...]
    headings: tuple[str, ...]
    named_only: tuple[str, ...]
    is_catalogue: bool


def listing(graph: Graph) -> Listing:
    """The datasets of a document: those a catalogue lists, and every other that has a title.

    A dataset series is a heading of others, and a record of its own only where it is called a
    dataset too or has files.
    """
    catalogues = graph.typed("dcat:Catalog")
    listed = [d for c in catalogues for d in graph.objects(c, "dcat:dataset", "dcat:Dataset")]
    typed = graph.typed("dcat:Dataset")
    series = graph.typed("dcat:DatasetSeries")
    plain = set(typed)
    headings = {s for s in series if s not in plain and not graph.objects(s, "dcat:distribution")}
    # An empty blank node is described nowhere else: it is a dataset that says nothing.
    described = [node for node in listed if node in graph.nodes or isinstance(node, BNode)]
    others = [node for node in (*typed, *series) if text(graph, node, *TITLE)]
    named = (str(node) for node in listed if node not in graph.nodes and not _blank(node))
    return Listing(
        title=next(filter(None, (text(graph, c, *TITLE) for c in catalogues)), ""),
        datasets=tuple(d for d in dict.fromkeys((*described, *others)) if d not in headings),
        headings=tuple(str(node) for node in headings),
        named_only=tuple(dict.fromkeys(filter(None, named))),
        is_catalogue=bool(catalogues or typed or series),
    )


def _blank(node: Any) -> bool:
    return isinstance(node, BNode) or not str(node).strip()


def remote_id(graph: Graph, node: Any) -> str:
    """What names a dataset for good: its address, else its identifier; "" when it has neither."""
    if not isinstance(node, BNode):
        return str(node)
    found = identifier(graph, node) or text(graph, node, "dcat:landingPage")
    return found or values.dataset_id_by_title(text(graph, node, *TITLE))


def to_record(graph: Graph, node: Any, where: str) -> Record:
    """A dataset with its distributions. Raises `missing_value` without a title."""
    id_ = remote_id(graph, node)
    title = text(graph, node, *TITLE)
    if not title:
        raise HarvestError("missing_value", where=where, record=id_ or None, field="title")
    notes = Notes(where)
    distributions = graph.objects(node, "dcat:distribution", "schema:distribution")
    files = tuple(resources(graph, distributions, notes))
    fields = _fields(graph, node, notes)
    fields |= {
        "title": title,
        "title_en": english(graph, node, title, *TITLE),
        "identifier": identifier(graph, node) or values.without_title_id(id_),
        "license_id": codes.licence(_licences(graph, node, distributions)),
        "source_system": urlsplit(where).hostname or "",
    }
    return Record(id_, filled(fields), files, "", tuple(note.of(id_) for note in notes.found))


def _fields(graph: Graph, node: Any, notes: Notes) -> dict[str, Any]:
    description = text(graph, node, *NOTES)
    theme, tags = codes.themes(_all_names(graph, node, "dcat:theme"), keywords(graph, node))
    publisher = graph.first(node, "dct:publisher", "dc:publisher", "dct:creator")
    return {
        "notes": description,
        "notes_en": english(graph, node, description, *NOTES),
        "tags": tags,
        "theme": theme,
        "frequency": codes.frequency(_frequency(graph, node)),
        "access_rights": codes.access(one(graph, node, "dct:accessRights")),
        "language": languages(graph, node),
        "issued": date(graph, node, "issued", notes, "dct:issued", "schema:datePublished"),
        "modified": date(graph, node, "modified", notes, "dct:modified", "dct:updated"),
        "version": text(graph, node, "dcat:version", "owl:versionInfo", "adms:version")[:100],
        "url": _page(graph, node),
        "contact": _contacts(graph, node, publisher),
        "temporal_coverage": values.periods(_periods(graph, node), notes),
        "spatial_coverage": [
            row for o in graph.objects(node, "dct:spatial") for row in _place(graph, o)
        ],
        "provenance": _statement(graph, node, "dct:provenance"),
        "quality_statement": text(graph, node, "dcat:dataQuality"),
        "applicable_legislation": _all_names(graph, node, "dcatap:applicableLegislation"),
        "publisher": _agent(graph, publisher),
        "series": [label(graph, o) or str(o) for o in graph.objects(node, "dcat:inSeries")],
        "conforms_to": [label(graph, o) or str(o) for o in graph.objects(node, "dct:conformsTo")],
    }


def _frequency(graph: Graph, node: Any) -> str:
    term = graph.first(node, "dct:accrualPeriodicity")
    duration = graph.first(term, "rdf:value") if term is not None else None
    for name, letter in _DURATION:
        count = text(graph, duration or term, f"time:{name}").partition(".")[0]
        if count.isdecimal():
            return f"P{count}{letter}"
    named = label(graph, term)
    known = codes.frequency(str(term)) if isinstance(term, URIRef) else ""
    return str(term) if known != str(term) and known else (named or str(term or ""))


def _licences(graph: Graph, node: Any, distributions: Sequence[Term]) -> list[str]:
    """Of the dataset; else of its files, where they all have the same; else a word on rights."""
    own = _all_names(graph, node, *LICENCE)
    if own:
        return own
    of_files = {tuple(_all_names(graph, file, *LICENCE)) for file in distributions}
    if len(of_files) == 1 and (only := list(of_files.pop())):
        return only
    return [words for words in _all_names(graph, node, "dct:rights") if len(words) <= 200]


def _all_names(graph: Graph, node: Any, *names: str) -> list[str]:
    return [name for term in graph.objects(node, *names) for name in named(graph, term)]


def _page(graph: Graph, node: Any) -> str:
    """The landing page; else the dataset's own address, which is one in most catalogues."""
    pages = (str(page) for page in graph.objects(node, "dcat:landingPage", "schema:url"))
    found = next(filter(None, (values.link(web_url, page) for page in pages)), "")
    return found or values.link(web_url, address(node))


def _contacts(graph: Graph, node: Any, publisher: Term | None) -> list[dict[str, str]]:
    found = []
    publishing = _agent(graph, publisher)
    for term in graph.objects(node, "dcat:contactPoint", "adms:contactPoint"):
        if isinstance(term, Literal):
            row = values.contact(name=str(term), email=str(term))
        else:
            row = _vcard(graph, term, publishing.get("name", ""))
        if row and row not in found:
            found.append(row)
    if not found and (publishing.get("email") or publishing.get("url")):
        found.append(values.office(publishing))
    return found


def _vcard(graph: Graph, term: Term, publisher: str) -> dict[str, str]:
    def said(*names: str) -> str:
        """A value that may stand in a node of its own (`vcard:hasValue`)."""
        value = graph.first(term, *names)
        inner = graph.first(value, "vcard:hasValue", "vcard:value")
        return str(inner or ("" if isinstance(value, BNode) else value or ""))

    unit = graph.first(term, "vcard:org", "vcard:hasOrganizationName")
    name = text(graph, term, "vcard:fn", "foaf:name", "vcard:organization-name", "rdfs:label")
    body = text(graph, unit, "vcard:organisation-name", "vcard:organization-name")
    kinds = {str(kind) for kind in graph.objects(term, "rdf:type")}
    return values.contact(
        name=name or body,
        email=said("vcard:hasEmail", "vcard:email", "foaf:mbox"),
        telephone=said("vcard:hasTelephone", "vcard:telephone", "vcard:tel"),
        url=said("vcard:hasURL", "vcard:hasUrl", "vcard:url", "foaf:homepage"),
        identifier=said("vcard:hasUID"),
        uri=address(term),
        individual=bool(kinds & _PERSONS),
        organisation=body or publisher,
    )


def _agent(graph: Graph, term: Term | None) -> dict[str, str]:
    if term is None:
        return {}
    if isinstance(term, Literal):
        return {"name": str(term).strip()} if str(term).strip() else {}
    return filled(
        {
            "name": text(graph, term, "foaf:name", "rdfs:label", "skos:prefLabel", "vcard:fn"),
            "email": text(graph, term, "foaf:mbox", "vcard:hasEmail").removeprefix("mailto:"),
            "url": text(graph, term, "foaf:homepage", "vcard:hasURL"),
            "uri": address(term),
        }
    )


def _periods(graph: Graph, node: Any) -> Iterator[tuple[str, str]]:
    for term in graph.objects(node, "dct:temporal"):
        if isinstance(term, Literal):
            yield values.interval(str(term))
            continue
        begin, end = graph.first(term, "time:hasBeginning"), graph.first(term, "time:hasEnd")
        instant = ("time:inXSDDate", "time:inXSDDateTime", "time:inXSDDateTimeStamp")
        yield (
            text(graph, term, *_START) or text(graph, begin, *instant),
            text(graph, term, *_END) or text(graph, end, *instant),
        )


def _places(graph: Graph, node: Any) -> list[dict[str, str]]:
    return [row for term in graph.objects(node, "dct:spatial") for row in _place(graph, term)]


def _place(graph: Graph, term: Term) -> Iterator[dict[str, str]]:
    """A row of `spatial_coverage`; several geometries of one place are the same in other forms."""
    if isinstance(term, Literal):
        yield placed(geojson(term)) or {"text": str(term).strip()}
        return
    row = {
        "text": text(
            graph, term, "rdfs:label", "skos:prefLabel", "locn:geographicName", "dct:title"
        ),
        "uri": address(term),
    }
    for field, names in (
        ("bbox", ("dcat:bbox",)),
        ("geom", ("locn:geometry", "gsp:hasGeometry", *_AS_TEXT)),
        ("centroid", ("dcat:centroid",)),
    ):
        shapes = map(geojson, _shapes(graph, term, *names))
        row[field] = next(filter(None, shapes), "")
    if is_point(row["geom"]) and not row["centroid"]:
        row["centroid"] = row.pop("geom")
    row = filled(row)
    if row:
        yield row


def _shapes(graph: Graph, term: Term, *names: str) -> Iterator[Term]:
    """Shapes as text, also where they stand in a node of their own."""
    for shape in graph.objects(term, *names):
        yield from [shape] if isinstance(shape, Literal) else graph.objects(shape, *_AS_TEXT)


def _statement(graph: Graph, node: Any, name: str) -> str:
    return next(filter(None, (label(graph, term) for term in graph.objects(node, name))), "")
