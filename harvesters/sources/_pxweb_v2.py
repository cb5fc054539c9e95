"""PxWebApi 2: a paged list of tables, metadata in JSON-stat 2, data by POST of a selection."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from harvesters.errors import Problem
from harvesters.fetch import Fetch, Response
from harvesters.model import End, Failure, Item, Record, Unchanged
from harvesters.sources._pxweb_reading import (
    MAX_TABLES,
    Pace,
    Settings,
    answer_files,
    attempt,
    mark_of,
    too_many_tables,
    with_system,
)
from harvesters.tables.cube import too_many
from harvesters.tables.cube_record import dataset_fields, file_resource, read_cubes, table_resource
from harvesters.tables.pxweb_query import assemble, choose, queries
from harvesters.tables.pxweb_v2 import (
    Config,
    Listed,
    Page,
    read_metadata,
    read_page,
    selection,
)

PAGE_SIZE = 100
#: Formats that carry codes, roles and texts; CSV has no codes, so it is not asked for.
FORMATS = ("json-stat2", "px")


class ApiV2:
    """One walk through an API at `base`, whose configuration was read."""

    def __init__(
        self,
        settings: Settings,
        fetch: Fetch,
        since: Mapping[str, str],
        base: str,
        config: Config,
    ):
        self.settings = settings
        self.fetch = fetch
        self.since = since
        self.base = base
        self.language = config.language(settings.language)
        self.cells = config.limits.cells
        if settings.max_cells > 0:
            self.cells = min(settings.max_cells, self.cells)
        known = [name for name in FORMATS if name in config.formats or not config.formats]
        self.format = known[0] if known else FORMATS[0]
        self.pace = Pace()
        self.pace.pause = config.limits.pause

    def items(self, table: str = "") -> Iterator[Item]:
        """Every table of the list, or the one named in the source's address."""
        if table:
            listed = Listed(table, "", "", "", "", ())
            yield self._table(listed)
            yield End(True, 1)
            return
        wanted = set(self.settings.tables)
        seen: set[str] = set()
        total = 0
        for page in self._pages():
            total = page.total
            for listed in page.tables:
                if listed.id in seen:
                    continue
                seen.add(listed.id)
                if len(seen) > MAX_TABLES:
                    raise too_many_tables(self.base)
                if not wanted or listed.id in wanted:
                    yield self._table(listed)
        if len(seen) < total:
            params = {"seen": str(len(seen)), "expected": str(total)}
            yield End(False, total, Problem("incomplete_listing", self.base, None, params))
            return
        for name in sorted(wanted - seen):
            params = {"field": "read.tables", "value": name, "nearest": ""}
            yield Failure(Problem("unknown_code", self.base, name, params))
        yield End(True, len(wanted & seen) if wanted else len(seen))

    def count(self) -> int:
        """How many tables there are."""
        return self._page(1, 1).total

    def _pages(self) -> Iterator[Page]:
        """Pages until the last, or until one brings nothing new (a server that repeats itself)."""
        number = 1
        known: set[str] = set()
        while True:
            page = self._page(number, PAGE_SIZE)
            yield page
            ids = {table.id for table in page.tables}
            if not ids - known or number >= page.pages:
                return
            known |= ids
            number += 1

    def _page(self, number: int, size: int) -> Page:
        params = {
            "lang": self.language,
            "includeDiscontinued": "true",
            "pageSize": str(size),
            "pageNumber": str(number),
        }
        answer = self._get(f"{self.base}/tables?{urlencode(params)}")
        return read_page(answer.json(), answer.url)

    def _table(self, listed: Listed) -> Item:
        mark = mark_of(self.settings, listed.updated)
        if mark and self.since.get(listed.id) == mark:
            return Unchanged(listed.id)
        return attempt(listed.id, lambda: self._record(listed, mark))

    def _record(self, listed: Listed, mark: str) -> Record:
        url = f"{self.base}/tables/{quote(listed.id, safe='')}"
        lang = urlencode({"lang": self.language})
        answer = self._get(f"{url}/metadata?{lang}")
        info = choose(read_metadata(answer.json(), answer.url), self.settings.select)
        most = self.fetch.limits.max_cells
        if math.prod(len(variable.values) for variable in info.variables) > most:
            raise too_many(url, most)
        target = f"{url}/data?{lang}&outputFormat={self.format}"
        bodies = [selection(body) for body in queries(info, self.format, self.cells)]
        answers = [self._post(target, body) for body in bodies]
        cubes = [read_cubes(part, url, self.language, most).cubes[0] for part in answers]
        cube = assemble(info, cubes, url)
        cube = replace(cube, updated=cube.updated or listed.updated, key="")
        fields = {"url": url, **dataset_fields(cube, listed.id, listed.label or listed.id)}
        fields |= _told(listed, fields)
        if self.format == "px":
            parts = enumerate(answers, 1)
            files = [
                file_resource(f"{listed.id}_{at}.px", "PX", a.content, "", at) for at, a in parts
            ]
        else:
            files = list(answer_files(listed.id, self.format, answers))
        resources = (*files, table_resource(cube, url, most))
        return Record(listed.id, with_system(self.settings, fields), resources, mark)

    def _get(self, url: str) -> Response:
        self.pace.wait()
        return self.fetch.get(url)

    def _post(self, url: str, body: Mapping[str, Any]) -> Response:
        self.pace.wait()
        return self.fetch.post(url, body)


def _told(listed: Listed, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the list tells and the data does not."""
    told: dict[str, Any] = {}
    if listed.description and not fields.get("notes"):
        told["notes"] = listed.description
    if listed.subjects and not fields.get("tags"):
        told["tags"] = list(listed.subjects[:1])
    if listed.source and not fields.get("provenance"):
        told["provenance"] = listed.source
    return told
