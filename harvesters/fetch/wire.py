"""Connections to granted addresses only, each of which can be cut when the time is up."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from harvesters.errors import HarvestError
from harvesters.fetch.grants import Endpoint, Grants, endpoint_of

Resolve = Callable[[str, int], list[str]]


class Holder(Protocol):
    """A connection that is kept between requests; `sock` is None once it is closed."""

    @property
    def sock(self) -> Any: ...


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host, in the resolver's order. Raises `socket.gaierror`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Deadline:
    """The time that a source has for a whole run, counted from the first thing asked of it."""

    def __init__(self, seconds: float, clock: Callable[[], float]):
        self.seconds = seconds
        self._clock = clock
        self._end: float | None = None

    def remaining(self, where: str) -> float:
        """Seconds left, more than 0. Raises `deadline` when there are none."""
        if self._end is None:
            self._end = self._clock() + self.seconds
        left = self._end - self._clock()
        if left <= 0:
            raise self.error(where)
        return left

    def error(self, where: str) -> HarvestError:
        return HarvestError("deadline", where=where, limit=f"{self.seconds:g}")


class Dialler:
    """Opens sockets to addresses it has checked, and can cut all of them at once.

    A read timeout starts anew with each byte, so a source that sends a byte a second would hold
    a worker for ever. Of each socket a duplicate is kept, through which a timer shuts it down
    wherever the reading stands: in a TLS handshake, in the headers, in the body.
    """

    def __init__(self, grants: Grants, resolver: Resolve = resolve, proxy: str = ""):
        self._grants = grants
        self._resolver = resolver
        self._proxy: Endpoint | None = endpoint_of(proxy) if proxy else None
        self._open: list[tuple[Holder | None, socket.socket]] = []
        self.expired = False

    def addresses(self, endpoint: Endpoint) -> list[str]:
        """The addresses of an endpoint, checked. Raises `host_not_granted`, `socket.gaierror`."""
        by_proxy = endpoint == self._proxy
        if not by_proxy:
            self._grants.check_endpoint(endpoint)
        found = self._resolver(endpoint.host, endpoint.port)
        if not by_proxy:
            self._grants.check_addresses(endpoint, found)
        return found

    def dial(self, endpoint: Endpoint, timeout: float | None) -> socket.socket:
        """A socket to the very address that was checked. Raises `host_not_granted`, OSError."""
        failure: OSError | None = None
        for address in self.addresses(endpoint):
            try:
                opened = socket.create_connection((address, endpoint.port), timeout)
            except OSError as error:
                failure = error
                continue
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return opened
        raise failure or OSError(f"{endpoint}: no address")

    def connect(self, connection: HTTPConnection) -> socket.socket:
        """A socket for urllib3."""
        host, port = connection.host, connection.port or connection.default_port
        endpoint = endpoint_of(f"http://{_bracketed(host)}:{port}")
        try:
            opened = self.dial(endpoint, connection.timeout)
        except socket.gaierror as error:
            raise NameResolutionError(host, connection, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, f"{endpoint}: timed out") from error
        except OSError as error:
            raise NewConnectionError(connection, f"{endpoint}: {error}") from error
        self.watch(opened.dup(), connection)
        return opened

    def watch(self, duplicate: socket.socket, holder: Holder | None = None) -> None:
        """Takes charge of the duplicate of an open socket, for as long as its holder has one."""
        self._open.append((holder, duplicate))

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Cuts every connection if the block takes longer than `seconds`."""
        timer = threading.Timer(seconds, self.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self._tidy()

    def close(self) -> None:
        """Lets go of every duplicate."""
        for _, duplicate in self._open:
            duplicate.close()
        self._open.clear()

    def cut(self) -> None:
        """Shuts every connection down, from any thread: who reads there gets `deadline`."""
        self.expired = True
        for _, duplicate in list(self._open):
            with contextlib.suppress(OSError):  # closed by the other side in the meantime
                duplicate.shutdown(socket.SHUT_RDWR)

    def _tidy(self) -> None:
        """Closes the duplicates of connections that are closed; kept-alive ones stay."""
        kept: list[tuple[Holder | None, socket.socket]] = []
        for connection, duplicate in self._open:
            if connection is None or connection.sock is None:
                duplicate.close()
            else:
                kept.append((connection, duplicate))
        self._open = kept


def connection_pool(dialler: Dialler, tls: ssl.SSLContext, proxy: str = "") -> urllib3.PoolManager:
    """A pool manager all of whose sockets come from the dialler. It never retries or redirects."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return dialler.connect(self)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return dialler.connect(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    options: dict[str, Any] = {"num_pools": 8, "maxsize": 1, "retries": False, "ssl_context": tls}
    manager = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
    manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return manager


def tls_context() -> ssl.SSLContext:
    """Verifying TLS with the system's authorities and the well-known ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _bracketed(host: str) -> str:
    bare = host.strip("[]")
    return f"[{bare}]" if ":" in bare else bare
