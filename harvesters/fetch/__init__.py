"""The only home of sockets, drivers and file reading. Sources see it as the `Fetch` protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from harvesters.fetch.response import Response
from harvesters.fetch.streamed import Streamed
from harvesters.model import Scalar
from harvesters.settings import Limits

__all__ = ["Entry", "Fetch", "QueryResult", "Response", "Streamed"]


@dataclass(frozen=True)
class Entry:
    """A file in a granted folder (or the single file or URL a source points at).

    `path` is relative to the folder with forward slashes, NFC; it is stable between runs.
    `mark` changes when the content may have changed (size and modification time, or ETag).
    """

    path: str
    location: str
    size: int
    mark: str


@dataclass(frozen=True)
class QueryResult:
    """Rows of a read-only query. `types` are our column types, one a column."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]


class Fetch(Protocol):
    """What a source may ask of the outside. Every call obeys the grant, the caps, the deadline.

    Raises HarvestError with `host_not_granted`, `unreachable`, `auth_failed`, `too_large`,
    `deadline`, `api_error` (status >= 400). `limits` are the bounds on this reading; what unpacks
    or parses a body heeds those that are about cells.
    """

    limits: Limits

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response: ...

    def stream(self, location: str, headers: Mapping[str, str] | None = None) -> Streamed:
        """A file of any size, from a granted folder or by HTTP, without holding it in memory.

        For a source whose whole listing is one document. Use it in a `with`.
        """

    def post(self, url: str, json: Any, headers: Mapping[str, str] | None = None) -> Response: ...

    def send(
        self,
        url: str,
        body: bytes,
        content_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """POST of a body that is no JSON: a SOAP envelope, a CSW request, a form.

        It must be a question: like any other request it is asked again when a connection breaks.
        """

    def entries(self, location: str, suffixes: Sequence[str]) -> tuple[Entry, ...]:
        """The files of a granted folder by suffix (sorted by path), or the one file or URL."""

    def read(self, location: str) -> Response:
        """A whole file, from a granted folder or by HTTP."""

    def cut(self) -> None:
        """Ends whatever is being asked, from another thread: it fails with `deadline`."""

    def query(self, url: str, sql: str) -> QueryResult:
        """One read-only statement in a database; a password comes from `auth`.

        The URL's scheme names the maker: `databases.MAKERS`.
        """
