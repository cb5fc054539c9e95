"""Catalogues of maps by OGC CSW 2.0.2 or 3.0, and metadata files of ISO 19115 without a catalogue.

A catalogue is asked page by page (GetRecords, sorted by identifier where it sorts) in the best
schema that it gives: ISO 19139, ISO 19115-3, GeoDCAT-AP or DCAT, its own Dublin Core. The listing
counts as complete when as many different identifiers came as the catalogue counts, in one walk
during which that number stayed the same. A URL or granted folder of metadata files (a single file,
a web folder of ``.xml`` files) is read file by file instead.

Quirks of the field, each in a specimen or a test: GeoNetwork counts records that it cannot give in
the schema asked for (the listing is incomplete then; another `output_schema` may give them),
answers ``<response><info>…`` when it sees no request, and catalogues news beside maps; pycsw gives
fewer rows than asked for, and refuses a sort field that it does not know; Geo-IDE answers POST only
and ends with ``nextRecord="0"``; ESRI's Geoportal says a ``nextRecord`` beyond the end; catalogues
advertise addresses of an inner network, so that the source's own is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Fetch, Response
from harvesters.model import End, Item, Probe, SourceType, Unchanged
from harvesters.sources import _metadata_files as files
from harvesters.sources._csw_protocol import (
    Capabilities,
    Page,
    Query,
    read_capabilities,
    read_page,
    refusal,
    schemas_to_try,
)
from harvesters.sources._metadata_record import LEVELS, Metadata, describe
from harvesters.tables.xml_document import parse_xml

#: Walks over a listing whose count changes while it is read, before it is called incomplete.
WALKS = 3
MAX_ROWS = 500
#: Records of an identifier seen before that are kept to be told from a page that came again.
_REPEATED = 200
#: Parameters of a CSW address that are the reader's own.
_OWN = (
    *("service", "request", "version", "acceptversions", "acceptformats", "outputformat"),
    *("sections", "outputschema", "elementsetname", "resulttype", "typenames", "startposition"),
    *("maxrecords", "constraint", "constraintlanguage", "constraint_language_version", "sortby"),
    *("namespace", "id", "updatesequence"),
)
#: An address that asks for some records itself is read as a file of them.
_SAVED_QUERY = re.compile(r"[?&]request=GetRecord(?:s|ById)\b", re.IGNORECASE)
#: Codes that say that a service does not understand a request, rather than that it is broken.
_NOT_UNDERSTOOD = (
    *("api_error", "unexpected_answer", "html_instead_of_data", "not_xml", "truncated"),
    "unknown_encoding",
)


@dataclass(frozen=True)
class Settings:
    """What to read.

    `url` is the catalogue's address (that of its GetCapabilities will do), a metadata file, or a
    folder of such, on the web or granted. `output_schema` is ``iso19139``, ``iso19115-3``,
    ``dcat``, ``dublin_core`` or an address; "" takes the best that is given. `constraint` narrows
    the listing in the catalogue's CQL. `levels` are the kinds of record that are datasets here; ()
    takes all. `page_size` is the number of records asked for at once.
    """

    url: str
    output_schema: str = ""
    constraint: str = ""
    levels: tuple[str, ...] = LEVELS
    page_size: int = 50


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each dataset of the catalogue. See `SourceType.read`."""
    if not files.is_web(settings.url):
        yield from files.read_folder(settings.url, settings.levels, fetch, since)
        return
    if _SAVED_QUERY.search(settings.url):
        yield from files.read_web(settings.url, settings.levels, fetch, since)
        return
    catalogue = _Catalogue(settings, fetch)
    found = catalogue.capabilities()
    if found is None:
        yield from files.read_web(settings.url, settings.levels, fetch, since)
        return
    yield from _Reading(catalogue, found, settings, since).items()


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a CSW, or a folder of metadata files, is there: its title and number of records."""
    if not files.is_web(url):
        return files.probe_folder(url, fetch)
    catalogue = _Catalogue(Settings(url), fetch)
    try:
        if _SAVED_QUERY.search(url):
            return files.probe_web(url, fetch)
        found = catalogue.capabilities()
        if found is None:
            return files.probe_web(url, fetch)
        count = catalogue.first_page(replace(found, schemas=()), rows=1)[1].matched
    except HarvestError as error:
        if error.code in (*_NOT_UNDERSTOOD, "auth_failed", "too_deep"):
            return None
        raise
    return Probe(found.title or str(urlsplit(url).hostname), count)


class _Catalogue:
    """One CSW."""

    def __init__(self, settings: Settings, fetch: Fetch):
        parts = urlsplit(settings.url)
        kept = [p for p in parse_qsl(parts.query, True) if p[0].lower() not in _OWN]
        self.base = parts._replace(query=urlencode(kept, safe=":,/"), fragment="").geturl()
        self._settings = settings
        self._fetch = fetch
        self._post = False

    def capabilities(self) -> Capabilities | None:
        """What the catalogue says of itself; None when what is there is no catalogue.

        Raises `api_error` with the words of a catalogue that refuses to say.
        """
        answer = self._fetch.get(self.base, {"service": "CSW", "request": "GetCapabilities"})
        if answer.is_html:
            return None
        root = parse_xml(answer)
        said = refusal(root)
        if said:
            raise HarvestError("api_error", where=answer.url, detail=said)
        return read_capabilities(root)

    def first_page(self, found: Capabilities, rows: int) -> tuple[Query, Page]:
        """The first page, asked for in one way after another until one is understood.

        Raises what the first way came to when none is.
        """
        first: HarvestError | None = None
        for schema in schemas_to_try(found, self._settings.output_schema):
            query = Query(found.version, schema, self._settings.constraint, True, rows)
            for way, post in ((query, False), (replace(query, sorted=False), False), (query, True)):
                self._post = post
                try:
                    page = self.page(way, 1)
                except HarvestError as error:
                    if error.code not in _NOT_UNDERSTOOD:
                        raise
                    first = first or error
                    continue
                if page.records or not page.matched:
                    return way, page
        raise first or HarvestError("unexpected_answer", where=self.base, detail="SearchResults")

    def page(self, query: Query, position: int) -> Page:
        """The records from a position on."""
        answer = self._ask(query, position)
        return read_page(parse_xml(answer), answer.url)

    def _ask(self, query: Query, position: int) -> Response:
        if self._post:
            return self._fetch.send(self.base, query.xml(position), "application/xml")
        return self._fetch.get(self.base, query.pairs(position))


@dataclass
class _Walk:
    """One pass over the listing."""

    ids: set[str] = field(default_factory=set)
    repeated: list[Metadata] = field(default_factory=list)
    nameless: int = 0
    count: int | None = None
    ended: bool = False
    stable: bool = True
    stuck: bool = False

    @property
    def complete(self) -> bool:
        whole = self.ended if self.count is None else len(self.ids) == self.count
        return whole and self.stable and not self.stuck and not self.nameless

    def fresh(self, page: Page, where: str) -> list[Metadata]:
        """The records of a page that are new in this walk; those without an id among them."""
        self.stable = self.stable and self.count in (None, page.matched)
        self.count = page.matched
        fresh: list[Metadata] = []
        for record in (describe(root, where) for root in page.records):
            if record.id and record.id in self.ids:
                self.repeated = [*self.repeated[-_REPEATED:], record]
                continue
            self.nameless += not record.id
            self.ids.add(record.id) if record.id else None
            fresh.append(record)
        self.stuck = bool(page.records) and not fresh
        return fresh

    def next_position(self, position: int, page: Page) -> int | None:
        """Where to go on; None at the end."""
        after = position + len(page.records)
        if page.next is not None and page.next > position:
            after = max(after, page.next)  # past records that could not be given
        self.ended = page.next == 0
        past = page.matched is not None and after > page.matched
        over = page.matched is None and (page.next == 0)
        return None if self.stuck or not page.records or past or over else after


class _Reading:
    """Turns walks over a catalogue into items. An id is given out once over all walks."""

    def __init__(
        self,
        catalogue: _Catalogue,
        found: Capabilities,
        settings: Settings,
        since: Mapping[str, str],
    ):
        self._catalogue = catalogue
        self._found = found
        self._settings = settings
        self._since = since
        self._given: set[str] = set()

    def items(self) -> Iterator[Item]:
        rows = min(max(self._settings.page_size, 1), MAX_ROWS)
        query, page = self._catalogue.first_page(self._found, rows)
        for number in range(1, WALKS + 1):
            walk = _Walk()
            position: int | None = 1
            while position is not None:
                if position > 1 or number > 1:
                    page = self._catalogue.page(query, position)
                for record in walk.fresh(page, self._catalogue.base):
                    yield from self._item(record, first=number == 1)
                position = walk.next_position(position, page)
            if walk.stable:
                break
        if walk.stable and not walk.stuck:
            for record in walk.repeated:
                yield from self._again(record)
        yield self._end(walk)

    def _item(self, record: Metadata, first: bool) -> Iterator[Item]:
        if not record.id:
            if first:
                yield record.nameless()
        elif record.id not in self._given:
            self._given.add(record.id)
            yield from self._again(record)

    def _again(self, record: Metadata) -> Iterator[Item]:
        if not record.is_wanted(self._settings.levels):
            return
        if self._since.get(record.id) == record.mark:
            yield Unchanged(record.id)
        else:
            yield record.record()

    def _end(self, walk: _Walk) -> End:
        if walk.complete:
            return End(True, walk.count if walk.count is not None else len(walk.ids))
        expected = "?" if walk.count is None else str(walk.count)
        params = {"seen": str(len(walk.ids)), "expected": expected}
        problem = Problem("incomplete_listing", self._catalogue.base, None, params)
        return End(False, walk.count, problem)


#: Coded fields: a catalogue speaks of lists of its own, and what is not in ours is left out.
_CODED = ("license_id", "theme", "language", "frequency", "access_rights", "applicable_legislation")

SOURCE = SourceType(
    type="csw",
    title={
        "vi": "Danh mục bản đồ (OGC CSW, ISO 19115)",
        "en": "Map catalogue (OGC CSW, ISO 19115)",
    },
    settings=Settings,
    read=read,
    probe=probe,
    mapping={name: {"from": name, "unknown": "ignore"} for name in _CODED},
)
