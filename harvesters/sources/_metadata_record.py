"""One metadata record of a catalogue, in whichever schema it is written. Pure.

ISO 19115 (19139, 19115-3), the CSW's own Dublin Core, or RDF: GeoDCAT-AP and the DCAT of
GeoNetwork, of which each record is a small graph around one dataset.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from harvesters.errors import HarvestError, Problem
from harvesters.fetch.response import Response
from harvesters.model import Failure, Record, RecordResource
from harvesters.sources import _csw_record as dublin_core
from harvesters.sources import _dcat_graph as dcat
from harvesters.sources import _geo_fields as geo
from harvesters.sources import _iso19115 as iso
from harvesters.sources._rdf import Graph, parse
from harvesters.tables.xml_document import local

#: What is a dataset in a catalogue; a record that does not say what it is counts as one.
LEVELS = ("dataset", "series", "nonGeographicDataset", "service")
_NUMBERED = re.compile(r"ri_\d+")
#: Roots of RDF: a graph, or the dataset itself.
_RDF_ROOTS = ("RDF", "Dataset", "CatalogRecord", "DataService")
#: A record of a dataset has tens of triples.
_TRIPLES = 20_000
#: Changes when this reading changes, so that records are read again.
_READER = "1"


@dataclass(frozen=True)
class Metadata:
    """A record as it stands: `id` is "" where it has none, `level` what it describes.

    `mark` is a digest of the whole: no date in it tells every change. A record that cannot be
    understood has a `problem` instead.
    """

    root: Element
    where: str
    id: str = ""
    level: str = ""
    mark: str = ""
    graph: Graph | None = None
    node: Any = None
    problem: Problem | None = None

    def is_wanted(self, levels: Collection[str]) -> bool:
        """Whether the record describes one of the kinds wanted; none named means all.

        A kind may be an address (``…/dcmitype/Dataset``); a number of Canada's list says nothing.
        """
        kind = self.level.rstrip("/").rpartition("/")[2].casefold()
        if not kind or _NUMBERED.fullmatch(kind):
            kind = "dataset"
        return not levels or kind in {level.casefold() for level in levels}

    def record(self, remote_id: str = "") -> Record | Failure:
        """The record as ours, or why it could not be read."""
        id_ = remote_id or self.id
        try:
            if self.graph is not None:
                return _from_graph(self, id_)
            if iso.is_iso(self.root):
                return iso.to_record(self.root, id_, self.where, self.mark)
            return dublin_core.to_record(self.root, id_, self.where, self.mark)
        except HarvestError as error:
            return Failure(error.problem.of(id_))

    def nameless(self) -> Failure:
        """The failure of a record without an identifier, or of no known schema."""
        detail = {"detail": "identifier" if is_record(self.root) else local(self.root.tag)}
        return Failure(self.problem or Problem("unexpected_answer", self.where, None, detail))


def is_record(root: Element) -> bool:
    """Whether an element is a metadata record of a known schema."""
    return iso.is_iso(root) or dublin_core.is_dublin_core(root) or _is_rdf(root)


def describe(root: Element, where: str) -> Metadata:
    """What a record is, before it is read: enough to tell it and to see whether it changed."""
    if _is_rdf(root):
        return _described_graph(root, where)
    if iso.is_iso(root):
        return Metadata(root, where, iso.identifier_of(root), iso.level_of(root), _mark(root))
    if dublin_core.is_dublin_core(root):
        id_, level = dublin_core.identifier_of(root), dublin_core.level_of(root)
        return Metadata(root, where, id_, level, _mark(root))
    return Metadata(root, where)


def _mark(root: Element) -> str:
    root.tail = None  # the blanks between this record and the next
    return f"{_READER}:{hashlib.sha256(ElementTree.tostring(root)).hexdigest()[:32]}"


def _is_rdf(root: Element) -> bool:
    return local(root.tag) in _RDF_ROOTS and ("rdf" in root.tag or "dcat" in root.tag)


def _described_graph(root: Element, where: str) -> Metadata:
    mark = _mark(root)
    try:
        graph = parse(Response(where, ElementTree.tostring(root)), where, _TRIPLES)
    except HarvestError as error:
        return Metadata(root, where, problem=error.problem)
    node = next(iter(dcat.listing(graph).datasets), None)
    if node is None:
        # A service of GeoDCAT-AP is no dataset; it is there all the same, and counts.
        service = next(iter(graph.typed("dcat:DataService")), None)
        id_ = "" if service is None else dcat.remote_id(graph, service)
        return Metadata(root, where, id_, "DataService", mark, graph, service)
    return Metadata(root, where, dcat.remote_id(graph, node), "dataset", mark, graph, node)


def _from_graph(said: Metadata, remote_id: str) -> Record:
    if said.graph is None:
        raise HarvestError("unexpected_answer", where=said.where, detail="RDF")
    record = dcat.to_record(said.graph, said.node, said.where)
    contacts = [_office(row) for row in record.fields.get("contact") or ()]
    themes = list(record.fields.get("theme") or ())
    topics = (theme.rpartition("/")[2] for theme in themes if "TopicCategory" in theme)
    fields = {
        **record.fields,
        "contact": [row for row in contacts if row],
        "theme": [*themes, *geo.themes(topics)],
    }
    return replace(
        record,
        remote_id=remote_id,
        fields=geo.filled(fields),
        resources=tuple(_with_format(resource) for resource in record.resources),
        mark=said.mark,
    )


def _with_format(resource: RecordResource) -> RecordResource:
    """GeoNetwork writes the protocol of a link (``OGC:WMS``) where its format should be."""
    said = str(resource.fields.get("format") or "")
    if ":" not in said:
        return resource
    url, name = str(resource.fields.get("url") or ""), str(resource.fields.get("name") or "")
    fields = {**resource.fields, "format": geo.format_of(said, url, name)}
    return replace(resource, fields=geo.filled(fields))


def _office(row: dict[str, str]) -> dict[str, str]:
    """A contact without the name of a person, as everywhere in map catalogues."""
    return {k: v for k, v in row.items() if not (k == "name" and geo.is_person(v))}
