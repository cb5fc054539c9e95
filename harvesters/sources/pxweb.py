"""PX-Web: its API v1, PxWebApi 2, or JSON-stat and PX files at a URL or in a granted folder.

What is behind the URL is told by what it answers: a list of nodes is walked, metadata of a table is
one table, JSON-stat or PX is a file; an address below ``/v2`` that has a configuration is
PxWebApi 2. Each table is a dataset: the file as published (of an API, the
answers that were asked for) and the typed table made of it.

Quirks of the statistics office of Viet Nam (PX-Web at pxweb.nso.gov.vn, field notes of 2026): the
API lists a few of its databases and answers POST with 404, so a table that cannot be read fails
alone and the others come; files downloaded by hand are the way in. ``updated`` may be in the year
9999, which is no date: such a table is read anew each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from harvesters.errors import HarvestError
from harvesters.fetch import Entry, Fetch, Response
from harvesters.fetch.refusals import sentence
from harvesters.model import (
    End,
    Failure,
    Item,
    Probe,
    Record,
    SourceType,
    Unchanged,
)
from harvesters.sources._pxweb_reading import Settings, attempt, mark_of, with_system
from harvesters.sources._pxweb_v1 import Api
from harvesters.sources._pxweb_v2 import ApiV2
from harvesters.tables.cube_record import (
    dataset_fields,
    file_resource,
    is_web,
    read_cubes,
    table_resource,
)
from harvesters.tables.px import looks_like_px
from harvesters.tables.pxweb_json import (
    Node,
    TableInfo,
    read_info,
    read_nodes,
)
from harvesters.tables.pxweb_v2 import Config, read_config, split_url

SUFFIXES = (".px", ".json")


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each table or file. See `SourceType.read`."""
    if not is_web(settings.url):
        yield from _read_folder(settings, fetch, since)
        return
    second = _second(settings.url, fetch)
    if second is not None:
        base, table, config = second
        yield from ApiV2(settings, fetch, since, base, config).items(table)
        return
    answer = fetch.get(settings.url)
    found = _api_answer(answer)
    if found is None:
        yield from _read_url(settings, fetch, answer, since)
    else:
        yield from Api(settings, fetch, since).items(found)


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a URL is a PX-Web, or a file or folder of JSON-stat or PX."""
    if not is_web(url):
        entries = fetch.entries(url, SUFFIXES)
        return Probe(url.rstrip("/").rpartition("/")[2], len(entries)) if entries else None
    second = _second(url, fetch)
    if second is not None:
        base, table, config = second
        count = 1 if table else ApiV2(Settings(url), fetch, {}, base, config).count()
        return Probe(table or urlsplit(url).netloc, count)
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


def _second(url: str, fetch: Fetch) -> tuple[str, str, Config] | None:
    """The base, the table and the configuration of a PxWebApi 2; None when there is none."""
    parts = split_url(url)
    if parts is None:
        return None
    try:
        config = read_config(fetch.get(f"{parts[0]}/config").json())
    except HarvestError as error:
        if error.code in ("api_error", "html_instead_of_data", "not_json", "truncated"):
            return None
        raise
    return (*parts, config) if config is not None else None


def _api_answer(answer: Response) -> list[Node] | TableInfo | None:
    """A list of nodes or a table's metadata; None when the answer is something else."""
    if looks_like_px(answer.content):
        return None
    data = answer.json()
    nodes = read_nodes(data)
    return nodes if nodes is not None else read_info(data, answer.url)


def _read_folder(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    entries = fetch.entries(settings.url, SUFFIXES)
    for entry in entries:
        mark = mark_of(settings, entry.mark)
        if mark and since.get(entry.path) == mark:
            yield Unchanged(entry.path)
            continue

        def make(entry: Entry = entry, mark: str = mark) -> Record:
            answer = replace(fetch.read(entry.location), url=entry.path)
            return _record_of_file(settings, fetch, entry.path, answer, mark)

        yield attempt(entry.path, make)
    yield End(True, len(entries))


def _read_url(
    settings: Settings, fetch: Fetch, answer: Response, since: Mapping[str, str]
) -> Iterator[Item]:
    """A file at an address; or an API that gives neither a list nor a table, but an error."""
    _refuse_error(answer)
    name = PurePosixPath(urlsplit(settings.url).path).name or "tep"
    mark = mark_of(settings, hashlib.sha256(answer.content).hexdigest())
    if since.get(name) == mark:
        yield Unchanged(name)
    else:
        item = attempt(name, lambda: _record_of_file(settings, fetch, name, answer, mark))
        yield item
        if isinstance(item, Failure):  # it may have been a list: nobody knows what it named
            yield End(False, 1)
            return
    yield End(True, 1)


def _refuse_error(answer: Response) -> None:
    """Raises `api_error` for an error object with status 200."""
    if looks_like_px(answer.content):
        return
    data = answer.json()
    if not isinstance(data, Mapping):
        return
    said = sentence({name: data.get(name) for name in ("message", "error")})
    if said or data.get("success") is False:
        raise HarvestError("api_error", where=answer.url, detail=said or "success: false")


def _record_of_file(
    settings: Settings, fetch: Fetch, path: str, answer: Response, mark: str
) -> Record:
    if settings.select or settings.tables:
        # A file is published whole; cutting its table would make two truths of one file.
        key = "read.select" if settings.select else "read.tables"
        raise HarvestError("bad_setting", where=path, key=key, expected="PX-Web API")
    found = read_cubes(answer, path, settings.language, fetch.limits.max_cells)
    name = PurePosixPath(path)
    original = file_resource(name.name, found.format, answer.content, found.encoding)
    fields = dataset_fields(found.cubes[0], path, name.stem)
    if is_web(settings.url):
        fields.setdefault("url", settings.url)
    tables = (table_resource(cube, path, fetch.limits.max_cells) for cube in found.cubes)
    return Record(path, with_system(settings, fields), (original, *tables), mark, found.notes)


SOURCE = SourceType(
    type="pxweb",
    title={"vi": "PX-Web, JSON-stat, PX", "en": "PX-Web, JSON-stat, PX"},
    settings=Settings,
    read=read,
    probe=probe,
)
