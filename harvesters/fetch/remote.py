"""What the stores of files elsewhere (SFTP, SMB, S3) have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urlsplit

from harvesters.errors import HarvestError
from harvesters.fetch import Entry
from harvesters.fetch.auth import Credentials
from harvesters.fetch.body import Budget
from harvesters.fetch.folders import MAX_FILES, TEMPORARY
from harvesters.fetch.grants import nfc, shown
from harvesters.fetch.response import Response
from harvesters.fetch.wire import Deadline, Dialler
from harvesters.settings import Limits

#: Folders in folders; deeper is a loop of links or a mistake in the address.
MAX_DEPTH = 20
MAX_FOLDERS = 20_000


@dataclass(frozen=True)
class Access:
    """With what a store reaches out, the same for all that one run reads."""

    limits: Limits
    credentials: Credentials
    deadline: Deadline
    dialler: Dialler
    budget: Budget

    def taken(self, content: bytes, location: str) -> Response:
        """A whole file within the caps. Raises `too_large`."""
        caps = self.budget.caps(self.limits, shown(location))
        if len(content) > caps.max_bytes:
            raise caps.too_large(caps.max_bytes)
        self.budget.spent += len(content)
        return Response(shown(location), content)


class Store(Protocol):
    """Files elsewhere, by URL. Errors as those of `Fetch`."""

    def entries(self, location: str, suffixes: Sequence[str]) -> tuple[Entry, ...]: ...

    def read(self, location: str) -> Response: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Node:
    """A file or folder as its folder lists it."""

    name: str
    is_folder: bool
    size: int = 0
    mark: str = ""


def path_of(location: str) -> str:
    """The decoded path of a URL. Raises `bad_setting` for steps upwards and NUL characters."""
    path = unquote(urlsplit(location).path)
    if "\x00" in path or ".." in path.split("/"):
        raise HarvestError(
            "bad_setting", where=shown(location), key="url", expected="…/thu-muc/tep.xlsx"
        )
    return path


def walk(
    listed: Callable[[str], Iterable[Node]], suffixes: Sequence[str], where: str
) -> Iterator[tuple[str, Node]]:
    """Files below a folder whose name ends in one of the suffixes, as (relative path, node).

    `listed` gives what lies in a folder, by its relative path ("" for the first). Hidden and
    temporary files are left out. Raises `too_large` beyond the bounds on files, folders, depth.
    """
    wanted = tuple(suffix.lower() for suffix in suffixes)
    waiting = [""]
    folders = files = 0
    while waiting:
        folder = waiting.pop()
        folders += 1
        for node in listed(folder):
            path = f"{folder}/{node.name}" if folder else node.name
            if node.name.startswith(TEMPORARY) or "/" in node.name or not node.name:
                continue
            if node.is_folder:
                waiting.append(path)
            elif not wanted or node.name.lower().endswith(wanted):
                files += 1
                yield path, node
        if files > MAX_FILES:
            raise too_many(MAX_FILES, "tệp", "files", where)
        if folders + len(waiting) > MAX_FOLDERS or any(p.count("/") > MAX_DEPTH for p in waiting):
            raise too_many(MAX_FOLDERS, "thư mục", "folders", where)


def too_many(limit: int, vi: str, en: str, where: str) -> HarvestError:
    """More than a source can have; the address leads somewhere else than was meant."""
    return HarvestError("too_large", where=where, limit=f"{limit} {vi}", limit_en=f"{limit} {en}")


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Entries by path, their paths in one Unicode form."""
    found = (Entry(nfc(e.path), e.location, e.size, e.mark) for e in entries)
    return tuple(sorted(found, key=lambda entry: entry.path))
