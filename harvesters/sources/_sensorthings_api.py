"""The API of an OGC SensorThings service: objects, pages, links, all at the source's address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from harvesters.errors import HarvestError
from harvesters.fetch import Fetch
from harvesters.fetch.refusals import sentence

_ENTITY = re.compile(r"/(?:Things|Datastreams|Observations|Locations|Sensors)\b.*$")
_VERSIONED = re.compile(r"/v1\.[01](/.*)$")


class Service:
    """The API of one service; every link is followed at the source's own address."""

    def __init__(self, url: str, fetch: Fetch):
        parts = urlsplit(url)
        path = _ENTITY.sub("", parts.path).rstrip("/")
        self.base = parts._replace(path=path, query="", fragment="").geturl()
        self._fetch = fetch

    def get(self, url: str) -> Mapping[str, Any]:
        """An object. Raises `api_error` for an error with status 200, `unexpected_answer`."""
        answer = self._fetch.get(url, None, {"Accept": "application/json"})
        data = answer.json(exact=True)
        if not isinstance(data, Mapping):
            raise HarvestError("unexpected_answer", where=answer.url, detail="value")
        if "value" not in data and "@iot.id" not in data:
            said = sentence(data)
            code = "api_error" if said else "unexpected_answer"
            raise HarvestError(code, where=answer.url, detail=said or "value")
        return data

    def pages(self, url: str) -> Iterator[Mapping[str, Any]]:
        """Page after page of a list; ends at a link that was followed before, or an empty page."""
        visited: set[str] = set()
        link: Any = url
        while isinstance(link, str) and link not in visited:
            visited.add(link)
            page = self.get(link)
            if not isinstance(page.get("value"), list):
                raise HarvestError("unexpected_answer", where=self.base, detail="value")
            yield page
            link = page.get("@iot.nextLink") if page["value"] else None
            link = self.own(link) if isinstance(link, str) and link else None

    def own(self, link: str) -> str:
        """A link of the service's at the address by which we know the service."""
        parts, base = urlsplit(link), urlsplit(self.base)
        versioned = _VERSIONED.search(parts.path)
        path = parts.path
        if versioned and _VERSIONED.search(f"{base.path}/"):
            path = f"{base.path}{versioned[1]}"
        return parts._replace(scheme=base.scheme, netloc=base.netloc, path=path).geturl()

    def entity(self, kind: str, id_: Any) -> str:
        """The address of one entity: numbers stand bare, words in quotes."""
        if isinstance(id_, int) and not isinstance(id_, bool):
            return f"{self.base}/{kind}({id_})"
        quoted = str(id_).replace("'", "''")
        return f"{self.base}/{kind}('{quote(quoted, safe='')}')"
