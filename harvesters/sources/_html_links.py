"""Links of a web page to its data: ``<link rel="alternate" type="…" href="…">``. Pure."""

from __future__ import annotations

from collections.abc import Collection
from html.parser import HTMLParser
from urllib.parse import urljoin

#: Links stand in the head of a page.
_READ = 300_000


def alternates(page: str, base: str, types: Collection[str]) -> list[str]:
    """The addresses of a page's other forms of these content types, in their order."""
    reader = _Links(types)
    reader.feed(page[:_READ])
    return list(dict.fromkeys(urljoin(base, address) for address in reader.found))


class _Links(HTMLParser):
    def __init__(self, types: Collection[str]):
        super().__init__()
        self.found: list[str] = []
        self._types = types

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        kind = given.get("type", "").partition(";")[0].strip().lower()
        other = tag == "link" and "alternate" in given.get("rel", "").lower().split()
        if other and kind in self._types and given.get("href"):
            self.found.append(given["href"].strip())
