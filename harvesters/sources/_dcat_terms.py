"""Reading single properties of a DCAT graph: words by language, labels, addresses, dates. Pure.

Of several languages the Vietnamese words are taken first, then those without a language, then the
English ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harvesters.sources import _dcat_codes as codes
from harvesters.sources import _dcat_values as values
from harvesters.sources._dcat_values import Notes
from harvesters.sources._rdf import BNode, Graph, Literal, Term, URIRef

TITLE = ("dct:title", "rdfs:label", "dc:title", "schema:name", "foaf:name")
NOTES = ("dct:description", "dct:abstract", "dc:description", "schema:description")
LICENCE = ("dct:license", "dct:#license", "dc:license", "schema:license")
_LABEL = (
    *("rdfs:label", "skos:prefLabel", "foaf:name", "dct:title", "dct:description"),
    *("locn:geographicName", "schema:name", "vcard:fn", "rdf:value", "skos:notation"),
)
_NAMES = ("skos:prefLabel", "rdfs:label", "dct:title", "skos:notation", "rdf:value")
#: The context that came with Project Open Data's first example makes the last one of it.
_IDENTIFIER = ("dct:identifier", "dc:identifier", "adms:identifier", "dcat:identifier")


def text(graph: Graph, node: Any, *names: str) -> str:
    """The text of the first of these properties that has one, in the language that comes first."""
    for name in names:
        words = _by_language(graph.objects(node, name))
        if words:
            return words[min(words, key=_preference)][0]
    return ""


def english(graph: Graph, node: Any, instead: str, *names: str) -> str:
    """The English text, where it is another one than the text taken already."""
    words = _by_language(graph.objects(node, *names)).get("en", [""])[0]
    return "" if words == instead else words


def keywords(graph: Graph, node: Any) -> list[str]:
    """Those in Vietnamese and without a language; else those of the language that comes first."""
    found = _by_language(graph.objects(node, "dcat:keyword", "schema:keywords"))
    ours = [*found.get("vi", ()), *found.get("", ())]
    if not ours and found:
        ours = found[min(found, key=_preference)]
    return list(dict.fromkeys(ours))


def label(graph: Graph, term: Term | None) -> str:
    """What a term is called: a literal is its own name, a node has a label; "" when it has none."""
    if term is None:
        return ""
    return str(term).strip() if isinstance(term, Literal) else text(graph, term, *_LABEL)


def _by_language(terms: Iterable[Term]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for term in terms:
        words = str(term).strip()
        if words and not isinstance(term, BNode):
            language = (getattr(term, "language", None) or "").lower().partition("-")[0]
            found.setdefault(language, []).append(words)
    return found


def _preference(language: str) -> tuple[int, str]:
    order = ("vi", "", "en")
    return (order.index(language) if language in order else len(order), language)


def address(term: Any) -> str:
    return str(term) if str(term).startswith(("http://", "https://")) else ""


def named(graph: Graph, term: Term) -> list[str]:
    """The address and the names of a concept; each may be what a codelist knows it by."""
    address = str(term) if isinstance(term, URIRef) else ""
    names = [label(graph, term)] if isinstance(term, Literal) else []
    if not names:
        terms = graph.objects(term, *_NAMES)
        names = [str(name) for name in terms if isinstance(name, Literal)]
    return list(filter(None, [address, *names]))


def one(graph: Graph, node: Any, name: str) -> str:
    """The first value of a property: its address, else its text or label."""
    term = graph.first(node, name)
    return str(term) if isinstance(term, URIRef) else label(graph, term)


def date(graph: Graph, node: Any, field: str, notes: Notes, *names: str) -> str:
    return values.a_date(text(graph, node, *names), field, notes)


def languages(graph: Graph, node: Any) -> list[str]:
    terms = graph.objects(node, "dct:language", "dc:language")
    said = (str(term) if isinstance(term, URIRef) else label(graph, term) for term in terms)
    return list(dict.fromkeys(codes.language(word) for word in said if word))


def identifier(graph: Graph, node: Any) -> str:
    """`dct:identifier`, or `adms:identifier` with its notation."""
    own = graph.objects(node, *_IDENTIFIER)
    return next(filter(None, (label(graph, term) for term in own)), "")
