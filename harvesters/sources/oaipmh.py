"""A repository that speaks OAI-PMH 2.0: its records in Dublin Core, DataCite or DCAT.

The first reading walks `ListRecords`. When marks are held, `ListIdentifiers` tells cheaply which
records there are and when each was changed; only the changed ones are read, by `ListRecords` from
the earliest change on, or one by one when they are few. (An incremental `ListRecords` alone would
say nothing of the records that did not change, and could not prove that they still exist.)

A listing is complete when a page came whose resumption token is empty, and as many records were
seen as `completeListSize` says, where it says so. A record that is marked as deleted is not listed:
it is withdrawn if the listing is complete, however long the repository remembers deletions.

A richer format than Dublin Core is taken by itself only where as many records have it: a listing
in a format leaves out the records that lack it, and these would seem withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Fetch
from harvesters.model import End, Failure, Item, Probe, Record, SourceType, Unchanged
from harvesters.sources._dcat_values import MAPPING
from harvesters.sources._oaipmh_record import kinds, to_record
from harvesters.tables.xml_document import attribute, child, children, parse_xml, text

#: Walks over a listing whose resumption token the repository has forgotten.
WALKS = 2
#: Changed records that are asked for one by one; above it, a listing is shorter.
ONE_BY_ONE = 20
_RICHER = ("dcat_ap", "dcat", "dcat-ap", "oai_datacite", "datacite", "datacite4")
_NOT_OURS = (
    *("api_error", "auth_failed", "html_instead_of_data", "not_xml", "too_deep", "truncated"),
    *("unexpected_answer", "unknown_encoding"),
)


@dataclass(frozen=True)
class Settings:
    """What to read.

    `url` is the repository's base address. `prefix` names the metadata format (by itself: the
    richest that all records have), `set` narrows to a set of the repository's, and `types` to
    records that call themselves so (``dataset``): a repository may hold articles as well.
    """

    url: str
    prefix: str = ""
    set: str = ""
    types: tuple[str, ...] = ()


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each item of the repository. See `SourceType.read`."""
    repository = _Repository(settings, fetch)
    reading = _Reading(repository, settings, repository.prefix())
    yield from reading.changes(since) if since else reading.everything()


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a repository answers there: its name and its number of records, if it tells."""
    repository = _Repository(Settings(url), fetch)
    try:
        name = text(child(repository.call("Identify"), "Identify"), "repositoryName")
        count = repository.size("oai_dc")
    except HarvestError as error:
        if error.code in _NOT_OURS:
            return None
        raise
    return Probe(name or str(urlsplit(repository.base).hostname), count)


class _Refused(HarvestError):
    """An `error` element of the protocol. `oai` is the code that the protocol gives it."""

    def __init__(self, oai: str, where: str, said: str):
        super().__init__("api_error", where=where, detail=f"{oai}: {said}" if said else oai)
        self.oai = oai


@dataclass(frozen=True)
class _Page:
    """A page of a listing: records or headers, and how many the whole listing has, if told."""

    items: list[Element]
    size: int | None
    last: bool


class _Repository:
    """The verbs of one repository."""

    def __init__(self, settings: Settings, fetch: Fetch):
        self.base = urlsplit(settings.url)._replace(query="", fragment="").geturl()
        self._settings = settings
        self._fetch = fetch

    def call(self, verb: str, **params: str) -> Element:
        """The answer to a request. Raises `_Refused` for an error of the protocol."""
        given = {name: value for name, value in params.items() if value}
        root = parse_xml(self._fetch.get(self.base, {"verb": verb, **given}))
        error = child(root, "error")
        if error is not None:
            raise _Refused(attribute(error, "code"), self.base, text(error)[:200])
        if child(root, verb) is None:
            raise HarvestError("unexpected_answer", where=self.base, detail=f"OAI-PMH, {verb}")
        return root

    def pages(self, verb: str, prefix: str, start: str = "") -> Iterator[_Page]:
        """A listing page by page. Raises `page_repeated` when a token leads in a circle."""
        item = "header" if verb == "ListIdentifiers" else "record"
        asked: set[str] = set()
        params = {"metadataPrefix": prefix, "set": self._settings.set, "from": start}
        while True:
            body = child(self.call(verb, **params), verb)
            token = child(body, "resumptionToken")
            following = text(token)
            if following in asked:
                raise HarvestError("page_repeated", where=self.base)
            size = attribute(token, "completeListSize")
            found = list(children(body, item))
            yield _Page(found, int(size) if size.isdecimal() else None, not following)
            if not following:
                return
            asked.add(following)
            params = {"resumptionToken": following}

    def size(self, prefix: str) -> int | None:
        """How many records there are in a format, if one page tells."""
        try:
            page = next(self.pages("ListIdentifiers", prefix))
        except _Refused as error:
            if error.oai == "noRecordsMatch":
                return 0
            raise
        return len(page.items) if page.last else page.size

    def prefix(self) -> str:
        """The format to read: the one configured, else the richest that all records have."""
        if self._settings.prefix:
            return self._settings.prefix
        try:
            root = self.call("ListMetadataFormats")
        except _Refused:
            return "oai_dc"
        offered = [
            text(e) for e in children(root, "ListMetadataFormats/metadataFormat/metadataPrefix")
        ]
        richer = [name for name in _RICHER if name in offered]
        if "oai_dc" not in offered:
            return (richer or offered or ["oai_dc"])[0]
        for name in richer:
            size = self.size(name)
            if size is not None and size == self.size("oai_dc"):
                return name
        return "oai_dc"


@dataclass
class _Reading:
    """Turns listings into items. An id is given out once over all walks."""

    repository: _Repository
    settings: Settings
    prefix: str
    given: set[str] = field(default_factory=set)

    def everything(self) -> Iterator[Item]:
        """Every record, whole."""
        for walk in range(1, WALKS + 1):
            tally = _Tally()
            try:
                for page in self.repository.pages("ListRecords", self.prefix):
                    tally.add(page)
                    for record in page.items:
                        yield from self._record(record, tally)
            except _Refused as error:
                if error.oai == "noRecordsMatch" and not tally.seen:
                    yield End(True, 0)
                    return
                if error.oai != "badResumptionToken" or walk == WALKS:
                    raise
                continue  # the repository forgot where we were: once more from the beginning
            yield tally.end(self.repository.base)
            return

    def changes(self, since: Mapping[str, str]) -> Iterator[Item]:
        """Unchanged where the mark is the one we hold; the others whole."""
        tally, wanted = _Tally(), dict[str, str]()
        try:
            for page in self.repository.pages("ListIdentifiers", self.prefix):
                tally.add(page)
                for header in page.items:
                    yield from self._header(header, since, wanted, tally)
        except _Refused as error:
            if error.oai != "noRecordsMatch" or tally.seen:
                raise
            yield End(True, 0)
            return
        yield from self._wanted(wanted)
        yield tally.end(self.repository.base)

    def _header(
        self, header: Element, since: Mapping[str, str], wanted: dict[str, str], tally: _Tally
    ) -> Iterator[Item]:
        id_, stamp = text(header, "identifier"), text(header, "datestamp")
        if not id_:
            yield tally.nameless(self.repository.base)
        elif id_ not in self.given and attribute(header, "status") != "deleted":
            self.given.add(id_)
            if since.get(id_) == self._mark(stamp):
                yield Unchanged(id_)
            else:
                wanted[id_] = stamp

    def _wanted(self, wanted: dict[str, str]) -> Iterator[Item]:
        if len(wanted) > ONE_BY_ONE:
            start = min(wanted.values())
            for page in self.repository.pages("ListRecords", self.prefix, start):
                for record in page.items:
                    header = child(record, "header")
                    id_ = text(header, "identifier")
                    if wanted.pop(id_, None) is not None:
                        yield from self._whole(id_, text(header, "datestamp"), record)
        for id_ in wanted:
            yield from self._one(id_)

    def _one(self, id_: str) -> Iterator[Item]:
        try:
            root = self.repository.call("GetRecord", identifier=id_, metadataPrefix=self.prefix)
        except HarvestError as error:
            if error.code not in _NOT_OURS:
                raise
            yield Failure(error.problem.of(id_))
            return
        record = child(root, "GetRecord/record")
        header = child(record, "header")
        if record is None or attribute(header, "status") == "deleted":
            problem = Problem("unexpected_answer", self.repository.base, id_, {"detail": "record"})
            yield Failure(problem)
            return
        yield from self._whole(id_, text(header, "datestamp"), record)

    def _record(self, record: Element, tally: _Tally) -> Iterator[Item]:
        header = child(record, "header")
        id_ = text(header, "identifier")
        if not id_:
            yield tally.nameless(self.repository.base)
        elif id_ not in self.given and attribute(header, "status") != "deleted":
            self.given.add(id_)
            yield from self._whole(id_, text(header, "datestamp"), record)

    def _whole(self, id_: str, stamp: str, record: Element) -> Iterator[Record | Failure]:
        metadata = child(record, "metadata")
        if metadata is None:
            problem = Problem(
                "unexpected_answer", self.repository.base, id_, {"detail": "metadata"}
            )
            yield Failure(problem)
            return
        if self.settings.types and not {*self.settings.types} & {*kinds(metadata)}:
            return
        try:
            yield to_record(id_, metadata, self.repository.base, self._mark(stamp))
        except HarvestError as error:
            yield Failure(error.problem.of(id_))

    def _mark(self, stamp: str) -> str:
        """Also told by the format: read in another one, a record is another."""
        return f"{self.prefix} {stamp}" if stamp else ""


@dataclass
class _Tally:
    """What one walk has seen, and what it was told to expect."""

    seen: int = 0
    expected: int | None = None

    def add(self, page: _Page) -> None:
        self.seen += len(page.items)
        self.expected = page.size if page.size is not None else self.expected

    def nameless(self, where: str) -> Failure:
        return Failure(Problem("unexpected_answer", where, None, {"detail": "identifier"}))

    def end(self, where: str) -> End:
        if self.expected is None or self.seen >= self.expected:
            return End(True, self.expected)
        params = {"seen": str(self.seen), "expected": str(self.expected)}
        return End(False, self.expected, Problem("incomplete_listing", where, None, params))


SOURCE = SourceType(
    type="oaipmh",
    title={"vi": "Kho dữ liệu OAI-PMH", "en": "OAI-PMH repository"},
    settings=Settings,
    read=read,
    probe=probe,
    mapping=MAPPING,
)
