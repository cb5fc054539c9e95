"""The real `Fetch`: HTTP, folders and databases under one grant, one deadline, one set of caps."""

from __future__ import annotations

import hashlib
import json as jsonlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from harvesters.errors import HarvestError
from harvesters.fetch import Entry, QueryResult, folders, postgres
from harvesters.fetch.auth import Credentials
from harvesters.fetch.copies import Copies
from harvesters.fetch.grants import is_local, nfc, parse_grants, shown
from harvesters.fetch.http import Client
from harvesters.fetch.pace import Pace
from harvesters.fetch.response import Response
from harvesters.fetch.wire import Deadline, Dialler, Resolve, resolve
from harvesters.settings import Auth, Limits


class Fetcher:
    """What one source may reach during one run. Close it (or use `with`) when the run ends.

    `allow` is the grant; `secret` turns the reference in `auth.secret` into the secret;
    `home` is the source's URL, the only place its credentials are sent to (the first URL asked
    for, when left out); `proxy` is the portal's own outgoing proxy, if it has one: proxies of the
    environment are not used, since they would see what was granted to nobody. `pace` spaces
    requests together with others on this machine; `copies` keeps the last good answers, so that
    they need not be sent again while the source says that they hold.
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
    ):
        self._grants = parse_grants(allow)
        self.limits = self._limits = limits
        self._pace = pace
        self._copies = copies
        self._clock = clock
        self._proxy = proxy
        http_home = "" if is_local(home) else home
        self._credentials = Credentials(auth, secret or _no_secret, http_home, clock)
        self._deadline = Deadline(limits.deadline, clock)
        self._dialler = Dialler(self._grants, resolver, proxy)
        self._http_client: Client | None = None
        self._kept: dict[str, Response] = {}

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes every connection."""
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
        if is_local(location):
            self._deadline.remaining(location)
            return folders.list_folder(self._grants, location, suffixes)
        return (self._entry_of_url(location),)

    def read(self, location: str) -> Response:
        if is_local(location):
            self._deadline.remaining(location)
            return folders.read_file(self._grants, location, self._limits.max_bytes)
        return self._kept.pop(location, None) or self.get(location)

    def query(self, url: str, sql: str) -> QueryResult:
        return postgres.query(
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
            )
        return self._http_client

    def _entry_of_url(self, url: str) -> Entry:
        """The one file behind a URL, its mark told by the server's headers if it sends them.

        A server that does not answer HEAD, or says nothing there, is read at once; the body is
        kept for the `read` that follows, so that it comes over the line only once.
        """
        try:
            answer = self._http().request("HEAD", url)
            mark = _mark(answer)
        except HarvestError as error:
            if error.code not in ("api_error", "auth_failed"):
                raise
            mark = ""
        if mark:
            size = int(answer.headers.get("content-length") or 0)
        else:
            answer = self.get(url)
            self._kept[url] = answer
            mark = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
            size = len(answer.content)
        parts = urlsplit(shown(url))
        path = nfc(unquote(parts.path.rstrip("/").rpartition("/")[2])) or parts.netloc
        return Entry(path, url, size, mark)


def _mark(answer: Response) -> str:
    """From a validator of HTTP (RFC 9110, 8.8); "" when there is none."""
    etag = answer.headers.get("etag")
    if etag:
        return f"etag:{etag}"
    modified = answer.headers.get("last-modified")
    if modified:
        return f"modified:{modified}:{answer.headers.get('content-length', '')}"
    return ""


def _no_secret(reference: str) -> str:
    raise HarvestError("secret_missing", where="auth.secret", name=reference)
