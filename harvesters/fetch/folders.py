"""Files in granted folders: listed, and read whole within the size cap."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence

from harvesters.errors import HarvestError
from harvesters.fetch import Entry
from harvesters.fetch.body import size_in_words
from harvesters.fetch.grants import Grants, local_path, nfc
from harvesters.fetch.response import Response
from harvesters.fetch.streamed import Streamed

#: A folder with more files than this is a mistake in the grant, not a source.
MAX_FILES = 100_000
TEMPORARY = ("~$", ".", "._")


def list_folder(grants: Grants, location: str, suffixes: Sequence[str]) -> tuple[Entry, ...]:
    """The files below a granted folder whose name ends in one of the suffixes, sorted by path.

    Hidden and temporary files (`.x`, Excel's `~$x`) are left out. Linked folders are not entered;
    a linked file is listed, and refused when it is read if it leads out of the grant. A location
    that is a file gives that file.
    """
    root = grants.check_path(local_path(location), location)
    if os.path.isfile(root):
        return (_entry(root, os.path.basename(root)),)
    if not os.path.isdir(root):
        raise HarvestError("no_such_file", where=location)
    wanted = tuple(suffix.lower() for suffix in suffixes)
    entries = []
    for path in _files(root, location):
        relative = os.path.relpath(path, root).replace(os.sep, "/")
        if not wanted or relative.lower().endswith(wanted):
            entries.append(_entry(path, relative))
            if len(entries) > MAX_FILES:
                raise HarvestError(
                    "too_large",
                    where=location,
                    limit=f"{MAX_FILES} tệp",
                    limit_en=f"{MAX_FILES} files",
                )
    return tuple(sorted(entries, key=lambda entry: entry.path))


def read_file(grants: Grants, location: str, max_bytes: int) -> Response:
    """The bytes of a regular file in a granted folder."""
    with open_file(grants, location, max_bytes) as opened:
        content = opened.file.read(max_bytes + 1)
    if len(content) > max_bytes:  # it grew while it was read
        raise HarvestError("too_large", where=location, limit=size_in_words(max_bytes))
    return Response(location, content, headers=opened.headers)


def open_file(grants: Grants, location: str, max_bytes: int) -> Streamed:
    """A regular file in a granted folder, to be read piece by piece.

    The file is opened first and judged by what was opened, so that a link changed between the
    check and the reading leads nowhere.
    """
    path = local_path(location)
    grants.check_path(path, location)
    try:
        # Without waiting: opening a named pipe would block until someone writes into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _file_error(error, location) from error
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise HarvestError("file_not_readable", where=location)
        _check_opened(grants, descriptor, location)
        if facts.st_size > max_bytes:
            raise HarvestError("too_large", where=location, limit=size_in_words(max_bytes))
    except HarvestError:
        os.close(descriptor)
        raise
    file = os.fdopen(descriptor, "rb")
    return Streamed(location, file, {"last-modified": str(facts.st_mtime_ns)})


def _check_opened(grants: Grants, descriptor: int, location: str) -> None:
    opened = f"/proc/self/fd/{descriptor}"
    if os.path.exists(opened):
        grants.check_path(opened, location)


def _files(root: str, location: str) -> Iterator[str]:
    def fail(error: OSError) -> None:
        raise _file_error(error, location) from error

    for folder, folders, names in os.walk(root, onerror=fail, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if not name.startswith(TEMPORARY):
                yield os.path.join(folder, name)


def _entry(path: str, relative: str) -> Entry:
    try:
        facts = os.stat(path)
    except OSError:  # a link to nowhere: listed, so that reading it says what is wrong
        facts = os.lstat(path)
    mark = f"{facts.st_size}:{facts.st_mtime_ns}"
    return Entry(nfc(relative), path, facts.st_size, mark)


def _file_error(error: OSError, location: str) -> HarvestError:
    missing = error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
    return HarvestError("no_such_file" if missing else "file_not_readable", where=location)
