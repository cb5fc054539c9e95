"""SDMX: a REST service (2.1 and 3.0), or messages in a file, a folder, at a URL, in a list of URLs.

What is behind the URL is told by what it answers: a data message (SDMX-ML 2.0, 2.1, 3.0, generic or
structure-specific; SDMX-JSON 1.0, 2.0; SDMX-CSV 1.0, 2.0) is one dataset; a list of dataflows is a
service, each flow a dataset; a CSV list with addresses in it (as those of the e-GDDS are kept) is
one dataset for each line. Structures and codelists are taken from messages beside the data, from
`structures`, or from the service, once in a run.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Entry, Fetch, Response
from harvesters.model import End, Failure, Item, Probe, SourceType, Unchanged
from harvesters.sources._sdmx_record import FATAL, Settings, file_record, mark_of
from harvesters.sources._sdmx_service import Service
from harvesters.tables import sdmx_message
from harvesters.tables.cube_record import is_web
from harvesters.tables.names import unique_keys
from harvesters.tables.sdmx import Flow, Structures
from harvesters.tables.sdmx_query import base_of
from schemas.text import composed, slug

SUFFIXES = (".xml", ".json", ".csv", ".sdmx")
#: Errors after which a URL is not asked for in another way.
_FINAL = ("unreachable", "auth_failed", "tls_error", "too_large", *FATAL)
_LOOKED_AT = 5
_LOOKS_LIKE = re.compile(r"sdmx|/rest\b", re.IGNORECASE)


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each message, line of a list, or dataflow. See `SourceType.read`."""
    if settings.api not in ("", "2.1", "3.0"):
        raise HarvestError("bad_setting", where="read.api", key="read.api", expected="2.1, 3.0")
    reading = _Reading(settings, fetch, since)
    if not is_web(settings.url):
        yield from reading.folder()
        return
    found = _at(settings.url, fetch)
    reading.read_structures()
    if isinstance(found, Response):
        item = reading.file(_name_of(settings.url), found)
        yield item
        # What cannot be read may have been an error of a service that lists many.
        yield End(not isinstance(item, Failure), 1)
    elif isinstance(found, list):
        yield from reading.listed(found)
    else:
        yield from reading.service(found)


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a URL is an SDMX service or message, or a folder of messages."""
    if not is_web(url):
        entries = fetch.entries(url, SUFFIXES)
        for entry in entries[:_LOOKED_AT]:
            if _kind(fetch.read(entry.location)):
                return Probe(url.rstrip("/").rpartition("/")[2], len(entries))
        return None
    try:
        found = _at(url, fetch, guess=bool(_LOOKS_LIKE.search(url)))
        if isinstance(found, Structures):
            listed = Service(Settings(url), fetch, Structures()).flows(found)
            return Probe(urlsplit(url).netloc, len(listed)) if listed else None
    except HarvestError as error:
        if error.code in _FINAL:
            raise
        return None
    if isinstance(found, Response):
        return Probe(PurePosixPath(_name_of(url)).stem, 1)
    # Any table may have a column of links; a list of messages shows it by their addresses.
    alike = [line for line in found if re.search(r"sdmx|\.xml\b", line.url, re.IGNORECASE)]
    return Probe(urlsplit(url).netloc, len(found)) if 2 * len(alike) > len(found) else None


@dataclass(frozen=True)
class _Line:
    """One line of a list of messages: its name, and where the message is."""

    name: str
    url: str


def _kind(answer: Response) -> str:
    try:
        return sdmx_message.kind(answer)
    except HarvestError:  # JSON that is none
        return ""


def _at(url: str, fetch: Fetch, guess: bool = True) -> Response | list[_Line] | Structures:
    """What the URL leads to: a data message, a list of messages, or the flows of a service.

    A service itself answers at its own address with a page, or not at all: that is no flows yet.
    """
    refused = HarvestError("no_table", where=url)
    try:
        answer = fetch.get(url, headers={"Accept": "*/*"})
        if answer.is_html:
            raise HarvestError("html_instead_of_data", where=url)
        kind = sdmx_message.kind(answer)
        if kind == "data":
            return answer
        if kind == "structure":
            return sdmx_message.structures(answer)
        lines = _lines(answer)
        if lines:
            return lines
    except HarvestError as error:
        if error.code in _FINAL:
            raise
        refused = error
    if not guess or base_of(url) != url.rstrip("/"):
        raise refused
    return Structures()


def _lines(answer: Response) -> list[_Line]:
    """The lines of a CSV list: a name, and the first address in the line.

    No list unless every line has both.
    """
    if answer.content.lstrip()[:1] in (b"<", b"{", b"["):
        return []
    try:
        rows = [row for row in csv.reader(io.StringIO(answer.text(), newline="")) if any(row)]
    except csv.Error:
        return []
    found = []
    for row in rows[1:]:
        address = next((cell.strip() for cell in row[1:] if is_web(cell.strip())), "")
        if not address or not row[0].strip():
            return []
        found.append(_Line(composed(row[0].strip()), address))
    return found


def _name_of(url: str) -> str:
    """The name of a message at a URL: the last part of its path."""
    return composed(unquote(PurePosixPath(urlsplit(url).path).name)) or "sdmx"


class _Reading:
    """One reading of a source. `marks` are those of the structures read so far."""

    def __init__(self, settings: Settings, fetch: Fetch, since: Mapping[str, str]):
        self.settings = settings
        self.fetch = fetch
        self.since = since
        self.known = Structures()
        self.marks: list[str] = []

    def read_structures(self) -> None:
        """The structures that the configuration names. Without them labels would be lost."""
        for location in self.settings.structures:
            self.add(self.fetch.read(location))

    def add(self, answer: Response) -> None:
        self.known.add(sdmx_message.structures(answer))
        self.marks.append(hashlib.sha256(answer.content).hexdigest())

    def service(self, found: Structures) -> Iterator[Item]:
        service = Service(self.settings, self.fetch, self.known)
        flows = service.flows(found)
        wanted = set(self.settings.flows)
        seen: set[str] = set()
        count = 0
        for flow in flows:
            name = f"{flow.ref.agency}:{flow.ref.id}" if flow.ref.agency else flow.ref.id
            if wanted and not {flow.ref.id, name} & wanted:
                continue
            seen |= {flow.ref.id, name}
            count += 1
            yield self.attempt(name, lambda f=flow, n=name: self.flow(service, f, n))  # type: ignore[misc]
        for name in sorted(wanted - seen):
            params = {"field": "read.flows", "value": name, "nearest": ""}
            yield Failure(Problem("unknown_code", self.settings.url, name, params))
        yield End(True, count)

    def flow(self, service: Service, flow: Flow, name: str) -> Item:
        return service.item(flow, name, self.since.get(name, ""))

    def listed(self, lines: list[_Line]) -> Iterator[Item]:
        """One record a line. A host that was not granted fails its own line only."""
        lines = list(dict.fromkeys(lines))
        names = unique_keys([slug(line.name) or "sdmx" for line in lines])
        for name, line in zip(names, lines, strict=True):
            try:
                yield self.file(name, self.fetch.get(line.url), line.url)
            except HarvestError as error:
                if error.code == "deadline":
                    raise
                yield Failure(error.problem.of(name))
        yield End(True, len(lines))

    def folder(self) -> Iterator[Item]:
        """Messages of structures first, wherever they lie; then the data, file by file.

        A file whose mark is held is known to be data, and is opened only if something changed.
        """
        self.read_structures()
        entries = self.fetch.entries(self.settings.url, SUFFIXES)
        failed: dict[str, Problem] = {}
        data: list[Entry] = []
        for entry in entries:
            if entry.path in self.since or self.is_data(entry, failed):
                data.append(entry)
        count = 0
        for entry in data:
            count += 1
            if entry.path in failed:
                yield Failure(failed[entry.path].of(entry.path))
                continue
            mark = self.mark(entry.mark)
            if self.since.get(entry.path) == mark:
                yield Unchanged(entry.path)
                continue
            yield self.attempt(entry.path, lambda e=entry, m=mark: self.entry(e, m))  # type: ignore[misc]
        yield End(True, count)

    def is_data(self, entry: Entry, failed: dict[str, Problem]) -> bool:
        """Takes in a message of structures; True for data and for what cannot be read.

        What is broken must fail as a record, or a dataset that is known would seem to be gone.
        """
        try:
            answer = replace(self.fetch.read(entry.location), url=entry.path)
            kind = sdmx_message.kind(answer)
            if kind == "structure":
                self.add(answer)
            ours = entry.path.lower().endswith((".xml", ".sdmx"))
            broken = answer.is_html or not answer.content.strip()
            return kind == "data" or (not kind and (ours or broken))
        except HarvestError as error:
            if error.code in FATAL:
                raise
            failed[entry.path] = error.problem
            return True

    def entry(self, entry: Entry, mark: str) -> Item:
        answer = replace(self.fetch.read(entry.location), url=entry.path)
        message = sdmx_message.data(answer, self.known, None, self.fetch.limits.max_cells)
        return file_record(self.settings, entry.path, answer.content, message, self.known, mark)

    def file(self, name: str, answer: Response, url: str = "") -> Item:
        mark = self.mark(hashlib.sha256(answer.content).hexdigest())
        if self.since.get(name) == mark:
            return Unchanged(name)

        def make() -> Item:
            told, most = replace(answer, url=url or answer.url), self.fetch.limits.max_cells
            message = sdmx_message.data(told, self.known, None, most)
            file_name = _name_of(url) if url else name
            content = answer.content
            record = file_record(self.settings, name, content, message, self.known, mark, file_name)
            return replace(record, fields={**record.fields, "url": url}) if url else record

        return self.attempt(name, make)

    def mark(self, told: str) -> str:
        return mark_of(self.settings, told, *sorted(self.marks))

    def attempt(self, name: str, make: Callable[[], Item]) -> Item:
        """The record, or the failure that it ended in."""
        try:
            return make()
        except HarvestError as error:
            if error.code in FATAL:
                raise
            return Failure(error.problem.of(name))


SOURCE = SourceType(
    type="sdmx",
    title={"vi": "Số liệu SDMX (dịch vụ và tệp)", "en": "SDMX (REST service and files)"},
    settings=Settings,
    read=read,
    probe=probe,
)
