"""A department's workbooks and CSV files: in a granted folder, at a URL or on a page that links to
them, on an SFTP server, a Windows share or in an object store; also several in a zip.

One dataset for each file, or for each table in it (`dataset_per`). A dataset carries the file as
published, byte for byte, and one typed table for each table found in it. What a file cannot tell
is said by a YAML beside it (`harvesters.sources._description`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Entry, Fetch
from harvesters.fetch.grants import is_local
from harvesters.model import (
    End,
    Failure,
    Item,
    Probe,
    SourceType,
    Unchanged,
)
from harvesters.sources._description import (
    PER,
    Description,
    Descriptions,
    dataset_fields,
    plain,
)
from harvesters.sources._description import SUFFIXES as YAML_SUFFIXES
from harvesters.sources._workbook_file import FATAL, Settings, WorkbookFile
from harvesters.tables.archive import Archive
from harvesters.tables.grid import Caps
from harvesters.tables.hints import Hints
from harvesters.tables.reading import read_tables
from harvesters.tables.workbook import SUFFIXES
from schemas.text import composed, nearest

#: Where files can lie besides a granted folder.
_SCHEMES = ("http://", "https://", "sftp://", "smb://", "s3://", "s3+http://")
#: Files with files in them.
ZIP = (".zip",)


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each file, or for each table of it. See `SourceType.read`.

    A file that cannot be read fails alone. Where each table is a dataset, it is then not known
    which of its datasets are still there, so that the listing is not complete.
    """
    check(settings)
    entries = fetch.entries(settings.url, (*SUFFIXES, *ZIP, *YAML_SUFFIXES))
    descriptions = Descriptions(fetch, entries, general(settings))
    seen = 0
    unsure: Problem | None = None
    for entry in _wanted(settings, entries):
        packed = entry.path.lower().endswith(ZIP)
        read_one = _packed if packed else _plain
        for item, whole in read_one(settings, fetch, entry, descriptions, since):
            seen += 1
            if isinstance(item, Failure) and not whole:
                unsure = unsure or item.problem
            yield item
    yield End(unsure is None, seen if unsure is None else None, unsure)


#: Items, each with whether a failure among them concerns one known record only.
_Items = Iterator[tuple[Item, bool]]


def _plain(
    settings: Settings,
    fetch: Fetch,
    entry: Entry,
    descriptions: Descriptions,
    since: Mapping[str, str],
) -> _Items:
    file = WorkbookFile(settings, fetch, entry, descriptions)
    for item in file.items(since):
        yield item, not file.per_table


def _packed(
    settings: Settings,
    fetch: Fetch,
    entry: Entry,
    descriptions: Descriptions,
    since: Mapping[str, str],
) -> _Items:
    """The files in a zip, each as if it lay in a folder called like the zip.

    Their marks say how many they were together, so that the zip need not be opened to know that
    none of them has changed. Which files were in one that cannot be opened is not known.
    """
    path = composed(entry.path)
    known = {key.partition("#")[0] for key in since if key.startswith(f"{path}/")}
    held = [_member(settings, fetch, entry, descriptions, key, len(known)) for key in sorted(known)]
    same = [file.unchanged(since, file.mark()) for file in held]
    if held and entry.mark and all(same):
        for remote_ids in same:
            yield from ((Unchanged(remote_id), True) for remote_id in remote_ids)
        return
    caps = Caps(cells=fetch.limits.max_cells, ratio=fetch.limits.max_ratio)
    try:
        archive = Archive(fetch.read(entry.location).content, path, caps, SUFFIXES)
        if not archive.names:
            raise HarvestError("no_table", where=path)
        for member in archive.members():
            key = f"{path}/{composed(member.name)}"
            file = _member(settings, fetch, entry, descriptions, key, len(archive.names))
            file.content = member.content
            for item in file.items(since):
                yield item, not file.per_table
    except HarvestError as error:
        if error.code in FATAL:
            raise
        yield Failure(error.problem.of(path)), False


def _member(
    settings: Settings,
    fetch: Fetch,
    entry: Entry,
    descriptions: Descriptions,
    key: str,
    together: int,
) -> WorkbookFile:
    mark = f"{entry.mark}/{together}" if entry.mark else ""
    return WorkbookFile(settings, fetch, replace(entry, path=key, mark=mark), descriptions)


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a URL is a folder with workbooks or CSV files, or one such file."""
    if not is_local(url) and not url.lower().startswith(_SCHEMES):
        return None
    entries = _wanted(Settings(url), fetch.entries(url, (*SUFFIXES, *ZIP)))
    if not entries:
        return None
    if len(entries) > 1 or not url.lower().startswith(("http://", "https://")):
        return Probe(PurePosixPath(urlsplit(url).path).name or url, len(entries))
    if entries[0].path.lower().endswith(ZIP):
        return Probe(entries[0].path)
    try:
        read_tables(entries[0].path, fetch.read(entries[0].location).content)
    except HarvestError as error:
        if error.code in FATAL:
            raise
        return None
    return Probe(entries[0].path, 1)


def check(settings: Settings) -> None:
    """Raises `bad_setting` and `unknown_setting` for what the settings' types do not tell."""
    if settings.dataset_per not in PER:
        raise HarvestError("bad_setting", key="read.dataset_per", expected=", ".join(PER))
    if settings.decimal not in ("", ",", "."):
        raise HarvestError("bad_setting", key="read.decimal", expected=", .")
    known = dataset_fields()
    for key in settings.fields:
        if key not in known:
            near = nearest(key, known) or ", ".join(sorted(known))
            raise HarvestError("unknown_setting", key=f"read.fields.{key}", nearest=near)


def general(settings: Settings) -> Description:
    """The source's own settings as the most general word about its files."""
    hints = Hints(
        encoding=settings.encoding,
        decimal=settings.decimal,
        sheets=settings.sheets,
        skip_sheets=settings.skip_sheets,
        hidden=settings.hidden,
    )
    fields = {key: plain(value) for key, value in settings.fields.items()}
    return Description(fields, hints, settings.dataset_per)


def _wanted(settings: Settings, entries: tuple[Entry, ...]) -> list[Entry]:
    """The files to read. A single file or URL is read whatever it is called."""
    if len(entries) == 1 and not entries[0].path.lower().endswith(YAML_SUFFIXES):
        return list(entries)
    pattern = composed(settings.pattern)
    return [
        entry
        for entry in entries
        if entry.path.lower().endswith((*SUFFIXES, *ZIP))
        and (not pattern or fnmatchcase(entry.path, pattern))
    ]


SOURCE = SourceType(
    type="files",
    title={"vi": "Tệp Excel, CSV của đơn vị", "en": "Workbooks and CSV files of a department"},
    settings=Settings,
    read=read,
    probe=probe,
)
