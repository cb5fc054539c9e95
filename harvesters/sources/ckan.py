"""Another CKAN portal, by its action API.

The first reading, and every one after the mapping has changed, walks `package_search` in pages
sorted by id. When marks are held, a light listing (``fl=id,metadata_modified``) tells what has
changed, and only that is read whole. A listing counts as complete when as many different ids came
as the portal counts, in one walk during which that number stayed the same.

A package that came whole is known to be unchanged by a digest of what came (`_ckan_package.mark`).

Quirks of the field, each in a specimen or a test: a service may answer ``success: false`` with
status 200; it may ignore ``fl`` (whole packages come, and are used), ``sort`` or ``start`` (the
same page again and again); it may give fewer rows than asked for; Solr keeps modification times to
the millisecond only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Fetch
from harvesters.fetch.refusals import sentence
from harvesters.model import End, Failure, Item, Probe, Record, SourceType, Unchanged
from harvesters.sources._ckan_package import (
    MAPPING,
    changed_at,
    holds,
    is_public,
    remote_id,
    to_record,
)

#: Walks over a listing whose count changes while it is read, before it is called incomplete.
WALKS = 3
#: Rows of the light listing; CKAN's own limit.
LIGHT_ROWS = 1000
#: A page of whole packages grows as long as it stays below this many bytes; a source for which
#: small pages were asked for keeps them.
PAGE_BYTES, GROWS_FROM = 3_000_000, 100
#: Packages asked for by id in one request; the address stays below 4 kB.
TOGETHER = 50
_PAGE = re.compile(r"/(?:api(?:/.*)?|dataset(?:/.*)?|organization(?:/.*)?|group(?:/.*)?)?$")
#: Codes that say that a service does not understand a request, rather than that it is broken.
_NOT_UNDERSTOOD = ("api_error", "unexpected_answer", "not_json", "html_instead_of_data")


@dataclass(frozen=True)
class Settings:
    """What to read.

    `url` is the portal's address (that of its API or of its dataset list will do). `fq` narrows the
    listing as in CKAN's search (``groups:y-te``); `organizations` to these, by name. `page_size` is
    the number of packages asked for at first; where they are small, more are asked for later.
    """

    url: str
    fq: str = ""
    organizations: tuple[str, ...] = ()
    page_size: int = 100


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each published dataset. See `SourceType.read`."""
    portal = _Portal(settings, fetch)
    if since and portal.lists_marks():
        yield from _Reading(lambda start: portal.light(start), portal, since).items()
    else:
        yield from _Reading(lambda start: portal.full(start), portal, since).items()


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a CKAN answers there: its title and its number of datasets."""
    portal = _Portal(Settings(url), fetch)
    try:
        page = portal.search(rows="0")
    except HarvestError as error:
        if error.code in (*_NOT_UNDERSTOOD, "truncated", "unknown_encoding", "auth_failed"):
            return None
        raise
    return Probe(portal.title() or str(urlsplit(portal.base).hostname), page.count)


@dataclass(frozen=True)
class _Page:
    count: int
    results: list[Any]


class _Portal:
    """The action API of one CKAN."""

    def __init__(self, settings: Settings, fetch: Fetch):
        parts = urlsplit(settings.url)
        self.base = parts._replace(
            path=_PAGE.sub("", parts.path.rstrip("/")), query="", fragment=""
        ).geturl()
        self._fetch = fetch
        self._rows = self._first_rows = min(max(settings.page_size, 1), LIGHT_ROWS)
        self._grows = self._rows >= GROWS_FROM
        self._size = 0
        self._filter = _filter(settings)

    def full(self, start: int) -> _Page:
        """A page of whole packages; a service that does not take a large one gets small ones."""
        try:
            page = self.search(rows=str(self._rows), start=str(start), sort="id asc")
        except HarvestError as error:
            if self._rows == self._first_rows or error.code not in (*_NOT_UNDERSTOOD, "too_large"):
                raise
            self._rows, self._grows = self._first_rows, False
            return self.full(start)
        if self._grows and len(page.results) == self._rows:
            fitting = PAGE_BYTES * len(page.results) // max(self._size, 1)
            self._rows = min(max(fitting, self._first_rows), LIGHT_ROWS)
        return page

    def light(self, start: int) -> _Page:
        """A page of ids and modification times."""
        return self.search(
            rows=str(LIGHT_ROWS), start=str(start), sort="id asc", fl="id,metadata_modified"
        )

    def lists_marks(self) -> bool:
        """Whether the service gives ids and modification times when asked for them."""
        try:
            page = self.search(rows="5", sort="id asc", fl="id,metadata_modified")
        except HarvestError as error:
            if error.code in _NOT_UNDERSTOOD:
                return False
            raise
        return all(remote_id(item) and changed_at(item) for item in page.results)

    def packages(self, ids: list[str]) -> dict[str, Any]:
        """Whole packages by id; those that the search does not give are asked for one by one."""
        quoted = " OR ".join(f'"{_escaped(id_)}"' for id_ in ids)
        try:
            page = self.search(rows=str(len(ids)), fq=f"id:({quoted})")
            found = {remote_id(item): item for item in page.results if "resources" in item}
        except HarvestError as error:
            if error.code not in _NOT_UNDERSTOOD:
                raise
            found = {}
        return found

    def package(self, id_: str) -> Any:
        result = self._call("package_show", {"id": id_})
        return result[0] if isinstance(result, list) and len(result) == 1 else result

    def search(self, **params: str) -> _Page:
        """`package_search`. Raises `unexpected_answer` when count or results are not there."""
        both = " ".join(filter(None, (self._filter, params.pop("fq", ""))))
        result = self._call("package_search", {**params, **({"fq": both} if both else {})})
        count = result.get("count") if isinstance(result, Mapping) else None
        items = result.get("results") if isinstance(result, Mapping) else None
        if not isinstance(count, int) or count < 0 or not isinstance(items, list):
            raise HarvestError(
                "unexpected_answer",
                where=f"{self.base}/api/3/action/package_search",
                detail="count, results",
            )
        return _Page(count, items)

    def title(self) -> str:
        """What the portal calls itself; "" when it does not say."""
        try:
            result = self._call("status_show", {})
        except HarvestError:
            return ""
        return str(result.get("site_title") or "") if isinstance(result, Mapping) else ""

    def _call(self, action: str, params: Mapping[str, str]) -> Any:
        answer = self._fetch.get(f"{self.base}/api/3/action/{action}", params)
        self._size = len(answer.content)
        data = answer.json()
        if not isinstance(data, Mapping):
            raise HarvestError("unexpected_answer", where=answer.url, detail="success, result")
        if "result" not in data and "success" not in data:
            said = sentence({key: data[key] for key in ("message", "error") if key in data})
            code = "api_error" if said else "unexpected_answer"
            raise HarvestError(code, where=answer.url, detail=said or "success, result")
        if data.get("success", True) is not True:
            detail = sentence(data.get("error")) or "success: false"
            raise HarvestError("api_error", where=answer.url, detail=detail)
        return data.get("result")


@dataclass
class _Walk:
    """One pass over the listing, page by page."""

    ids: set[str] = field(default_factory=set)
    repeated: list[Any] = field(default_factory=list)
    nameless: int = 0
    count: int | None = None
    stable: bool = True
    stuck: bool = False

    def pages(self, page_at: Callable[[int], _Page]) -> Iterator[list[Any]]:
        """The items of each page that are new in this pass; those without an id among them."""
        start = 0
        while True:
            page = page_at(start)
            self.stable = self.stable and self.count in (None, page.count)
            self.count = page.count
            fresh, repeated = self._sorted_out(page.results)
            if page.results and not fresh:
                self.stuck = True  # the service does not page: this is no duplicate
                return
            self.repeated += repeated
            yield fresh
            start += len(page.results)
            if not page.results or start >= page.count:
                return

    @property
    def complete(self) -> bool:
        return self.stable and not self.stuck and not self.nameless and len(self.ids) == self.count

    def _sorted_out(self, results: list[Any]) -> tuple[list[Any], list[Any]]:
        fresh, repeated = [], []
        for item in results:
            id_ = remote_id(item)
            if id_ and id_ in self.ids:
                repeated.append(item)
                continue
            self.nameless += not id_
            self.ids.add(id_) if id_ else None
            fresh.append(item)
        return fresh, repeated


class _Reading:
    """Turns walks over a listing into items. An id is given out once over all walks."""

    def __init__(self, page_at: Callable[[int], _Page], portal: _Portal, since: Mapping[str, str]):
        self._page_at = page_at
        self._portal = portal
        self._since = since
        self._given: set[str] = set()

    def items(self) -> Iterator[Item]:
        for number in range(1, WALKS + 1):
            walk = _Walk()
            for page in walk.pages(self._page_at):
                new = [item for item in page if remote_id(item) not in self._given]
                self._given.update(filter(None, map(remote_id, new)))
                yield from self._page(new, first=number == 1)
            if walk.stable:
                break
        if walk.stable and not walk.stuck:
            yield from self._page(walk.repeated, first=True)
        yield self._end(walk)

    def _page(self, items: list[Any], first: bool) -> Iterator[Item]:
        """Unchanged where the mark is the one we hold; the others whole."""
        wanted: list[str] = []
        for item in items:
            id_ = remote_id(item)
            if not id_:
                if first:
                    where, detail = self._portal.base, "id"
                    yield Failure(Problem("unexpected_answer", where, None, {"detail": detail}))
            elif holds(self._since.get(id_, ""), item):
                yield Unchanged(id_)
            elif "resources" in item:
                yield from self._item(id_, item)
            else:
                wanted.append(id_)
        for at in range(0, len(wanted), TOGETHER):
            yield from self._fetched(wanted[at : at + TOGETHER])

    def _fetched(self, ids: list[str]) -> Iterator[Item]:
        found = self._portal.packages(ids)
        for id_ in ids:
            try:
                package = found.get(id_) or self._portal.package(id_)
            except HarvestError as error:
                if error.code not in _NOT_UNDERSTOOD:
                    raise
                yield Failure(error.problem.of(id_))
                continue
            yield from self._item(id_, package)

    def _item(self, id_: str, package: Any) -> Iterator[Item]:
        if remote_id(package) != id_:
            problem = Problem("unexpected_answer", self._portal.base, id_, {"detail": "id"})
            yield Failure(problem)
        elif is_public(package):
            yield self._record(package)

    def _record(self, package: Mapping[str, Any]) -> Record | Failure:
        try:
            return to_record(package, self._portal.base)
        except HarvestError as error:
            return Failure(error.problem.of(remote_id(package)))

    def _end(self, walk: _Walk) -> End:
        if walk.complete:
            return End(True, walk.count)
        params = {"seen": str(len(walk.ids)), "expected": str(walk.count)}
        problem = Problem("incomplete_listing", self._portal.base, None, params)
        return End(False, walk.count, problem)


def _filter(settings: Settings) -> str:
    names = " OR ".join(f'"{_escaped(name)}"' for name in settings.organizations)
    parts = (f"({settings.fq})" if settings.fq else "", f"organization:({names})" if names else "")
    return " ".join(f"+{part}" for part in parts if part)


def _escaped(text: str) -> str:
    """For a quoted phrase of Solr's query language."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


SOURCE = SourceType(
    type="ckan",
    title={"vi": "Cổng dữ liệu CKAN", "en": "CKAN portal"},
    settings=Settings,
    read=read,
    probe=probe,
    mapping=MAPPING,
)
