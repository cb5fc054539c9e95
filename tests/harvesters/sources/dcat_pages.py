"""Small DCAT catalogues for tests, and what was read of them."""

from __future__ import annotations

from collections import Counter

from tests.harvesters.sources.web import records

HEAD = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
"""
XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:dct="http://purl.org/dc/terms/">{}</rdf:RDF>'
)
TURTLE = "text/turtle"


def dataset(name, title=None, more=""):
    return f'<urn:bo:{name}> a dcat:Dataset ; dct:title "{title or name}"@vi {more}.\n'


def page(*names, head="", total=None):
    view = f"<> a hydra:PartialCollectionView {head} .\n" if head else ""
    count = f"<urn:dm> a hydra:Collection ; hydra:totalItems {total} .\n" if total else ""
    return HEAD + "<urn:dm> a dcat:Catalog .\n" + view + count + "".join(map(dataset, names))


def kinds(items):
    return Counter(type(item).__name__ for item in items)


def ids(items):
    return [item.remote_id.removeprefix("urn:bo:") for item in records(items)]
