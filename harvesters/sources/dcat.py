"""A catalogue in DCAT: RDF/XML, Turtle, N-Triples or JSON-LD, in one document or in pages.

Pages follow one another by hydra (`hydra:next` of a PartialCollectionView, `hydra:nextPage` of the
older PagedCollection), by a Link header (LDP Paging), or by a parameter that the source's
configuration names. A listing is complete when a page came that names no next one and as many
datasets were seen as `hydra:totalItems` says, where it says so. Datasets that a catalogue names
without describing them are asked for one by one at their own address.

Quirks of the field: the next page under another host name than the one asked (a portal behind a
proxy), pages that overlap, a page that leads to itself, a catalogue's web page in place of its
data (its ``<link rel="alternate">`` is followed), an error in JSON with status 200.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Fetch, Response
from harvesters.fetch.grants import is_local
from harvesters.fetch.refusals import sentence
from harvesters.model import End, Failure, Item, Probe, Record, SourceType
from harvesters.sources._dcat_graph import Listing, listing, remote_id, to_record
from harvesters.sources._dcat_values import MAPPING
from harvesters.sources._html_links import alternates
from harvesters.sources._rdf import ACCEPT, Graph, URIRef, parse

#: Where a portal is known to keep its catalogue, when it is given by its front page.
WELL_KNOWN = ("/catalog.rdf", "/catalog.ttl", "/catalog.jsonld")
#: Alternates of a page that are tried.
TRIED = 3
_TYPES = ("application/rdf+xml", "text/turtle", "application/ld+json", "application/n-triples")
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w*]+\s*=\s*(?:"[^"]*"|[^\s;,"]+))*)')
#: Codes that say that something else answers there.
_NOT_OURS = (
    *("api_error", "auth_failed", "html_instead_of_data", "not_json", "not_rdf", "not_xml"),
    *("remote_context", "too_deep", "too_large", "truncated", "unexpected_answer"),
    "unknown_encoding",
)


@dataclass(frozen=True)
class Settings:
    """What to read.

    `url` is the catalogue's address, or a web page that links to it; a file in a granted folder
    will do too. `page` names the parameter that counts pages, for a source that pages without
    saying so. `max_triples` bounds one document (a dataset has some 20 to 100).
    """

    url: str
    page: str = ""
    max_triples: int = 500_000


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each dataset. See `SourceType.read`; DCAT tells no marks."""
    yield from _Reading(_Feed(settings, fetch)).items()


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a DCAT catalogue answers there: its title and its number of datasets."""
    try:
        page = _Feed(Settings(url), fetch).first()
    except HarvestError as error:
        if error.code in _NOT_OURS:
            return None
        raise
    if b"project-open-data.cio.gov" in page.answer.content:
        return None  # a data.json, which has a source type of its own
    count = page.total if page.total is not None else len(page.listing.datasets)
    return Probe(page.listing.title or str(urlsplit(page.answer.url).hostname or url), count)


@dataclass(frozen=True)
class _Page:
    """One document of the catalogue."""

    answer: Response
    graph: Graph
    listing: Listing
    next: str
    total: int | None


class _Feed:
    """Gets the documents of one catalogue."""

    def __init__(self, settings: Settings, fetch: Fetch):
        self._settings = settings
        self._fetch = fetch

    @property
    def url(self) -> str:
        return self._settings.url

    def first(self) -> _Page:
        """The catalogue at the address given, or where the web page there leads to."""
        answer = self._get(self._settings.url)
        if not answer.is_html:
            return self._page(answer)
        for address in _elsewhere(answer):
            try:
                return self._page(self._get(address))
            except HarvestError as error:
                if error.code not in (*_NOT_OURS, "host_not_granted"):
                    raise
        raise HarvestError("html_instead_of_data", where=answer.url)

    def after(self, page: _Page, number: int) -> str:
        """The address of the next page; "" after the last. `number` counts pages read."""
        if page.next or not self._settings.page or not page.listing.datasets:
            return page.next
        parts = urlsplit(self._settings.url)
        query = [pair for pair in parse_qsl(parts.query) if pair[0] != self._settings.page]
        asked = dict(parse_qsl(parts.query)).get(self._settings.page, "1")
        start = int(asked) if asked.isdecimal() else 1
        query.append((self._settings.page, str(start + number)))
        return parts._replace(query=urlencode(query)).geturl()

    def page(self, url: str) -> _Page:
        return self._page(self._get(url))

    def dataset(self, address: str) -> tuple[Graph, str]:
        """The document that describes one dataset, and its address."""
        answer = self._get(address)
        if answer.is_html:
            found = alternates(answer.text(), answer.url, _TYPES)
            answer = self._get(found[0]) if found else answer
        return self._graph(answer), answer.url

    def _get(self, url: str) -> Response:
        if is_local(url):
            return self._fetch.read(url)
        return self._fetch.get(url.partition("#")[0], headers={"Accept": ACCEPT})

    def _graph(self, answer: Response) -> Graph:
        base = "file:///" if is_local(answer.url) else answer.url.partition("#")[0]
        return parse(answer, base, max(self._settings.max_triples, 1))

    def _page(self, answer: Response) -> _Page:
        graph = self._graph(answer)
        found = listing(graph)
        if not found.is_catalogue:
            said = _error_in(answer)
            code, detail = ("api_error", said) if said else ("unexpected_answer", "dcat:Catalog")
            raise HarvestError(code, where=answer.url, detail=detail)
        return _Page(answer, graph, found, _next(graph, answer), _total(graph))


@dataclass
class _Reading:
    """Turns the pages of a catalogue into items. An id is given out once over all pages."""

    feed: _Feed
    ids: set[str] = field(default_factory=set)
    nameless: int = 0
    headings: set[str] = field(default_factory=set)
    named_only: dict[str, None] = field(default_factory=dict)

    def items(self) -> Iterator[Item]:
        page = self.feed.first()
        asked: set[str] = {page.answer.url}
        number = 1
        while True:
            before = len(self.ids)
            yield from self._page(page)
            self.headings.update(page.listing.headings)
            self.named_only |= dict.fromkeys(page.listing.named_only)
            address = self.feed.after(page, number)
            if not address:
                break
            if address in asked or (page.listing.datasets and len(self.ids) == before):
                problem = Problem("page_repeated", address)
                yield End(False, page.total, problem)
                return
            asked.add(address)
            page = self.feed.page(address)
            number += 1
        yield from self._named_only()
        yield self._end(page)

    def _page(self, page: _Page) -> Iterator[Item]:
        """Its datasets, save those that came with an earlier page.

        Two that share an id within one page are two all the same: the run says which.
        """
        earlier = frozenset(self.ids)
        for node in page.listing.datasets:
            id_ = remote_id(page.graph, node)
            if id_ not in earlier:
                yield self._item(page.graph, node, id_, page.answer.url)

    def _item(self, graph: Graph, node: Any, id_: str, where: str) -> Record | Failure:
        if id_:
            self.ids.add(id_)
        else:
            self.nameless += 1
        try:
            return to_record(graph, node, where)
        except HarvestError as error:
            return Failure(error.problem.of(id_) if id_ else error.problem)

    def _named_only(self) -> Iterator[Item]:
        """Datasets that were listed but described on no page, from their own addresses."""
        for address in self.named_only:
            if address in self.ids:
                continue
            self.ids.add(address)
            try:
                if "://" not in address:
                    where = self.feed.url
                    raise HarvestError("unexpected_answer", where=where, detail="dcat:Dataset")
                graph, where = self.feed.dataset(address)
                if URIRef(address) not in graph.nodes:
                    raise HarvestError("unexpected_answer", where=where, detail="dcat:Dataset")
                yield to_record(graph, URIRef(address), where)
            except HarvestError as error:
                if error.code == "deadline":
                    raise
                yield Failure(error.problem.of(address))

    def _end(self, page: _Page) -> End:
        seen = len(self.ids | self.headings) + self.nameless
        if page.total is None or seen >= page.total:
            return End(True, page.total)
        params = {"seen": str(seen), "expected": str(page.total)}
        problem = Problem("incomplete_listing", page.answer.url, None, params)
        return End(False, page.total, problem)


def _error_in(answer: Response) -> str:
    """What an error object in JSON says; "" when the answer is none."""
    if not answer.content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return ""
    data = answer.json()
    return sentence({name: data.get(name) for name in ("message", "error")})


def _elsewhere(answer: Response) -> list[str]:
    """Where the data of a web page may be: where it says so, then where portals keep it."""
    said = alternates(answer.text(), answer.url, _TYPES)[:TRIED]
    root = urlsplit(answer.url)
    known = [root._replace(path=path, query="", fragment="").geturl() for path in WELL_KNOWN]
    return list(dict.fromkeys([*said, *(known if root.scheme.startswith("http") else [])]))


def _next(graph: Graph, answer: Response) -> str:
    """The next page by hydra or by the Link header, at the host that was asked."""
    own = URIRef(answer.url)
    nodes = sorted(graph.with_any("hydra:next", "hydra:nextPage"), key=lambda node: node != own)
    found = [str(n) for v in nodes for n in graph.objects(v, "hydra:next", "hydra:nextPage")]
    found += [
        address.strip()
        for address, params in _LINK.findall(answer.headers.get("link", ""))
        if re.search(r'rel\s*=\s*"?(?:[^"]*\s)?next\b', params, re.IGNORECASE)
    ]
    return _at_the_same_host(urljoin(answer.url, found[0]), answer.url) if found else ""


def _at_the_same_host(address: str, asked: str) -> str:
    """A portal behind a proxy may call itself by another name: the same path is the same portal."""
    link, here = urlsplit(address), urlsplit(asked)
    if link.path == here.path and here.scheme.startswith("http"):
        return link._replace(scheme=here.scheme, netloc=here.netloc, fragment="").geturl()
    return address


def _total(graph: Graph) -> int | None:
    nodes = graph.with_any("hydra:totalItems")
    counts = [str(count) for node in nodes for count in graph.objects(node, "hydra:totalItems")]
    return next((int(count) for count in counts if re.fullmatch(r"\d{1,9}", count)), None)


SOURCE = SourceType(
    type="dcat",
    title={"vi": "Danh mục DCAT (RDF, JSON-LD)", "en": "DCAT catalogue (RDF, JSON-LD)"},
    settings=Settings,
    read=read,
    probe=probe,
    mapping=MAPPING,
)
