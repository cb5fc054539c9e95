"""RDF from a source: bytes → a graph in memory, without network and within bounds. Pure.

RDF/XML, Turtle, N-Triples and JSON-LD. The parsers are rdflib's; around them:

- XML goes through a reader that refuses every DTD, hence entities;
- JSON-LD contexts are never fetched (`_jsonld_contexts`);
- the number of triples is bounded, and literals stay as they are written: rdflib would bring
  ``1E999999999`` into the form of an `xsd:decimal`, a text of a gigabyte;
- the form is told by the first characters, for content types lie.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import threading
import xml.sax
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.sax import handler, xmlreader

import rdflib
from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser
from rdflib.parser import StringInputSource
from rdflib.plugins.parsers.jsonld import to_rdf
from rdflib.plugins.parsers.notation3 import BadSyntax, TurtleParser
from rdflib.plugins.parsers.ntriples import NTParser
from rdflib.plugins.parsers.rdfxml import RDFXMLHandler
from rdflib.store import Store
from rdflib.term import BNode, Literal, URIRef

from harvesters.errors import HarvestError
from harvesters.fetch import Response
from harvesters.sources._jsonld_contexts import PREFIXES, prepared
from harvesters.tables.xml_document import parse_xml

__all__ = ["ACCEPT", "BNode", "Graph", "Literal", "Term", "URIRef", "expanded", "parse"]

#: What is asked for. RDF/XML first: Turtle cannot be written where one address has a blank in it,
#: and a portal then answers with an error.
ACCEPT = (
    "application/rdf+xml, application/n-triples;q=0.9, text/turtle;q=0.9, "
    "application/ld+json;q=0.8, application/json;q=0.5, */*;q=0.1"
)
Term = URIRef | BNode | Literal
_XML = re.compile(r"<(?:\?xml|!--|!DOCTYPE|[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?[\s/>])")
_JSON = re.compile(r'\{|\[\s*(?:[\[{"]|\]\s*$)')
#: Turtle in which nothing but N-Triples is allowed is said by the type or the name only.
_NTRIPLES = re.compile(r"application/n-triples|\.nt$")
# rdflib logs a traceback for each literal that does not fit its type: "2011" as a date is daily
# bread in catalogues, and what comes of it is judged here, field by field.
logging.getLogger("rdflib.term").setLevel(logging.ERROR)
#: Blank nodes within blank nodes that tell them apart.
_DEPTH = 3
_spelling = threading.Lock()
_TURTLE = TurtleParser()  # type: ignore[no-untyped-call]


class Graph:
    """Subjects with their properties, each in the order of the document.

    Properties are named with the prefixes of `_jsonld_contexts.PREFIXES`: ``dct:title``.
    """

    def __init__(self) -> None:
        self.nodes: dict[Any, dict[str, list[Term]]] = {}

    def objects(self, node: Any, *names: str) -> list[Term]:
        """What stands under these properties, in their order, each once."""
        properties = self.nodes.get(node)
        if properties is None:
            return []
        found = [term for name in names for term in properties.get(expanded(name), ())]
        return list(dict.fromkeys(found))

    def first(self, node: Any, *names: str) -> Term | None:
        return next(iter(self.objects(node, *names)), None)

    def with_any(self, *names: str) -> list[Any]:
        """The subjects that have one of these properties, in the order of the document."""
        wanted = {expanded(name) for name in names}
        return [node for node, properties in self.nodes.items() if wanted & set(properties)]

    def typed(self, *names: str) -> list[Any]:
        """The subjects of one of these types, in the order of the document."""
        wanted = {expanded(name) for name in names}
        kind = expanded("rdf:type")
        return [
            node
            for node, properties in self.nodes.items()
            if any(str(type_) in wanted for type_ in properties.get(kind, ()))
        ]

    def settle(self, shuffled: bool) -> None:
        """Brings what comes in another order each time into one of its own.

        Writers of Turtle name blank nodes afresh for each request and sort by these names: the
        same contacts come in another order, and every dataset would seem changed. They are put in
        the order of their contents; with `shuffled`, the other terms in that of their names.
        """
        known: dict[tuple[BNode, int], str] = {}
        for properties in self.nodes.values():
            for name, terms in properties.items():
                if shuffled:
                    terms.sort(key=lambda term: (isinstance(term, BNode), str(term)))
                blank = [term for term in terms if isinstance(term, BNode)]
                if len(blank) > 1:
                    blank.sort(key=lambda node: self._content(node, _DEPTH, known), reverse=True)
                    properties[name] = [
                        blank.pop() if isinstance(term, BNode) else term for term in terms
                    ]

    def _content(self, node: BNode, depth: int, known: dict[tuple[BNode, int], str]) -> str:
        """What a blank node says, those within it too: its beginning and a digest of all."""
        if depth == 0:
            return ""
        if (node, depth) not in known:
            said = sorted(
                f"{name} {self._content(t, depth - 1, known) if isinstance(t, BNode) else t}"
                for name, terms in self.nodes.get(node, {}).items()
                for t in terms
            )
            words = "\n".join(said)
            known[node, depth] = words[:300] + hashlib.sha256(words.encode()).hexdigest()
        return known[node, depth]


def expanded(name: str) -> str:
    """``dct:title`` as an IRI."""
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


def parse(answer: Response, base: str, most: int) -> Graph:
    """The graph in an answer; relative addresses are taken against `base`.

    Raises `html_instead_of_data`, `truncated` (an empty body), `not_rdf`, `not_json`, `not_xml`
    (a document with a DTD too), `unknown_encoding`, `remote_context`, `too_deep`, and `too_large`
    above `most` triples.
    """
    if answer.is_html:
        raise HarvestError("html_instead_of_data", where=answer.url)
    content = answer.content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not content.strip(b"\x00"):
        raise HarvestError("truncated", where=answer.url, at=0)
    bag = _Bag(answer.url, most)
    sink = rdflib.Graph(store=bag, bind_namespaces="none")
    try:
        with _as_written():
            form = _parse_into(sink, answer, content, base)
    except RecursionError as error:
        raise HarvestError("too_deep", where=answer.url) from error
    if form in ("turtle", "n-triples"):
        bag.graph.settle(shuffled=form == "n-triples")
    return bag.graph


def _parse_into(sink: rdflib.Graph, answer: Response, content: bytes, base: str) -> str:
    """Returns the form: ``xml``, ``json``, ``turtle`` or ``n-triples``."""
    start = content[:4096].decode("utf-8", "replace")
    if _XML.match(start) or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        _xml(sink, answer, base)
        return "xml"
    if _JSON.match(start):
        data = prepared(answer.json(), answer.url)
        # Generalized: else nodes whose addresses are not valid would be left out without a word.
        _read(answer, lambda: to_rdf(data, sink, base=base, generalized_rdf=True))
        return "json"
    source = StringInputSource(answer.text(), system_id=base)
    said = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if _NTRIPLES.search(said) or _NTRIPLES.search(answer.url.partition("?")[0].lower()):
        _read(answer, lambda: NTParser.parse(source, sink))
        return "n-triples"
    _read(answer, lambda: _TURTLE.parse(source, sink))
    return "turtle"


def _xml(sink: rdflib.Graph, answer: Response, base: str) -> None:
    """With a reader that refuses DTDs; rdflib's own would read them."""
    source = xmlreader.InputSource(base)
    source.setByteStream(io.BytesIO(answer.content))
    reader = DefusedExpatParser(forbid_dtd=True)
    reader.setFeature(handler.feature_namespaces, 1)
    reader.start_namespace_decl("xml", "http://www.w3.org/XML/1998/namespace")
    triples = RDFXMLHandler(sink)
    triples.setDocumentLocator(source)  # type: ignore[arg-type]
    reader.setContentHandler(triples)  # type: ignore[arg-type]
    try:
        _read(answer, lambda: reader.parse(source))
    except (xml.sax.SAXParseException, DefusedXmlException, ValueError, LookupError) as error:
        parse_xml(answer)  # says what is wrong with it as XML
        line = error.getLineNumber() if isinstance(error, xml.sax.SAXParseException) else None
        raise HarvestError("not_rdf", where=answer.url, line=line or "") from error


def _read(answer: Response, work: Any) -> None:
    try:
        work()
    except (HarvestError, RecursionError, xml.sax.SAXParseException, DefusedXmlException):
        raise
    except Exception as error:  # rdflib's parsers raise anything at all on what is malformed
        line = int(error.lines) + 1 if isinstance(error, BadSyntax) else ""
        raise HarvestError("not_rdf", where=answer.url, line=line) from error


@contextmanager
def _as_written() -> Iterator[None]:
    """Literals keep their spelling while a document is parsed.

    A global of rdflib's, so one document at a time: parsing holds the interpreter anyway.
    """
    with _spelling:
        before = rdflib.NORMALIZE_LITERALS
        rdflib.NORMALIZE_LITERALS = False
        try:
            yield
        finally:
            rdflib.NORMALIZE_LITERALS = before


class _Bag(Store):
    """Where rdflib's parsers put their triples: one index, bounded. rdflib's own keeps three."""

    def __init__(self, where: str, most: int):
        super().__init__()
        self.graph = Graph()
        self._where = where
        self._left = self._most = most

    def add(self, triple: Any, context: Any, quoted: bool = False) -> None:
        self._left -= 1
        if self._left < 0:
            limit = f"{self._most} RDF"
            raise HarvestError("too_large", where=self._where, limit=limit)
        subject, predicate, object_ = triple
        self.graph.nodes.setdefault(subject, {}).setdefault(str(predicate), []).append(object_)
