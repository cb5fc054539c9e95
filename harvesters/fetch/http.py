"""HTTP for sources: granted hosts only, politely, within time and size, with redirects by hand."""

from __future__ import annotations

import http
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import IO
from urllib.parse import urljoin

import stamina
from urllib3 import Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    IncompleteRead,
    InvalidChunkLength,
    LocationValueError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.response import BaseHTTPResponse

from harvesters.errors import HarvestError
from harvesters.fetch.auth import Credentials
from harvesters.fetch.body import Budget, body_pieces
from harvesters.fetch.copies import Copies, conditions, may_be_kept
from harvesters.fetch.grants import (
    Endpoint,
    Grants,
    endpoint_of,
    has_credentials,
    origin_of,
    shown,
    with_params,
    without_credentials,
)
from harvesters.fetch.pace import Pace
from harvesters.fetch.refusals import error_detail, retry_after
from harvesters.fetch.response import Response
from harvesters.fetch.streamed import Streamed, scratch
from harvesters.fetch.wire import Deadline, Dialler, connection_pool
from harvesters.settings import Limits

#: Gives the headers that sign one request: (method, URL) -> headers.
Signer = Callable[[str, str], Mapping[str, str]]

MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_TRY_AGAIN = (429, 502, 503, 504)
#: A source that asks for a longer pause than this is left for the next run.
_LONGEST_PAUSE = 120.0
_BASE_HEADERS = {
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "thanhhoa-portal-harvester/1",
}


class _Transient(Exception):
    """An error that may be gone at the next attempt; `pause` is what the server asked for."""

    def __init__(self, error: HarvestError, pause: float | None = None):
        super().__init__(error.code)
        self.error = error
        self.pause = pause


class Client:
    """One run's HTTP client.

    Every request of the engine only reads, also a POST (a query of PX-Web, a token), so all may be
    repeated after a connection error or when the server says that it was too busy.
    """

    def __init__(
        self,
        grants: Grants,
        limits: Limits,
        credentials: Credentials,
        deadline: Deadline,
        dialler: Dialler,
        clock: Callable[[], float] = time.monotonic,
        proxy: str = "",
        pace: Pace | None = None,
        copies: Copies | None = None,
        budget: Budget | None = None,
    ):
        self._grants = grants
        self._limits = limits
        self._credentials = credentials
        self._deadline = deadline
        self._dialler = dialler
        self._pace = pace or Pace(clock=clock)
        self._copies = copies
        self._pools = connection_pool(dialler, credentials.tls(), proxy)
        self._budget = budget or Budget(limits.max_total_bytes)

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        signed: bool = True,
        signer: Signer | None = None,
    ) -> Response:
        """One answer, with retries and redirects behind it. Errors: see `Fetch`.

        With a `signer` (a protocol that signs each request), the source's account is not sent; the
        signature goes to the URL's own place only.
        """
        if has_credentials(url):
            raise HarvestError("credentials_in_url", where=shown(url))
        target = with_params(url, dict(params or {}))
        asked = dict(headers or {})
        if method != "GET" or self._copies is None:
            return self._insisted(method, target, asked, body, signed, signer)
        kept = self._copies.find(target, asked)
        conditional = {**asked, **(conditions(kept) if kept else {})}
        answer = self._insisted(method, target, conditional, body, signed, signer)
        if kept is not None and answer.status == http.HTTPStatus.NOT_MODIFIED:
            return replace(kept, url=answer.url)
        if may_be_kept(answer):
            self._copies.keep(target, asked, answer)
        return answer

    def stream(self, url: str, headers: Mapping[str, str] | None = None) -> Streamed:
        """One answer to GET with its body in a file. No copy is kept: it would be as large."""
        if has_credentials(url):
            raise HarvestError("credentials_in_url", where=shown(url))
        file = scratch()
        try:
            answer = self._insisted("GET", with_params(url, {}), dict(headers or {}), sink=file)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return Streamed(answer.url, file, answer.headers)

    def _insisted(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None = None,
        signed: bool = True,
        signer: Signer | None = None,
        sink: IO[bytes] | None = None,
    ) -> Response:
        """One answer, however often it must be asked for. With a sink, a good body goes there."""
        try:
            for attempt in stamina.retry_context(
                on=self._pause,
                attempts=self._limits.retries + 1,
                timeout=self._deadline.remaining(shown(url)),
                wait_initial=0.2,
                wait_max=10.0,
                wait_jitter=0.2,
            ):
                with attempt:
                    return self._follow(method, url, dict(headers), body, signed, signer, sink)
        except _Transient as transient:
            raise transient.error from transient.__cause__
        raise AssertionError("unreachable")

    def close(self) -> None:
        self._pools.clear()

    def _pause(self, error: Exception) -> bool | float:
        """stamina's hook: whether to try again, and after how long if the server said so."""
        if not isinstance(error, _Transient):
            return False
        if error.pause is None:
            return True
        left = self._deadline.remaining(error.error.problem.where)
        return error.pause if error.pause < min(left, _LONGEST_PAUSE) else False

    def _follow(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        signed: bool,
        signer: Signer | None,
        sink: IO[bytes] | None,
    ) -> Response:
        home, renewed = origin_of(url), False
        redirects = 0
        while True:
            endpoint = self._granted(url)
            mine = signed and signer is None and self._credentials.belong_to(url)
            sent, where = {**_BASE_HEADERS, **headers}, self._shown(url)
            asked = url
            if mine:
                sent.update(self._credentials.headers(self._post_form))
                asked = with_params(url, self._credentials.parameters())
            elif signer is not None and origin_of(url) == home:
                sent.update(signer(method, url))
            response = self._exchange(method, asked, where, endpoint, sent, body, sink)
            if response.status == 401 and mine and not renewed and self._credentials.renew():
                renewed = True
                continue
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or not location:
                return self._judged(response)
            redirects += 1
            if redirects > MAX_REDIRECTS:
                raise HarvestError(
                    "api_error",
                    where=response.url,
                    detail=f"chuyển hướng {redirects} lần liên tiếp (HTTP {response.status})",
                    detail_en=f"redirected {redirects} times in a row (HTTP {response.status})",
                )
            url = with_params(urljoin(url, _target(location)), {})
            if response.status == 303 or (response.status in (301, 302) and method == "POST"):
                method, body = "GET", None
                headers.pop("Content-Type", None)

    def _granted(self, url: str) -> Endpoint:
        endpoint = endpoint_of(url)
        if not url.lower().startswith(("http://", "https://")):
            raise HarvestError("host_not_granted", where=shown(url))
        self._grants.check_endpoint(endpoint)
        return endpoint

    def _post_form(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        return self.request("POST", url, headers=headers, body=body, signed=False)

    def _judged(self, response: Response) -> Response:
        if response.status < 400:
            return response
        if response.status in (401, 403):
            raise HarvestError("auth_failed", where=response.url)
        detail = self._credentials.scrub(error_detail(response))
        error = HarvestError("api_error", where=response.url, detail=detail, status=response.status)
        if response.status in _TRY_AGAIN:
            raise _Transient(error, retry_after(response.headers.get("retry-after")))
        raise error

    def _shown(self, url: str) -> str:
        """The URL for people: a server may repeat a key in a redirect."""
        return self._credentials.scrub(shown(url))

    def _exchange(
        self,
        method: str,
        url: str,
        where: str,
        endpoint: Endpoint,
        headers: dict[str, str],
        body: bytes | None,
        sink: IO[bytes] | None,
    ) -> Response:
        self._wait_turn(endpoint, where)
        left = self._deadline.remaining(where)
        timeout = min(self._limits.timeout, left)
        try:
            with self._dialler.within(left):
                raw = self._pools.request(
                    method,
                    url,
                    headers=headers,
                    body=body,
                    redirect=False,
                    preload_content=False,
                    decode_content=False,
                    timeout=Timeout(connect=timeout, read=timeout),
                )
                response = self._received_from(raw, method, where, sink)
        except (HTTPError, OSError, ValueError, HarvestError) as error:
            if self._dialler.expired:
                raise self._deadline.error(where) from error
            if isinstance(error, HarvestError):
                raise
            raise self._translated(error, where, timeout) from error
        if self._dialler.expired:  # a body without a length looks whole when it is cut
            raise self._deadline.error(where)
        return response

    def _received_from(
        self, raw: BaseHTTPResponse, method: str, where: str, sink: IO[bytes] | None
    ) -> Response:
        headers = {key.lower(): value for key, value in raw.headers.items()}
        caps = self._budget.caps(self._limits, where)
        try:
            content = b""
            if method != "HEAD":
                caps.check_promise(headers.get("content-length"))
                encoding = headers.get("content-encoding", "")
                pieces = body_pieces(raw.stream(65536, decode_content=False), encoding, caps)
                if sink is not None and raw.status == http.HTTPStatus.OK:
                    self._budget.spent += _poured(pieces, sink)
                else:
                    content = b"".join(pieces)
        except BaseException:
            raw.close()
            raise
        if method == "HEAD":
            # Some servers close after a HEAD without saying so, some send a body after all:
            # whatever is asked next gets a connection of its own.
            raw.close()
        raw.release_conn()
        self._budget.spent += len(content)
        return Response(where, content, raw.status, headers)

    def _wait_turn(self, endpoint: Endpoint, where: str) -> None:
        """Spaces requests to one host by `requests_per_second`."""
        rate = self._limits.requests_per_second
        wait = self._pace.turn(endpoint, 1.0 / rate if rate else 0.0)
        if wait > 0:
            time.sleep(min(wait, self._deadline.remaining(where)))

    def _translated(self, error: Exception, where: str, timeout: float) -> Exception:
        """urllib3's errors in the engine's words."""
        if isinstance(error, ProxyError):
            error = error.original_error
        if isinstance(error, ConnectTimeoutError | NewConnectionError):
            return _Transient(HarvestError("unreachable", where=where))
        if isinstance(error, ReadTimeoutError | TimeoutError):
            return _Transient(HarvestError("deadline", where=where, limit=f"{timeout:g}"))
        if isinstance(error, SSLError):
            return HarvestError("tls_error", where=where)
        if isinstance(error, IncompleteRead | InvalidChunkLength) or _is_cut(error):
            return _Transient(HarvestError("truncated", where=where, at=self._budget.spent))
        if isinstance(error, LocationValueError | UnicodeError):
            return HarvestError("bad_setting", where=where, key="url", expected="https://…")
        return _Transient(HarvestError("unreachable", where=where))


def _poured(pieces: Iterator[bytes], sink: IO[bytes]) -> int:
    """Writes over what an attempt before this one has left."""
    sink.seek(0)
    sink.truncate()
    return sum(sink.write(piece) for piece in pieces)


def _target(location: str) -> str:
    """A redirect's target without credentials; a relative one stays relative."""
    return without_credentials(location) if "//" in location else location


def _is_cut(error: Exception) -> bool:
    """Whether a connection broke while a body was being read."""
    return isinstance(error, ProtocolError) and "Connection broken" in str(error.args[:1])
