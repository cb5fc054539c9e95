"""The distributions of a dataset in a DCAT graph as resources. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

import schemas
from harvesters.model import RecordResource
from harvesters.sources import _dcat_codes as codes
from harvesters.sources import _dcat_values as values
from harvesters.sources._dcat_terms import (
    LICENCE,
    NOTES,
    TITLE,
    date,
    identifier,
    languages,
    named,
    text,
)
from harvesters.sources._dcat_values import Notes, filled
from harvesters.sources._rdf import BNode, Graph, Term, URIRef
from schemas.rules import resource_url


def resources(graph: Graph, terms: Sequence[Term], notes: Notes) -> Iterator[RecordResource]:
    taken: set[str] = set()
    for at, term in enumerate(terms):
        download, access = _addresses(graph, term, notes.where)
        if not (download or access):
            notes.link(f"distribution[{at}]", "" if isinstance(term, BNode) else str(term))
            continue
        url = download or access
        fields = _resource_fields(graph, term, url, access, notes)
        own = "" if isinstance(term, BNode) else str(term)
        id_ = values.resource_id(own or identifier(graph, term), url, fields, taken)
        yield RecordResource(id_, fields)


def _addresses(graph: Graph, term: Term, where: str) -> tuple[str, str]:
    """Where the file is, and where one gets at it; a service's address stands in for the latter."""
    services = graph.objects(term, "dcat:accessService")
    ends = (url for s in services for url in graph.objects(s, "dcat:endpointURL"))

    def valid(candidates: Iterable[Any]) -> str:
        given = (str(url).strip() for url in candidates)
        found = (values.link(resource_url, urljoin(where, url)) for url in given if url)
        return next(filter(None, found), "")

    download = valid(graph.objects(term, "dcat:downloadURL", "schema:contentUrl"))
    return download, valid(graph.objects(term, "dcat:accessURL")) or valid(ends)


def _resource_fields(
    graph: Graph, term: Term, url: str, access: str, notes: Notes
) -> dict[str, Any]:
    kinds = _names(graph, term, "dcat:mediaType", "dct:format")
    kind = next(filter(None, map(values.media_type, kinds)), "")
    formats = [n for t in graph.objects(term, "dct:format") for n in _format_names(graph, t)]
    ours = schemas.codelist("language")
    sums = graph.objects(term, "spdx:checksum")
    title = text(graph, term, *TITLE)
    fields = {
        "name": title or values.file_name(url) or str(urlsplit(url).hostname),
        "description": text(graph, term, *NOTES),
        "url": url,
        "access_url": access if access != url else "",
        "format": values.file_format([*formats, kind]),
        "mimetype": kind,
        "size": values.size(text(graph, term, "dcat:byteSize", "schema:contentSize")),
        "issued": date(graph, term, "issued", notes, "dct:issued"),
        "modified": date(graph, term, "modified", notes, "dct:modified"),
        "language": [code for code in languages(graph, term) if ours.get(code)],
        "encoding": text(graph, term, "cnt:characterEncoding"),
        "licence": codes.licence(
            [n for o in graph.objects(term, *LICENCE) for n in named(graph, o)]
        ),
    }
    for checksum in sums:
        fields |= values.checksum(text(graph, checksum, "spdx:checksumValue"))
    return filled(fields)


def _format_names(graph: Graph, term: Term) -> list[str]:
    """The label of a format before its address: an address may be one of the catalogue's own."""
    names = named(graph, term)
    return [*names[1:], *names[:1]] if isinstance(term, URIRef) else names


def _names(graph: Graph, term: Term, *names: str) -> list[str]:
    return [name for value in graph.objects(term, *names) for name in named(graph, value)]
