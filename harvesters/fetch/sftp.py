"""Files on an SFTP server whose key was confirmed: ``sftp://host[:port]/folder``.

The path is absolute on the server; ``/~/x`` lies below the account's home. The account is
`auth.user` with a password (`type: basic`) or a private key (`type: certificate`). A server whose
key nobody has confirmed is refused with its fingerprint, which goes into `auth.host_key`.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import stat
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import asyncssh

from harvesters.errors import HarvestError
from harvesters.fetch import Entry
from harvesters.fetch.grants import endpoint_of, shown
from harvesters.fetch.remote import Access, Node, in_order, path_of, walk
from harvesters.fetch.response import Response

T = TypeVar("T")
# Who signed in where is nobody's business who reads the log of a worker.
asyncssh.set_log_level("WARNING")


class SftpStore:
    """One run's connection to one SFTP server, opened when first needed."""

    def __init__(self, access: Access):
        self._access = access
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None

    def entries(self, location: str, suffixes: Sequence[str]) -> tuple[Entry, ...]:
        start, where = _server_path(location), shown(location)
        facts = self._within(self._facts(location), location)
        if not _is_folder(facts):
            return in_order([Entry(start.rpartition("/")[2], location, *_state(facts))])
        found = walk(
            lambda folder: self._within(self._listed(location, folder), location), suffixes, where
        )
        return in_order(
            Entry(path, _below(location, path), node.size, node.mark) for path, node in found
        )

    def read(self, location: str) -> Response:
        content = self._within(self._content(location), location)
        return self._access.taken(content, location)

    def close(self) -> None:
        if self._loop is None:
            return
        if self._connection is not None:
            self._connection.abort()
            closed = asyncio.wait_for(self._connection.wait_closed(), 5)
            with contextlib.suppress(TimeoutError, OSError, asyncssh.Error):
                self._loop.run_until_complete(closed)
        self._loop.close()
        self._loop = self._connection = self._sftp = None

    def _within(self, task: Coroutine[Any, Any, T], location: str) -> T:
        """Runs to its end or to the deadline, whatever it is waiting for."""
        where = shown(location)
        try:
            left = self._access.deadline.remaining(where)
        except HarvestError:
            task.close()
            raise
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        try:
            return self._loop.run_until_complete(asyncio.wait_for(task, left))
        except TimeoutError as error:
            raise self._access.deadline.error(where) from error
        except asyncssh.PermissionDenied as error:
            raise HarvestError("auth_failed", where=where) from error
        except asyncssh.SFTPError as error:
            raise _refused(error, where) from error
        except (asyncssh.Error, OSError) as error:
            raise HarvestError("unreachable", where=where) from error

    async def _facts(self, location: str) -> Any:
        return await (await self._session(location)).stat(_server_path(location))

    async def _listed(self, location: str, folder: str) -> list[Node]:
        sftp = await self._session(location)
        start = _server_path(location)
        path = f"{start.rstrip('/')}/{folder}" if folder else start
        return [await _node(sftp, path, name) async for name in sftp.scandir(path)]

    async def _content(self, location: str) -> bytes:
        sftp = await self._session(location)
        path = _server_path(location)
        caps = self._access.budget.caps(self._access.limits, shown(location))
        facts = await sftp.stat(path)
        if facts.type != asyncssh.FILEXFER_TYPE_REGULAR:
            raise HarvestError("file_not_readable", where=shown(location))
        caps.check_promise(str(facts.size or 0))
        async with sftp.open(path, "rb") as file:
            content: bytes = await file.read(caps.max_bytes + 1)
        return content

    async def _session(self, location: str) -> asyncssh.SFTPClient:
        if self._sftp is None:
            self._connection = await self._connect(location)
            self._sftp = await self._connection.start_sftp_client()
        return self._sftp

    async def _connect(self, location: str) -> asyncssh.SSHClientConnection:
        access, where = self._access, shown(location)
        endpoint = endpoint_of(location)
        timeout = min(access.limits.timeout, access.deadline.remaining(where))
        keys = _KnownKeys(access.credentials.host_key)
        opened = access.dialler.dial(endpoint, timeout)
        try:
            return await asyncssh.connect(
                endpoint.host,
                endpoint.port,
                sock=opened,
                client_factory=lambda: keys,
                known_hosts=([], [], []),
                config=None,
                agent_path=None,
                gss_host=None,
                login_timeout=timeout,
                **self._account(location),
            )
        except asyncssh.HostKeyNotVerifiable as error:
            if not keys.seen:
                raise
            code = "host_key_changed" if keys.confirmed else "host_key_unknown"
            raise HarvestError(code, where=str(endpoint), fingerprint=keys.seen) from error

    def _account(self, location: str) -> dict[str, Any]:
        """The account of the source, for its own server only."""
        credentials = self._access.credentials
        account: dict[str, Any] = {"client_keys": None, "password": None}
        account["username"] = credentials.user
        if not credentials.belong_to(location):
            return account
        if credentials.kind == "certificate":
            try:
                account["client_keys"] = [asyncssh.import_private_key(credentials.secret())]
            except (asyncssh.KeyImportError, ValueError) as error:
                raise HarvestError("bad_secret", where="auth.secret") from error
        else:
            account["password"] = credentials.secret()
        return account


class _KnownKeys(asyncssh.SSHClient):
    """Takes a server whose key has one of the confirmed fingerprints, and remembers what it saw."""

    def __init__(self, confirmed: str):
        self.confirmed = tuple(re.findall(r"[^\s,]+", confirmed))
        self.seen = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: Any) -> bool:
        self.seen = str(key.get_fingerprint())
        return self.seen in self.confirmed


async def _node(sftp: asyncssh.SFTPClient, folder: str, found: Any) -> Node:
    """A linked file is followed to the file; a linked folder is not entered."""
    name, facts = str(found.filename), found.attrs
    if name in (".", ".."):
        return Node("", False)
    if facts.type == asyncssh.FILEXFER_TYPE_SYMLINK:
        try:
            facts = await sftp.stat(f"{folder.rstrip('/')}/{name}")
        except asyncssh.SFTPError:  # a link to nowhere is no file
            return Node("", False)
        if _is_folder(facts):
            return Node("", False)
    return Node(name, _is_folder(facts), *_state(facts))


def _is_folder(facts: Any) -> bool:
    if facts.type == asyncssh.FILEXFER_TYPE_UNKNOWN and facts.permissions is not None:
        return stat.S_ISDIR(facts.permissions)
    return bool(facts.type == asyncssh.FILEXFER_TYPE_DIRECTORY)


def _state(facts: Any) -> tuple[int, str]:
    """Size and mark; without a modification time nothing tells whether a file has changed."""
    size = int(facts.size or 0)
    return size, f"{size}:{facts.mtime}" if facts.mtime else ""


def _server_path(location: str) -> str:
    path = path_of(location) or "/"
    return path[3:] or "." if path.startswith("/~/") else path


def _below(location: str, path: str) -> str:
    return f"{location.rstrip('/')}/{quote(path)}"


def _refused(error: asyncssh.SFTPError, where: str) -> HarvestError:
    if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
        return HarvestError("no_such_file", where=where)
    if isinstance(error, asyncssh.SFTPPermissionDenied):
        return HarvestError("file_not_readable", where=where)
    if isinstance(error, asyncssh.SFTPConnectionLost | asyncssh.SFTPNoConnection):
        return HarvestError("unreachable", where=where)
    return HarvestError("api_error", where=where, detail=str(error.reason)[:200])
