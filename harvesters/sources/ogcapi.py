"""OGC API – Records and OGC API – Features: a catalogue of datasets, or the datasets themselves.

From the landing page to its collections: of a collection of records each record is a dataset, any
other collection is one itself, with a link for every form in which its features are offered. With
`tables`, the features of a collection that has no more than so many come as a table as well.

A listing is complete when every list in it is: as many different ids as ``numberMatched`` says, or,
where a service does not count, a last page without a next link.

Quirks of the field, each in a specimen or a test: links with the address of an inner network
(pygeoapi's ``localhost:5000``), followed at the source's own; services that answer with their web
page whatever is accepted, until ``f=json`` is said; next links that lead in a circle; one record
in several collections of one catalogue (pycsw), which is one dataset; an error with status 200.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Fetch
from harvesters.model import (
    End,
    Failure,
    Item,
    Probe,
    RecordResource,
    SourceType,
    Unchanged,
    digest,
)
from harvesters.sources import _ogc_record as ogc
from harvesters.sources._ogc_api import Api, Listing, identifier
from harvesters.tables.json_rows import OF_ROWS, RowsSettings, flat, table_of_rows

MAX_ROWS = 100_000
#: Titles of the columns that are ours.
_TITLES = {"feature_id": "Mã đối tượng", "kinh_do": "Kinh độ (độ)", "vi_do": "Vĩ độ (độ)"}
#: What ends the whole reading, not one collection of it.
_FATAL = ("deadline", "host_not_granted", "auth_failed", "unreachable")
_NOT_UNDERSTOOD = (
    *("api_error", "unexpected_answer", "html_instead_of_data", "not_json", "truncated"),
    *("unknown_encoding", "too_deep"),
)
#: Changes when this reading changes, so that datasets are read again.
_READER = "1"


@dataclass(frozen=True)
class Settings:
    """What to read.

    `url` is the landing page; the address of one collection keeps the reading to it, as
    `collections` does by id. `tables` is the most features of a collection that are read into a
    table (0: none). `page_size` is the number of records asked for at once.
    """

    url: str
    collections: tuple[str, ...] = ()
    tables: int = 0
    page_size: int = 100


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each dataset. See `SourceType.read`."""
    yield from _Reading(settings, fetch, since).items()


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether an OGC API is there: its title and its number of datasets."""
    if not url.lower().startswith(("http://", "https://")):
        return None
    api = Api(url, fetch)
    try:
        landing = api.get(api.base or url)
        relations = {ogc.relation(link) for link in ogc.links_of(landing)}
        if not {"data", "collections"} & relations or "conformance" not in relations:
            return None
        title = ogc.words(landing.get("title")) or api.host
        return Probe(title, _count(api))
    except HarvestError as error:
        if error.code in (*_NOT_UNDERSTOOD, "auth_failed"):
            return None
        raise


def _count(api: Api) -> int | None:
    """Collections of features, and the records in those of records; None where not counted."""
    listing = Listing()
    total = 0
    for page in api.pages(api.collections_url(), "collections", listing):
        for collection in page:
            if not _of_records(collection):
                total += 1
                continue
            count = api.get(api.items_url(identifier(collection), 1)).get("numberMatched")
            if not isinstance(count, int):
                return None
            total += count
    return total if listing.complete else None


def _of_records(collection: Mapping[str, Any]) -> bool:
    return ogc.words(collection.get("itemType")).lower() in ("record", "records")


class _Reading:
    """One reading of a service."""

    def __init__(self, settings: Settings, fetch: Fetch, since: Mapping[str, str]):
        self._settings = settings
        self._api = Api(settings.url, fetch)
        self._since = since
        self._wanted = set(settings.collections) or ({self._api.only} - {""})
        self._given: set[str] = set()
        self._seen = 0
        self._whole = True

    def items(self) -> Iterator[Item]:
        listing = Listing()
        missing = set(self._wanted)
        url = self._api.collections_url()
        for page in self._api.pages(url, "collections", listing):
            for collection in page:
                id_ = identifier(collection)
                missing.discard(id_)
                if not id_:
                    yield self._nameless("collections[].id")
                elif not self._wanted or id_ in self._wanted:
                    yield from self._collection(id_, collection)
        for name in sorted(missing):
            params = {"field": "read.collections", "value": name, "nearest": ""}
            yield Failure(Problem("unknown_code", self._api.base, name, params))
        yield self._end(listing)

    def _collection(self, id_: str, data: Mapping[str, Any]) -> Iterator[Item]:
        if _of_records(data):
            yield from self._records(id_)
            return
        self._seen += 1
        if id_ in self._given:
            return
        self._given.add(id_)
        mark = "" if self._settings.tables > 0 else _mark(data)
        if mark and self._since.get(id_) == mark:
            yield Unchanged(id_)
            return
        try:
            where = f"{self._api.collection_url(id_)}/"
            record = ogc.to_collection(data, id_, where, self._api.host, self._api.own, mark)
            table = self._table(id_) if self._settings.tables > 0 else None
            yield ogc.with_table(record, table)
        except HarvestError as error:
            if error.code in _FATAL:
                raise
            yield Failure(error.problem.of(id_))

    def _records(self, collection: str) -> Iterator[Item]:
        """The records of a collection; what cannot be listed makes the reading incomplete."""
        rows = min(max(self._settings.page_size, 1), 1000)
        listing = Listing()
        for page in self._api.pages(self._api.items_url(collection, rows), "features", listing):
            for feature in page:
                id_ = identifier(feature)
                if not id_:
                    yield self._nameless("features[].id")
                elif id_ not in self._given:
                    self._given.add(id_)
                    self._seen += 1
                    yield self._record(id_, feature, collection)
        self._whole = self._whole and listing.complete

    def _record(self, id_: str, feature: Mapping[str, Any], collection: str) -> Item:
        mark = _mark(feature)
        if self._since.get(id_) == mark:
            return Unchanged(id_)
        where = f"{self._api.collection_url(collection)}/items/"
        try:
            return ogc.to_record(feature, id_, where, self._api.host, mark)
        except HarvestError as error:
            return Failure(error.problem.of(id_))

    def _table(self, collection: str) -> RecordResource | None:
        """The features of a small collection as a table; None of a large one."""
        most = min(self._settings.tables, MAX_ROWS)
        listing = Listing()
        rows: list[Mapping[str, Any]] = []
        url = self._api.items_url(collection, min(most + 1, 1000))
        for page in self._api.pages(url, "features", listing, exact=True):
            rows += [_row(feature) for feature in page]
            if len(rows) > most or (listing.count or 0) > most:
                return None
        if not listing.complete:
            params = {"seen": str(len(rows)), "expected": str(listing.count or "?"), **OF_ROWS}
            raise HarvestError("incomplete_listing", where=url, **params)
        key = ("feature_id",) if rows and all("feature_id" in row for row in rows) else ()
        cells = [flat(row) for row in rows]
        paths = {path for row in cells for path in row}
        titles = {path: title for path, title in _TITLES.items() if path in paths}
        table, _ = table_of_rows(cells, RowsSettings(key=key, columns=titles), url)
        return RecordResource("table", {"name": "Bảng thuộc tính"}, table=table)

    def _nameless(self, detail: str) -> Failure:
        return Failure(Problem("unexpected_answer", self._api.base, None, {"detail": detail}))

    def _end(self, listing: Listing) -> End:
        if listing.complete and self._whole:
            return End(True, self._seen)
        params = {"seen": str(self._seen), "expected": "?"}
        return End(False, None, Problem("incomplete_listing", self._api.base, None, params))


def _mark(data: Mapping[str, Any]) -> str:
    return digest([_READER, json.loads(json.dumps(data, default=str))])[:32]


def _row(feature: Mapping[str, Any]) -> dict[str, Any]:
    """A feature's attributes, its id before them, the coordinates of a point behind."""
    given = feature.get("properties")
    row = {"feature_id": feature.get("id"), **(given if isinstance(given, Mapping) else {})}
    shape = feature.get("geometry")
    if isinstance(shape, Mapping) and shape.get("type") == "Point":
        point = shape.get("coordinates")
        if isinstance(point, list) and len(point) >= 2:
            row |= {"kinh_do": point[0], "vi_do": point[1]}
    return row


SOURCE = SourceType(
    type="ogcapi",
    title={"vi": "OGC API – Records, Features", "en": "OGC API – Records, Features"},
    settings=Settings,
    read=read,
    probe=probe,
    mapping={
        "license_id": {"from": "license_id", "unknown": "ignore"},
        "theme": {"from": "theme", "unknown": "ignore"},
        "language": {"from": "language", "unknown": "ignore"},
    },
)
