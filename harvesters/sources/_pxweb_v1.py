"""PX-Web's API v1: a tree of folders that is walked, tables by POST of a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Fetch, Response
from harvesters.model import End, Failure, Item, Record, Unchanged
from harvesters.sources._pxweb_reading import (
    FATAL,
    MAX_TABLES,
    Pace,
    Settings,
    answer_files,
    attempt,
    mark_of,
    too_many_tables,
    with_system,
)
from harvesters.tables.cube import Cube
from harvesters.tables.cube_record import dataset_fields, table_resource
from harvesters.tables.jsonstat import read_jsonstat
from harvesters.tables.pxweb_json import (
    Node,
    ServerLimits,
    TableInfo,
    is_json_data,
    read_info,
    read_json_data,
    read_limits,
    read_nodes,
    with_texts,
)
from harvesters.tables.pxweb_query import assemble, choose, queries

#: What is asked of an API, best first: old installations do not know the first, or the first two.
ANSWERS = ("json-stat2", "json-stat", "json")
MAX_DEPTH = 12


class Api:
    """One walk through an API."""

    def __init__(self, settings: Settings, fetch: Fetch, since: Mapping[str, str]):
        self.settings = settings
        self.fetch = fetch
        self.since = since
        self.url = settings.url.rstrip("/")
        self.limits = ServerLimits()
        self.answers = list(ANSWERS)
        self.problem: Problem | None = None
        self.pace = Pace()

    def items(self, found: list[Node] | TableInfo) -> Iterator[Item]:
        self.limits = self._limits()
        self.pace.pause = self.limits.pause
        if isinstance(found, TableInfo):
            node = Node(self.url.rpartition("/")[2], found.title, True, "")
            yield self._table(node, self.url, node.id)
            yield End(True, 1)
            return
        seen = 0
        missing = set(self.settings.tables)
        for node, url, path in self._walk(found, self.url, "", 0):
            if self.settings.tables and not {node.id, path} & set(self.settings.tables):
                continue
            missing -= {node.id, path}
            seen += 1
            if seen > MAX_TABLES:
                raise too_many_tables(self.url)
            yield self._table(node, url, path)
        if self.problem is not None:
            yield End(False, problem=self.problem)
            return
        for name in sorted(missing):
            params = {"field": "read.tables", "value": name, "nearest": ""}
            yield Failure(Problem("unknown_code", self.url, name, params))
        yield End(True, seen)

    def _walk(
        self, nodes: list[Node], url: str, path: str, depth: int
    ) -> Iterator[tuple[Node, str, str]]:
        """Every table below a list. A folder that cannot be read makes the listing incomplete."""
        for node in nodes:
            below = f"{url}/{quote(node.id, safe='')}"
            name = f"{path}/{node.id}".lstrip("/")
            if node.is_table:
                yield node, below, name
                continue
            try:
                inner = self._list(below, depth)
            except HarvestError as error:
                if error.code in FATAL:
                    raise
                self.problem = self.problem or error.problem
                continue
            yield from self._walk(inner, below, name, depth + 1)

    def _list(self, url: str, depth: int) -> list[Node]:
        if depth >= MAX_DEPTH:
            raise HarvestError("too_deep", where=url)
        nodes = read_nodes(self._get(url).json())
        if nodes is None:
            raise HarvestError("api_error", where=url, detail="không phải danh mục PX-Web")
        return nodes

    def _limits(self) -> ServerLimits:
        """What the server says of itself; an older one says nothing."""
        try:
            limits = read_limits(self.fetch.get(f"{self.url}?config").json())
        except HarvestError as error:
            if error.code in FATAL:
                raise
            limits = ServerLimits()
        own = self.settings.max_cells
        return replace(limits, cells=min(own, limits.cells)) if own > 0 else limits

    def _table(self, node: Node, url: str, path: str) -> Item:
        mark = mark_of(self.settings, node.updated)
        if mark and self.since.get(path) == mark:
            return Unchanged(path)
        return attempt(path, lambda: self._record(node, url, path, mark))

    def _record(self, node: Node, url: str, path: str, mark: str) -> Record:
        info = read_info(self._get(url).json(), url)
        if info is None:
            raise HarvestError("api_error", where=url, detail="không có mô tả bảng")
        info = choose(info, self.settings.select)
        kind, answers = self._data(info, url)
        cubes = [_cube(answer, kind, info) for answer in answers]
        cube = with_texts(assemble(info, cubes, url), info)
        cube = replace(cube, updated=cube.updated or node.updated, key="")
        fields = {"url": url, **dataset_fields(cube, path, node.text or node.id)}
        most = self.fetch.limits.max_cells
        resources = (*answer_files(node.id, kind, answers), table_resource(cube, url, most))
        return Record(path, with_system(self.settings, fields), resources, mark)

    def _data(self, info: TableInfo, url: str) -> tuple[str, list[Response]]:
        """The answers to as many queries as the limit asks for, in a format the server knows."""
        while True:
            kind = self.answers[0]
            bodies = queries(info, kind, self.limits.cells)
            try:
                return kind, [self._post(url, body) for body in bodies]
            except HarvestError as error:
                if error.code != "api_error" or len(self.answers) == 1:
                    self.answers = list(ANSWERS)
                    raise
                self.answers.pop(0)

    def _get(self, url: str) -> Response:
        self.pace.wait()
        return self.fetch.get(url)

    def _post(self, url: str, body: Mapping[str, Any]) -> Response:
        self.pace.wait()
        return self.fetch.post(url, body)


def _cube(answer: Response, kind: str, info: TableInfo) -> Cube:
    data = answer.json(exact=True)
    if kind != "json":
        return read_jsonstat(data, answer.url)[0]
    if not is_json_data(data):
        raise HarvestError("no_table", where=answer.url)
    return read_json_data(data, info.title, answer.url)
