"""PX-Web: its API v1, or JSON-stat and PX files at a URL or in a granted folder.

What is behind the URL is told by what it answers: a list of nodes is walked, metadata of a table is
one table, JSON-stat or PX is a file. Each table is a dataset: the file as published (of an API, the
answers that were asked for) and the typed table made of it.

Quirks of the statistics office of Viet Nam (PX-Web at pxweb.nso.gov.vn, field notes of 2026): the
API lists a few of its databases and answers POST with 404, so a table that cannot be read fails
alone and the others come; files downloaded by hand are the way in. ``updated`` may be in the year
9999, which is no date: such a table is read anew each time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Entry, Fetch, Response
from harvesters.model import (
    End,
    Failure,
    Item,
    Probe,
    Record,
    RecordResource,
    SourceType,
    Unchanged,
    digest,
)
from harvesters.tables.cube import Cube
from harvesters.tables.cube_record import (
    dataset_fields,
    file_resource,
    is_web,
    read_cubes,
    table_resource,
)
from harvesters.tables.jsonstat import read_jsonstat
from harvesters.tables.px import looks_like_px
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

SUFFIXES = (".px", ".json")
#: What is asked of an API, best first: old installations do not know the first, or the first two.
ANSWERS = ("json-stat2", "json-stat", "json")
MAX_DEPTH = 12
MAX_TABLES = 20_000
#: What ends the whole reading, not one table of it.
_FATAL = ("deadline", "host_not_granted")


@dataclass(frozen=True)
class Settings:
    """What to read.

    `url` is a list or a table of an API (``https://…/api/v1/vi/``), a file's URL, or a granted
    folder. `language` is the language wanted of a PX file that has several. For an API, `tables`
    keeps the listing to these ids, `select` keeps a table to these values (variable -> list of
    values by code or text, or ``top:N`` for the last N), `max_cells` is the most cells asked for at
    once (0: what the server allows). `source_system` is the name shown as the data's origin.
    """

    url: str
    language: str = "vi"
    tables: tuple[str, ...] = ()
    select: Mapping[str, Any] = field(default_factory=dict)
    max_cells: int = 0
    source_system: str = ""


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each table or file. See `SourceType.read`."""
    if not is_web(settings.url):
        yield from _read_folder(settings, fetch, since)
        return
    answer = fetch.get(settings.url)
    found = _api_answer(answer)
    if found is None:
        yield from _read_url(settings, answer, since)
    else:
        yield from _Api(settings, fetch, since).items(found)


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a URL is a PX-Web, or a file or folder of JSON-stat or PX."""
    if not is_web(url):
        entries = fetch.entries(url, SUFFIXES)
        return Probe(url.rstrip("/").rpartition("/")[2], len(entries)) if entries else None
    answer = fetch.get(url)
    found = _api_answer(answer)
    if isinstance(found, TableInfo):
        return Probe(found.title, 1)
    if found is not None:
        tables = [node for node in found if node.is_table]
        return Probe(urlsplit(url).netloc, len(tables) if len(tables) == len(found) else None)
    try:
        return Probe(read_cubes(answer, url, "vi").cubes[0].title, 1)
    except HarvestError:
        return None


def _api_answer(answer: Response) -> list[Node] | TableInfo | None:
    """A list of nodes or a table's metadata; None when the answer is something else."""
    if looks_like_px(answer.content):
        return None
    data = answer.json()
    nodes = read_nodes(data)
    return nodes if nodes is not None else read_info(data, answer.url)


def _attempt(remote_id: str, make: Callable[[], Record]) -> Item:
    """The record, or the failure that it ended in."""
    try:
        return make()
    except HarvestError as error:
        if error.code in _FATAL:
            raise
        return Failure(error.problem.of(remote_id))


def _read_folder(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    entries = fetch.entries(settings.url, SUFFIXES)
    for entry in entries:
        mark = _mark(settings, entry.mark)
        if mark and since.get(entry.path) == mark:
            yield Unchanged(entry.path)
            continue

        def make(entry: Entry = entry, mark: str = mark) -> Record:
            answer = replace(fetch.read(entry.location), url=entry.path)
            return _record_of_file(settings, entry.path, answer, mark)

        yield _attempt(entry.path, make)
    yield End(True, len(entries))


def _read_url(settings: Settings, answer: Response, since: Mapping[str, str]) -> Iterator[Item]:
    name = PurePosixPath(urlsplit(settings.url).path).name or "tep"
    mark = _mark(settings, hashlib.sha256(answer.content).hexdigest())
    if since.get(name) == mark:
        yield Unchanged(name)
    else:
        yield _attempt(name, lambda: _record_of_file(settings, name, answer, mark))
    yield End(True, 1)


def _mark(settings: Settings, mark: str) -> str:
    """What the source says of the state, bound to the settings it was read with."""
    asked = [settings.language, dict(settings.select), settings.max_cells, settings.source_system]
    return f"{mark}/{digest(asked)[:8]}" if mark else ""


def _record_of_file(settings: Settings, path: str, answer: Response, mark: str) -> Record:
    if settings.select or settings.tables:
        # A file is published whole; cutting its table would make two truths of one file.
        key = "read.select" if settings.select else "read.tables"
        raise HarvestError("bad_setting", where=path, key=key, expected="PX-Web API")
    found = read_cubes(answer, path, settings.language)
    name = PurePosixPath(path)
    original = file_resource(name.name, found.format, answer.content, found.encoding)
    fields = dataset_fields(found.cubes[0], path, name.stem)
    if is_web(settings.url):
        fields.setdefault("url", settings.url)
    tables = (table_resource(cube, path) for cube in found.cubes)
    return Record(path, _with_system(settings, fields), (original, *tables), mark, found.notes)


def _with_system(settings: Settings, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with the name of the system they come from."""
    host = urlsplit(settings.url).hostname if is_web(settings.url) else ""
    system = settings.source_system or host
    return {**fields, "source_system": system} if system else fields


class _Api:
    """One walk through an API."""

    def __init__(self, settings: Settings, fetch: Fetch, since: Mapping[str, str]):
        self.settings = settings
        self.fetch = fetch
        self.since = since
        self.url = settings.url.rstrip("/")
        self.limits = ServerLimits()
        self.answers = list(ANSWERS)
        self.problem: Problem | None = None
        self.called = 0.0

    def items(self, found: list[Node] | TableInfo) -> Iterator[Item]:
        self.limits = self._limits()
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
                raise HarvestError(
                    "too_large",
                    where=self.url,
                    limit=f"{MAX_TABLES} bảng",
                    limit_en=f"{MAX_TABLES} tables",
                )
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
                if error.code in _FATAL:
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
            if error.code in _FATAL:
                raise
            limits = ServerLimits()
        own = self.settings.max_cells
        return replace(limits, cells=min(own, limits.cells)) if own > 0 else limits

    def _table(self, node: Node, url: str, path: str) -> Item:
        mark = _mark(self.settings, node.updated)
        if mark and self.since.get(path) == mark:
            return Unchanged(path)
        return _attempt(path, lambda: self._record(node, url, path, mark))

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
        resources = (*_answer_files(node, kind, answers), table_resource(cube, url))
        return Record(path, _with_system(self.settings, fields), resources, mark)

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
        self._wait()
        return self.fetch.get(url)

    def _post(self, url: str, body: Mapping[str, Any]) -> Response:
        self._wait()
        return self.fetch.post(url, body)

    def _wait(self) -> None:
        """Keeps within the calls that the server allows in its time window."""
        left = self.called + self.limits.pause - time.monotonic()
        if self.called and left > 0:
            time.sleep(min(left, 60.0))
        self.called = time.monotonic()


def _cube(answer: Response, kind: str, info: TableInfo) -> Cube:
    data = answer.json(exact=True)
    if kind != "json":
        return read_jsonstat(data, answer.url)[0]
    if not is_json_data(data):
        raise HarvestError("no_table", where=answer.url)
    return read_json_data(data, info.title, answer.url)


def _answer_files(node: Node, kind: str, answers: list[Response]) -> Iterator[RecordResource]:
    """The answers as files; they are numbered where the table needed more than one."""
    stem, shown = PurePosixPath(node.id).stem, "JSON" if kind == "json" else "JSON-stat"
    for part, answer in enumerate(answers, 1):
        if len(answers) == 1:
            yield file_resource(f"{stem}.json", shown, answer.content, "utf-8")
        else:
            yield file_resource(f"{stem}_{part}.json", shown, answer.content, "utf-8", part)


SOURCE = SourceType(
    type="pxweb",
    title={"vi": "PX-Web, JSON-stat, PX", "en": "PX-Web, JSON-stat, PX"},
    settings=Settings,
    read=read,
    probe=probe,
)
