"""Metadata files without a catalogue: one file, a granted folder, or a web folder of them.

A web-accessible folder is a page of links; those that end in ``.xml`` on the same server, in the
folder and below, are its records. The page must be whole (``</html>``) for the listing to count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Fetch, Response
from harvesters.model import End, Failure, Item, Probe, Unchanged
from harvesters.sources import _metadata_record as metadata
from harvesters.tables.xml_document import attribute, descendants, local, parse_xml

SUFFIXES = (".xml",)
#: Folders below the first that are entered, and files in all.
MAX_DEPTH = 3
MAX_FILES = 20_000
#: Envelopes that hold records: answers that were saved as files.
_ENVELOPES = ("GetRecordsResponse", "GetRecordByIdResponse")
_WHOLE = re.compile(r"</html\s*>\s*$", re.IGNORECASE)
#: What ends the whole reading, not one file of it.
_FATAL = ("deadline", "host_not_granted")


def is_web(url: str) -> bool:
    """Whether a location is an address of the web rather than a folder."""
    return url.lower().startswith(("http://", "https://"))


def read_folder(
    url: str, levels: Sequence[str], fetch: Fetch, since: Mapping[str, str]
) -> Iterator[Item]:
    """One record for each metadata record in the files of a granted folder."""
    entries = fetch.entries(url, SUFFIXES)
    reading = _Reading(levels, since)
    for entry in entries:
        yield from reading.file(entry.path, partial(fetch.read, entry.location))
    yield reading.end(url, True)


def read_web(
    url: str, levels: Sequence[str], fetch: Fetch, since: Mapping[str, str]
) -> Iterator[Item]:
    """One record for each metadata record at an address: a file, or a web folder of files."""
    answer = fetch.get(url)
    reading = _Reading(levels, since)
    if not answer.is_html:
        name = unquote(urlsplit(url).path.rpartition("/")[2]) or "metadata.xml"
        # What cannot be read as a whole is no listing of one record that failed.
        _records(parse_xml(answer), answer.url)
        yield from reading.file(name, lambda: answer)
        yield reading.end(url, True)
        return
    folder = _WebFolder(answer.url, fetch)
    for address, path in folder.files(answer):
        yield from reading.file(path, partial(fetch.get, address))
    yield reading.end(url, folder.whole)


def probe_folder(url: str, fetch: Fetch) -> Probe | None:
    """Whether a granted folder holds metadata files; told by the first."""
    entries = fetch.entries(url, SUFFIXES)
    if not entries or not _holds_records(lambda: fetch.read(entries[0].location)):
        return None
    return Probe(url.rstrip("/").rpartition("/")[2], len(entries))


def probe_web(url: str, fetch: Fetch) -> Probe | None:
    """Whether an address is a metadata file or a web folder of them; told by the first."""
    answer = fetch.get(url)
    if not answer.is_html:
        records = [r for r in _records(parse_xml(answer), url) if metadata.is_record(r)]
        return Probe(urlsplit(url).path.rpartition("/")[2], len(records)) if records else None
    links = [link for link in _links(answer) if link.lower().endswith(SUFFIXES)]
    if not links or not _holds_records(lambda: fetch.get(links[0])):
        return None
    return Probe(urlsplit(url).netloc, len(links))


def _holds_records(get: Callable[[], Response]) -> bool:
    try:
        answer = get()
        return any(metadata.is_record(r) for r in _records(parse_xml(answer), answer.url))
    except HarvestError as error:
        if error.code in _FATAL:
            raise
        return False


def _records(root: Element, where: str) -> list[Element]:
    """The records in a document. Raises `unexpected_answer` when it holds none."""
    if metadata.is_record(root):
        return [root]
    found: list[Element] = []
    if local(root.tag) in _ENVELOPES:
        results = next(descendants(root, "SearchResults"), root)
        found = [e for e in results if metadata.is_record(e)]
    if not found:
        raise HarvestError("unexpected_answer", where=where, detail="MD_Metadata")
    return found


class _Reading:
    """Files into items; an identifier that comes twice is given out twice, for the run to tell."""

    def __init__(self, levels: Sequence[str], since: Mapping[str, str]):
        self._levels = levels
        self._since = since
        self._count = 0
        self._matched = 0
        self._failed = False

    def file(self, path: str, get: Callable[[], Response]) -> Iterator[Item]:
        """The records of one file; a file that cannot be read fails alone."""
        try:
            root = parse_xml(get())
            records = _records(root, path)
        except HarvestError as error:
            if error.code in _FATAL:
                raise
            self._failed = True
            # The record's identifier is not known: which one it was cannot be told.
            yield Failure(Problem(error.code, path, None, error.problem.params))
            return
        # A page of a catalogue's answer that was saved is not the whole of what it counts.
        said = attribute(next(descendants(root, "SearchResults"), None), "numberOfRecordsMatched")
        self._matched = max(self._matched, int(said) if said.isdigit() else 0)
        for at, record in enumerate(records):
            self._count += 1
            described = metadata.describe(record, path)
            id_ = described.id or (path if len(records) == 1 else f"{path}#{at}")
            if not described.is_wanted(self._levels):
                continue
            if described.mark and self._since.get(id_) == described.mark:
                yield Unchanged(id_)
            else:
                yield described.record(id_)

    def end(self, where: str, whole: bool) -> End:
        """Complete when the whole list was seen, every file of it could be read, and there are as
        many records as a catalogue's answer among them counts."""
        if whole and not self._failed and self._count >= self._matched:
            return End(True, self._count)
        params = {"seen": str(self._count), "expected": str(self._matched or "?")}
        return End(False, self._matched or None, Problem("incomplete_listing", where, None, params))


class _WebFolder:
    """The files below a page of links."""

    def __init__(self, url: str, fetch: Fetch):
        url = url.partition("?")[0]
        self._root = url if url.endswith("/") else url.rpartition("/")[0] + "/"
        self._fetch = fetch
        self._seen: set[str] = set()
        self.whole = True

    def files(self, page: Response, depth: int = 0) -> Iterator[tuple[str, str]]:
        """Address and path of each file. Raises `html_instead_of_data` for a page without any."""
        links = [link for link in _links(page) if link.startswith(self._root)]
        files = [link for link in links if link.lower().endswith(SUFFIXES)]
        folders = [link for link in links if link.endswith("/") and link not in self._seen]
        if depth == 0 and not files and not folders:
            raise HarvestError("html_instead_of_data", where=page.url)
        self.whole = self.whole and bool(_WHOLE.search(page.text()))
        for address in files:
            if address in self._seen:
                continue
            self._seen.add(address)
            if len(self._seen) > MAX_FILES:
                raise HarvestError(
                    "too_large",
                    where=page.url,
                    limit=f"{MAX_FILES} tệp",
                    limit_en=f"{MAX_FILES} files",
                )
            yield address, unquote(address.removeprefix(self._root))
        self._seen.update((page.url, *folders))
        for folder in folders if depth < MAX_DEPTH else ():
            if folder != self._root:
                yield from self.files(self._fetch.get(folder), depth + 1)


def _links(page: Response) -> list[str]:
    """The addresses that a page links to, without query and fragment, in order."""
    reader = _Anchors()
    reader.feed(page.text())
    found = (urljoin(page.url, link.partition("#")[0]) for link in reader.found if "?" not in link)
    return list(dict.fromkeys(found))


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]
