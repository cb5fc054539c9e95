"""Files on a Windows share: ``smb://host[:port]/share/folder``.

The account is `auth.user` (also ``DOMAIN\\user``) with a password; it signs in by NTLM, so that
no other server is asked, and every message is signed. Referrals to other servers (DFS) are not
followed. SMB 2 and 3 only.
"""

from __future__ import annotations

import contextlib
import socket
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from smbprotocol.connection import Connection
from smbprotocol.exceptions import (
    AccessDenied,
    BadNetworkName,
    LogonFailure,
    NoMoreFiles,
    ObjectNameNotFound,
    ObjectPathNotFound,
    SMBAuthenticationError,
    SMBException,
    SMBResponseException,
)
from smbprotocol.file_info import FileAttributes, FileInformationClass
from smbprotocol.open import (
    CreateDisposition,
    CreateOptions,
    DirectoryAccessMask,
    FilePipePrinterAccessMask,
    ImpersonationLevel,
    Open,
    ShareAccess,
)
from smbprotocol.session import Session
from smbprotocol.tree import TreeConnect

from harvesters.errors import HarvestError
from harvesters.fetch import Entry
from harvesters.fetch.grants import Endpoint, endpoint_of, shown
from harvesters.fetch.remote import Access, Node, in_order, path_of, walk
from harvesters.fetch.response import Response

_STEP = 1_000_000
_MISSING = (ObjectNameNotFound, ObjectPathNotFound, BadNetworkName)
_FOLDER = FileAttributes.FILE_ATTRIBUTE_DIRECTORY
_HIDDEN = FileAttributes.FILE_ATTRIBUTE_HIDDEN | FileAttributes.FILE_ATTRIBUTE_SYSTEM
_LINK = FileAttributes.FILE_ATTRIBUTE_REPARSE_POINT


class SmbStore:
    """One run's connection to the shares of one server, opened when first needed."""

    def __init__(self, access: Access):
        self._access = access
        self._connection: Connection | None = None
        self._session: Session | None = None
        self._trees: dict[str, TreeConnect] = {}

    @property
    def sock(self) -> Any:
        """For the dialler: whether the connection is still open."""
        transport = self._connection.transport if self._connection else None
        return transport._sock if transport is not None and transport.connected else None

    def entries(self, location: str, suffixes: Sequence[str]) -> tuple[Entry, ...]:
        share, start = _places(location)
        with self._within(location):
            with self._opened(location, share, start) as opened:
                is_folder, state = bool(opened.file_attributes & _FOLDER), _state_of(opened)
            if not is_folder:
                return in_order([Entry(start.rpartition("\\")[2], location, *state)])
            found = walk(
                lambda folder: self._listed(location, share, _joined(start, folder)),
                suffixes,
                shown(location),
            )
            return in_order(
                Entry(path, f"{location.rstrip('/')}/{quote(path)}", node.size, node.mark)
                for path, node in found
            )

    def read(self, location: str) -> Response:
        share, path = _places(location)
        caps = self._access.budget.caps(self._access.limits, shown(location))
        content = bytearray()
        with self._within(location), self._opened(location, share, path) as opened:
            if opened.file_attributes & _FOLDER:
                raise HarvestError("file_not_readable", where=shown(location))
            size = int(opened.end_of_file)
            caps.check_promise(str(size))
            step = min(_STEP, int(self._connection.max_read_size)) if self._connection else _STEP
            while len(content) < size:
                part = opened.read(len(content), min(step, size - len(content)))
                if not part:
                    raise HarvestError("truncated", where=shown(location), at=len(content))
                content += part
        return self._access.taken(bytes(content), location)

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(SMBException, OSError, ValueError):
                self._connection.disconnect(close=False)
        self._connection = self._session = None
        self._trees.clear()

    @contextmanager
    def _within(self, location: str) -> Iterator[None]:
        """Cuts the connection at the deadline; errors in the engine's words."""
        where, access = shown(location), self._access
        left = access.deadline.remaining(where)
        try:
            with access.dialler.within(left):
                yield
        except HarvestError:
            raise
        except (SMBException, OSError, ValueError, TimeoutError) as error:
            if access.dialler.expired:
                raise access.deadline.error(where) from error
            raise _translated(error, where) from error

    def _listed(self, location: str, share: str, folder: str) -> list[Node]:
        with self._opened(location, share, folder) as opened:
            nodes: list[Node] = []
            with contextlib.suppress(NoMoreFiles):
                while True:
                    nodes += map(
                        _node,
                        opened.query_directory(
                            "*", FileInformationClass.FILE_BOTH_DIRECTORY_INFORMATION
                        ),
                    )
            return nodes

    @contextmanager
    def _opened(self, location: str, share: str, path: str) -> Iterator[Open]:
        opened = Open(self._tree(location, share), path)
        opened.create(
            ImpersonationLevel.Identification,
            FilePipePrinterAccessMask.FILE_READ_DATA
            | FilePipePrinterAccessMask.FILE_READ_ATTRIBUTES
            | DirectoryAccessMask.FILE_LIST_DIRECTORY,
            FileAttributes.FILE_ATTRIBUTE_NORMAL,
            ShareAccess.FILE_SHARE_READ | ShareAccess.FILE_SHARE_WRITE,
            CreateDisposition.FILE_OPEN,
            CreateOptions.FILE_OPEN_REPARSE_POINT,
        )
        try:
            yield opened
        finally:
            with contextlib.suppress(SMBException, OSError, ValueError):
                opened.close()

    def _tree(self, location: str, share: str) -> TreeConnect:
        if share not in self._trees:
            endpoint = endpoint_of(location)
            tree = TreeConnect(self._signed_in(location), rf"\\{endpoint.host}\{share}")
            tree.connect()
            self._trees[share] = tree
        return self._trees[share]

    def _signed_in(self, location: str) -> Session:
        if self._session is None:
            credentials = self._access.credentials
            if not credentials.belong_to(location):
                raise HarvestError("auth_failed", where=shown(location))
            self._connection = self._connect(endpoint_of(location), shown(location))
            session = Session(
                self._connection,
                credentials.user,
                credentials.secret(),
                require_encryption=False,
                auth_protocol="ntlm",
            )
            session.connect()
            self._session = session
        return self._session

    def _connect(self, endpoint: Endpoint, where: str) -> Connection:
        """To the very address that was checked: the library is given no name to resolve."""
        access = self._access
        timeout = min(access.limits.timeout, access.deadline.remaining(where))
        failure: Exception = OSError(f"{endpoint}: no address")
        for address in access.dialler.addresses(endpoint):
            connection = Connection(uuid.uuid4(), address, endpoint.port, require_signing=True)
            connection._receive_timeout = max(1, int(access.limits.timeout))
            try:
                connection.connect(timeout=max(1, int(timeout)))
            except (ValueError, OSError) as error:
                failure = error
                continue
            duplicate: socket.socket = connection.transport._sock.dup()
            self._connection = connection
            access.dialler.watch(duplicate, self)
            return connection
        raise failure


def _places(location: str) -> tuple[str, str]:
    """Share and path on it, with the separators of the protocol."""
    share, _, path = path_of(location).strip("/").partition("/")
    if not share or "\\" in share + path:
        raise HarvestError(
            "bad_setting", where=shown(location), key="url", expected="smb://host/share/thu-muc"
        )
    return share, path.replace("/", "\\")


def _joined(start: str, folder: str) -> str:
    return "\\".join(part for part in (start, folder.replace("/", "\\")) if part)


def _node(found: Any) -> Node:
    """A directory's line. What is hidden, a system file or a link is left out."""
    attributes = found["file_attributes"].get_value()
    name = found["file_name"].get_value().decode("utf-16-le")
    if attributes & (_HIDDEN | _LINK) or name in (".", ".."):
        return Node("", False)
    size = int(found["end_of_file"].get_value())
    written = found["last_write_time"].get_value()
    return Node(name, bool(attributes & _FOLDER), size, f"{size}:{written.isoformat()}")


def _state_of(opened: Open) -> tuple[int, str]:
    size = int(opened.end_of_file)
    return size, f"{size}:{opened.last_write_time.isoformat()}"


def _translated(error: Exception, where: str) -> HarvestError:
    if isinstance(error, LogonFailure | SMBAuthenticationError):
        return HarvestError("auth_failed", where=where)
    if isinstance(error, _MISSING):
        return HarvestError("no_such_file", where=where)
    if isinstance(error, AccessDenied):
        return HarvestError("file_not_readable", where=where)
    if isinstance(error, SMBResponseException):
        return HarvestError("api_error", where=where, detail=f"SMB 0x{error.status:08x}")
    return HarvestError("unreachable", where=where)
