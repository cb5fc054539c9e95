"""An OGC API service: pages as JSON, lists page by page, each link at the source's address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

from harvesters.errors import HarvestError
from harvesters.fetch import Fetch
from harvesters.fetch.refusals import sentence
from harvesters.sources._ogc_record import links_of, relation

_JSON = {"Accept": "application/geo+json, application/json;q=0.9"}
_BELOW = re.compile(r"/(?:collections(?:/([^/]+))?(?:/items(?:/.*)?)?|conformance|api)/*$")
#: Parameters of an address that are the reader's own.
_OWN = ("f", "limit", "offset", "startindex", "bbox")


@dataclass
class Listing:
    """What came of a list so far: how many different ids, and whether that was all.

    A service that counts must have given as many; one that does not must have ended by a page
    without a next link.
    """

    ids: set[str] = field(default_factory=set)
    count: int | None = None
    stable: bool = True
    ended: bool = False
    nameless: int = 0

    @property
    def complete(self) -> bool:
        whole = self.count is None or len(self.ids) == self.count
        return whole and self.stable and self.ended and not self.nameless


class Api:
    """One service. `only` is the collection that the source's address names, "" for none."""

    def __init__(self, url: str, fetch: Fetch):
        parts = urlsplit(url)
        below = _BELOW.search(parts.path)
        self.only = unquote(below[1] or "") if below else ""
        path = parts.path[: below.start()] if below else parts.path.rstrip("/")
        kept = [p for p in parse_qsl(parts.query, True) if p[0].lower() not in _OWN]
        self._kept = urlencode(kept)
        self.base = parts._replace(path=path, query="", fragment="").geturl()
        self.host = str(parts.hostname)
        self._fetch = fetch
        self._ask_for_json = False

    def get(self, url: str, exact: bool = False) -> Mapping[str, Any]:
        """An object. A service that answers with its web page is asked again with ``f=json``.

        Raises `unexpected_answer` for JSON that is no object, and what the body is broken by.
        """
        answer = self._fetch.get(self._with(url), None, _JSON)
        if answer.is_html and not self._ask_for_json:
            self._ask_for_json = True
            answer = self._fetch.get(self._with(url), None, _JSON)
        data = answer.json(exact)
        if not isinstance(data, Mapping):
            raise HarvestError("unexpected_answer", where=answer.url, detail="{…}")
        return data

    def pages(
        self, url: str, key: str, listing: Listing, exact: bool = False
    ) -> Iterator[list[Mapping[str, Any]]]:
        """The new items of each page of a list (`key` is `collections` or `features`).

        Ends at a link that was followed before and at a page that brings nothing new. Raises
        `api_error` and `unexpected_answer` for an answer that is no such list.
        """
        visited: set[str] = set()
        link = url
        while link and link not in visited:
            visited.add(link)
            page = self.get(link, exact)
            items = page.get(key)
            if not isinstance(items, list):
                failed = "code" in page or "error" in page or page.get("success") is False
                said = sentence(page) if failed else ""
                code = "api_error" if said else "unexpected_answer"
                raise HarvestError(code, where=self.base, detail=said or key)
            count = page.get("numberMatched")
            count = count if isinstance(count, int) and not isinstance(count, bool) else None
            listing.stable = listing.stable and listing.count in (None, count)
            listing.count = count if count is not None else listing.count
            fresh = list(self._fresh(items, listing))
            following = self._next(page, link)
            listing.ended = not following
            yield fresh
            link = following if fresh else ""

    def _fresh(self, items: list[Any], listing: Listing) -> Iterator[Mapping[str, Any]]:
        for item in items:
            id_ = identifier(item)
            if not id_:
                listing.nameless += 1
                yield item if isinstance(item, Mapping) else {}
            elif id_ not in listing.ids:
                listing.ids.add(id_)
                yield item

    def _next(self, page: Mapping[str, Any], here: str) -> str:
        found = (link["href"] for link in links_of(page) if relation(link) == "next")
        href = next(found, "")
        return self.own(urljoin(here, str(href))) if href else ""

    def own(self, link: str) -> str:
        """A link of the service's at the address by which we know the service."""
        parts, base = urlsplit(link), urlsplit(self.base)
        path = parts.path
        at = path.find("/collections")
        if at >= 0:
            path = base.path + path[at:]
        return parts._replace(scheme=base.scheme, netloc=base.netloc, path=path).geturl()

    def collections_url(self) -> str:
        """The address of the list of collections."""
        return f"{self.base}/collections"

    def items_url(self, collection: str, limit: int) -> str:
        """The address of a collection's items."""
        return f"{self.collection_url(collection)}/items?limit={limit}"

    def collection_url(self, collection: str) -> str:
        """The address of one collection."""
        return f"{self.collections_url()}/{quote(collection, safe=':')}"

    def _with(self, url: str) -> str:
        parts = urlsplit(url)
        names = {key for key, _ in parse_qsl(parts.query, True)}
        more = [self._kept] if self._kept and not names & set(dict(parse_qsl(self._kept))) else []
        if self._ask_for_json and "f" not in names:
            more.append("f=json")
        return parts._replace(query="&".join(filter(None, (parts.query, *more)))).geturl()


def identifier(item: Any) -> str:
    """The id of a record, a feature or a collection; "" when it has none."""
    given = item.get("id") if isinstance(item, Mapping) else None
    if isinstance(given, bool) or not isinstance(given, (str, int)):
        return ""
    return str(given).strip()
