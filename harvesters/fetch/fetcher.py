"""The real `Fetch`: HTTP, folders and databases under one grant, one deadline, one set of caps."""

from __future__ import annotations

import hashlib
import io
import json as jsonlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from harvesters.errors import HarvestError
from harvesters.fetch import Entry, QueryResult, databases, folders, s3
from harvesters.fetch import uploads as uploaded
from harvesters.fetch.auth import Credentials
from harvesters.fetch.body import Budget
from harvesters.fetch.copies import Copies
from harvesters.fetch.grants import endpoint_of, has_credentials, is_local, nfc, parse_grants, shown
from harvesters.fetch.http import Client
from harvesters.fetch.pace import Pace
from harvesters.fetch.remote import Access, Store
from harvesters.fetch.response import Response
from harvesters.fetch.streamed import Streamed
from harvesters.fetch.uploads import Uploads, is_upload
from harvesters.fetch.web_index import Found, files_below
from harvesters.fetch.wire import Deadline, Dialler, Resolve, resolve
from harvesters.settings import Auth, Limits

#: Schemes of stores that are neither this machine's folders nor plain HTTP.
_STORES = ("sftp", "smb", *s3.SCHEMES)


class Fetcher:
    """What one source may reach during one run. Close it (or use `with`) when the run ends.

    `allow` is the grant; `secret` turns the reference in `auth.secret` into the secret;
    `home` is the source's URL, the only place its credentials are sent to (the first URL asked
    for, when left out); `proxy` is the portal's own outgoing proxy, if it has one: proxies of the
    environment are not used, since they would see what was granted to nobody. `pace` spaces
    requests together with others on this machine; `copies` keeps the last good answers, so that
    they need not be sent again while the source says that they hold; `uploads` has the file that a
    person uploaded for the source.
    """

    def __init__(
        self,
        allow: Sequence[str],
        limits: Limits = Limits(),  # noqa: B008 -- frozen
        auth: Auth = Auth(),  # noqa: B008 -- frozen
        secret: Callable[[str], str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        home: str = "",
        proxy: str = "",
        resolver: Resolve = resolve,
        pace: Pace | None = None,
        copies: Copies | None = None,
        uploads: Uploads | None = None,
    ):
        self._grants = parse_grants(allow)
        self.limits = self._limits = limits
        self._pace = pace
        self._copies = copies
        self._uploads = uploads
        self._clock = clock
        self._proxy = proxy
        http_home = "" if is_local(home) or is_upload(home) else home
        self._credentials = Credentials(auth, secret or _no_secret, http_home, clock)
        self._deadline = Deadline(limits.deadline, clock)
        self._dialler = Dialler(self._grants, resolver, proxy)
        self._http_client: Client | None = None
        self._budget = Budget(limits.max_total_bytes)
        self._stores: dict[str, Store] = {}
        self._kept: dict[str, Response] = {}

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes every connection."""
        for store in self._stores.values():
            store.close()
        self._stores.clear()
        if self._http_client is not None:
            self._http_client.close()
        self._dialler.close()

    def cut(self) -> None:
        """Ends whatever is being asked, from another thread: it fails with `deadline`."""
        self._dialler.cut()

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        return self._http().request("GET", url, params, headers)

    def stream(self, location: str, headers: Mapping[str, str] | None = None) -> Streamed:
        if is_local(location):
            self._deadline.remaining(location)
            return folders.open_file(self._grants, location, self._limits.max_bytes)
        if _scheme(location) in _STORES:  # their drivers give a file as a whole
            whole = self.read(location)
            return Streamed(whole.url, io.BytesIO(whole.content), whole.headers)
        return self._http().stream(location, headers)

    def post(self, url: str, json: Any, headers: Mapping[str, str] | None = None) -> Response:
        body = jsonlib.dumps(json, ensure_ascii=False).encode()
        return self.send(url, body, "application/json", headers)

    def send(
        self,
        url: str,
        body: bytes,
        content_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        sent = {"Content-Type": content_type, **(headers or {})}
        return self._http().request("POST", url, None, sent, body)

    def entries(self, location: str, suffixes: Sequence[str]) -> tuple[Entry, ...]:
        if is_upload(location):
            return uploaded.entries(self._uploads)
        if is_local(location):
            self._deadline.remaining(location)
            return folders.list_folder(self._grants, location, suffixes)
        if _scheme(location) in _STORES:
            return self._store(location).entries(location, suffixes)
        return self._entries_of_url(location, suffixes)

    def read(self, location: str) -> Response:
        if is_upload(location):
            return uploaded.read(self._uploads, location)
        if is_local(location):
            self._deadline.remaining(location)
            return folders.read_file(self._grants, location, self._limits.max_bytes)
        if _scheme(location) in _STORES:
            return self._store(location).read(location)
        return self._kept.pop(location, None) or self.get(location)

    def query(self, url: str, sql: str) -> QueryResult:
        return databases.query(
            url,
            sql,
            self._grants,
            self._limits,
            self._credentials,
            self._deadline,
            self._dialler,
        )

    def _http(self) -> Client:
        """Made when first needed: loading TLS authorities takes longer than reading a folder."""
        if self._http_client is None:
            self._http_client = Client(
                self._grants,
                self._limits,
                self._credentials,
                self._deadline,
                self._dialler,
                self._clock,
                self._proxy,
                self._pace,
                self._copies,
                self._budget,
            )
        return self._http_client

    def _store(self, location: str) -> Store:
        """The store for a kind of URL, made when first needed."""
        scheme = _scheme(location)
        self._grants.check_endpoint(endpoint_of(location))
        if has_credentials(location):
            raise HarvestError("credentials_in_url", where=shown(location))
        if scheme in s3.SCHEMES:
            return self._stores.setdefault(scheme, s3.S3Store(self._http, self._credentials))
        key = f"{scheme}://{endpoint_of(location)}"
        if key not in self._stores:
            access = Access(
                self._limits, self._credentials, self._deadline, self._dialler, self._budget
            )
            # Imported here: most sources need neither, and both take a while.
            if scheme == "sftp":
                from harvesters.fetch.sftp import SftpStore

                self._stores[key] = SftpStore(access)
            else:
                from harvesters.fetch.smb import SmbStore

                self._stores[key] = SmbStore(access)
        return self._stores[key]

    def _entries_of_url(self, url: str, suffixes: Sequence[str]) -> tuple[Entry, ...]:
        """The one file behind a URL; or the files that the page there links to.

        A server that does not answer HEAD, or says nothing there, is read at once; the body is
        kept for the `read` that follows, so that it comes over the line only once.
        """
        head = self._head(url)
        mark = _mark(head) if head else ""
        parts = urlsplit(shown(url))
        path = nfc(unquote(parts.path.rstrip("/").rpartition("/")[2])) or parts.netloc
        may_list = not path.lower().endswith(tuple(suffixes) or ("",))
        if head and mark and not (may_list and _says_html(head)):
            return (Entry(path, url, int(head.headers.get("content-length") or 0), mark),)
        answer = self.get(url)
        if may_list and answer.is_html and (found := files_below(answer, suffixes, self.get)):
            return tuple(self._linked(file) for file in found)
        self._kept[url] = answer
        mark = mark or f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
        return (Entry(path, url, len(answer.content), mark),)

    def _linked(self, file: Found) -> Entry:
        """A file of a listing; without validators it is read every time."""
        head = self._head(file.url)
        size = int(head.headers.get("content-length") or 0) if head else 0
        return Entry(file.path, file.url, size, _mark(head) if head else "")

    def _head(self, url: str) -> Response | None:
        try:
            return self._http().request("HEAD", url)
        except HarvestError as error:
            if error.code not in ("api_error", "auth_failed"):
                raise
            return None


def _mark(answer: Response) -> str:
    """From a validator of HTTP (RFC 9110, 8.8); "" when there is none."""
    etag = answer.headers.get("etag")
    if etag:
        return f"etag:{etag}"
    modified = answer.headers.get("last-modified")
    if modified:
        return f"modified:{modified}:{answer.headers.get('content-length', '')}"
    return ""


def _says_html(answer: Response) -> bool:
    return (
        answer.headers.get("content-type", "")
        .lower()
        .startswith(("text/html", "application/xhtml"))
    )


def _scheme(location: str) -> str:
    return location.partition("://")[0].lower()


def _no_secret(reference: str) -> str:
    raise HarvestError("secret_missing", where="auth.secret", name=reference)
